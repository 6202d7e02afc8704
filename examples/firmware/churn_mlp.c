/* SPDX-License-Identifier: Apache-2.0 */
/* A perceptron of 16 and 8 neurons: label and probabilities for one customer at a time. The image lies in flash,
 * all memory is one array. */
#include "churn_mlp.h"
#include "board.h"
#include "churn_mlp_vectors.h"
#include "common.h"

static _Alignas(64) unsigned char arena[CHURN_MLP_ARENA_BYTES];

int main(void) {
    em_session *session = example_start(churn_mlp_image, sizeof churn_mlp_image, arena, sizeof arena);
    for (int i = 0; i < CHURN_MLP_CASES; i++) {
        em_tensor in = em_tensor_f32(churn_mlp_input_0[i], CHURN_MLP_INPUT_0_RANK, CHURN_MLP_INPUT_0_DIMS);
        expected out[2] = {{churn_mlp_output_0[i], CHURN_MLP_OUTPUT_0_COUNT, 0},
                           {churn_mlp_output_1[i], CHURN_MLP_OUTPUT_1_COUNT, 1e-5f}};
        example_case(session, &in, out, 2);
    }
    return example_end();
}
