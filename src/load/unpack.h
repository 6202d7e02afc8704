/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf-c on a budget: its trees lie in one arena, failures leave nothing behind, and what they and the graph's
 * tables may take is bounded by the size of the model. */
#ifndef EML_LOAD_UNPACK_H
#define EML_LOAD_UNPACK_H

#include "base/arena.h"
#include "load/slim.h"

typedef struct eml_unpack {
    const uint8_t *bytes; /* the whole model, borrowed */
    size_t length;
    eml_arena arena; /* the trees, until eml_unpack_destroy */
    eml_slim slim;
    size_t budget; /* bytes that the trees, and the tables of the graph made of them, may take together */
    size_t spent;  /* of it, by tables */
    size_t failed; /* of the allocation that failed, for the message */
    bool over;     /* it was the budget that stopped it */
} eml_unpack;

void eml_unpack_init(eml_unpack *unpack, const void *bytes, size_t length, eml_mem *mem);
void eml_unpack_destroy(eml_unpack *unpack);
/* The message of type `type` whose body is bytes[body], without what slim.h leaves out. Lives in unpack->arena. */
em_status eml_unpack_message(eml_unpack *unpack, const ProtobufCMessageDescriptor *type, eml_span body,
                             ProtobufCMessage **message, em_error *err);

/* Takes count entries of entry_bytes, which the graph is going to hold, out of the budget: to be asked before room is
 * made for them. what: "nodes" */
em_status eml_unpack_spend(eml_unpack *unpack, size_t count, size_t entry_bytes, const char *what, em_error *err);

#endif
