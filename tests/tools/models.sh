#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Real models with recorded answers, which lie in ../shared beside the source; skipped (77) where that is absent. Float
# results to a thousandth of the tensor's range; integers equal but for one element in a thousand, which may be one
# quantum off (two behind a softmax): where two ties of rounding meet, both sides are right.
set -eu

models=${EDGEML_SHARED_DIR:-none}/models
if [ ! -d "$models" ]; then
    echo "models: skipped, ../shared is absent"
    exit 77
fi

failed=0
# check <arguments of edgeml test> -- <models>
check() {
    options=""
    while [ "$1" != -- ]; do
        options="$options $1"
        shift
    done
    shift
    for model; do
        # shellcheck disable=SC2086
        if ! "$EDGEML" test $options "$models/$model" >models.txt 2>&1; then
            cat models.txt
            failed=1
        fi
    done
}

check --rtol 1e-4 --atol 1e-4 -- churn_retention tract_xgb_cls mlnet_181031_12 tree_cls_onnx2c
check --rtol 0 --of-range 1e-3 -- mnist8 ultraface_rfb320 yunet_n_320 yolox_nano st_mobilenetv2_035_128 super_resolution_10 \
    squeezenet_fp16 go1_policy mlperf_kws_float mlperf_resnet8_float mlperf_vww96_float
# Its results are multiples of 1/256 behind a softmax.
check --rtol 0 --atol 0.0079 -- micro_kws_qdq micro_kws_qoperator
check --quanta 1 -- mlperf_ad01_int8 sine_int8
check --quanta 2 -- mlperf_kws_int8 mlperf_resnet8_int8 mlperf_vww96_int8 person_detect_int8
exit "$failed"
