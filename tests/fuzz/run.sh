#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Damages models and runs them under ASan and UBSan: tests/fuzz/run.sh [ROUNDS [SEED [MODEL.onnx...]]]
# Without models: those of examples/ and, when it is there, the operator tests and tabular cases of ../shared.
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-200000}
seed=${2:-1}
[ $# -le 2 ] || shift 2
cmake -B build-fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DEDGEML_SANITIZE=address,undefined >/dev/null
cmake --build build-fuzz --target edgeml_internal
${CC:-cc} -std=c11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -Iinclude tests/fuzz/mutate_run.c \
    build-fuzz/libedgeml_internal.a -lm -lpthread -o build-fuzz/mutate_run
if [ $# -gt 2 ] || { [ $# -ge 1 ] && [ -f "$1" ]; }; then
    exec build-fuzz/mutate_run "$rounds" "$seed" "$@"
fi
if [ -d ../shared ]; then sh tests/unpack_shared.sh ../shared build-fuzz/shared; fi
find examples build-fuzz/shared -name model.onnx -size -64k -o -name churn.onnx 2>/dev/null | sort |
    xargs build-fuzz/mutate_run "$rounds" "$seed"
