#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The stripped size of the shared library, release build. usage: sh tools/size.sh [operators | model.onnx]
# With a list ("Conv;Relu;ml.ZipMap") or a model also the size of a library with just those operators.
set -eu
cd "$(dirname "$0")/.."

# measure <what> <cmake options ...>: builds into build-size/ and prints bytes and what.
measure() {
    what=$1
    shift
    cmake -S . -B build-size -G Ninja "-DCMAKE_BUILD_TYPE=$build_type" -DEDGEML_STATIC=OFF -DEDGEML_TOOLS=OFF \
        -DEDGEML_EXAMPLES=OFF "$@" --log-level=WARNING >/dev/null
    cmake --build build-size --target edgeml >/dev/null
    "${STRIP:-strip}" -o build-size/stripped.so build-size/libedgeml.so
    printf '%9d bytes  %s\n' "$(wc -c <build-size/stripped.so)" "$what"
}

build_type=Release
measure "all operators, all kernel sets" -DEDGEML_OPS= -DEDGEML_ISA=auto
measure "all operators, scalar kernels only" -DEDGEML_OPS= -DEDGEML_ISA=scalar
if [ $# -gt 0 ]; then
    ops=$1
    if [ -f "$1" ]; then
        ops=$(build/edgeml info --ops "$1")
    fi
    measure "$ops; all kernel sets" "-DEDGEML_OPS=$ops" -DEDGEML_ISA=auto
    measure "$ops; scalar kernels only" "-DEDGEML_OPS=$ops" -DEDGEML_ISA=scalar
    build_type=MinSizeRel
    measure "$ops; scalar kernels only, built for size" "-DEDGEML_OPS=$ops" -DEDGEML_ISA=scalar
fi
