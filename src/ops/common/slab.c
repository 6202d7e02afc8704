/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/slab.h"

em_status eml_slab_prepare(eml_ctx *ctx, eml_axis_split split, int variant) {
    eml_slab_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    em_dtype dtype = ctx->in[0]->dtype;
    *p = (eml_slab_params){.split = split, .dtype = (uint8_t)dtype, .variant = (uint8_t)variant};
    if (eml_class_native(dtype)) return EM_OK;
    size_t n;
    if (!eml_size_mul((size_t)split.length, (size_t)split.inner, &n) || !eml_size_mul(n, sizeof(float), &n))
        return eml_ctx_no_memory(ctx);
    ctx->scratch_bytes = n;
    return EM_OK;
}

typedef struct slab_task {
    const eml_slab_params *p;
    eml_slab_f32_fn *f32;
    eml_slab_f64_fn *f64;
    const void *x;
    void *out, *scratch;
    const eml_kernels *k;
} slab_task;

/* Slabs begin .. end-1. */
static void run_slabs(void *task, int64_t begin, int64_t end) {
    const slab_task *t = task;
    const eml_slab_params *p = t->p;
    em_dtype dtype = (em_dtype)p->dtype;
    size_t size = eml_dtype_size(dtype);
    eml_axis_split split = {end - begin, p->split.length, p->split.inner};
    int64_t n = split.length * split.inner;
    const void *x = eml_at_const(t->x, begin * n, size);
    void *out = eml_at(t->out, begin * n, size);
    if (dtype == EM_F32) {
        t->f32(&split, p->variant, x, out, t->k);
    } else if (dtype == EM_F64) {
        t->f64(&split, p->variant, x, out);
    } else {
        split.outer = 1;
        for (int64_t i = begin; i < end; i++) {
            eml_block_load(EML_CLASS_F32, dtype, eml_at_const(t->x, i * n, size), n, t->scratch);
            t->f32(&split, p->variant, t->scratch, t->scratch, t->k);
            eml_block_store(EML_CLASS_F32, dtype, t->scratch, n, eml_at(t->out, i * n, size));
        }
    }
}

em_status eml_slab_run(eml_run *run, eml_slab_f32_fn *f32, eml_slab_f64_fn *f64) {
    const eml_slab_params *p = run->params;
    int64_t n = p->split.length * p->split.inner;
    if (n == 0) return EM_OK;
    slab_task task = {p, f32, f64, run->in[0]->data, run->out[0]->data, run->scratch, run->k};
    if (!eml_class_native((em_dtype)p->dtype))
        run_slabs(&task, 0, p->split.outer); /* one scratch */
    else
        eml_run_parallel(run, p->split.outer, EML_GRAIN / n + 1, run_slabs, &task);
    return EM_OK;
}
