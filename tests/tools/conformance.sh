#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ONNX project's own operator tests, the tabular cases and real models with recorded answers, which lie in
# ../shared beside the source. Skipped (77) where that is absent. Folders that need an operator this build lacks are
# counted as skipped; a folder whose operators are all there must pass, and no fewer than LEAST_NODE_TESTS must run, so
# that losing an operator fails too.
set -eu

LEAST_NODE_TESTS=1100
models="churn_retention tract_xgb_cls mlnet_181031_12 tree_cls_onnx2c"

work=$PWD/conformance
sh "$EDGEML_SOURCE_DIR/tests/unpack_shared.sh" "${EDGEML_SHARED_DIR:-none}" "$work" || {
    [ $? = 77 ] && echo "conformance: skipped, ../shared is absent" && exit 77
    exit 1
}

failed=0
"$EDGEML" test -j 2 --allow-unsupported "$PWD/shared/data" >"$work/node.txt" 2>&1 || failed=1
tail -n 1 "$work/node.txt"
passed=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/node.txt" | tail -n 1)
[ "${passed:-0}" -ge "$LEAST_NODE_TESTS" ] || { echo "expected at least $LEAST_NODE_TESTS node tests"; failed=1; }

"$EDGEML" test -j 2 --rtol 1e-4 --atol 1e-4 "$PWD/shared/tabular" >"$work/tabular.txt" 2>&1 || failed=1
tail -n 1 "$work/tabular.txt"

for model in $models; do
    "$EDGEML" test --rtol 1e-4 --atol 1e-4 "$EDGEML_SHARED_DIR/models/$model" >"$work/$model.txt" 2>&1 || failed=1
    echo "$model: $(tail -n 1 "$work/$model.txt")"
done
[ "$failed" = 0 ] || grep -h "^FAIL" "$work"/*.txt | head -n 40
exit "$failed"
