#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The stripped size of the shared library, release build. usage: sh tools/size.sh [operators | model.onnx]
# With a list ("Conv;Relu;ml.ZipMap") or a model also the size of a library with just those operators.
# Fails when the library with all operators or the small build (the operators of examples/churn/churn.onnx, scalar
# kernels, MinSizeRel) exceeds its limit.
set -eu
cd "$(dirname "$0")/.."

most_all=1000000
most_small=150000

# measure <what> <cmake options ...>: builds into build-size/, prints bytes and what, leaves the bytes in $bytes.
measure() {
    what=$1
    shift
    cmake -S . -B build-size -G Ninja "-DCMAKE_BUILD_TYPE=$build_type" -DEDGEML_STATIC=OFF -DEDGEML_TOOLS=OFF \
        -DEDGEML_EXAMPLES=OFF "$@" --log-level=WARNING >/dev/null
    cmake --build build-size --target edgeml >/dev/null
    "${STRIP:-strip}" -o build-size/stripped.so build-size/libedgeml.so
    bytes=$(wc -c <build-size/stripped.so)
    printf '%9d bytes  %s\n' "$bytes" "$what"
}

# limit <most>: whether the library just measured is no larger.
limit() {
    [ "$bytes" -le "$1" ] && return
    echo "that is more than $1 bytes"
    failed=1
}

failed=0
build_type=Release
measure "all operators, all kernel sets" -DEDGEML_OPS= -DEDGEML_ISA=auto
limit "$most_all"
measure "all operators, scalar kernels only" -DEDGEML_OPS= -DEDGEML_ISA=scalar
if [ $# -gt 0 ]; then
    ops=$1
    if [ -f "$1" ]; then
        ops=$(build/edgeml info --ops "$1")
    fi
    measure "$ops; all kernel sets" "-DEDGEML_OPS=$ops" -DEDGEML_ISA=auto
    measure "$ops; scalar kernels only" "-DEDGEML_OPS=$ops" -DEDGEML_ISA=scalar
fi
build_type=MinSizeRel
small="${ops:-ai.Cast;ml.TreeEnsembleClassifier;ml.ZipMap}"
measure "$small; scalar kernels only, built for size" "-DEDGEML_OPS=$small" -DEDGEML_ISA=scalar
[ $# -gt 0 ] || limit "$most_small"
[ "$failed" = 0 ]
