#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: fuzz_load.sh [seconds] [folder of models to begin with ...]
# Builds the loader with clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer into build-fuzz/ and lets it
# run. What it finds lands in build-fuzz/crash-*; a model that needs fixing belongs into tests/load as a case.
# Without clang there is the loader's own random test: test_load_damage --mutations 1000000.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
build=$PWD/build-fuzz
mkdir -p "$build/corpus"
protoc-c --proto_path=proto --c_out="$build" proto/onnx.proto
include=$(dirname "$(dirname "$(find /usr/include /usr/local/include -path '*protobuf-c/protobuf-c.h' | head -n 1)")")
clang -g -O1 -std=c11 -D_POSIX_C_SOURCE=200809L -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -Iinclude -Isrc -I"$build" -I"$include" \
    tests/fuzz/fuzz_load.c $(ls src/base/*.c | grep -v /firmware_) src/tensor/*.c src/graph/*.c src/load/*.c src/api/tensor_api.c -lm -o "$build/fuzz_load"
cd "$build"
for folder in "$@"; do # small models make better seeds
    find "$folder" -name '*.onnx' -size -8k | while read -r model; do
        cp "$model" "corpus/$(echo "$model" | tr '/' '_')"
    done
done
exec ./fuzz_load -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 corpus
