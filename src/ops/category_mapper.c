/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml CategoryMapper: strings to the integers beside them in two lists, or integers to strings, as the input is.
 * Of equal keys the last counts. */
#include "ops/common/layout.h"
#include "ops/common/mapping.h"

typedef struct mapper_blob {
    uint64_t of_strings, of_integers; /* offsets of the two maps */
} mapper_blob;

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_STRING) | EML_T_BIT(EM_I64)));
    const em_tensor *x = ctx->in[0];
    return eml_ctx_out(ctx, 0, x->dtype == EM_STRING ? EM_I64 : EM_STRING, x->rank, x->dims);
}

static em_status pack(eml_ctx *ctx) {
    eml_typed_list strings = {EM_STRING, 0, NULL}, integers = {EM_I64, 0, NULL};
    strings.data = eml_ctx_strings(ctx, "cats_strings", &strings.count);
    integers.data = eml_ctx_ints(ctx, "cats_int64s", &integers.count);
    if (strings.count != integers.count || strings.count == 0)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "cats_strings has %zu values and cats_int64s %zu, expected as many, not 0", strings.count,
                        integers.count);
    int64_t other_integer = eml_ctx_int(ctx, "default_int64", -1);
    em_string other_string = eml_ctx_string(ctx, "default_string", "_Unused");
    eml_typed_list to_integer = {EM_I64, 1, &other_integer}, to_string = {EM_STRING, 1, &other_string};
    size_t forward, backward;
    EML_TRY(eml_mapping_measure(&strings, &integers, &to_integer, &forward, ctx->err));
    EML_TRY(eml_mapping_measure(&integers, &strings, &to_string, &backward, ctx->err));
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(mapper_blob));
    mapper_blob header = {.of_strings = eml_layout_add(&layout, forward, 1)};
    header.of_integers = eml_layout_add(&layout, backward, 1);
    mapper_blob *blob = eml_layout_blob(&layout, ctx);
    if (blob == NULL) return eml_ctx_no_memory(ctx);
    *blob = header;
    EML_TRY(eml_mapping_write(eml_blob_at_mutable(blob, header.of_strings), &strings, &integers, &to_integer, true,
                              ctx->err));
    return eml_mapping_write(eml_blob_at_mutable(blob, header.of_integers), &integers, &strings, &to_string, true,
                             ctx->err);
}

static em_status run(eml_run *run) {
    const em_tensor *x = run->in[0];
    const mapper_blob *blob = run->blob;
    uint64_t map = x->dtype == EM_STRING ? blob->of_strings : blob->of_integers;
    eml_mapping_apply(eml_blob_at(blob, map), x->data, eml_tensor_n(x), run->out[0]->data);
    return EM_OK;
}

static const char *const attrs[] = {"cats_int64s", "cats_strings", "default_int64", "default_string", NULL};

EML_OP_DEFINE(ml, CategoryMapper, run, .infer = infer, .pack = pack, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .attrs = attrs);
