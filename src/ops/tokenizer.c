/* SPDX-License-Identifier: Apache-2.0 */
/* com.microsoft Tokenizer: the words of x[C] or x[N, C] along a new last axis, as long as the most words there are,
 * padded with pad_value. One of tokenexp    words are what the pattern matches ("." alone: every character is a word)
 *   separators  words are what lies between matches of these patterns, applied one after the other ("" alone:
 * characters) Words of less than mincharnum characters are left out. mark puts \x02 before and \x03 behind the words of
 * each text.
 *
 * As in ONNX Runtime, a match of tokenexp shorter than mincharnum only moves the search on by one character, an empty
 * match of a separator drops the character at it, and an empty input gives [0] or [N, 0]. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/regex.h"
#include "ops/common/string_list.h"
#include "ops/common/utf8.h"

typedef enum token_mode { CHARACTERS, WORDS, SEPARATORS } token_mode;

typedef struct tokenizer_blob {
    uint32_t mode, mark;
    uint32_t n_programs;
    uint64_t least;    /* mincharnum */
    uint64_t pad;      /* offset of an eml_string_list of one */
    uint64_t programs; /* offset of uint64_t[n_programs]: offsets of programs */
} tokenizer_blob;

/* ---- attributes ---- */

typedef struct tokenizer_attrs {
    const em_string *patterns;
    size_t count;
    em_string expression, pad;
    token_mode mode;
    int64_t least;
} tokenizer_attrs;

static em_status read_attributes(eml_ctx *ctx, tokenizer_attrs *a) {
    a->pad = eml_ctx_string(ctx, "pad_value", "");
    a->least = eml_ctx_int(ctx, "mincharnum", 0);
    if (a->least <= 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "mincharnum is %lld, expected a positive number", (long long)a->least);
    bool single_characters;
    if (eml_ctx_has(ctx, "separators")) {
        a->patterns = eml_ctx_strings(ctx, "separators", &a->count);
        a->mode = SEPARATORS;
        if (a->count == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "separators has no values");
        single_characters = a->count == 1 && a->patterns[0].length == 0;
    } else {
        a->expression = eml_ctx_string(ctx, "tokenexp", "");
        a->patterns = &a->expression;
        a->count = 1;
        a->mode = WORDS;
        if (a->expression.length == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "has neither separators nor tokenexp");
        single_characters = a->expression.length == 1 && a->expression.data[0] == '.';
    }
    if (!single_characters) return EM_OK;
    a->mode = CHARACTERS;
    a->count = 0;
    if (a->least > 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "mincharnum is %lld, but words are single characters",
                        (long long)a->least);
    return EM_OK;
}

/* ---- hooks ---- */

static em_status infer(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_STRING)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, 2));
    return eml_ctx_out(ctx, 0, EM_STRING, 0, NULL);
}

static em_status pack(eml_ctx *ctx) {
    tokenizer_attrs a;
    size_t bytes;
    EML_TRY(read_attributes(ctx, &a));
    EML_TRY(eml_string_list_measure(&a.pad, 1, &bytes, ctx->err));
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(tokenizer_blob));
    tokenizer_blob header = {.mode = a.mode, .n_programs = (uint32_t)a.count, .least = (uint64_t)a.least};
    header.mark = eml_ctx_int(ctx, "mark", 0) != 0;
    header.pad = eml_layout_add(&layout, bytes, 1);
    header.programs = eml_layout_add(&layout, a.count, sizeof(uint64_t));
    size_t first_program = layout.bytes;
    for (size_t i = 0; i < a.count; i++) {
        EML_TRY(eml_regex_measure(a.patterns[i], &bytes, ctx->err));
        (void)eml_layout_add(&layout, bytes, 1);
    }
    tokenizer_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    eml_string_list_begin(eml_blob_at_mutable(b, b->pad), 1);
    eml_string_list_add(eml_blob_at_mutable(b, b->pad), a.pad);
    uint64_t *programs = eml_blob_at_mutable(b, b->programs);
    size_t at = first_program;
    for (size_t i = 0; i < a.count; i++) {
        programs[i] = at;
        at += (eml_regex_compile(a.patterns[i], eml_blob_at_mutable(b, at)) + 63) & ~(size_t)63;
    }
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    const tokenizer_blob *b = ctx->blob;
    const uint64_t *programs = eml_blob_at(b, b->programs);
    for (uint32_t i = 0; i < b->n_programs; i++) {
        size_t bytes = eml_regex_scratch_bytes(eml_blob_at(b, programs[i]));
        if (bytes > ctx->scratch_bytes) ctx->scratch_bytes = bytes;
    }
    return EM_OK;
}

/* ---- words ---- */

/* All words found so far, of all texts; grows by doubling in the run's memory. */
typedef struct word_list {
    eml_run *run;
    em_string *items;
    size_t n, capacity;
    bool full; /* memory ran out */
} word_list;

static void push(word_list *list, const char *begin, size_t length) {
    if (list->n == list->capacity) {
        size_t capacity = list->capacity > 0 ? list->capacity : 64, bytes;
        em_string *items = NULL;
        if (eml_size_mul(capacity, 2 * sizeof(em_string), &bytes)) items = eml_run_alloc(list->run, bytes);
        list->full = list->full || items == NULL;
        if (items == NULL) return;
        if (list->n > 0) memcpy(items, list->items, list->n * sizeof(em_string));
        list->items = items;
        list->capacity = 2 * capacity;
    }
    list->items[list->n++] = (em_string){begin, length};
}

/* Pushes the word unless it is too short. */
static bool take(word_list *list, const tokenizer_blob *b, const char *begin, size_t length) {
    if (length < b->least || eml_utf8_length(begin, length) < b->least) return false;
    push(list, begin, length);
    return true;
}

/* Behind the character at text[at]. */
static size_t behind(em_string text, size_t at) {
    uint32_t code;
    return at < text.length ? at + eml_utf8_decode(text.data + at, text.length - at, &code) : at + 1;
}

static void cut_characters(word_list *list, em_string text) {
    for (size_t at = 0, end; at < text.length; at = end) {
        end = behind(text, at);
        push(list, text.data + at, end - at);
    }
}

static void cut_words(word_list *list, const tokenizer_blob *b, eml_regex_vm *vm, em_string text) {
    size_t begin, end;
    for (size_t at = 0; eml_regex_find(vm, text.data, text.length, at, &begin, &end);)
        at = take(list, b, text.data + begin, end - begin) ? end : behind(text, begin);
}

static void cut_between(word_list *list, const tokenizer_blob *b, eml_regex_vm *vm, em_string text) {
    size_t begin, end, at = 0;
    while (eml_regex_find(vm, text.data, text.length, at, &begin, &end)) {
        (void)take(list, b, text.data + at, begin - at);
        at = end > begin ? end : behind(text, begin);
    }
    if (at < text.length) (void)take(list, b, text.data + at, text.length - at);
}

/* Each separator cuts what the one before left: its pieces are pushed behind those, which then go. */
static void cut_at_separators(word_list *list, const tokenizer_blob *b, void *scratch, em_string text) {
    const uint64_t *programs = eml_blob_at(b, b->programs);
    size_t first = list->n;
    push(list, text.data, text.length);
    for (uint32_t i = 0; i < b->n_programs && !list->full; i++) {
        size_t end = list->n;
        eml_regex_vm vm;
        eml_regex_vm_init(&vm, eml_blob_at(b, programs[i]), scratch);
        for (size_t k = first; k < end; k++) cut_between(list, b, &vm, list->items[k]);
        list->n -= end - first;
        memmove(list->items + first, list->items + end, (list->n - first) * sizeof(em_string));
    }
}

static void cut(word_list *list, const tokenizer_blob *b, void *scratch, em_string text) {
    eml_regex_vm vm;
    switch (b->mode) {
    case CHARACTERS: cut_characters(list, text); break;
    case SEPARATORS: cut_at_separators(list, b, scratch, text); break;
    default:
        eml_regex_vm_init(&vm, eml_blob_at(b, *(const uint64_t *)eml_blob_at(b, b->programs)), scratch);
        cut_words(list, b, &vm, text);
    }
}

/* y[n, width] from the words of each text. */
static void write_words(const tokenizer_blob *b, const em_string *words, const size_t *counts, int64_t n, size_t width,
                        em_string *y) {
    em_string pad = eml_string_list_get(eml_blob_at(b, b->pad), 0);
    for (int64_t i = 0; i < n; i++) {
        size_t k = 0;
        if (b->mark) y[k++] = (em_string){"\x02", 1};
        if (counts[i] > 0) memcpy(y + k, words, counts[i] * sizeof(em_string));
        k += counts[i];
        words += counts[i];
        if (b->mark) y[k++] = (em_string){"\x03", 1};
        while (k < width) y[k++] = pad;
        y += width;
    }
}

static em_status run(eml_run *run) {
    const tokenizer_blob *b = run->blob;
    const em_tensor *in = run->in[0];
    const em_string *x = in->data;
    int64_t n = eml_tensor_n(in), dims[3] = {0};
    if (n == 0) return eml_run_out(run, 0, EM_STRING, in->rank, (int64_t[]){in->rank == 1 ? 0 : in->dims[0], 0});
    size_t *counts = eml_run_alloc(run, (size_t)n * sizeof(size_t)), width = 0;
    if (counts == NULL) return eml_run_no_memory(run);
    word_list list = {.run = run};
    for (int64_t i = 0; i < n; i++) {
        size_t before = list.n, characters;
        if (!eml_utf8_count(x[i].data, x[i].length, &characters))
            return eml_fail(run->err, EM_ERR_DATA, "element %lld is not UTF-8", (long long)i);
        cut(&list, b, run->scratch, x[i]);
        if (list.full) return eml_run_no_memory(run);
        counts[i] = list.n - before;
        if (counts[i] > width) width = counts[i];
    }
    if (width > 0 && b->mark) width += 2;
    for (int i = 0; i < in->rank; i++) dims[i] = in->dims[i];
    dims[in->rank] = (int64_t)width;
    EML_TRY(eml_run_out(run, 0, EM_STRING, in->rank + 1, dims));
    if (width > 0) write_words(b, list.items, counts, n, width, run->out[0]->data);
    return EM_OK;
}

static const char *const attrs[] = {"mark", "mincharnum", "pad_value", "separators", "tokenexp", NULL};

EML_OP_DEFINE(ms, Tokenizer, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .dynamic_out = true, .attrs = attrs);
