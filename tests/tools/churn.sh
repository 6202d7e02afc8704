#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The examples do what the README says: every prediction of churn_infer is scikit-learn's, wrong tables are refused with
# file, line and column, and the command gives the same numbers.
set -u
examples="$EDGEML_BINARY_DIR/examples"
churn="$EDGEML_SOURCE_DIR/examples/churn"
if [ ! -x "$examples/churn_infer" ] || ! "$EDGEML" info "$churn/churn.onnx" >/dev/null 2>&1; then
    for op in ai.Cast ml.TreeEnsembleClassifier ml.ZipMap; do
        "$EDGEML" ops -q "$op" >/dev/null || { echo "skipped: this build has no $op"; exit 77; }
    done
    [ -x "$examples/churn_infer" ] || { echo "skipped: the examples are not built"; exit 77; }
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}
# says TEXT COMMAND...: the command fails with status 1 and exactly this on stderr.
says() {
    expected=$1
    shift
    "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" -eq 1 ] || fail "$*: status $status"
    [ "$(cat "$work/err")" = "$expected" ] || fail "$*: said '$(cat "$work/err")', not '$expected'"
}
# same FILE: label and probability of every row as in churn_expected.csv, to 1e-6.
same() {
    awk -F, -v skip="$2" 'function off(a, b) { return a > b ? a - b : b - a }
        NR == FNR { label[FNR] = $2; p[FNR] = $3; rows = FNR; next }
        FNR > 1 && ($(1 + skip) != label[FNR] || off($(2 + skip), p[FNR]) > 1e-6) { print "row " FNR ": " $0; bad = 1 }
        END { exit bad || FNR != rows || rows < 200 }' "$churn/churn_expected.csv" "$1" || fail "$1 differs from scikit-learn"
}

# example NAME ARGUMENTS: under the emulator of another machine.
example() {
    program=$examples/$1
    shift
    ${EDGEML_EMULATOR:-} "$program" "$@"
}

cd "$work" || exit 1
cp "$churn/churn.onnx" "$churn/customers.csv" .
example churn_infer churn.onnx customers.csv >predicted.csv || fail "churn_infer"
same predicted.csv 1
# Columns in another order, without the id, quoted, CRLF: the same.
awk -F, 'BEGIN { OFS = "," } { print "\"" $6 "\"", $2, $4, $3, $5 "\r" }' customers.csv >turned.csv
example churn_infer churn.onnx turned.csv >predicted.csv || fail "churn_infer on turned.csv"
same predicted.csv 0

cut -d, -f1-3,5,6 customers.csv >missing.csv
says "missing.csv: line 1: no column 'support_tickets'" example churn_infer churn.onnx missing.csv
sed '7s/^\([^,]*,\)[^,]*/\1many/' customers.csv >text.csv
says "text.csv: line 7, column 'tenure_months': 'many' is not a number" example churn_infer churn.onnx text.csv
sed '9s/,[^,]*$//' customers.csv >short.csv
says "short.csv: line 9: 5 cells, the header has 6" example churn_infer churn.onnx short.csv
says "none.csv: cannot read: No such file or directory" example churn_infer churn.onnx none.csv
example churn_infer customers.csv churn.onnx 2>/dev/null && fail "a table was taken for a model"

for name in hello_edgeml threads_share_model own_memory; do
    example "$name" churn.onnx >out || fail "$name"
done
example hello_edgeml churn.onnx | grep -q '^label 1, churn probability 0\.' || fail "hello_edgeml"

# The command on the same table: by input name, and as the model's only input.
"$EDGEML" run churn.onnx --input float_input=customers.csv --output-dir out1 >/dev/null || fail "edgeml run NAME=FILE"
"$EDGEML" run churn.onnx --input customers.csv --output-dir out2 >/dev/null || fail "edgeml run FILE"
cmp out1/output_probability.json out2/output_probability.json || fail "edgeml run differs from itself"
grep -o '"1": [0-9.e-]*' out1/output_probability.json | sed 's/"1": //' >p1
tail -n +2 "$churn/churn_expected.csv" | cut -d, -f3 | paste -d' ' - p1 |
    awk '{ d = $1 - $2; if (d > 1e-6 || d < -1e-6) bad = 1 } END { exit bad || NR < 200 }' || fail "edgeml run differs"

[ "$failures" -eq 0 ]
