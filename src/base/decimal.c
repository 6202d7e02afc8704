/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

/* Both directions are one long division of exact integers: rare enough to be simple rather than fast. */

/* A natural number, least word first. Reading bounds the size: 771 digits (2562 bits, shifted by at most 1074)
 * over at most 10^(771 + 400) (3890 bits, shifted by at most 54). */
enum { BIG_WORDS = 128, MAX_DIGITS = 770 };
typedef struct big {
    int n;
    uint32_t word[BIG_WORDS];
} big;

static const struct {
    int precision, least; /* significand bits; exponent of the last bit of a subnormal */
    int greatest;         /* largest exponent of the last bit of a normal number */
} formats[] = {{11, -24, 5}, {24, -149, 104}, {53, -1074, 971}};

static void big_set(big *b, uint64_t value) {
    b->word[0] = (uint32_t)value;
    b->word[1] = (uint32_t)(value >> 32);
    b->n = b->word[1] ? 2 : b->word[0] ? 1 : 0;
}

static void big_multiply_add(big *b, uint32_t factor, uint32_t carry) {
    uint64_t sum = carry;
    for (int i = 0; i < b->n; i++) {
        sum += (uint64_t)b->word[i] * factor;
        b->word[i] = (uint32_t)sum;
        sum >>= 32;
    }
    if (sum && b->n < BIG_WORDS) b->word[b->n++] = (uint32_t)sum;
}

static void big_times_power_of_10(big *b, int power) {
    for (; power >= 9; power -= 9) big_multiply_add(b, 1000000000u, 0);
    for (; power > 0; power--) big_multiply_add(b, 10, 0);
}

static void big_shift(big *b, int bits) {
    int words = bits / 32;
    if (b->n == 0) return;
    if (words > BIG_WORDS - 1 - b->n) words = BIG_WORDS - 1 - b->n;
    memmove(b->word + words, b->word, (size_t)b->n * sizeof(uint32_t));
    memset(b->word, 0, (size_t)words * sizeof(uint32_t));
    b->n += words;
    if (bits % 32) big_multiply_add(b, UINT32_C(1) << (bits % 32), 0);
}

static int big_compare(const big *a, const big *b) {
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

/* a -= b, where a >= b. */
static void big_subtract(big *a, const big *b) {
    int64_t borrow = 0;
    for (int i = 0; i < a->n; i++) {
        borrow += (int64_t)a->word[i] - (i < b->n ? b->word[i] : 0);
        a->word[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    while (a->n > 0 && a->word[a->n - 1] == 0) a->n--;
}

int eml_decimal_digits(double value, int max, char *digits, int *point) {
    big top, bottom; /* value * 10^-point = top / bottom, to lie in [0.1, 1) */
    uint64_t bits, significand;
    memcpy(&bits, &value, sizeof bits);
    int biased = (int)(bits >> 52 & 0x7ff), exponent = (biased ? biased : 1) - 1075, width = 0;
    significand = (bits & ((UINT64_C(1) << 52) - 1)) | (uint64_t)(biased != 0) << 52;
    for (uint64_t rest = significand; rest; rest >>= 1) width++;
    big_set(&top, significand);
    big_set(&bottom, 1);
    big_shift(exponent < 0 ? &bottom : &top, exponent < 0 ? -exponent : exponent);

    /* An estimate that is never too large: 1233 / 4096 is just under, 1234 / 4096 just over log10(2). */
    int log2 = exponent + width - 1, k = log2 >= 0 ? log2 * 1233 / 4096 : -((-log2 * 1234 + 4095) / 4096);
    big_times_power_of_10(k > 0 ? &bottom : &top, k > 0 ? k : -k);
    for (; big_compare(&top, &bottom) >= 0; k++) big_multiply_add(&bottom, 10, 0);

    int n = 0;
    for (; n < max; n++) {
        big_multiply_add(&top, 10, 0);
        int digit = 0;
        for (; big_compare(&top, &bottom) >= 0; digit++) big_subtract(&top, &bottom);
        digits[n] = (char)('0' + digit);
    }
    big_multiply_add(&top, 2, 0);
    int half = big_compare(&top, &bottom);
    if (half > 0 || (half == 0 && n > 0 && (digits[n - 1] & 1))) {
        for (; n > 0 && digits[n - 1] == '9';) n--;
        if (n > 0) {
            digits[n - 1]++;
        } else {
            digits[n++] = '1';
            k++;
        }
    }
    while (n > 1 && digits[n - 1] == '0') n--;
    *point = k;
    return n;
}

size_t eml_decimal_write(double value, int precision, char *out) {
    char digits[EML_DECIMAL_DIGITS];
    size_t length = 0;
    int point, n;
    if (value < 0) {
        out[length++] = '-';
        value = -value;
    }
    n = eml_decimal_digits(value, precision, digits, &point);
    bool scientific = point < -3 || point > precision;
    int whole = scientific ? 1 : point; /* digits before the point */
    if (whole <= 0) {
        memcpy(out + length, "0.0000", 6);
        length += (size_t)(2 - whole);
    }
    for (int i = 0; i < n || i < whole; i++) {
        if (i == whole && whole > 0) out[length++] = '.';
        out[length++] = i < n ? digits[i] : '0';
    }
    if (scientific) {
        out[length++] = 'e';
        out[length++] = point < 1 ? '-' : '+';
        int exponent = point < 1 ? 1 - point : point - 1;
        if (exponent >= 100) out[length++] = (char)('0' + exponent / 100);
        out[length++] = (char)('0' + exponent / 10 % 10);
        out[length++] = (char)('0' + exponent % 10);
    }
    return length;
}

/* significand * 2^exponent, exact in the format (or too large for it). */
static double join(uint64_t significand, int exponent) {
    if (significand == 0) return 0;
    while (!(significand >> 52) && exponent > -1074) {
        significand <<= 1;
        exponent--;
    }
    uint64_t bits =
        significand >> 52 ? (uint64_t)(exponent + 1075) << 52 | (significand & ((UINT64_C(1) << 52) - 1)) : significand;
    if (exponent > 971) bits = UINT64_C(0x7ff) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int bit_length(const big *b) {
    int bits = 32 * b->n;
    if (b->n == 0) return 0;
    for (uint32_t top = b->word[b->n - 1]; !(top >> 31); top <<= 1) bits--;
    return bits;
}

/* digits * 10^power, correctly rounded. */
static double divide(const char *digits, int n, int power, eml_decimal_kind kind) {
    big top, bottom;
    big_set(&top, 0);
    for (int i = 0; i < n; i++) {
        if (top.n == 0)
            big_set(&top, (uint64_t)(digits[i] - '0'));
        else
            big_multiply_add(&top, 10, (uint32_t)(digits[i] - '0'));
    }
    big_set(&bottom, 1);
    if (power > 0)
        big_times_power_of_10(&top, power);
    else
        big_times_power_of_10(&bottom, -power);
    if (top.n == 0) return 0;

    /* top / bottom = q * 2^exponent with q of precision or precision + 1 bits, fewer below the least exponent. */
    int exponent = bit_length(&top) - bit_length(&bottom) - formats[kind].precision;
    if (exponent < formats[kind].least) exponent = formats[kind].least;
    if (exponent > 0)
        big_shift(&bottom, exponent);
    else
        big_shift(&top, -exponent);
    uint64_t q = 0;
    int steps = bit_length(&top) - bit_length(&bottom);
    if (steps > 0) big_shift(&bottom, steps);
    for (int i = steps > 0 ? steps : 0; i >= 0; i--) {
        q <<= 1;
        if (big_compare(&top, &bottom) >= 0) {
            big_subtract(&top, &bottom);
            q |= 1;
        }
        if (i > 0) big_multiply_add(&top, 2, 0); /* instead of halving bottom */
    }
    bool sticky = top.n > 0, half;
    if (q >> formats[kind].precision) { /* one bit too many: it is the rounding bit */
        half = q & 1;
        q >>= 1;
        exponent++;
    } else { /* the next bit decides */
        big_multiply_add(&top, 2, 0);
        int order = big_compare(&top, &bottom);
        half = order >= 0;
        sticky = order != 0 && sticky;
    }
    if (half && (sticky || (q & 1))) q++;
    if (q >> formats[kind].precision) {
        q >>= 1;
        exponent++;
    }
    if (exponent > formats[kind].greatest) return join(UINT64_C(1) << 52, 972);
    return join(q, exponent);
}

/* The usual short number: significand and power of ten are both exact in a double, so one operation rounds once. */
static bool divide_short(const char *digits, int n, int power, eml_decimal_kind kind, double *value) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* With extended intermediate results (x87) the operation rounds twice. */
    if (FLT_EVAL_METHOD != 0 || n > 15 || power < -22 || power > 22 || kind == EML_DECIMAL_F16) return false;
    uint64_t significand = 0, bits;
    for (int i = 0; i < n; i++) significand = significand * 10 + (uint64_t)(digits[i] - '0');
    double result = power < 0 ? (double)significand / powers[-power] : (double)significand * powers[power];
    memcpy(&bits, &result, sizeof bits);
    if (kind == EML_DECIMAL_F32) {
        /* Rounding again is right unless the first rounding made a tie. */
        if ((bits & ((UINT64_C(1) << 29) - 1)) == UINT64_C(1) << 28) return false;
        result = (double)(float)result;
    }
    *value = result;
    return true;
}

bool eml_decimal_read(const char *text, size_t length, eml_decimal_kind kind, double *value) {
    char digits[MAX_DIGITS + 1];
    const char *end = text + length;
    bool negative = false, any = false, point = false, more = false;
    int64_t power = 0, exponent = 0; /* value = digits * 10^(power + exponent) */
    int n = 0;
    if (text < end && (*text == '+' || *text == '-')) negative = *text++ == '-';
    for (; text < end && ((*text >= '0' && *text <= '9') || (*text == '.' && !point)); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        any = true;
        if (point) power--;
        if (n == MAX_DIGITS) {
            more = more || *text != '0';
            power++;
        } else if (n > 0 || *text != '0') {
            digits[n++] = *text;
        }
    }
    if (!any) return false;
    if (text < end && (*text == 'e' || *text == 'E')) {
        bool minus = false;
        text++;
        if (text < end && (*text == '+' || *text == '-')) minus = *text++ == '-';
        if (text == end) return false;
        for (; text < end && *text >= '0' && *text <= '9'; text++)
            if (exponent < INT32_MAX) exponent = exponent * 10 + (*text - '0');
        if (minus) exponent = -exponent;
    }
    if (text != end) return false;

    if (more) { /* no half-way point between neighbours has so many digits: it matters only that the rest is not 0 */
        digits[n++] = '1';
        power--;
    }
    power += exponent;
    double result = 0;
    if (n > 0 && power + n > 400)
        result = join(UINT64_C(1) << 52, 972);
    else if (n > 0 && power + n >= -400 && !divide_short(digits, n, (int)power, kind, &result))
        result = divide(digits, n, (int)power, kind);
    *value = negative ? -result : result;
    return true;
}
