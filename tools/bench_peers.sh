#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The figures of README.md: this library and ONNX Runtime on the same models, interleaved, one thread.
#
#   sh tools/bench_peers.sh [SECONDS [ROUNDS]]
#
# SECONDS a figure is measured (default 1), ROUNDS (default 5). Everything goes into build-bench/. PYTHON names an
# interpreter that has tools/bench/requirements.txt; without it a virtual environment is made and they are installed.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-1} rounds=${2:-5} tools=$PWD/tools
. tools/bench/prepare.sh
${CC:-cc} -O2 tools/bench/peer_tl2cgen.c -o "$out/peer_tl2cgen" -ldl
[ -e "$out/models/xgboost.so" ] || "$PYTHON" tools/bench/train_models.py "$out/models"

# The library as it is installed: without symbols for a debugger.
strip -o "$out/libedgeml.so" "$build/libedgeml.so"
exec "$PYTHON" tools/bench/measure_peers.py "$build/edgeml" "$out/libedgeml.so" "$out/peer_ort" "$out/peer_tl2cgen" "$out/models" \
    "$seconds" "$rounds"
