/* SPDX-License-Identifier: Apache-2.0 */
/* The hash is SipHash-1-3 (Aumasson and Bernstein, 2012), of which nobody knows how to make collisions other than by
 * search; a path is then no longer than a few times log4 of the number of names, whoever chose them. */
#include "load/names.h"

#include <string.h>

static uint64_t rotate(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

uint64_t eml_name_hash(const char *text) {
    /* the constants of SipHash under the key 0 */
    uint64_t v[4] = {UINT64_C(0x736f6d6570736575), UINT64_C(0x646f72616e646f6d), UINT64_C(0x6c7967656e657261),
                     UINT64_C(0x7465646279746573)};
    size_t n = strlen(text);
    uint64_t word;
    for (size_t i = 0; i + 8 <= n; i += 8) {
        memcpy(&word, text + i, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)(n & 0xff) << 56;
    for (size_t i = 0; i < n % 8; i++) word |= (uint64_t)(unsigned char)text[n - n % 8 + i] << (8 * i);
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The link to the entry of that name, or to where it would hang. */
static eml_name *const *descend(eml_name *const *link, const char *text, uint64_t hash) {
    for (uint64_t bits = hash; *link != NULL; bits <<= 2) {
        if ((*link)->hash == hash && strcmp((*link)->text, text) == 0) break;
        link = &(*link)->child[bits >> 62];
    }
    return link;
}

eml_name *eml_names_find(const eml_names *names, const char *text, uint64_t hash) {
    return *descend(&names->root, text, hash);
}

eml_name *eml_names_put(eml_names *names, eml_arena *arena, const char *text, bool *fresh) {
    uint64_t hash = eml_name_hash(text);
    eml_name **link = (eml_name **)(uintptr_t)descend(&names->root, text, hash);
    *fresh = *link == NULL;
    if (*link == NULL) {
        *link = eml_arena_zero(arena, 1, sizeof **link);
        if (*link != NULL) {
            (*link)->text = text;
            (*link)->hash = hash;
            (*link)->value = -1;
        }
    }
    return *link;
}
