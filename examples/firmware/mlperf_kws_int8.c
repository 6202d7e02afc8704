/* SPDX-License-Identifier: Apache-2.0 */
/* Which of twelve words was said: the keyword spotter of MLPerf Tiny, a quantized depthwise-separable network. */
#include "mlperf_kws_int8.h"
#include "board.h"
#include "common.h"
#include "mlperf_kws_int8_vectors.h"

static _Alignas(64) unsigned char arena[MLPERF_KWS_INT8_ARENA_BYTES];

int main(void) {
    em_session *session = example_start(mlperf_kws_int8_image, sizeof mlperf_kws_int8_image, arena, sizeof arena);
    for (int i = 0; i < MLPERF_KWS_INT8_CASES; i++) {
        em_tensor in = em_tensor_make(MLPERF_KWS_INT8_INPUT_0_TYPE, mlperf_kws_int8_input_0[i],
                                      MLPERF_KWS_INT8_INPUT_0_RANK, MLPERF_KWS_INT8_INPUT_0_DIMS);
        expected out = {mlperf_kws_int8_output_0[i], MLPERF_KWS_INT8_OUTPUT_0_COUNT, 0};
        example_case(session, &in, &out, 1);
    }
    return example_end();
}
