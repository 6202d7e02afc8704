#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ONNX project's own operator tests and the tabular cases with recorded answers, which lie in ../shared beside the
# source. Skipped (77) where that is absent. Folders that need an operator this build lacks are counted as skipped; a
# folder whose operators are all there must pass, and no fewer than LEAST_NODE_TESTS must, so that losing an operator
# fails too.
set -eu

LEAST_NODE_TESTS=1700
LEAST_TABULAR_TESTS=161

unpacked=$PWD/shared
sh "$EDGEML_SOURCE_DIR/tests/unpack_shared.sh" "${EDGEML_SHARED_DIR:-none}" "$unpacked" || {
    [ $? = 77 ] && echo "conformance: skipped, ../shared is absent" && exit 77
    exit 1
}

# check <tests that must pass> <arguments of edgeml test>
failed=0
check() {
    least=$1
    shift
    "$EDGEML" test -j 2 "$@" >conformance.txt 2>&1 || true
    tail -n 1 conformance.txt
    passed=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' conformance.txt | tail -n 1)
    bad=$(grep '^FAIL' conformance.txt || true)
    if [ -n "$bad" ] || [ "${passed:-0}" -lt "$least" ]; then
        echo "$bad"
        echo "expected at least $least to pass: $*"
        failed=1
    fi
}

check "$LEAST_NODE_TESTS" --allow-unsupported "$unpacked/data"
check "$LEAST_TABULAR_TESTS" --rtol 1e-4 --atol 1e-4 "$unpacked/tabular"
exit "$failed"
