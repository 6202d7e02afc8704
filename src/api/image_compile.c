/* SPDX-License-Identifier: Apache-2.0 */
#include "api/image_compile.h"

#include <string.h>

#include "exec/static.h"
#include "plan/planner.h"

enum { WORK_CHUNK = 16384, TRIAL_HEAP = 1 << 16 };

/* What one run on zeros takes from the heap. A run that fails, on data it does not like, tells up to there. */
static uint32_t try_run(const eml_image *m, const em_tensor *inputs, eml_arena *work) {
    size_t bytes = eml_static_bytes(m) + TRIAL_HEAP;
    unsigned char *arena = eml_arena_alloc(work, bytes, 64);
    em_tensor *in = eml_arena_zero(work, m->steps->n_inputs, sizeof(*in));
    em_tensor *out = eml_arena_zero(work, m->steps->n_outputs, sizeof(*out));
    em_session *session;
    if (arena == NULL || in == NULL || out == NULL) return 0;
    if (eml_static_create(m, arena, bytes, &session, NULL) != EM_OK) return 0;
    for (uint32_t i = 0; i < m->steps->n_inputs; i++) {
        in[i] = inputs[i];
        if (in[i].kind == EM_NONE) continue;
        in[i].data = eml_arena_alloc(work, in[i].bytes, 64);
        if (in[i].data == NULL) return 0;
        memset(in[i].data, 0, in[i].bytes);
    }
    eml_static *s = eml_static_of(session);
    (void)eml_static_run(s, in, m->steps->n_inputs, out, m->steps->n_outputs, NULL);
    return (uint32_t)s->heap_peak;
}

/* Measures with an image of both sections. */
static em_status measure_heap(const em_model *model, const eml_plan *plan, const em_tensor *inputs, eml_arena *work,
                              eml_mem *mem, uint32_t *heap, em_error *err) {
    unsigned char *image;
    size_t bytes;
    eml_image m;
    EML_TRY(eml_image_write(&model->graph, &model->weights, plan, &(eml_image_options){.strip_names = true}, work, mem,
                            &image, &bytes, err));
    em_status status = eml_image_open(image, bytes, NULL, 0, &m, err);
    if (status == EM_OK) *heap = try_run(&m, inputs, work);
    eml_mem_free64(mem, image, bytes);
    return status;
}

static em_status compile(const em_model *model, const em_tensor *inputs, const eml_image_options *options,
                         int64_t heap_bytes, eml_arena *work, eml_mem *mem, eml_plan **plan, unsigned char **image,
                         size_t *bytes, em_error *err) {
    uint32_t heap = heap_bytes > 0 ? (uint32_t)heap_bytes : 0;
    EML_TRY(eml_plan_build(&model->graph, &model->weights, inputs, model->kernels, work, mem, plan, err));
    if (heap_bytes < 0 && !options->no_steps) EML_TRY(measure_heap(model, *plan, inputs, work, mem, &heap, err));
    EML_TRY(eml_image_write(&model->graph, &model->weights, *plan, options, work, mem, image, bytes, err));
    if (!options->no_steps) eml_image_set_heap(*image, (heap + 63) & ~UINT32_C(63));
    return EM_OK;
}

em_status eml_model_compile(const em_model *model, const em_tensor *inputs, const eml_image_options *options,
                            int64_t heap_bytes, eml_mem *mem, unsigned char **image, size_t *bytes, em_error *err) {
    eml_arena work;
    eml_plan *plan = NULL;
    eml_arena_init(&work, mem, WORK_CHUNK);
    em_status status = compile(model, inputs, options, heap_bytes, &work, mem, &plan, image, bytes, err);
    if (plan != NULL) eml_mem_free64(mem, plan, (size_t)plan->bytes);
    eml_arena_destroy(&work);
    return status;
}
