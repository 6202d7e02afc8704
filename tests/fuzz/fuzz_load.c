/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer's door to the loader: any bytes give a status, nothing is held afterwards, and what loads verifies. The
 * last byte of the input chooses the options. */
#include <stddef.h>
#include <stdint.h>

#include "load/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    eml_mem mem;
    eml_graph graph;
    em_error err;
    eml_mem_init(&mem, NULL, (size_t)256 << 20);
    uint8_t choice = length > 0 ? bytes[length - 1] : 0;
    eml_load_options options = {.name = "fuzz", .borrow = choice & 1, .no_weights = (choice & 6) == 6};
    em_status status = eml_load_graph(bytes, length, &options, &mem, &graph, &err);
    if (status == EM_OK) {
        if (!options.no_weights && eml_graph_verify(&graph, &err) != EM_OK) __builtin_trap();
        eml_graph_destroy(&graph);
    } else if (err.status != status || err.message[0] == '\0') {
        __builtin_trap();
    }
    if (mem.held != 0) __builtin_trap();
    return 0;
}
