#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a prediction: installs what is missing, builds a release into build/, runs the first example.
set -eu
cd "$(dirname "$0")/.."

sh tools/deps.sh build
if [ -z "${CMAKE_C_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null 2>&1; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache
fi
cmake --preset release --log-level=WARNING >/dev/null
cmake --build --preset release

set -x
build/examples/churn_infer examples/churn/churn.onnx examples/churn/customers.csv
