/* SPDX-License-Identifier: Apache-2.0 */
/* A forest of ten trees: label and probabilities for one customer at a time. The image lies in flash,
 * all memory is one array. */
#include "churn_forest.h"
#include "board.h"
#include "churn_forest_vectors.h"
#include "common.h"

static _Alignas(64) unsigned char arena[CHURN_FOREST_ARENA_BYTES];

int main(void) {
    em_session *session = example_start(churn_forest_image, sizeof churn_forest_image, arena, sizeof arena);
    for (int i = 0; i < CHURN_FOREST_CASES; i++) {
        em_tensor in = em_tensor_f32(churn_forest_input_0[i], CHURN_FOREST_INPUT_0_RANK, CHURN_FOREST_INPUT_0_DIMS);
        expected out[2] = {{churn_forest_output_0[i], CHURN_FOREST_OUTPUT_0_COUNT, 0},
                           {churn_forest_output_1[i], CHURN_FOREST_OUTPUT_1_COUNT, 1e-5f}};
        example_case(session, &in, out, 2);
    }
    return example_end();
}
