/* SPDX-License-Identifier: Apache-2.0 */
/* The sine of a number by a quantized network of 16 and 16 neurons: TensorFlow Lite Micro's hello_world, as ONNX. */
#include "sine_int8.h"
#include "board.h"
#include "common.h"
#include "sine_int8_vectors.h"

static _Alignas(64) unsigned char arena[SINE_INT8_ARENA_BYTES];

int main(void) {
    em_session *session = example_start(sine_int8_image, sizeof sine_int8_image, arena, sizeof arena);
    for (int i = 0; i < SINE_INT8_CASES; i++) {
        em_tensor in = em_tensor_make(SINE_INT8_INPUT_0_TYPE, sine_int8_input_0[i], SINE_INT8_INPUT_0_RANK,
                                      SINE_INT8_INPUT_0_DIMS);
        expected out = {sine_int8_output_0[i], SINE_INT8_OUTPUT_0_COUNT, 0};
        example_case(session, &in, &out, 1);
    }
    return example_end();
}
