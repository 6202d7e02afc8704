#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# edgeml info --plan shows steps and arena in 80 columns; --stop-after stops, and names the passes when it cannot.
set -eu
model=$EDGEML_SHARED_DIR/models/mlperf_resnet8_float/model.onnx
[ -e "$model" ] || exit 77
out=$(mktemp)
trap 'rm -f "$out"' EXIT

fail() {
    echo "plan.sh: $1" >&2
    exit 1
}

"$EDGEML" info --plan "$model" >"$out" || [ $? -eq 1 ]
grep -q "^steps: " "$out" || { grep -q "not planned\|MISSING" "$out" && exit 77; fail "no steps"; }
grep -q "^arena: " "$out" || fail "no map of the arena"
grep -Eq "^[0-9]+ steps, arena [0-9]+ bytes, at least [0-9]+ alive at once: 1\.[0-9]+ times that$" "$out" ||
    fail "no totals"
# names of nodes and values may be longer
sed -n '/^steps/,$p' "$out" | grep -v '^ *[0-9]*  [a-z]*\.' | grep -v '\.\.' | awk 'length > 80 { exit 1 }' ||
    fail "a line is longer than 80 columns"
"$EDGEML" info --plan --stop-after "" "$model" >"$out.none" || fail "--stop-after ''"
steps=$(sed -n 's/ steps, arena.*//p' "$out")
untouched=$(sed -n 's/ steps, arena.*//p' "$out.none")
rm -f "$out.none"
[ "$steps" -lt "$untouched" ] || fail "$steps steps after the passes, $untouched before"
"$EDGEML" info --stop-after nothing "$model" 2>"$out" >/dev/null && fail "an unknown pass is accepted"
grep -q "no pass 'nothing'; there are .*channels_last" "$out" || fail "the passes are not named"
