#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the library with each option of CMakeLists.txt away from its default: a choice nobody builds is broken.
set -eu
cd "$(dirname "$0")/.."

build=build-options
count=0
try() {
    count=$((count + 1))
    echo "== $*"
    rm -rf "$build"
    cmake -S "${source:-.}" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O1 -DEDGEML_WERROR=ON "$@" \
        --log-level=WARNING >/dev/null
    cmake --build "$build"
}

# What churn_infer of the build says of the example's customers, and of models that are damaged somewhere.
wrong=$(mktemp -d)
trap 'rm -rf "$wrong"' EXIT
head -c 20000 examples/churn/churn.onnx >"$wrong/cut.onnx"
damage() {
    LC_ALL=C sed "$2" examples/churn/churn.onnx >"$wrong/$1.onnx"
    ! cmp -s "$wrong/$1.onnx" examples/churn/churn.onnx || { echo "damage $1: nothing to change"; exit 1; }
}
damage transform s/NONE/NOME/
damage attribute s/class_nodeids/class_nodeidz/
damage input 1,9s/float_input/float_inpud/
damage operator s/ZipMap/ZopMap/g
churn() {
    "$build/examples/churn_infer" examples/churn/churn.onnx examples/churn/customers.csv || return
    for model in "$wrong"/*.onnx; do
        ! "$build/examples/churn_infer" "$model" examples/churn/customers.csv 2>&1 || return 1
    done
}

try -DEDGEML_SHARED=OFF -DEDGEML_ISA=scalar
answers=$(churn)
case $(uname -m) in
x86_64)
    try -DEDGEML_STATIC=OFF -DEDGEML_ISA=avx2
    try -DEDGEML_STATIC=OFF -DEDGEML_TOOLS=OFF -DEDGEML_EXAMPLES=OFF -DEDGEML_ISA=avx512
    try -DEDGEML_STATIC=OFF -DEDGEML_TOOLS=OFF -DEDGEML_EXAMPLES=OFF -DEDGEML_ISA=avx512vnni
    ;;
aarch64) try -DEDGEML_STATIC=OFF -DEDGEML_ISA=neon ;;
esac
first=$(sed -n 's/^ *EML_OP( *\([a-z]*\) *, *\([A-Za-z0-9_]*\).*/\1.\2/p' src/ops/ops.def | head -n 1)
last=$(sed -n 's/^ *EML_OP( *\([a-z]*\) *, *\([A-Za-z0-9_]*\).*/\2/p' src/ops/ops.def | tail -n 1)
try -DEDGEML_STATIC=OFF -DEDGEML_TOOLS=OFF -DEDGEML_EXAMPLES=OFF "-DEDGEML_OPS=$first;$last"

# The smallest library for the churn example answers as the whole one does, and finds the same faults.
try -DCMAKE_BUILD_TYPE=MinSizeRel -DEDGEML_STATIC=OFF -DEDGEML_TOOLS=OFF -DEDGEML_ISA=scalar \
    "-DEDGEML_OPS=ai.Cast;ml.TreeEnsembleClassifier;ml.ZipMap"
[ "$(churn)" = "$answers" ] || { echo "it answers otherwise than the whole library"; exit 1; }

# As a part of another project, with its C++ and no standard chosen.
project=$(mktemp -d)
trap 'rm -rf "$project" "$wrong" "$build"' EXIT
cat >"$project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.20)
project(parent LANGUAGES C CXX)
add_subdirectory("$PWD" edgeml)
add_executable(consumer "$PWD/tests/api/consumer/consumer.cpp")
target_compile_features(consumer PRIVATE cxx_std_17)
target_link_libraries(consumer PRIVATE edgeml::edgeml)
END
source=$project
try
"$build/consumer"
echo "$count option sets built"
