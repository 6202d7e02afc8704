/* SPDX-License-Identifier: Apache-2.0 */
/* StringNormalizer: x[C] or x[1, C] without the stop words, in lower or upper case. When no word is left, the result is
 * one empty string. Case follows Unicode's simple mappings; a locale that begins with "tr" or "az" has the dotless i.
 * Without regard to case, words are compared in upper case when the result is to be upper case, else in lower case. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/lookup.h"
#include "ops/common/utf8.h"

typedef enum text_case { AS_IT_IS, LOWER, UPPER } text_case;

/* The blob: stop words in the case in which they are compared. */
typedef struct normalizer_blob {
    uint32_t change, compare; /* text_case */
    uint32_t turkic, has_stop_words;
    uint64_t lookup; /* offset */
} normalizer_blob;

/* ---- case ---- */

static uint32_t change_code(uint32_t code, text_case change, bool turkic) {
    if (turkic && change == LOWER && code == 'I') return 0x131;
    if (turkic && change == UPPER && code == 'i') return 0x130;
    return change == LOWER ? eml_utf8_lower(code) : eml_utf8_upper(code);
}

static void change_ascii(const char *s, size_t n, text_case change, char *out) {
    char first = change == LOWER ? 'A' : 'a';
    for (size_t i = 0; i < n; i++) out[i] = (char)(s[i] ^ ((unsigned char)(s[i] - first) < 26 ? 0x20 : 0));
}

/* Writes s in another case to out (NULL: nowhere) and the length to *length; false when s is not UTF-8. */
static bool change_text(em_string s, text_case change, bool turkic, char *out, size_t *length) {
    size_t n = 0;
    if (change == AS_IT_IS) { /* any bytes */
        if (out != NULL && s.length > 0) memcpy(out, s.data, s.length);
        *length = s.length;
        return true;
    }
    for (size_t i = 0; i < s.length;) {
        uint32_t code;
        char scrap[EML_UTF8_MAX];
        size_t ascii = turkic ? 0 : eml_utf8_ascii(s.data + i, s.length - i);
        if (out != NULL) change_ascii(s.data + i, ascii, change, out + n);
        n += ascii;
        i += ascii;
        if (i == s.length) break;
        i += eml_utf8_decode(s.data + i, s.length - i, &code);
        if (code == EML_UTF8_BAD) return false;
        n += eml_utf8_encode(change_code(code, change, turkic), out != NULL ? out + n : scrap);
    }
    *length = n;
    return true;
}

/* ---- stop words ---- */

typedef struct word_set { /* attributes, for infer and pack */
    const em_string *words;
    size_t count;
    text_case change, compare;
    bool turkic;
} word_set;

static em_status read_attributes(eml_ctx *ctx, word_set *w) {
    em_string action = eml_ctx_string(ctx, "case_change_action", "NONE"), locale = eml_ctx_string(ctx, "locale", "");
    bool lower = eml_ctx_string_is(ctx, "case_change_action", "NONE", "LOWER");
    bool upper = eml_ctx_string_is(ctx, "case_change_action", "NONE", "UPPER");
    if (!lower && !upper && !eml_ctx_string_is(ctx, "case_change_action", "NONE", "NONE"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "case_change_action is '%.*s', expected LOWER, UPPER or NONE",
                        (int)(action.length < 40 ? action.length : 40), action.data);
    w->words = eml_ctx_strings(ctx, "stopwords", &w->count);
    w->change = lower ? LOWER : upper ? UPPER : AS_IT_IS;
    w->compare = eml_ctx_int(ctx, "is_case_sensitive", 0) != 0 ? AS_IT_IS : upper ? UPPER : LOWER;
    w->turkic = locale.length >= 2 && (memcmp(locale.data, "tr", 2) == 0 || memcmp(locale.data, "az", 2) == 0);
    return EM_OK;
}

static em_status pack(eml_ctx *ctx) {
    word_set w;
    EML_TRY(read_attributes(ctx, &w));
    size_t text = 0, longest = 0, bytes = 0;
    for (size_t i = 0; i < w.count; i++) {
        size_t length;
        if (!change_text(w.words[i], w.compare, w.turkic, NULL, &length))
            return eml_fail(ctx->err, EM_ERR_MODEL, "stopwords[%zu] is not UTF-8", i);
        longest = length > longest ? length : longest;
        if (!eml_size_add(text, length, &text)) return eml_ctx_no_memory(ctx);
    }
    EML_TRY(eml_lookup_measure_text(text, w.count, &bytes, ctx->err));
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(normalizer_blob));
    normalizer_blob header = {.change = w.change, .compare = w.compare, .turkic = w.turkic};
    header.has_stop_words = w.count > 0;
    header.lookup = eml_layout_add(&layout, bytes, 1);
    size_t word_offset = eml_layout_add(&layout, longest, 1); /* for one word, while packing */
    normalizer_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    eml_lookup *lookup = eml_blob_at_mutable(b, b->lookup);
    eml_lookup_begin(lookup, true, w.count);
    for (size_t i = 0; i < w.count; i++) {
        char *place = eml_blob_at_mutable(b, word_offset);
        em_string word = {place, 0};
        (void)change_text(w.words[i], w.compare, w.turkic, place, &word.length);
        if (eml_lookup_put_string(lookup, word) < 0)
            return eml_fail(ctx->err, EM_ERR_LIMIT, "%zu stop words collide in every table", w.count);
    }
    return EM_OK;
}

/* ---- run ---- */

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_STRING)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, 2));
    const em_tensor *x = ctx->in[0];
    if (x->rank == 2 && x->dims[0] != 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has %lld rows, expected [C] or [1, C]", (long long)x->dims[0]);
    return eml_ctx_out(ctx, 0, EM_STRING, 0, NULL);
}

/* Bytes of all words in the case of the result, and of the longest in the case in which it is compared. */
static em_status measure(eml_run *run, const em_string *x, int64_t n, size_t *total, size_t *longest) {
    const normalizer_blob *b = run->blob;
    *total = *longest = 0;
    for (int64_t i = 0; i < n; i++) {
        size_t changed, compared = 0;
        bool valid = change_text(x[i], (text_case)b->change, b->turkic, NULL, &changed) &&
                     (!b->has_stop_words || change_text(x[i], (text_case)b->compare, b->turkic, NULL, &compared));
        if (!valid) return eml_fail(run->err, EM_ERR_DATA, "element %lld is not UTF-8", (long long)i);
        if (compared > *longest) *longest = compared;
        if (b->change != AS_IT_IS && !eml_size_add(*total, changed, total)) return eml_run_no_memory(run);
    }
    return EM_OK;
}

static em_status run(eml_run *run) {
    const normalizer_blob *b = run->blob;
    const em_tensor *in = run->in[0];
    const em_string *x = in->data;
    int64_t n = in->dims[in->rank - 1], kept = 0, dims[2] = {1, n > 0 ? n : 1};
    size_t total, longest;
    EML_TRY(measure(run, x, n, &total, &longest));
    EML_TRY(eml_run_out(run, 0, EM_STRING, in->rank, in->rank == 1 ? &dims[1] : dims));
    char *text = eml_size_add(total, longest, &total) ? eml_run_alloc(run, total) : NULL;
    if (text == NULL) return eml_run_no_memory(run);
    char *word_place = text + (total - longest);
    em_string *y = run->out[0]->data;
    for (int64_t i = 0; i < n; i++) {
        em_string word = {word_place, 0};
        if (b->has_stop_words) {
            (void)change_text(x[i], (text_case)b->compare, b->turkic, word_place, &word.length);
            if (eml_lookup_string(eml_blob_at(b, b->lookup), word) >= 0) continue;
        }
        y[kept] = x[i];
        if (b->change != AS_IT_IS) {
            (void)change_text(x[i], (text_case)b->change, b->turkic, text, &y[kept].length);
            y[kept].data = text;
            text += y[kept].length;
        }
        kept++;
    }
    if (kept == 0) y[kept++] = (em_string){"", 0};
    dims[1] = kept;
    (void)eml_tensor_shape(run->out[0], EM_STRING, in->rank, in->rank == 1 ? &dims[1] : dims);
    return EM_OK;
}

static const char *const attrs[] = {"case_change_action", "is_case_sensitive", "locale", "stopwords", NULL};

EML_OP_DEFINE(ai, StringNormalizer, run, .infer = infer, .pack = pack, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .dynamic_out = true, .attrs = attrs);
