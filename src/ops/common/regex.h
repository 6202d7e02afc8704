/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions over UTF-8: the part of RE2's syntax without Unicode classes (\p), \C and non-greedy preference.
 * Time is linear in the text for every pattern: the program is simulated as a set of states, never by backtracking
 * (Thompson 1968; the virtual machine after Pike). A match is the leftmost, and of those the longest.
 *
 * The compiler runs on the host; a program is a relocatable block of 32-bit words for eml_regex_find and _full. */
#ifndef EML_OPS_COMMON_REGEX_H
#define EML_OPS_COMMON_REGEX_H

#include "base/status.h"

enum {
    EML_REGEX_MAX_STEPS = 10000, /* instructions of a program; a run costs at most that many steps a character */
    EML_REGEX_MAX_DEPTH = 200    /* nested groups */
};

typedef enum eml_regex_op {
    EML_REGEX_CHAR,   /* x: code point */
    EML_REGEX_CLASS,  /* x: bytes from the start of the program to its eml_regex_class */
    EML_REGEX_ANY,    /* x: a code point that does not match, or EML_UTF8_BAD */
    EML_REGEX_SPLIT,  /* go on at the next and at this + x */
    EML_REGEX_JUMP,   /* go on at this + x */
    EML_REGEX_ASSERT, /* x: eml_regex_place */
    EML_REGEX_MATCH
} eml_regex_op;

typedef enum eml_regex_place {
    EML_REGEX_TEXT_BEGIN,
    EML_REGEX_TEXT_END,
    EML_REGEX_LINE_BEGIN,
    EML_REGEX_LINE_END,
    EML_REGEX_WORD_EDGE,
    EML_REGEX_NO_WORD_EDGE
} eml_regex_place;

typedef struct eml_regex_inst {
    uint32_t op;
    uint32_t x; /* jumps: two's complement */
} eml_regex_inst;

typedef struct eml_regex_class {
    uint32_t ascii[4]; /* the answer for code points below 128 */
    uint32_t negate, fold;
    uint32_t n_ranges;
    uint32_t ranges[][2]; /* first, last; sorted, apart from each other */
} eml_regex_class;

typedef struct eml_regex {
    uint32_t n_insts;
    uint32_t run_class; /* when the pattern is one class repeated ("[a-z]+"): as the x of EML_REGEX_CLASS, else 0 */
    uint32_t nullable;  /* the empty text matches somewhere */
    uint32_t first[8];  /* bit b: a match may begin with byte b */
    eml_regex_inst insts[];
} eml_regex;

/* Checks the pattern and sets *bytes to what its program takes at most. */
em_status eml_regex_measure(em_string pattern, size_t *bytes, em_error *err);
/* Writes the program of a pattern that eml_regex_measure accepted; returns the bytes used. */
size_t eml_regex_compile(em_string pattern, eml_regex *program);

/* ---- matching ---- */

typedef struct eml_regex_vm {
    const eml_regex *program;
    uint32_t *marks; /* generation in which a state was last added */
    uint32_t *stack;
    uint32_t *states[2]; /* of the current and the next character */
    size_t *begins[2];   /* where the match of that state began; ascending */
    uint32_t generation;
} eml_regex_vm;

size_t eml_regex_scratch_bytes(const eml_regex *program);
/* scratch: aligned to 8. */
void eml_regex_vm_init(eml_regex_vm *vm, const eml_regex *program, void *scratch);
/* First match in text[from..n); what stands before from is seen by ^ and \b. */
bool eml_regex_find(eml_regex_vm *vm, const char *text, size_t n, size_t from, size_t *begin, size_t *end);
/* Does all of text match? */
bool eml_regex_full(eml_regex_vm *vm, const char *text, size_t n);

#endif
