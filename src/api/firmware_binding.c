/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware library's public calls: sessions of images are all there is, and operators are those of the program's
 * table. Not part of the other libraries. */
#include "exec/static.h"

#ifndef EML_KERNELS_ONLY
#error "the firmware library is built with one kernel set"
#endif

extern const em_op_binding em_op_bindings[];

/* strcmp is 700 bytes where it is made to be fast. */
static bool same(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) a++, b++;
    return *a == *b;
}

const eml_run_fn *eml_bind_operator(const char *domain, const char *name) {
    for (const em_op_binding *b = em_op_bindings; b->name != NULL; b++)
        if (same(b->name, name) && same(b->domain, domain)) return b->run;
    return NULL;
}

/* The one set is called directly (EML_K): a pointer to its table would keep all of its kernels in the program. */
bool eml_bind_kernels(uint32_t packing, const eml_kernels **kernels) {
    *kernels = NULL;
    return packing == (uint32_t)EML_USE_SCALAR;
}

void em_session_destroy(em_session *session) {
    (void)session; /* all of it lies in the caller's arena */
}

em_status em_session_run(em_session *session, const em_tensor *inputs, size_t input_count, em_tensor *outputs,
                         size_t output_count, em_error *err) {
    if (session == NULL || (inputs == NULL && input_count > 0) || (outputs == NULL && output_count > 0))
        return eml_fail(err, EM_ERR_ARGUMENT, "em_session_run: an argument is NULL");
    return eml_static_run((eml_static *)(void *)session, inputs, input_count, outputs, output_count, err);
}
