/* SPDX-License-Identifier: Apache-2.0 */
/* Constant strings in a blob, by index. */
#ifndef EML_OPS_COMMON_STRING_LIST_H
#define EML_OPS_COMMON_STRING_LIST_H

#include "base/status.h"

typedef struct eml_string_item {
    uint32_t offset, length; /* bytes, from the start of the list */
} eml_string_item;

typedef struct eml_string_list {
    uint32_t count;
    uint32_t bytes; /* used, text included */
    eml_string_item items[];
} eml_string_list;

/* Bytes of a list of count strings; EM_ERR_LIMIT at 4 GiB. */
em_status eml_string_list_measure(const em_string *strings, size_t count, size_t *bytes, em_error *err);
/* The same when only the sum of their lengths is known. */
em_status eml_string_list_measure_text(size_t text_bytes, size_t count, size_t *bytes, em_error *err);
/* list: zeroed, of that size. */
void eml_string_list_begin(eml_string_list *list, size_t capacity);
/* Appends; the list was measured with this string among others. */
void eml_string_list_add(eml_string_list *list, em_string string);

static inline em_string eml_string_list_get(const eml_string_list *list, size_t i) {
    return (em_string){(const char *)list + list->items[i].offset, list->items[i].length};
}

#endif
