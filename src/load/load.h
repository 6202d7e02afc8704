/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of an ONNX model to a graph: checked, functions inlined, nodes in topological order.
 *
 * Whether this build can run the operators is not asked here.
 *
 * Lifetime. The graph owns everything it points to, in its arena, but for one thing: the data of a constant that is
 * marked borrowed lies in the model's bytes or in a file of options->files. Those must outlive its use.
 *
 * Inputs. graph->graphs[0].inputs are what a caller gives. An input with an initializer of the same name has a default:
 * its value's constant is >= 0. Before IR version 4 every initializer had to be listed as an input; in such models
 * those are constants and not inputs, as they are on request (final_defaults) in all models. */
#ifndef EML_LOAD_LOAD_H
#define EML_LOAD_LOAD_H

#include "graph/graph.h"

typedef struct eml_file eml_file; /* file.h */

typedef struct eml_load_options {
    const char *name;      /* of the model, for messages; NULL: none. Copied. */
    const char *directory; /* where external data lies ("" is the current one); NULL: external data is refused */
    bool borrow;           /* constants may stay where they are, when their alignment and byte order suit */
    bool no_weights;       /* structure only: constants and tensor attributes have type and shape but no data; long
                              attribute lists are left out. The graph is not verified. */
    bool final_defaults;   /* inputs that have a default are constants instead */
    /* Long lists of attributes for which this is true stay in the model's bytes (eml_attr.unread), and those must
     * outlive them. NULL: none. */
    bool (*leave)(const char *domain, const char *op_type, const char *attribute);
    eml_file **files; /* with borrow: external files stay mapped in this list, the caller closes it
                         (eml_file_close_all).      NULL: external data is copied */
} eml_load_options;

/* *graph is initialised here; on failure there is nothing to destroy. options may be NULL. */
em_status eml_load_graph(const void *bytes, size_t length, const eml_load_options *options, eml_mem *mem,
                         eml_graph *graph, em_error *err);

#endif
