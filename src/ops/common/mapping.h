/* SPDX-License-Identifier: Apache-2.0 */
/* A constant map from elements of one type to elements of another, with a value for what it does not know: LabelEncoder
 * and CategoryMapper. Integer keys that lie close together index a table, others a hash table. */
#ifndef EML_OPS_COMMON_MAPPING_H
#define EML_OPS_COMMON_MAPPING_H

#include "ops/op.h"

/* Elements as attributes give them: string, float, double, int64, int32 or int16. data NULL: int64 0, 1, 2, ... */
typedef struct eml_typed_list {
    em_dtype dtype;
    size_t count;
    const void *data;
} eml_typed_list;

typedef struct eml_mapping eml_mapping;

/* Bytes of the map, a multiple of 64. keys and values have the same count; other has one element of values' type. */
em_status eml_mapping_measure(const eml_typed_list *keys, const eml_typed_list *values, const eml_typed_list *other,
                              size_t *bytes, em_error *err);
/* mapping: zeroed, of that size. Of equal keys the first counts, or the last. */
em_status eml_mapping_write(eml_mapping *mapping, const eml_typed_list *keys, const eml_typed_list *values,
                            const eml_typed_list *other, bool last, em_error *err);
/* out[i] = mapping(in[i]); in and out have the types of the map. Strings point into the map. */
void eml_mapping_apply(const eml_mapping *mapping, const void *in, int64_t n, void *out);

#endif
