/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "edgeml/element.h"
#include "edgeml/inputs.h"

/* The linear congruential generator of Numerical Recipes, one stream over all inputs. */
static uint32_t next(uint32_t *state) {
    return *state = *state * 1664525u + 1013904223u;
}

static void fill(em_tensor *t, uint32_t *state) {
    int64_t n = em_tensor_count(t);
    for (int64_t i = 0; i < n; i++) {
        switch (t->dtype) {
        case EM_F32: ((float *)t->data)[i] = (float)(next(state) >> 8) / 16777216.0f; break;
        case EM_F64: ((double *)t->data)[i] = (next(state) >> 8) / 16777216.0; break;
        case EM_F16:
            ((uint16_t *)t->data)[i] = 0x3800; /* 0.5 */
            break;
        case EM_U8:
        case EM_I8: ((uint8_t *)t->data)[i] = (uint8_t)(next(state) >> 25); break;
        case EM_STRING: ((em_string *)t->data)[i] = em_string_of("a"); break;
        default: element_parse(t, i, "1", 1, NULL);
        }
    }
}

bool inputs_fill(pool *p, inputs *in, int64_t batch, em_error *err) {
    uint32_t state = 12345;
    for (int i = 0; i < in->count; i++) {
        const em_io_info *io = &in->infos[i];
        int64_t dims[EM_MAX_RANK];
        if (in->tensors[i].kind != EM_NONE || io->optional) continue;
        if (io->kind != EM_TENSOR || io->dtype == EM_UNDEFINED || io->rank < 0)
            return report_fail(err, "input '%s' (%s) cannot be made up: give it with --test-data", io->name,
                               io_type_text(p, io));
        for (int d = 0; d < io->rank; d++) dims[d] = io->dims[d] > 0 ? io->dims[d] : batch;
        if (!tensor_new(p, io->dtype, io->rank, dims, &in->tensors[i], err))
            return report_prefix(err, "input '%s': ", io->name);
        fill(&in->tensors[i], &state);
    }
    return true;
}
