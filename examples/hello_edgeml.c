/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way from a file to a prediction: load, make a session, run, read the outputs.
 *
 *     hello_edgeml churn.onnx */
#include <stdio.h>

#include "edgeml.h"

static int fail(const char *message) {
    fprintf(stderr, "%s\n", message);
    return 1;
}

int main(int argc, char **argv) {
    em_error err;
    em_model *model = NULL;
    em_session *session = NULL;
    if (em_model_load_file(argc > 1 ? argv[1] : "churn.onnx", NULL, &model, &err)) return fail(err.message);
    if (em_session_create(model, NULL, &session, &err)) return fail(err.message);

    float customer[5] = {3.0f, 95.5f, 4.0f, 0.5f, 1.0f}; /* months, charge, tickets, logins, contract */
    em_tensor in = em_tensor_f32(customer, 2, (const int64_t[]){1, 5});
    em_tensor out[2] = {{0}}; /* data stays NULL: the session lends its own memory until its next run */
    if (em_session_run(session, &in, 1, out, 2, &err)) return fail(err.message);

    double leaves = 0.0;
    em_map_get_i64(&out[1], 0, 1, &leaves); /* the map of row 0, under label 1 */
    printf("label %lld, churn probability %.2f\n", (long long)((const int64_t *)out[0].data)[0], leaves);
    em_session_destroy(session);
    em_model_destroy(model);
    return 0;
}
