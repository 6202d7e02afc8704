/* SPDX-License-Identifier: Apache-2.0 */
/* A logistic regression behind a scaler: label and probabilities for one customer at a time. The image lies in flash,
 * all memory is one array. */
#include "churn_logistic.h"
#include "board.h"
#include "churn_logistic_vectors.h"
#include "common.h"

static _Alignas(64) unsigned char arena[CHURN_LOGISTIC_ARENA_BYTES];

int main(void) {
    em_session *session = example_start(churn_logistic_image, sizeof churn_logistic_image, arena, sizeof arena);
    for (int i = 0; i < CHURN_LOGISTIC_CASES; i++) {
        em_tensor in =
            em_tensor_f32(churn_logistic_input_0[i], CHURN_LOGISTIC_INPUT_0_RANK, CHURN_LOGISTIC_INPUT_0_DIMS);
        expected out[2] = {{churn_logistic_output_0[i], CHURN_LOGISTIC_OUTPUT_0_COUNT, 0},
                           {churn_logistic_output_1[i], CHURN_LOGISTIC_OUTPUT_1_COUNT, 1e-5f}};
        example_case(session, &in, out, 2);
    }
    return example_end();
}
