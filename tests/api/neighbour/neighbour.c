/* SPDX-License-Identifier: Apache-2.0 */
/* A program that already has protobuf-c, its own code generated from onnx.proto and functions named as some of the
 * library's: all of them must live beside libedgeml, and each must get its own. */
#include "edgeml.h"
#include "onnx.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Named as a function of the library, with another signature: linking fails if the archive shows it. */
int eml_fail(void);
int eml_fail(void) {
    return 42;
}

static int freed;
static void *own_alloc(void *user, size_t bytes) {
    (void)user;
    return malloc(bytes);
}
static void own_free(void *user, void *memory) {
    (void)user;
    freed += memory != NULL;
    free(memory);
}

int main(void) {
    /* The program's own protobuf: written and read again. */
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    uint8_t bytes[64];
    model.producer_name = (char *)"neighbour";
    size_t length = onnx__model_proto__pack(&model, bytes);
    ProtobufCAllocator allocator = {own_alloc, own_free, NULL};
    Onnx__ModelProto *copy = onnx__model_proto__unpack(&allocator, length, bytes);
    if (copy == NULL || strcmp(copy->producer_name, "neighbour") != 0) return puts("own protobuf-c does not work"), 1;
    onnx__model_proto__free_unpacked(copy, &allocator);
    if (freed == 0) return puts("not the program's own protobuf-c"), 1;

    /* The library's: the same bytes are a model without a graph, and that is refused with a reason. */
    em_error err;
    em_model *loaded = NULL;
    if (em_model_load_memory(bytes, length, NULL, &loaded, &err) == EM_OK) return puts("a model without a graph"), 1;
    printf("eml_fail %d, edgeml %s: %s\n", eml_fail(), em_version(), err.message);
    return eml_fail() == 42 ? 0 : 1;
}
