/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns against a table of facts of RE2's syntax, and random ones against a matcher that works on sets of positions.
 */
#include "support/op_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/common/regex.h"

/* A compiled pattern with its machine. */
typedef struct machine {
    eml_regex *program;
    void *scratch;
    eml_regex_vm vm;
} machine;

static em_status machine_make(machine *m, em_string pattern, em_error *err) {
    size_t bytes;
    memset(m, 0, sizeof(*m));
    EML_TRY(eml_regex_measure(pattern, &bytes, err));
    m->program = calloc(1, bytes);
    assert_non_null(m->program);
    assert_true(eml_regex_compile(pattern, m->program) <= bytes);
    m->scratch = malloc(eml_regex_scratch_bytes(m->program));
    assert_non_null(m->scratch);
    eml_regex_vm_init(&m->vm, m->program, m->scratch);
    return EM_OK;
}

static void machine_free(machine *m) {
    free(m->scratch);
    free(m->program);
}

static void full_matches(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *yes[4], *no[4];
    } cases[] = {
        {"", {""}, {"a"}},
        {"a.c",
         {"abc", "a\xc3\xa9"
                 "c"},
         {"a\nc", "ac",
          "a\xff"
          "c"}},
        {"(?s).", {"\n"}, {""}},
        {"[^a]", {"b", "\n", "\xc3\xa9"}, {"a", "\xff"}},
        {"[]a-c-]+", {"]-abc"}, {"d"}},
        {"[\\w.-]+@[\\w.-]+", {"a.b-c@d.e"}, {"a b@c"}},
        {"\\d+\\D\\s\\S", {"12x y"}, {"\xd9\xa3x y"}},
        {"\\w+", {"a_1"}, {"\xc3\xa9"}},
        {"\\s", {" ", "\t", "\f"}, {"\v"}},
        {"[[:space:]][[:^digit:]]", {"\va"}, {"\v1"}},
        {"[^[:^alpha:]]", {"a"}, {"1"}},
        {"a{2,3}b{2}c{1,}", {"aabbc", "aaabbccc"}, {"abbc", "aaaabbc", "aabc"}},
        {"a{0}b{0,1}", {"", "b"}, {"ab", "bb"}},
        {"a{,3}|x{2|{y}", {"a{,3}", "x{2", "{y}"}, {"aa"}},
        {"(|a)+", {"", "aa"}, {"b"}},
        {"(?:ab|cd|)*?e", {"e", "abcde"}, {"ace"}},
        {"(a(b(c)?)?)?d", {"d", "ad", "abd", "abcd"}, {"acd"}},
        {"^^a$$", {"a"}, {"aa"}},
        {"a$b|a\\Ab", {NULL}, {"ab", "a$b"}},
        {"(?m)a$\nb^c|(?m:a$)\n^b", {"a\nb"}, {"a\nbc"}},
        {"\\ba\\b \\Bb*", {"a "}, {"ab", "a b"}},
        {"(?i)Ab\xc3\xa9(?-i)c",
         {"aB\xc3\x89"
          "c"},
         {"ab\xc3\xa9"
          "C"}},
        {"(?i:[k-m])x", {"Kx", "\xe2\x84\xaax"}, {"kX"}},
        {"(?i)\xc3\x9f", {"\xe1\xba\x9e"}, {"ss"}},
        {"(?i)[^k]", {"x"}, {"K", "\xe2\x84\xaa"}},
        {"(?P<name>a)(?<n2>b)", {"ab"}, {"a"}},
        {"\\Qa.b*\\E+", {"a.b**"}, {"axb"}},
        {"\\x41\\x{e9}\\101\\.\\_\\n",
         {"A\xc3\xa9"
          "A._\n"},
         {"A"}},
        {"[\\x00-\\x{10FFFF}]", {"a", "\xf0\x9f\x98\x80"}, {"\xed\xa0\x80", "\xc0\x80"}},
        {"(a*)*b|(a+)+$", {"aaaab", "aaaa"}, {"aaaac"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine m;
        em_error err;
        if (machine_make(&m, em_string_of(cases[i].pattern), &err)) fail_msg("%s", err.message);
        for (int k = 0; k < 4; k++) {
            const char *yes = cases[i].yes[k], *no = cases[i].no[k];
            if (yes != NULL && !eml_regex_full(&m.vm, yes, strlen(yes))) fail_msg("%s: '%s'", cases[i].pattern, yes);
            if (no != NULL && eml_regex_full(&m.vm, no, strlen(no))) fail_msg("%s: not '%s'", cases[i].pattern, no);
        }
        machine_free(&m);
    }
}

static void finds_the_leftmost_longest(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *text;
        size_t from;
        int begin, end; /* begin -1: none */
    } cases[] = {
        {"a|ab|abc", "xabcd", 0, 1, 4},
        {"[a-z]+", "A bcD", 0, 2, 4},
        {"[a-z]+", "A bcD", 3, 3, 4},
        {"[a-z]+", "ABC", 0, -1, 0},
        {"b*", "abb", 0, 0, 0},
        {"b*", "abb", 1, 1, 3},
        {"", "", 0, 0, 0},
        {"x", "", 0, -1, 0},
        {"^a", "aa", 1, -1, 0},
        {"\\ba", "aa a", 1, 3, 4},
        {"\\bb", "ab", 1, -1, 0},
        {"\xc3\xa9+", "x\xc3\xa9\xc3\xa9y", 0, 1, 5},
        {"a$", "aba", 0, 2, 3},
        {"(?m)^b", "a\nb", 0, 2, 3},
        {"abcd|bc", "abcx", 0, 1, 3},
        {"[^ ]+", "  \xff x", 0, 4, 5},
        {"\\B-\\B|\\bz", "- z", 0, 0, 1},
        {"a+$|a", "aab", 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine m;
        em_error err;
        size_t begin = 0, end = 0;
        if (machine_make(&m, em_string_of(cases[i].pattern), &err)) fail_msg("%s", err.message);
        bool found = eml_regex_find(&m.vm, cases[i].text, strlen(cases[i].text), cases[i].from, &begin, &end);
        if (found != (cases[i].begin >= 0) ||
            (found && (begin != (size_t)cases[i].begin || end != (size_t)cases[i].end)))
            fail_msg("%s in '%s': %d, %zu to %zu", cases[i].pattern, cases[i].text, found, begin, end);
        machine_free(&m);
    }
}

static void rejects(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        em_status status;
        const char *part; /* of the message */
    } cases[] = {
        {"(a", EM_ERR_MODEL, "without its ')' at byte 2"},
        {"a)", EM_ERR_MODEL, "closes nothing"},
        {"[a", EM_ERR_MODEL, "without its ']'"},
        {"[z-a]", EM_ERR_MODEL, "out of order"},
        {"*a", EM_ERR_MODEL, "repetition of nothing"},
        {"a|+", EM_ERR_MODEL, "repetition of nothing"},
        {"a**", EM_ERR_MODEL, "repeats a repetition"},
        {"a{1001}", EM_ERR_MODEL, "above 1000"},
        {"a{3,2}", EM_ERR_MODEL, "out of order"},
        {"a\\", EM_ERR_MODEL, "backslash"},
        {"\\y", EM_ERR_MODEL, "means nothing"},
        {"\\1", EM_ERR_MODEL, "means nothing"},
        {"\\pL", EM_ERR_UNSUPPORTED, "\\p"},
        {"\\x{110000}", EM_ERR_MODEL, "code point"},
        {"\\xg", EM_ERR_MODEL, "code point"},
        {"[[:foo:]]", EM_ERR_MODEL, "unknown class"},
        {"(?P<>a)", EM_ERR_MODEL, "name"},
        {"(?P<a b>a)", EM_ERR_MODEL, "name"},
        {"(?=a)", EM_ERR_UNSUPPORTED, "kind of group"},
        {"(?u)a", EM_ERR_UNSUPPORTED, "flag"},
        {"(?i--s)", EM_ERR_MODEL, "'-'"},
        {"\xff", EM_ERR_MODEL, "UTF-8"},
        {"((a{0,100}){0,100}){0,100}", EM_ERR_LIMIT, "10000 steps"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        em_error err;
        size_t bytes;
        em_status status = eml_regex_measure(em_string_of(cases[i].pattern), &bytes, &err);
        if (status != cases[i].status || strstr(err.message, cases[i].part) == NULL)
            fail_msg("%s: %d %s", cases[i].pattern, status, status != EM_OK ? err.message : "");
    }
    char deep[300];
    memset(deep, '(', sizeof(deep));
    em_error err;
    size_t bytes;
    assert_int_equal(eml_regex_measure((em_string){deep, sizeof(deep)}, &bytes, &err), EM_ERR_LIMIT);
}

/* ---- random patterns ---- */

enum { MAX_NODES = 64, MAX_TEXT = 12 };
typedef struct tree {
    char kind; /* letter, '.', '[' (a or b), 'C' concatenation, '|', '*', '+', '?' */
    int a, b;
} tree;

typedef struct forest {
    tree nodes[MAX_NODES];
    int n;
    uint64_t seed;
} forest;

static int pick(forest *f, int n) {
    return (int)(op_test_random(&f->seed) * n);
}

static int grow(forest *f, int depth) {
    if (f->n > MAX_NODES - 8) depth = 0;
    int i = f->n++, kind = pick(f, depth > 0 ? 10 : 5);
    static const char kinds[] = "abc.[CC|*+";
    tree t = {kinds[kind], -1, -1};
    if (kind == 9 && pick(f, 2)) t.kind = '?';
    if (kind >= 5) t.a = grow(f, depth - 1);
    if (kind >= 5 && kind <= 7) t.b = grow(f, depth - 1);
    f->nodes[i] = t;
    return i;
}

static void render(const forest *f, int i, char *out) {
    const tree *t = &f->nodes[i];
    size_t n = strlen(out);
    if (t->a < 0) {
        snprintf(out + n, 8, "%s", t->kind == '[' ? "[ab]" : (char[]){t->kind, '\0'});
        return;
    }
    strcat(out, "(?:");
    render(f, t->a, out);
    if (t->kind == '|') strcat(out, "|");
    if (t->b >= 0) render(f, t->b, out);
    strcat(out, ")");
    if (t->b < 0) snprintf(out + strlen(out), 4, "%c", t->kind);
}

/* Where matches of node i may end that begin at the places in the set; a set is a mask of places 0..n. */
static uint32_t ends(const forest *f, int i, const char *text, int n, uint32_t from) {
    const tree *t = &f->nodes[i];
    uint32_t out = 0;
    switch (t->kind) {
    case 'C': return ends(f, t->b, text, n, ends(f, t->a, text, n, from));
    case '|': return ends(f, t->a, text, n, from) | ends(f, t->b, text, n, from);
    case '?': return from | ends(f, t->a, text, n, from);
    case '+': from = ends(f, t->a, text, n, from); /* fall through */
    case '*':
        for (uint32_t before = 0; before != from;) {
            before = from;
            from |= ends(f, t->a, text, n, from);
        }
        return from;
    default:
        for (int k = 0; k < n; k++) {
            bool takes = t->kind == '.' || text[k] == t->kind || (t->kind == '[' && (text[k] == 'a' || text[k] == 'b'));
            if ((from >> k & 1) && takes) out |= UINT32_C(2) << k;
        }
        return out;
    }
}

static void random_patterns(void **state) {
    (void)state;
    uint64_t seed = 20240607;
    for (int round = 0; round < 3000; round++) {
        forest f = {.seed = seed + (uint64_t)round};
        char pattern[4096] = "", text[MAX_TEXT + 1] = "";
        int root = grow(&f, 5);
        render(&f, root, pattern);
        machine m;
        em_error err;
        if (machine_make(&m, em_string_of(pattern), &err)) fail_msg("%s", err.message);
        for (int k = 0; k < 20; k++) {
            int n = pick(&f, MAX_TEXT + 1), begin = -1, end = -1;
            for (int i = 0; i < n; i++) text[i] = "abcd"[pick(&f, 4)];
            bool full = ends(&f, root, text, n, 1) >> n & 1;
            for (int from = 0; from <= n && begin < 0; from++) {
                uint32_t set = ends(&f, root, text, n, UINT32_C(1) << from);
                for (int i = n; i >= from && begin < 0; i--) {
                    if (set >> i & 1) begin = from, end = i;
                }
            }
            size_t got_begin = 0, got_end = 0;
            bool found = eml_regex_find(&m.vm, text, (size_t)n, 0, &got_begin, &got_end);
            if (eml_regex_full(&m.vm, text, (size_t)n) != full || found != (begin >= 0) ||
                (found && ((int)got_begin != begin || (int)got_end != end)))
                fail_msg("seed %llu round %d: %s in '%.*s'", (unsigned long long)seed, round, pattern, n, text);
        }
        machine_free(&m);
    }
}

/* Patterns that make backtracking matchers exponential. */
static void time_is_linear(void **state) {
    (void)state;
    machine m;
    em_error err;
    static char text[100000];
    memset(text, 'a', sizeof(text));
    assert_int_equal(machine_make(&m, em_string_of("(a|aa)*(a*)*b"), &err), EM_OK);
    assert_false(eml_regex_full(&m.vm, text, sizeof(text)));
    size_t begin, end;
    assert_false(eml_regex_find(&m.vm, text, sizeof(text), 0, &begin, &end));
    machine_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(full_matches), cmocka_unit_test(finds_the_leftmost_longest),
                                       cmocka_unit_test(rejects), cmocka_unit_test(random_patterns),
                                       cmocka_unit_test(time_is_linear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
