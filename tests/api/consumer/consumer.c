/* SPDX-License-Identifier: Apache-2.0 */
/* What a user's first program does with the library: asks its version, gives it bytes that are no model, reads why. */
#include <edgeml.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    char version[32];
    em_error err;
    em_model *model = NULL;

    snprintf(version, sizeof version, "%d.%d.%d", EM_VERSION_MAJOR, EM_VERSION_MINOR, EM_VERSION_PATCH);
    if (strcmp(em_version(), version) != 0) {
        printf("header %s, library %s\n", version, em_version());
        return 1;
    }
    em_status status = em_model_load_memory("no model", 8, NULL, &model, &err);
    if (status != EM_ERR_FORMAT || err.status != status || err.message[0] == '\0' || model != NULL) {
        printf("bytes that are no model gave %d\n", (int)status);
        return 1;
    }
    printf("edgeml %s: %s\n", em_version(), err.message);
    em_model_destroy(model);
    return 0;
}
