#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# edgeml compile as a user calls it: files and C, shapes, targets, what it refuses. The C is compiled with the header alone.
set -u
model="$EDGEML_SOURCE_DIR/examples/firmware/models/churn_logistic.onnx"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}
# says STATUS TEXT COMMAND...: the command leaves with that status and its complaint has the text in it.
says() {
    expected=$1 text=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" -eq "$expected" ] || fail "$*: status $status, expected $expected: $(cat "$work/err")"
    case "$(cat "$work/out" "$work/err")" in *"$text"*) ;; *) fail "$*: '$(cat "$work/err")' lacks '$text'" ;; esac
}

if "$EDGEML" compile "$model" -o "$work/a.emp" 2>&1 | grep -q "little endian"; then
    echo "skipped: images are little endian, this machine is not"
    exit 77
fi
says 0 "image of" "$EDGEML" compile "$model" -o "$work/a.emp"
says 0 "2 steps" "$EDGEML" compile "$model" -o "$work/b.emp" --batch 3 --target cortex-m4
says 0 "" "$EDGEML" compile "$model" -o "$work/c.emp" --shape float_input=3x5 --target cortex-m7
cmp -s "$work/b.emp" "$work/c.emp" || fail "the same shape gives another image"
says 0 "" "$EDGEML" compile "$model" -o "$work/d.emp" --strip-names
[ "$(wc -c <"$work/d.emp")" -lt "$(wc -c <"$work/a.emp")" ] || fail "stripped names take room"
says 0 "" "$EDGEML" compile "$model" -o "$work/w.emp" --sections weights
says 0 "" "$EDGEML" compile "$model" -o "$work/s.emp" --sections steps
says 2 "which model" "$EDGEML" compile
says 2 "where to" "$EDGEML" compile "$model"
says 2 "no 'vax'" "$EDGEML" compile "$model" -o "$work/x.emp" --target vax
says 2 "weights or steps" "$EDGEML" compile "$model" -o "$work/x.emp" --sections both
says 1 "no such input" "$EDGEML" compile "$model" -o "$work/x.emp" --shape z=1x5
says 1 "is 5 in the model" "$EDGEML" compile "$model" -o "$work/x.emp" --shape float_input=1x4
says 1 "rank 2" "$EDGEML" compile "$model" -o "$work/x.emp" --shape float_input=1
says 1 "numbers with x" "$EDGEML" compile "$model" -o "$work/x.emp" --shape float_input=ax5
says 1 "cannot write" "$EDGEML" compile "$model" -o "$work/no/x.emp"

says 0 "" "$EDGEML" compile "$model" --c "$work/c" --name "my model" --input "$EDGEML_SOURCE_DIR/examples/churn/customers.csv" --cases 2
cat >"$work/c/use.c" <<'END'
#include "my_model.h"
#include "my_model_vectors.h"
extern const em_op_binding em_op_bindings[];
_Static_assert(MY_MODEL_ARENA_BYTES > 0 && MY_MODEL_CASES == 2 && MY_MODEL_INPUT_0_COUNT == 5, "");
int main(void) {
    return (int)sizeof(my_model_input_0) + my_model_image[0] + (em_op_bindings[0].name != 0) + my_model_output_0[1][0] > 0
               ? my_model_output_1[0][0] < 0
               : 1;
}
em_status (*const eml_run_ml_Scaler)(struct eml_run *run) = 0;
em_status (*const eml_run_ml_LinearClassifier)(struct eml_run *run) = 0;
END
(cd "$work/c" && ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$EDGEML_SOURCE_DIR/include" ./*.c -o use) ||
    fail "the C does not compile"
[ "$failures" -eq 0 ] || exit 1
echo "edgeml compile: all as expected"
