#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds with assertions into build-test/ and runs every test. Arguments go to ctest: sh tools/test.sh -R ops/
set -eu
cd "$(dirname "$0")/.."

sh tools/deps.sh build test
if [ -z "${CMAKE_C_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null 2>&1; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache
fi
cmake --preset test --log-level=WARNING >/dev/null
cmake --build --preset test
exec ctest --preset test --parallel "$(getconf _NPROCESSORS_ONLN)" "$@"
