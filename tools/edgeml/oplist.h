/* SPDX-License-Identifier: Apache-2.0 */
/* The operators a model file asks for, counted without loading it. */
#ifndef EDGEML_OPLIST_H
#define EDGEML_OPLIST_H

#include "edgeml/files.h"

typedef struct op_entry {
    const char *domain, *name; /* domain "" is ai.onnx */
    int version;               /* of the operator set the model imports */
    bool supported;            /* by this build */
    int64_t nodes;             /* in the file: main graph, subgraphs and function bodies */
} op_entry;

typedef struct op_list {
    op_entry *entries; /* sorted by domain and name */
    size_t count, room;
    pool *p;
} op_list;

bool op_list_of_model(pool *p, const file_bytes *model, op_list *out, em_error *err);
/* "ai.Conv", "ml.ZipMap", "ms.QGemm", as the build option EDGEML_OPS spells it; other domains in full. */
const char *op_tag_name(pool *p, const char *domain, const char *name);

#endif
