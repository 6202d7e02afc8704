/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/equation.h"

#include <string.h>

/* A cursor over the equation; blanks do not count. */
typedef struct reader {
    const char *next, *end;
} reader;

static char peek(reader *r) {
    while (r->next < r->end && *r->next == ' ') r->next++;
    return r->next < r->end ? *r->next : '\0';
}

static int letter(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? 26 + c - 'a' : -1;
}

/* A term as it is written: letters, and where the ellipsis stands. */
typedef struct term {
    int n;
    uint8_t letters[EML_MOST_LABELS];
    int ellipsis; /* letters before it; -1: none */
} term;

static em_status read_term(eml_ctx *ctx, reader *r, term *t) {
    *t = (term){.ellipsis = -1};
    for (;;) {
        char c = peek(r);
        if (c == '\0' || c == ',' || c == '-') return EM_OK;
        if (c == '.') {
            if (t->ellipsis >= 0 || r->end - r->next < 3 || memcmp(r->next, "...", 3) != 0)
                return eml_fail(ctx->err, EM_ERR_MODEL, "equation: a term has one '...' at most");
            t->ellipsis = t->n;
            r->next += 3;
        } else {
            if (letter(c) < 0) return eml_fail(ctx->err, EM_ERR_MODEL, "equation: character %d is not a label", c);
            if (t->n == EML_MOST_LABELS) return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "equation: a term is too long");
            t->letters[t->n++] = (uint8_t)letter(c);
            r->next++;
        }
    }
}

static reader equation_text(eml_ctx *ctx) {
    em_string text = eml_ctx_string(ctx, "equation", "");
    return (reader){text.data, text.data + text.length};
}

/* Label of axis d of an operand of that rank under a term. */
static int label_at(const term *t, int rank, int d) {
    int hidden = rank - t->n; /* axes under the ellipsis */
    if (t->ellipsis < 0 || d < t->ellipsis) return t->letters[d];
    if (d < t->ellipsis + hidden) return EML_LABELS - hidden + (d - t->ellipsis);
    return t->letters[d - hidden];
}

static em_status read_operand(eml_ctx *ctx, reader *r, int i, eml_equation *eq) {
    const em_tensor *in = ctx->in[i];
    term t;
    EML_TRY(read_term(ctx, r, &t));
    if (t.ellipsis < 0 ? in->rank != t.n : in->rank < t.n)
        return eml_fail(ctx->err, EM_ERR_MODEL, "equation: term %d has %d labels, input %d has rank %d", i, t.n, i,
                        in->rank);
    for (int d = 0; d < in->rank; d++) {
        int label = label_at(&t, in->rank, d);
        int64_t *dim = &eq->dims[label];
        if (eq->terms[label] == 0 || *dim == 1) *dim = in->dims[d];
        if (in->dims[d] != *dim && in->dims[d] != 1)
            return eml_fail(ctx->err, EM_ERR_MODEL, "equation: axis %d of input %d has length %lld, its label %lld", d,
                            i, (long long)in->dims[d], (long long)*dim);
        if (eq->terms[label] < UINT8_MAX) eq->terms[label]++;
    }
    return EM_OK;
}

static em_status append_out(eml_ctx *ctx, eml_equation *eq, int label) {
    if (eq->terms[label] == 0 || (eq->in_out >> label & 1) != 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "equation: a label of the result is repeated or in no term");
    if (eq->rank == EML_MOST_LABELS) return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "equation: the result is too long");
    eq->out[eq->rank++] = (uint8_t)label;
    eq->in_out |= UINT64_C(1) << label;
    return EM_OK;
}

/* Axes of all ellipses. */
static em_status append_ellipsis(eml_ctx *ctx, eml_equation *eq) {
    for (int label = EML_LABEL_ELLIPSIS; label < EML_LABELS; label++) {
        if (eq->terms[label] != 0) EML_TRY(append_out(ctx, eq, label));
    }
    return EM_OK;
}

static em_status explicit_result(eml_ctx *ctx, reader *r, eml_equation *eq) {
    term t;
    EML_TRY(read_term(ctx, r, &t));
    if (peek(r) != '\0') return eml_fail(ctx->err, EM_ERR_MODEL, "equation: text after the result");
    for (int d = 0; d <= t.n; d++) {
        if (d == t.ellipsis) EML_TRY(append_ellipsis(ctx, eq));
        if (d < t.n) EML_TRY(append_out(ctx, eq, t.letters[d]));
    }
    return EM_OK;
}

em_status eml_equation_read(eml_ctx *ctx, eml_equation *eq) {
    memset(eq, 0, sizeof(*eq));
    reader r = equation_text(ctx);
    int used = 0;
    for (int i = 0; i < ctx->n_in; i++) {
        if (i > 0 && peek(&r) != ',')
            return eml_fail(ctx->err, EM_ERR_MODEL, "equation has %d terms, the node %d inputs", i, ctx->n_in);
        if (i > 0) r.next++;
        EML_TRY(read_operand(ctx, &r, i, eq));
    }
    for (int label = 0; label < EML_LABELS; label++) used += eq->terms[label] != 0;
    if (used > EML_MOST_LABELS) return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "equation: %d labels are too many", used);
    char c = peek(&r);
    if (c == ',') return eml_fail(ctx->err, EM_ERR_MODEL, "equation has more terms than the node inputs");
    if (c == '-') {
        r.next++;
        if (r.next == r.end || *r.next != '>') return eml_fail(ctx->err, EM_ERR_MODEL, "equation: '-' without '>'");
        r.next++;
        return explicit_result(ctx, &r, eq);
    }
    EML_TRY(append_ellipsis(ctx, eq));
    for (int label = 0; label < EML_LABEL_ELLIPSIS; label++) {
        if (eq->terms[label] == 1) EML_TRY(append_out(ctx, eq, label));
    }
    return EM_OK;
}

void eml_equation_operand(eml_ctx *ctx, const eml_equation *eq, int i, eml_labelled *operand) {
    memset(operand, 0, sizeof(*operand));
    reader r = equation_text(ctx);
    term t = {0};
    for (int k = 0; k <= i; k++) { /* it was read before without failing */
        if (k > 0 && peek(&r) == ',') r.next++;
        if (read_term(ctx, &r, &t) != EM_OK) return;
    }
    const em_tensor *in = ctx->in[i];
    int64_t strides[EM_MAX_RANK];
    eml_strides(in->dims, in->rank, strides);
    for (int d = 0; d < in->rank; d++) {
        int label = label_at(&t, in->rank, d);
        if ((operand->has >> label & 1) == 0) {
            operand->labels[operand->rank++] = (uint8_t)label;
            operand->has |= UINT64_C(1) << label;
        }
        if (in->dims[d] == eq->dims[label]) operand->strides[label] += strides[d];
    }
}
