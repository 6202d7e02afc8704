#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# This library and ONNX Runtime on models with recorded inputs (the layout of ONNX's own tests), interleaved, one thread.
#
#   sh tools/bench_models.sh [-s SECONDS] [-r ROUNDS] FOLDER ...
#
# SECONDS a figure is measured (default 0.5), ROUNDS (default 5). PYTHON as for bench_peers.sh.
set -eu
seconds=0.5 rounds=5
while getopts s:r: option; do
    case $option in
    s) seconds=$OPTARG ;;
    r) rounds=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
tools=$(cd "$(dirname "$0")" && pwd)
. "$tools/bench/prepare.sh"
exec "$PYTHON" "$tools/bench/measure_models.py" "$build/edgeml" "$out/peer_ort" "$seconds" "$rounds" "$@"
