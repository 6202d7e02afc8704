/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/regex.h"

#include <string.h>

#include "ops/common/utf8.h"

/* ---- one character ---- */

static bool in_ranges(const eml_regex_class *set, uint32_t code) {
    size_t low = 0, high = set->n_ranges;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ranges[middle][1] < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->n_ranges && set->ranges[low][0] <= code;
}

static bool in_class(const eml_regex_class *set, uint32_t code) {
    if (code < 128) return set->ascii[code / 32] >> (code % 32) & 1;
    if (code == EML_UTF8_BAD) return false;
    bool in = in_ranges(set, code);
    if (!in && set->fold) {
        uint32_t lower = eml_utf8_lower(code), upper = eml_utf8_upper(code);
        in = in_ranges(set, lower) || in_ranges(set, upper) || in_ranges(set, eml_utf8_lower(upper));
    }
    return in != (set->negate != 0);
}

static const eml_regex_class *class_at(const eml_regex *program, uint32_t offset) {
    return (const eml_regex_class *)(const void *)((const char *)program + offset);
}

static bool takes(const eml_regex *program, const eml_regex_inst *inst, uint32_t code) {
    switch (inst->op) {
    case EML_REGEX_CHAR: return code == inst->x;
    case EML_REGEX_CLASS: return in_class(class_at(program, inst->x), code);
    case EML_REGEX_ANY: return code != inst->x && code != EML_UTF8_BAD;
    default: return false;
    }
}

/* ---- places ---- */

static bool word_byte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool at_place(uint32_t place, const char *text, size_t n, size_t at) {
    switch (place) {
    case EML_REGEX_TEXT_BEGIN: return at == 0;
    case EML_REGEX_TEXT_END: return at == n;
    case EML_REGEX_LINE_BEGIN: return at == 0 || text[at - 1] == '\n';
    case EML_REGEX_LINE_END: return at == n || text[at] == '\n';
    default: {
        bool before = at > 0 && word_byte(text[at - 1]), after = at < n && word_byte(text[at]);
        return (before != after) == (place == EML_REGEX_WORD_EDGE);
    }
    }
}

/* ---- the machine ---- */

/* marks[n], stack[2n + 2], states[2][n], begins[2][n] */
size_t eml_regex_scratch_bytes(const eml_regex *program) {
    size_t n = program->n_insts;
    return 2 * n * sizeof(size_t) + (5 * n + 2) * sizeof(uint32_t);
}

void eml_regex_vm_init(eml_regex_vm *vm, const eml_regex *program, void *scratch) {
    size_t n = program->n_insts;
    vm->program = program;
    vm->begins[0] = scratch;
    vm->begins[1] = vm->begins[0] + n;
    vm->states[0] = (uint32_t *)(void *)(vm->begins[1] + n);
    vm->states[1] = vm->states[0] + n;
    vm->marks = vm->states[1] + n;
    vm->stack = vm->marks + n;
    vm->generation = 0;
    memset(vm->marks, 0, n * sizeof(uint32_t));
}

static void next_generation(eml_regex_vm *vm) {
    if (++vm->generation != 0) return;
    memset(vm->marks, 0, vm->program->n_insts * sizeof(uint32_t));
    vm->generation = 1;
}

/* Adds what state reaches without reading to list (0 or 1) of count states; the new count. */
static size_t add(eml_regex_vm *vm, int list, size_t count, uint32_t state, size_t begin, const char *text, size_t n,
                  size_t at) {
    const eml_regex_inst *insts = vm->program->insts;
    size_t depth = 0;
    vm->stack[depth++] = state;
    while (depth > 0) { /* each state is expanded once a generation and pushes two at most: 2n + 1 entries */
        state = vm->stack[--depth];
        if (vm->marks[state] == vm->generation) continue;
        vm->marks[state] = vm->generation;
        const eml_regex_inst *inst = &insts[state];
        switch (inst->op) {
        case EML_REGEX_JUMP: vm->stack[depth++] = state + inst->x; break;
        case EML_REGEX_SPLIT:
            vm->stack[depth++] = state + inst->x;
            vm->stack[depth++] = state + 1;
            break;
        case EML_REGEX_ASSERT:
            if (at_place(inst->x, text, n, at)) vm->stack[depth++] = state + 1;
            break;
        default: vm->states[list][count] = state; vm->begins[list][count++] = begin;
        }
    }
    return count;
}

/* A run of one class: no states to keep. */
static bool find_run(const eml_regex_class *set, const char *text, size_t n, size_t at, size_t *begin, size_t *end) {
    uint32_t code;
    size_t length = 0;
    for (; at < n; at += length) {
        length = eml_utf8_decode(text + at, n - at, &code);
        if (in_class(set, code)) break;
    }
    if (at >= n) return false;
    *begin = at;
    do {
        at += length;
        if (at >= n) break;
        length = eml_utf8_decode(text + at, n - at, &code);
    } while (in_class(set, code));
    *end = at;
    return true;
}

/* The next place where a match may begin, or n. */
static size_t skip(const eml_regex *program, const char *text, size_t n, size_t at) {
    for (; at < n; at++) {
        unsigned char byte = (unsigned char)text[at];
        if (program->first[byte / 32] >> (byte % 32) & 1) break;
    }
    return at;
}

bool eml_regex_find(eml_regex_vm *vm, const char *text, size_t n, size_t from, size_t *begin, size_t *end) {
    const eml_regex *program = vm->program;
    if (from > n) return false;
    if (program->run_class != 0) return find_run(class_at(program, program->run_class), text, n, from, begin, end);
    bool found = false;
    int now = 0;
    size_t count = 0, at = from;
    next_generation(vm);
    for (;;) {
        if (!found) { /* a match may begin here; later ones rank below all in the list */
            if (count == 0 && !program->nullable) {
                size_t skipped = skip(program, text, n, at);
                if (skipped != at) next_generation(vm); /* the marks are those of another place */
                at = skipped;
            }
            count = add(vm, now, count, 0, at, text, n, at);
        }
        for (size_t i = 0; i < count; i++) {
            if (program->insts[vm->states[now][i]].op != EML_REGEX_MATCH) continue;
            if (found && vm->begins[now][i] > *begin) continue;
            found = true;
            *begin = vm->begins[now][i];
            *end = at;
        }
        if (at >= n || (found && count == 0)) return found;
        uint32_t code;
        size_t length = eml_utf8_decode(text + at, n - at, &code), next = 0;
        next_generation(vm);
        for (size_t i = 0; i < count; i++) {
            uint32_t state = vm->states[now][i];
            if (found && vm->begins[now][i] > *begin) break;
            if (takes(program, &program->insts[state], code))
                next = add(vm, !now, next, state + 1, vm->begins[now][i], text, n, at + length);
        }
        at += length;
        now = !now;
        count = next;
    }
}

bool eml_regex_full(eml_regex_vm *vm, const char *text, size_t n) {
    const eml_regex *program = vm->program;
    int now = 0;
    next_generation(vm);
    size_t count = add(vm, now, 0, 0, 0, text, n, 0);
    for (size_t at = 0; at < n;) {
        uint32_t code;
        size_t length = eml_utf8_decode(text + at, n - at, &code), next = 0;
        at += length;
        if (count == 0) return false;
        next_generation(vm);
        for (size_t i = 0; i < count; i++) {
            uint32_t state = vm->states[now][i];
            if (takes(program, &program->insts[state], code)) next = add(vm, !now, next, state + 1, 0, text, n, at);
        }
        now = !now;
        count = next;
    }
    for (size_t i = 0; i < count; i++) {
        if (program->insts[vm->states[now][i]].op == EML_REGEX_MATCH) return true;
    }
    return false;
}
