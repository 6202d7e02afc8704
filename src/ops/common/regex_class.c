/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/regex_class.h"

#include <string.h>

#include "ops/common/utf8.h"

enum { LAST_CODE = 0x10ffff };

void eml_regex_set_add(eml_regex_set *s, uint32_t first, uint32_t last) {
    if (s->set != NULL) {
        s->set->ranges[s->n][0] = first;
        s->set->ranges[s->n][1] = last;
    }
    s->n++;
}

void eml_regex_set_add_folded(eml_regex_set *s, uint32_t code) {
    uint32_t lower = eml_utf8_lower(code), upper = eml_utf8_upper(code);
    uint32_t cases[] = {code, lower, upper, eml_utf8_lower(upper), eml_utf8_upper(lower)};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) eml_regex_set_add(s, cases[i], cases[i]);
}

/* Each: pairs of first and last, as characters of a string. */
static const struct {
    const char *name, *ranges;
} named[] = {
    {"alnum", "09AZaz"}, {"alpha", "AZaz"}, {"ascii", "\0\x7f"},  {"blank", "\t\t  "},  {"cntrl", "\0\x1f\x7f\x7f"},
    {"digit", "09"},     {"graph", "!~"},   {"lower", "az"},      {"print", " ~"},      {"punct", "!/:@[`{~"},
    {"space", "\t\r  "}, {"upper", "AZ"},   {"word", "09AZ__az"}, {"xdigit", "09AFaf"}, {"\\s", "\t\n\f\r  "}};

/* Bytes of ranges: two a range; "\0" begins two of them, so strlen does not do. */
static size_t ranges_length(size_t i) {
    if (named[i].ranges[0] != '\0') return strlen(named[i].ranges);
    return named[i].name[0] == 'a' ? 2 : 4;
}

static bool add_named(eml_regex_set *s, const char *name, size_t length, bool negated) {
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (strlen(named[i].name) != length || memcmp(named[i].name, name, length) != 0) continue;
        const char *r = named[i].ranges;
        uint32_t gap = 0; /* first code point after the range before */
        for (size_t k = 0; k < ranges_length(i); k += 2) {
            uint32_t first = (unsigned char)r[k], last = (unsigned char)r[k + 1];
            if (!negated)
                eml_regex_set_add(s, first, last);
            else if (first > gap)
                eml_regex_set_add(s, gap, first - 1);
            gap = last + 1;
        }
        if (negated) eml_regex_set_add(s, gap, LAST_CODE);
        return true;
    }
    return false;
}

bool eml_regex_set_add_perl(eml_regex_set *s, char letter) {
    switch (letter) {
    case 'd':
    case 'D': return add_named(s, "digit", 5, letter == 'D');
    case 's':
    case 'S': return add_named(s, "\\s", 2, letter == 'S');
    case 'w':
    case 'W': return add_named(s, "word", 4, letter == 'W');
    default: return false;
    }
}

bool eml_regex_set_add_posix(eml_regex_set *s, const char *name, size_t length, bool negated) {
    return (length == 0 || name[0] != '\\') && add_named(s, name, length, negated);
}

static bool in_set(const eml_regex_class *set, uint32_t code) {
    for (size_t i = 0; i < set->n_ranges; i++) {
        if (set->ranges[i][0] <= code && code <= set->ranges[i][1]) return true;
    }
    return false;
}

void eml_regex_set_finish(eml_regex_set *s, bool negate, bool fold) {
    eml_regex_class *set = s->set;
    if (set == NULL) return;
    uint32_t(*r)[2] = set->ranges;
    for (size_t gap = s->n / 2; gap > 0; gap /= 2) { /* Shell's sort: in place, and patterns are short */
        for (size_t i = gap; i < s->n; i++) {
            uint32_t first = r[i][0], last = r[i][1];
            size_t k = i;
            for (; k >= gap && r[k - gap][0] > first; k -= gap) {
                r[k][0] = r[k - gap][0];
                r[k][1] = r[k - gap][1];
            }
            r[k][0] = first;
            r[k][1] = last;
        }
    }
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (n > 0 && r[i][0] <= r[n - 1][1] + 1) {
            if (r[i][1] > r[n - 1][1]) r[n - 1][1] = r[i][1];
        } else {
            r[n][0] = r[i][0];
            r[n++][1] = r[i][1];
        }
    }
    set->n_ranges = (uint32_t)n;
    set->negate = negate;
    set->fold = fold;
    memset(set->ascii, 0, sizeof(set->ascii));
    for (uint32_t c = 0; c < 128; c++) {
        bool in = in_set(set, c) || (fold && (in_set(set, eml_utf8_lower(c)) || in_set(set, eml_utf8_upper(c))));
        if (in != negate) set->ascii[c / 32] |= UINT32_C(1) << (c % 32);
    }
}
