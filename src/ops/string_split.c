/* SPDX-License-Identifier: Apache-2.0 */
/* StringSplit: Y[.., k] = piece k of X[..], padded with "" to the most pieces there are; Z[..] = number of pieces.
 * With a delimiter, pieces lie between its occurrences. Without, runs of white space separate, and none is left at the
 * ends. After maxsplit splits the rest is one piece. An empty string has no pieces. */
#include <string.h>

#include "ops/common/utf8.h"
#include "ops/op.h"

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_STRING)));
    if (ctx->in[0]->rank >= EM_MAX_RANK)
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "input 0 has rank %d, at most %d is supported", ctx->in[0]->rank,
                        EM_MAX_RANK - 1);
    EML_TRY(eml_ctx_out(ctx, 0, EM_STRING, 0, NULL));
    return eml_ctx_out(ctx, 1, EM_I64, 0, NULL);
}

typedef struct split_params {
    int64_t max_splits; /* -1: any number */
    uint64_t length;    /* of the delimiter; 0: white space */
    char delimiter[];
} split_params;

static em_status prepare(eml_ctx *ctx) {
    em_string delimiter = eml_ctx_string(ctx, "delimiter", "");
    split_params *p = eml_ctx_params(ctx, sizeof(*p) + delimiter.length);
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->max_splits = eml_ctx_int(ctx, "maxsplit", -1);
    p->length = delimiter.length;
    if (delimiter.length > 0) memcpy(p->delimiter, delimiter.data, delimiter.length);
    return EM_OK;
}

/* First byte of s[from..) that begins (or does not begin) white space; its length when it does. */
static size_t find_space(em_string s, size_t from, bool wanted, size_t *length) {
    while (from < s.length) {
        uint32_t code;
        *length = eml_utf8_decode(s.data + from, s.length - from, &code);
        if (eml_utf8_space(code) == wanted) break;
        from += *length;
    }
    return from;
}

static size_t find_delimiter(const split_params *p, em_string s, size_t from) {
    size_t length = (size_t)p->length;
    for (; from + length <= s.length; from++) {
        const char *hit = memchr(s.data + from, p->delimiter[0], s.length - length + 1 - from);
        if (hit == NULL) break;
        from = (size_t)(hit - s.data);
        if (memcmp(hit, p->delimiter, length) == 0) return from;
    }
    return s.length;
}

/* The end of white space at the end of s[from..). */
static size_t trimmed_end(em_string s, size_t from) {
    size_t end = from, length;
    for (size_t at = from; at < s.length;) {
        at = find_space(s, at, false, &length);
        if (at >= s.length) break;
        at = end = find_space(s, at, true, &length);
    }
    return end;
}

/* Cuts s into pieces (NULL: only counts them). */
static int64_t split(const split_params *p, em_string s, em_string *pieces) {
    int64_t n = 0;
    size_t at = 0, length = 0;
    if (p->length == 0) at = find_space(s, 0, false, &length);
    if (at >= s.length) return 0;
    for (;;) {
        size_t end, next;
        bool last = p->max_splits >= 0 && n == p->max_splits;
        if (p->length > 0) {
            end = last ? s.length : find_delimiter(p, s, at);
            next = end + (size_t)p->length;
            last = end == s.length;
        } else {
            end = last ? trimmed_end(s, at) : find_space(s, at, true, &length);
            next = find_space(s, end, false, &length);
            last = last || next >= s.length;
        }
        if (pieces != NULL) pieces[n] = (em_string){s.data + at, end - at};
        n++;
        if (last) return n;
        at = next;
    }
}

static em_status run(eml_run *run) {
    const split_params *p = run->params;
    const em_tensor *x = run->in[0];
    const em_string *s = x->data;
    int64_t n = eml_tensor_n(x), most = 0, dims[EM_MAX_RANK];
    EML_TRY(eml_run_out(run, 1, EM_I64, x->rank, x->dims));
    int64_t *counts = run->n_out > 1 && run->out[1] != NULL ? run->out[1]->data : NULL;
    for (int64_t i = 0; i < n; i++) {
        int64_t count = split(p, s[i], NULL);
        if (counts != NULL) counts[i] = count;
        if (count > most) most = count;
    }
    for (int i = 0; i < x->rank; i++) dims[i] = x->dims[i];
    dims[x->rank] = most;
    EML_TRY(eml_run_out(run, 0, EM_STRING, x->rank + 1, dims));
    if (run->out[0] == NULL) return EM_OK;
    em_string *y = run->out[0]->data;
    for (int64_t i = 0; i < n; i++, y += most) {
        for (int64_t k = split(p, s[i], y); k < most; k++) y[k] = (em_string){"", 0};
    }
    return EM_OK;
}

static const char *const attrs[] = {"delimiter", "maxsplit", NULL};

EML_OP_DEFINE(ai, StringSplit, run, .infer = infer, .prepare = prepare, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 2, .dynamic_out = true, .attrs = attrs);
