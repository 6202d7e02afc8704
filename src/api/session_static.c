/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of plan images. Part of the firmware library. */
#include "exec/static.h"

em_status em_session_create_shared(const void *weights, size_t weights_bytes, const void *image, size_t image_bytes,
                                   void *arena, size_t arena_bytes, em_session **session, em_error *err) {
    if (image == NULL || session == NULL)
        return eml_fail(err, EM_ERR_ARGUMENT, "em_session_create_static: %s is NULL",
                        image == NULL ? "image" : "session");
    eml_image m;
    EML_TRY(eml_image_open(image, image_bytes, weights, weights_bytes, &m, err));
    return eml_static_create(&m, arena, arena_bytes, session, err);
}

em_status em_session_create_static(const void *image, size_t image_bytes, void *arena, size_t arena_bytes,
                                   em_session **session, em_error *err) {
    return em_session_create_shared(NULL, 0, image, image_bytes, arena, arena_bytes, session, err);
}

size_t em_plan_arena_bytes(const void *image, size_t image_bytes) {
    eml_image m;
    return eml_image_open(image, image_bytes, NULL, 0, &m, NULL) == EM_OK ? eml_static_bytes(&m) : 0;
}
