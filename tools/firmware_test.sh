#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the programs of examples/firmware for Cortex-M4F and Cortex-M55, runs them on QEMU's boards, where each compares
# its outputs with this machine's, and prints what they take; for Cortex-M4F also without the texts of messages. usage: sh tools/firmware_test.sh [--record]
#   code     bytes of flash without the model and the recorded vectors: library, start-up and the program itself
#   arena    bytes the session takes, all of its memory
#   stack    deepest use of the stack, from main on
#   load     instructions of em_session_create_static, which verifies the image
#   run      instructions of the first em_session_run (instructions, not cycles)
# The figures must not pass those of tests/firmware/figures.tsv by more than 1 %; --record writes them there. Examples
# whose model lies in ../shared are left out where it is absent. Environment: EDGEML, the command, if it is built.
set -eu
cd "$(dirname "$0")/.."
record=${1:-}
table=tests/firmware/figures.tsv
work=$PWD/build-firmware
generated=$work/generated
shared=${EDGEML_SHARED_DIR:-$PWD/../shared}

sh tools/deps.sh build firmware
if [ -z "${EDGEML:-}" ]; then
    cmake --preset release --log-level=WARNING >/dev/null
    cmake --build --preset release --target edgeml_command >/dev/null
    EDGEML=$PWD/build/edgeml
fi
rm -rf "$generated"
mkdir -p "$generated"

# generate <example> <model> <data>: the C of its image. Scalar packing is what every Cortex-M takes.
examples=""
generate() {
    if [ ! -f "$2" ]; then
        echo "$1: left out, its model is not here"
        return 0
    fi
    if ! "$EDGEML" compile "$2" --name "$1" --c "$generated" --target cortex-m4 --strip-names --input "$3" --cases 16 \
        >"$work/compile.log" 2>&1; then
        cat "$work/compile.log"
        grep -q "this build has no operator" "$work/compile.log" || exit 1
        echo "$1: left out"
        return 0
    fi
    examples="$examples${examples:+;}$1"
}
for model in logistic forest mlp; do
    generate churn_$model examples/firmware/models/churn_$model.onnx examples/churn/customers.csv
done
for model in sine_int8 mlperf_kws_int8; do
    generate $model "$shared/models/$model/model.onnx" "$shared/models/$model/test_data_set_0"
done
ops=$(sed -n 's/^extern run_function eml_run_\([a-z]*\)_\(.*\);$/\1.\2/p' "$generated"/*_ops.c | sed 's/_packed$//' | sort -u | tr '\n' ';')

# build <folder> <cpu> <texts>: the programs for it.
build() {
    cmake -S examples/firmware -B "$work/$1" -G Ninja --toolchain "$PWD/tools/cmake/arm-none-eabi.cmake" \
        -DCMAKE_BUILD_TYPE=Release -DEDGEML_CPU="$2" -DEDGEML_RT_TEXTS="$3" -DEDGEML_OPS="$ops" \
        -DEDGEML_EXAMPLES_LIST="$examples" -DEDGEML_GENERATED="$generated" --log-level=WARNING >/dev/null
    cmake --build "$work/$1" >"$work/$1.log" || { cat "$work/$1.log"; exit 1; }
}

# code_bytes <elf>: what is in flash, but for the arrays that `edgeml compile` wrote.
code_bytes() {
    total=$(arm-none-eabi-size -A "$1" | awk '$1 == ".text" || $1 == ".data" || $1 == ".ARM.exidx" {n += $2} END {print n}')
    arrays=$(arm-none-eabi-nm -S --defined-only "$1" | awk '$4 ~ /_image$|_(input|output)_[0-9]+$/ {print $2}' |
        while read -r hex; do echo $((0x$hex)); done | awk '{n += $1} END {print n + 0}')
    echo $((total - arrays))
}

# What must not be in a program for microcontrollers: the hooks that plan, the heap, stdio.
forbidden() {
    arm-none-eabi-nm --defined-only "$1" | awk '{print $3}' |
        grep -E '^(_?malloc(_r)?|_?free(_r)?|_sbrk(_r)?|[a-z]*printf|_?v?f?i?printf_r|(infer|prepare)(_.*)?|eml_(ctx|op|mem|arena|graph)_.*)$'
}

# emulate <elf>: its output in $work/output, its exit status.
emulate() {
    timeout 60 qemu-system-arm -M $machine -nographic -monitor none -serial none -chardev stdio,id=host \
        -semihosting-config enable=on,target=native,chardev=host -icount shift=6 -kernel "$1" \
        </dev/null >"$work/output" 2>&1
}

failed=0
: >"$work/figures.tsv"
printf '%-18s %-16s %8s %8s %8s %10s %10s\n' example processor code arena stack load run
for target in cortex-m4 cortex-m4-no-texts cortex-m55; do
    cpu=${target%-no-texts}
    texts=ON
    [ $target = $cpu ] || texts=OFF
    machine=mps2-an386
    [ $cpu = cortex-m4 ] || machine=mps3-an547
    build $target $cpu $texts
    emulate "$work/$target/check_kernels.elf" || { echo "check_kernels, $target: FAILED"; cat "$work/output"; failed=1; }
    for example in $(echo "$examples" | tr ';' ' '); do
        elf=$work/$target/$example.elf
        if forbidden "$elf"; then
            echo "$example, $target: these are in the program and should not be"
            failed=1
        fi
        status=0
        emulate "$elf" || status=$?
        line=$(grep '^figures ' "$work/output" || true)
        if [ $status != 0 ] || [ -z "$line" ]; then
            echo "$example, $target: FAILED with status $status"
            cat "$work/output"
            failed=1
            continue
        fi
        field() { echo "$line" | sed -n "s/.* $1=\([0-9]*\).*/\1/p"; }
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$example" $target "$(code_bytes "$elf")" "$(field arena)" "$(field stack)" \
            "$(field load)" "$(field run)" | tee -a "$work/figures.tsv" |
            awk -F '\t' '{printf "%-18s %-16s %8d %8d %8d %10d %10d\n", $1, $2, $3, $4, $5, $6, $7}'
    done
done
[ $failed = 0 ] || exit 1

if [ "$record" = --record ]; then
    { printf '# example\tprocessor\tcode\tarena\tstack\tload\trun: see tools/firmware_test.sh\n' && cat "$work/figures.tsv"; } >$table
    exit 0
fi
awk -F '\t' '
    /^#/ { next }
    FILENAME == ARGV[1] { for (i = 3; i <= 7; i++) was[$1, $2, i] = $i; next }
    {
        for (i = 3; i <= 7; i++) {
            if (!(($1, $2, i) in was)) { printf "%s, %s: not in the table of figures\n", $1, $2; bad = 1; break }
            if ($i > was[$1, $2, i] * 1.01) { printf "%s, %s: column %d was %d and is %d\n", $1, $2, i, was[$1, $2, i], $i; bad = 1 }
        }
    }
    END { exit bad }' $table "$work/figures.tsv" || { echo "figures rose, or are new: sh tools/firmware_test.sh --record"; exit 1; }
echo "figures: none rose by more than 1 %"
