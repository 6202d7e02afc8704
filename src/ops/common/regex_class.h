/* SPDX-License-Identifier: Apache-2.0 */
/* Character classes while a pattern is compiled: ranges appended in any order, then put in order. With set NULL ranges
 * are only counted. */
#ifndef EML_OPS_COMMON_REGEX_CLASS_H
#define EML_OPS_COMMON_REGEX_CLASS_H

#include "ops/common/regex.h"

typedef struct eml_regex_set {
    eml_regex_class *set; /* room for what counting found; NULL while measuring */
    size_t n;             /* ranges so far */
} eml_regex_set;

void eml_regex_set_add(eml_regex_set *s, uint32_t first, uint32_t last);
/* Adds code and its other cases. */
void eml_regex_set_add_folded(eml_regex_set *s, uint32_t code);
/* \d \s \w and, as capitals, what they leave out. False for other letters. */
bool eml_regex_set_add_perl(eml_regex_set *s, char letter);
/* [:name:] or, negated, [:^name:]. False for an unknown name. */
bool eml_regex_set_add_posix(eml_regex_set *s, const char *name, size_t length, bool negated);
/* Sorts, merges and fills in the table of ASCII. */
void eml_regex_set_finish(eml_regex_set *s, bool negate, bool fold);

#endif
