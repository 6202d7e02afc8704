/* SPDX-License-Identifier: Apache-2.0 */
/* From a pattern to a program in one pass over the text. The code of every part of the pattern is contiguous and its
 * jumps are relative, so repetition copies code and alternation shifts it. The same pass without memory measures. */
#include <string.h>

#include "ops/common/regex_class.h"
#include "ops/common/utf8.h"

enum { FOLD = 1, DOT_ALL = 2, LINES = 4, UNGREEDY = 8 }; /* (?i) (?s) (?m) (?U); the last changes no longest match */
enum { NO_ATOM = -1, REPEATED = -2, MAX_REPEAT = 1000 };

typedef struct group {
    uint32_t begin;   /* first instruction */
    uint32_t branch;  /* first instruction of the current alternative */
    uint32_t pending; /* last jump to the end of the group, chained through x; 0: none (0 is never a jump here) */
    int flags;        /* to be restored behind the group */
} group;

typedef struct compiler {
    em_string pattern;
    size_t at;
    eml_regex *program;    /* NULL: measure only */
    eml_regex_inst *code;  /* program->insts, or NULL */
    uint32_t n, most;      /* instructions now, and the most there ever were */
    size_t class_bytes;    /* of all classes so far */
    size_t classes_offset; /* where the first one stands */
    int flags, depth;
    long atom; /* first instruction of what a repetition would repeat, or NO_ATOM, REPEATED */
    group groups[EML_REGEX_MAX_DEPTH + 1];
    em_error *err;
} compiler;

static em_status fail(compiler *c, em_status status, const char *what) {
    return eml_fail(c->err, status, "pattern '%.*s': %s at byte %zu",
                    (int)(c->pattern.length < 80 ? c->pattern.length : 80), c->pattern.data, what, c->at);
}

static bool more(const compiler *c) {
    return c->at < c->pattern.length;
}
/* The byte that is i ahead, or NUL behind the end. */
static char peek(const compiler *c, size_t i) {
    return c->at + i < c->pattern.length ? c->pattern.data[c->at + i] : '\0';
}
static bool accept(compiler *c, char wanted) {
    if (!more(c) || peek(c, 0) != wanted) return false;
    c->at++;
    return true;
}

/* ---- code ---- */

/* Makes the program count instructions long. */
static em_status set_length(compiler *c, size_t count) {
    if (count > EML_REGEX_MAX_STEPS) return fail(c, EM_ERR_LIMIT, "needs a program of more than 10000 steps");
    c->n = (uint32_t)count;
    if (c->n > c->most) c->most = c->n;
    return EM_OK;
}

static void put(compiler *c, size_t at, eml_regex_op op, uint32_t x) {
    if (c->code != NULL) c->code[at] = (eml_regex_inst){op, x};
}

static void move(compiler *c, size_t to, size_t from, size_t count) {
    if (c->code != NULL) memmove(c->code + to, c->code + from, count * sizeof(*c->code));
}

static em_status emit_atom(compiler *c, eml_regex_op op, uint32_t x) {
    c->atom = (long)c->n;
    put(c, c->n, op, x);
    return set_length(c, c->n + 1);
}

/* Room for the class that begins now; NULL while measuring. */
static eml_regex_set begin_class(compiler *c) {
    if (c->program == NULL) return (eml_regex_set){NULL, 0};
    char *at = (char *)c->program + c->classes_offset + c->class_bytes;
    return (eml_regex_set){(eml_regex_class *)(void *)at, 0};
}

static em_status end_class(compiler *c, eml_regex_set *set, bool negate) {
    size_t offset = c->classes_offset + c->class_bytes;
    c->class_bytes += sizeof(eml_regex_class) + set->n * sizeof(set->set->ranges[0]);
    if (c->class_bytes > UINT32_MAX / 2) return fail(c, EM_ERR_LIMIT, "classes take more than 2 GiB");
    eml_regex_set_finish(set, negate, (c->flags & FOLD) != 0);
    return emit_atom(c, EML_REGEX_CLASS, (uint32_t)offset);
}

static em_status emit_literal(compiler *c, uint32_t code) {
    bool cased = code >= 0x80 || eml_utf8_lower(code) != eml_utf8_upper(code);
    if ((c->flags & FOLD) == 0 || !cased) return emit_atom(c, EML_REGEX_CHAR, code);
    eml_regex_set set = begin_class(c);
    eml_regex_set_add_folded(&set, code);
    return end_class(c, &set, false);
}

/* Repeats the atom, which is the end of the code, least to most times (most < 0: any number). */
static em_status emit_repeat(compiler *c, int least, int most) {
    size_t begin = (size_t)c->atom, length = c->n - begin, out = begin;
    size_t extra = most < 0 ? (least == 0 ? length + 2 : 1) : (size_t)(most - least) * (length + 1);
    EML_TRY(set_length(c, begin + (size_t)least * length + extra));
    size_t end = c->n, first = begin + (least == 0), total = length;
    if (most == 0) return EM_OK;
    move(c, first, begin, total);
    for (int i = 0; i < least; i++, out += length) {
        if (i > 0) move(c, out, first, length);
    }
    if (most < 0 && least > 0) {
        put(c, out, EML_REGEX_SPLIT, (uint32_t)0 - (uint32_t)length);
    } else if (most < 0) {
        put(c, out, EML_REGEX_SPLIT, (uint32_t)length + 2);
        put(c, out + length + 1, EML_REGEX_JUMP, (uint32_t)0 - (uint32_t)(length + 1));
    }
    for (int i = least; i < most; i++, out += length + 1) {
        if (out + 1 != first) move(c, out + 1, first, length);
        put(c, out, EML_REGEX_SPLIT, (uint32_t)(end - out));
    }
    return EM_OK;
}

/* ---- groups ---- */

static em_status open_group(compiler *c) {
    if (c->depth == EML_REGEX_MAX_DEPTH) return fail(c, EM_ERR_LIMIT, "groups nest deeper than 200");
    c->groups[++c->depth] = (group){.begin = c->n, .branch = c->n, .flags = c->flags};
    c->atom = NO_ATOM;
    return EM_OK;
}

/* branch | ... becomes: split to the next alternative, branch, jump to the end of the group. */
static em_status alternative(compiler *c) {
    group *g = &c->groups[c->depth];
    uint32_t end = c->n;
    EML_TRY(set_length(c, end + 2));
    move(c, g->branch + 1, g->branch, end - g->branch);
    put(c, g->branch, EML_REGEX_SPLIT, end + 2 - g->branch);
    put(c, end + 1, EML_REGEX_JUMP, g->pending);
    g->pending = end + 1;
    g->branch = c->n;
    c->atom = NO_ATOM;
    return EM_OK;
}

static void close_alternatives(compiler *c) {
    group *g = &c->groups[c->depth];
    for (uint32_t jump = c->code != NULL ? g->pending : 0; jump != 0;) {
        uint32_t before = c->code[jump].x;
        c->code[jump].x = c->n - jump;
        jump = before;
    }
}

static em_status close_group(compiler *c) {
    if (c->depth == 0) return fail(c, EM_ERR_MODEL, "has a ')' that closes nothing");
    close_alternatives(c);
    c->flags = c->groups[c->depth].flags;
    c->atom = (long)c->groups[c->depth--].begin;
    return EM_OK;
}

static bool name_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* Behind "(?": a name, or flags for the group or for the rest of the enclosing one. */
static em_status parse_group_kind(compiler *c) {
    if (peek(c, 0) == '<' || (peek(c, 0) == 'P' && peek(c, 1) == '<')) {
        c->at += peek(c, 0) == 'P' ? 2 : 1;
        size_t begin = c->at;
        while (more(c) && peek(c, 0) != '>') {
            if (!name_char(peek(c, 0)))
                return fail(c, EM_ERR_MODEL, "has a group name with other than letters, digits and _");
            c->at++;
        }
        if (c->at == begin || !accept(c, '>')) return fail(c, EM_ERR_MODEL, "has a group without a whole name");
        return open_group(c);
    }
    int flags = c->flags;
    bool on = true;
    for (;;) {
        int flag = 0;
        switch (more(c) ? peek(c, 0) : ' ') {
        case 'i': flag = FOLD; break;
        case 's': flag = DOT_ALL; break;
        case 'm': flag = LINES; break;
        case 'U': flag = UNGREEDY; break;
        case '-':
            if (!on) return fail(c, EM_ERR_MODEL, "has two '-' in its flags");
            on = false;
            break;
        case ':': {
            c->at++;
            EML_TRY(open_group(c));
            c->flags = flags;
            return EM_OK;
        }
        case ')':
            c->at++;
            c->flags = flags;
            c->atom = NO_ATOM;
            return EM_OK;
        default: return fail(c, EM_ERR_UNSUPPORTED, "has a kind of group or a flag that is not supported");
        }
        flags = on ? flags | flag : flags & ~flag;
        c->at++;
    }
}

/* ---- repetition ---- */

/* {n} {n,} {n,m} at c->at: true and behind it; false, and not moved, when it is not of this form. */
static bool parse_bounds(compiler *c, int *least, int *most) {
    size_t at = c->at;
    int bounds[2] = {0, 0};
    c->at++; /* { */
    for (int i = 0; i < 2; i++) {
        size_t begin = c->at;
        for (; peek(c, 0) >= '0' && peek(c, 0) <= '9'; c->at++) {
            if (bounds[i] <= MAX_REPEAT) bounds[i] = bounds[i] * 10 + (peek(c, 0) - '0');
        }
        bool digits = c->at > begin;
        if (!digits && i == 0) break;
        if (!digits) bounds[1] = -1;
        if (i == 0 && peek(c, 0) != ',') bounds[1] = bounds[0];
        if (accept(c, '}')) {
            *least = bounds[0];
            *most = bounds[1];
            return true;
        }
        if (i == 1 || !accept(c, ',')) break;
    }
    c->at = at;
    return false;
}

/* True when a repetition stands here; *status tells how it went. */
static bool parse_repeat(compiler *c, em_status *status) {
    int least = 0, most = -1;
    char op = peek(c, 0);
    if (op == '{') {
        if (!parse_bounds(c, &least, &most)) return false;
    } else if (op == '*' || op == '+' || op == '?') {
        c->at++;
        least = op == '+';
        most = op == '?' ? 1 : -1;
    } else {
        return false;
    }
    (void)accept(c, '?'); /* lazy: the longest match does not care */
    if (c->atom < 0) {
        *status = fail(c, EM_ERR_MODEL, c->atom == REPEATED ? "repeats a repetition" : "has a repetition of nothing");
    } else if (least > MAX_REPEAT || most > MAX_REPEAT || (most >= 0 && most < least)) {
        *status = fail(c, EM_ERR_MODEL, "has repetition bounds out of order or above 1000");
    } else {
        *status = emit_repeat(c, least, most);
        c->atom = REPEATED;
    }
    return true;
}

/* ---- characters ---- */

static em_status next_char(compiler *c, uint32_t *code) {
    if (!more(c)) return fail(c, EM_ERR_MODEL, "ends too early");
    size_t length = eml_utf8_decode(c->pattern.data + c->at, c->pattern.length - c->at, code);
    if (*code == EML_UTF8_BAD) return fail(c, EM_ERR_MODEL, "is not UTF-8");
    c->at += length;
    return EM_OK;
}

static int hex_digit(char ch) {
    return ch >= '0' && ch <= '9'   ? ch - '0'
           : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
           : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
                                    : -1;
}

/* Behind "\x": two digits, or any number in braces. */
static em_status parse_hex(compiler *c, uint32_t *code) {
    bool braces = accept(c, '{');
    size_t begin = c->at;
    *code = 0;
    while (hex_digit(peek(c, 0)) >= 0 && (braces ? *code <= 0x10ffff : c->at < begin + 2))
        *code = *code * 16 + (uint32_t)hex_digit(c->pattern.data[c->at++]);
    if (c->at == begin || (!braces && c->at != begin + 2) || (braces && !accept(c, '}')) || *code > 0x10ffff)
        return fail(c, EM_ERR_MODEL, "has a \\x without a hexadecimal code point");
    return EM_OK;
}

/* Behind a backslash: the character it means. Letters that mean sets or places were taken before. */
static em_status parse_escape(compiler *c, uint32_t *code) {
    static const char letters[] = "aftnrv", meanings[] = "\a\f\t\n\r\v";
    if (!more(c)) return fail(c, EM_ERR_MODEL, "ends in a backslash");
    char ch = peek(c, 0);
    const char *letter = ch != '\0' ? strchr(letters, ch) : NULL;
    bool octal = ch >= '0' && ch <= '7' && (ch == '0' || (peek(c, 1) >= '0' && peek(c, 1) <= '7'));
    if (letter != NULL) {
        c->at++;
        *code = (uint32_t)meanings[letter - letters];
        return EM_OK;
    }
    if (octal) { /* \1 alone would be a reference back */
        *code = 0;
        for (int i = 0; i < 3 && peek(c, 0) >= '0' && peek(c, 0) <= '7'; i++)
            *code = *code * 8 + (uint32_t)(c->pattern.data[c->at++] - '0');
        return EM_OK;
    }
    if (accept(c, 'x')) return parse_hex(c, code);
    if (ch == 'p' || ch == 'P' || ch == 'C')
        return fail(c, EM_ERR_UNSUPPORTED, "uses \\p, \\P or \\C, which are not supported");
    if ((unsigned char)ch >= 0x80 || (name_char(ch) && ch != '_'))
        return fail(c, EM_ERR_MODEL, "has an escape that means nothing");
    return next_char(c, code);
}

/* One end of a range in [...]. */
static em_status class_char(compiler *c, uint32_t *code) {
    return accept(c, '\\') ? parse_escape(c, code) : next_char(c, code);
}

/* "[:name:]" at c->at; *done when it was one. */
static em_status parse_posix(compiler *c, eml_regex_set *set, bool *done) {
    *done = false;
    if (peek(c, 0) != '[' || peek(c, 1) != ':') return EM_OK;
    const char *begin = c->pattern.data + c->at + 2, *limit = c->pattern.data + c->pattern.length;
    for (const char *end = begin; end + 1 < limit; end++) {
        if (end[0] != ':' || end[1] != ']') continue;
        bool negated = begin < end && *begin == '^';
        if (!eml_regex_set_add_posix(set, begin + negated, (size_t)(end - begin) - negated, negated))
            return fail(c, EM_ERR_MODEL, "names an unknown class");
        c->at = (size_t)(end + 2 - c->pattern.data);
        *done = true;
        return EM_OK;
    }
    return EM_OK;
}

/* Behind '['. */
static em_status parse_class(compiler *c) {
    bool negate = accept(c, '^');
    eml_regex_set set = begin_class(c);
    for (bool first = true;; first = false) {
        if (!more(c)) return fail(c, EM_ERR_MODEL, "has a '[' without its ']'");
        if (!first && accept(c, ']')) break;
        bool posix;
        EML_TRY(parse_posix(c, &set, &posix));
        if (posix) continue;
        if (peek(c, 0) == '\\' && eml_regex_set_add_perl(&set, peek(c, 1))) {
            c->at += 2;
            continue;
        }
        uint32_t low, high;
        EML_TRY(class_char(c, &low));
        high = low;
        if (peek(c, 0) == '-' && c->at + 1 < c->pattern.length && peek(c, 1) != ']') {
            c->at++;
            EML_TRY(class_char(c, &high));
        }
        if (high < low) return fail(c, EM_ERR_MODEL, "has a range out of order");
        if (low == high && (c->flags & FOLD) != 0)
            eml_regex_set_add_folded(&set, low);
        else
            eml_regex_set_add(&set, low, high);
    }
    return end_class(c, &set, negate);
}

/* Behind '\'. */
static em_status parse_backslash(compiler *c) {
    eml_regex_set set = begin_class(c);
    if (more(c) && eml_regex_set_add_perl(&set, peek(c, 0))) {
        c->at++;
        return end_class(c, &set, false);
    }
    if (accept(c, 'b')) return emit_atom(c, EML_REGEX_ASSERT, EML_REGEX_WORD_EDGE);
    if (accept(c, 'B')) return emit_atom(c, EML_REGEX_ASSERT, EML_REGEX_NO_WORD_EDGE);
    if (accept(c, 'A')) return emit_atom(c, EML_REGEX_ASSERT, EML_REGEX_TEXT_BEGIN);
    if (accept(c, 'z')) return emit_atom(c, EML_REGEX_ASSERT, EML_REGEX_TEXT_END);
    uint32_t code = 0;
    if (accept(c, 'Q')) {
        while (more(c) && !(peek(c, 0) == '\\' && peek(c, 1) == 'E')) {
            EML_TRY(next_char(c, &code));
            EML_TRY(emit_literal(c, code));
        }
        if (more(c)) c->at += 2;
        return EM_OK;
    }
    EML_TRY(parse_escape(c, &code));
    return emit_literal(c, code);
}

static em_status parse_one(compiler *c) {
    em_status status;
    if (parse_repeat(c, &status)) return status;
    bool lines = (c->flags & LINES) != 0;
    uint32_t code;
    switch (peek(c, 0)) {
    case '(': c->at++; return accept(c, '?') ? parse_group_kind(c) : open_group(c);
    case ')': {
        em_status closed = close_group(c);
        c->at++;
        return closed;
    }
    case '|': c->at++; return alternative(c);
    case '[': c->at++; return parse_class(c);
    case '\\': c->at++; return parse_backslash(c);
    case '.': c->at++; return emit_atom(c, EML_REGEX_ANY, (c->flags & DOT_ALL) != 0 ? EML_UTF8_BAD : '\n');
    case '^': c->at++; return emit_atom(c, EML_REGEX_ASSERT, lines ? EML_REGEX_LINE_BEGIN : EML_REGEX_TEXT_BEGIN);
    case '$': c->at++; return emit_atom(c, EML_REGEX_ASSERT, lines ? EML_REGEX_LINE_END : EML_REGEX_TEXT_END);
    default: EML_TRY(next_char(c, &code)); return emit_literal(c, code);
    }
}

static em_status parse(compiler *c) {
    c->atom = NO_ATOM;
    while (more(c)) EML_TRY(parse_one(c));
    if (c->depth > 0) return fail(c, EM_ERR_MODEL, "has a '(' without its ')'");
    close_alternatives(c);
    return emit_atom(c, EML_REGEX_MATCH, 0);
}

/* ---- what the matcher wants to know beforehand ---- */

static void may_begin(eml_regex *program, uint32_t byte) {
    program->first[byte / 32] |= UINT32_C(1) << (byte % 32);
}

static void may_begin_with(eml_regex *program, const eml_regex_inst *inst) {
    if (inst->op == EML_REGEX_CHAR) {
        char bytes[EML_UTF8_MAX];
        (void)eml_utf8_encode(inst->x, bytes);
        may_begin(program, (unsigned char)bytes[0]);
        return;
    }
    const uint32_t *ascii = NULL;
    if (inst->op == EML_REGEX_CLASS)
        ascii = ((const eml_regex_class *)(const void *)((const char *)program + inst->x))->ascii;
    for (uint32_t byte = 0; byte < 128; byte++) {
        if (ascii != NULL ? (ascii[byte / 32] >> (byte % 32) & 1) != 0 : byte != inst->x) may_begin(program, byte);
    }
    for (uint32_t byte = 0xc2; byte < 0xf5; byte++) may_begin(program, byte);
}

/* Follows the code from its start to the first characters; places are taken as given. The mark is the high bit of op.
 */
static void find_first(eml_regex *program) {
    enum { MARK = 128 };
    eml_regex_inst *insts = program->insts;
    bool changed = true;
    insts[0].op |= MARK;
    for (int round = 0; changed; round++) { /* each further round needs a jump back into unseen code */
        changed = false;
        if (round == 100) program->nullable = 1; /* such a pattern gets no help */
        if (round == 100) break;
        for (uint32_t i = 0; i < program->n_insts; i++) {
            if ((insts[i].op & MARK) == 0) continue;
            uint32_t op = insts[i].op & ~(uint32_t)MARK, next[2] = {i, i};
            if (op == EML_REGEX_JUMP || op == EML_REGEX_SPLIT) next[0] = i + insts[i].x;
            if (op == EML_REGEX_ASSERT || op == EML_REGEX_SPLIT) next[1] = i + 1;
            for (int k = 0; k < 2; k++) {
                if ((insts[next[k]].op & MARK) != 0) continue;
                insts[next[k]].op |= MARK;
                changed = true;
            }
        }
    }
    for (uint32_t i = 0; i < program->n_insts; i++) {
        if ((insts[i].op & MARK) == 0) continue;
        insts[i].op &= ~(uint32_t)MARK;
        if (insts[i].op == EML_REGEX_MATCH)
            program->nullable = 1;
        else if (insts[i].op <= EML_REGEX_ANY)
            may_begin_with(program, &insts[i]);
    }
}

/* ---- the two calls ---- */

em_status eml_regex_measure(em_string pattern, size_t *bytes, em_error *err) {
    compiler c = {.pattern = pattern, .err = err};
    EML_TRY(parse(&c));
    *bytes = sizeof(eml_regex) + c.most * sizeof(eml_regex_inst) + c.class_bytes;
    return EM_OK;
}

size_t eml_regex_compile(em_string pattern, eml_regex *program) {
    compiler c = {.pattern = pattern};
    (void)parse(&c);
    size_t classes_offset = sizeof(eml_regex) + c.most * sizeof(eml_regex_inst);
    c = (compiler){.pattern = pattern, .program = program, .code = program->insts, .classes_offset = classes_offset};
    (void)parse(&c); /* cannot fail: it was measured */
    *program = (eml_regex){.n_insts = c.n};
    find_first(program);
    if (c.n == 3 && program->insts[0].op == EML_REGEX_CLASS && program->insts[1].op == EML_REGEX_SPLIT)
        program->run_class = program->insts[0].x;
    return classes_offset + c.class_bytes;
}
