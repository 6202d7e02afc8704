/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/string_list.h"

#include <string.h>

#include "base/size.h"

em_status eml_string_list_measure_text(size_t text_bytes, size_t count, size_t *bytes, em_error *err) {
    size_t total;
    bool fits = eml_size_mul(count, sizeof(eml_string_item), &total) &&
                eml_size_add(total, sizeof(eml_string_list), &total) && eml_size_add(total, text_bytes, &total);
    if (!fits || total > UINT32_MAX) return eml_fail(err, EM_ERR_LIMIT, "%zu strings take 4 GiB or more", count);
    *bytes = total;
    return EM_OK;
}

em_status eml_string_list_measure(const em_string *strings, size_t count, size_t *bytes, em_error *err) {
    size_t text = 0;
    for (size_t i = 0; i < count; i++) {
        if (!eml_size_add(text, strings[i].length, &text)) text = SIZE_MAX;
        if (text == SIZE_MAX) break;
    }
    return eml_string_list_measure_text(text, count, bytes, err);
}

void eml_string_list_begin(eml_string_list *list, size_t capacity) {
    list->count = 0;
    list->bytes = (uint32_t)(sizeof(eml_string_list) + capacity * sizeof(eml_string_item));
}

void eml_string_list_add(eml_string_list *list, em_string string) {
    list->items[list->count++] = (eml_string_item){list->bytes, (uint32_t)string.length};
    if (string.length > 0) memcpy((char *)list + list->bytes, string.data, string.length);
    list->bytes += (uint32_t)string.length;
}
