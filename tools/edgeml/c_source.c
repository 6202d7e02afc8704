/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/c_source.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "edgeml/files.h"

char *c_identifier(pool *p, const char *text) {
    char *name = pool_printf(p, "%s%s", isdigit((unsigned char)text[0]) || !text[0] ? "_" : "", text);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c)) *c = '_';
    return name;
}

static char *upper(pool *p, const char *text) {
    char *name = pool_text(p, text, strlen(text));
    for (char *c = name; *c; c++) *c = (char)toupper((unsigned char)*c);
    return name;
}

/* Text from a file inside a comment: no end of comment, no line break. */
static void put_comment_text(FILE *file, const char *text) {
    for (; *text; text++) fputc(*text < ' ' || *text == 0x7f || *text == '*' || *text == '/' ? '_' : *text, file);
}

static FILE *create(pool *p, const char *folder, const char *name, const char *ending, em_error *err) {
    char *path = path_join(p, folder, pool_printf(p, "%s%s", name, ending));
    FILE *file = fopen(path, "w");
    if (!file) report_message(err, "%s: cannot write: %s", path, strerror(errno));
    return file;
}

static bool finish(FILE *file, const char *name, em_error *err) {
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) return report_fail(err, "%s: cannot write", name);
    return true;
}

static bool put_bytes(pool *p, const char *folder, const char *name, const char *origin, const unsigned char *image,
                      size_t bytes, em_error *err) {
    FILE *file = create(p, folder, name, ".c", err);
    if (!file) return false;
    fputs("/* Made by edgeml compile from ", file);
    put_comment_text(file, path_base(p, origin));
    fprintf(file, ". */\n#include \"%s.h\"\n\n_Alignas(64) const unsigned char %s_image[%s_IMAGE_BYTES] = {", name,
            name, upper(p, name));
    for (size_t i = 0; i < bytes; i++) fprintf(file, "%s%u,", i % 24 == 0 ? "\n    " : "", image[i]);
    fputs("\n};\n", file);
    return finish(file, name, err);
}

static void put_io(pool *p, FILE *file, const char *name, const char *what, const eml_image *m, uint32_t i,
                   uint32_t value) {
    char *prefix = pool_printf(p, "%s_%s_%u", upper(p, name), what, i);
    bool input = !strcmp(what, "INPUT");
    fprintf(file, "\n/* %s %u", input ? "Input" : "Output", i);
    const char *text = eml_image_name(m, input ? EML_TEXT_INPUT : EML_TEXT_OUTPUT, i);
    if (*text) fputs(" '", file), put_comment_text(file, text), fputc('\'', file);
    if (value == EML_IMAGE_NONE) {
        fputs(": has its default, takes nothing. */\n", file);
        return;
    }
    const eml_image_value *v = &m->values[value];
    int64_t count = 1;
    fprintf(file, ": %s%s[", v->kind == EM_MAPS ? "maps of " : "", em_dtype_name((em_dtype)v->dtype));
    for (int d = 0; d < v->rank; d++) {
        fprintf(file, "%s%d", d ? ", " : "", m->dims[v->dims + (uint32_t)d]);
        count *= m->dims[v->dims + (uint32_t)d];
    }
    fprintf(file, "] */\n#define %s_TYPE ((em_dtype)%d)\n#define %s_RANK %d\n#define %s_DIMS", prefix, v->dtype, prefix,
            v->rank, prefix);
    fputs(" ((const int64_t[]){", file);
    for (int d = 0; d < v->rank; d++) fprintf(file, "%s%d", d ? ", " : "", m->dims[v->dims + (uint32_t)d]);
    fprintf(file, "%s})\n#define %s_COUNT %lld\n", v->rank ? "" : "0", prefix, (long long)count);
}

static bool put_header(pool *p, const char *folder, const char *name, size_t bytes, const eml_image *m, em_error *err) {
    FILE *file = create(p, folder, name, ".h", err);
    if (!file) return false;
    const eml_image_steps *s = m->steps;
    const char *large = upper(p, name);
    fprintf(file,
            "/* Made by edgeml compile: the plan image of a model, %u steps, and what it needs. */\n"
            "#ifndef %s_IMAGE_H\n#define %s_IMAGE_H\n\n#include \"edgeml.h\"\n\n"
            "#define %s_IMAGE_BYTES %zuu\nextern const unsigned char %s_image[%s_IMAGE_BYTES];\n\n"
            "/* For em_session_create_static; align it to 64. */\n"
            "#define %s_ARENA_BYTES EM_STATIC_ARENA_BYTES(%uu, %uu, %uu, %uu, %uu)\n\n"
            "#define %s_INPUTS %u\n#define %s_OUTPUTS %u\n",
            s->n_steps, large, large, large, bytes, name, large, large, s->n_ops, s->max_refs, s->n_outputs,
            s->arena_bytes, s->heap_bytes, large, s->n_inputs, large, s->n_outputs);
    for (uint32_t i = 0; i < s->n_inputs; i++) put_io(p, file, name, "INPUT", m, i, m->inputs[i]);
    for (uint32_t i = 0; i < s->n_outputs; i++) put_io(p, file, name, "OUTPUT", m, i, m->outputs[i]);
    fputs("\n#endif\n", file);
    return finish(file, name, err);
}

static const char *tag_of(const char *domain) {
    return !strcmp(domain, "ai.onnx.ml")      ? "ml"
           : !strcmp(domain, "com.microsoft") ? "ms"
           : !strcmp(domain, "edgeml")        ? "em"
                                              : "ai";
}

static bool put_operators(pool *p, const char *folder, const char *name, const eml_image *m, em_error *err) {
    FILE *file = create(p, folder, name, "_ops.c", err);
    if (!file) return false;
    fputs("/* Made by edgeml compile: the operators that the image names. A program has one such table. */\n"
          "#include \"edgeml.h\"\n\ntypedef em_status (*const run_function)(struct eml_run *run);\n",
          file);
    for (uint32_t i = 0; i < m->steps->n_ops; i++)
        fprintf(file, "extern run_function eml_run_%s_%s;\n", tag_of(eml_image_op_domain(m, i)),
                eml_image_op_name(m, i));
    fputs("\nextern const em_op_binding em_op_bindings[];\nconst em_op_binding em_op_bindings[] = {\n", file);
    for (uint32_t i = 0; i < m->steps->n_ops; i++)
        fprintf(file, "    {\"%s\", \"%s\", &eml_run_%s_%s},\n", eml_image_op_domain(m, i), eml_image_op_name(m, i),
                tag_of(eml_image_op_domain(m, i)), eml_image_op_name(m, i));
    fputs("    {0, 0, 0},\n};\n", file);
    return finish(file, name, err);
}

bool c_write_image(pool *p, const char *folder, const char *name, const char *origin, const unsigned char *image,
                   size_t bytes, const eml_image *m, em_error *err) {
    return put_bytes(p, folder, name, origin, image, bytes, err) && put_header(p, folder, name, bytes, m, err) &&
           put_operators(p, folder, name, m, err);
}

/* ---- vectors ---- */

static const char *c_type(em_dtype dtype) {
    switch (dtype) {
    case EM_F32: return "float";
    case EM_F64: return "double";
    case EM_U8: return "uint8_t";
    case EM_I8: return "int8_t";
    case EM_U16: return "uint16_t";
    case EM_I16: return "int16_t";
    case EM_U32: return "uint32_t";
    case EM_I32: return "int32_t";
    case EM_U64: return "uint64_t";
    case EM_I64: return "int64_t";
    case EM_BOOL: return "uint8_t";
    default: return NULL;
    }
}

static void put_element(FILE *file, const em_tensor *t, int64_t i) {
    switch (t->dtype) {
    case EM_F32: fprintf(file, "%af,", (double)((const float *)t->data)[i]); break;
    case EM_F64: fprintf(file, "%a,", ((const double *)t->data)[i]); break;
    case EM_U8:
    case EM_BOOL: fprintf(file, "%u,", ((const uint8_t *)t->data)[i]); break;
    case EM_I8: fprintf(file, "%d,", ((const int8_t *)t->data)[i]); break;
    case EM_U16: fprintf(file, "%u,", ((const uint16_t *)t->data)[i]); break;
    case EM_I16: fprintf(file, "%d,", ((const int16_t *)t->data)[i]); break;
    case EM_U32: fprintf(file, "%uu,", ((const uint32_t *)t->data)[i]); break;
    case EM_I32: fprintf(file, "%d,", ((const int32_t *)t->data)[i]); break;
    case EM_U64: fprintf(file, "%lluu,", (unsigned long long)((const uint64_t *)t->data)[i]); break;
    default: fprintf(file, "%lld,", (long long)((const int64_t *)t->data)[i]); break;
    }
}

/* One array per input or output: [cases][elements]. */
static bool put_values(FILE *file, const char *name, const char *what, int i, const em_tensor *tensors, int stride,
                       int cases, em_error *err) {
    const em_tensor *first = &tensors[i];
    int64_t n = em_tensor_count(first);
    if (first->kind != EM_NONE && c_type(first->dtype) == NULL && first->dtype != EM_STRING)
        return report_fail(err, "%s %d is %s, which vectors in C do not have", what, i, em_dtype_name(first->dtype));
    if (first->kind == EM_NONE || first->dtype == EM_STRING || n == 0) return true;
    fprintf(file, "\nstatic const %s %s_%s_%d[%d][%lld] = {", c_type(first->dtype), name, what, i, cases, (long long)n);
    for (int c = 0; c < cases; c++) {
        fputs("\n    {", file);
        for (int64_t k = 0; k < n; k++) {
            if (k % 16 == 15) fputs("\n     ", file);
            put_element(file, &tensors[c * stride + i], k);
        }
        fputs("},", file);
    }
    fputs("\n};\n", file);
    return true;
}

bool c_write_vectors(pool *p, const char *folder, const char *name, const em_tensor *inputs, int n_inputs,
                     const em_tensor *outputs, int n_outputs, int cases, em_error *err) {
    FILE *file = create(p, folder, name, "_vectors.h", err);
    if (!file) return false;
    fprintf(file,
            "/* Made by edgeml compile: inputs, and what this machine computed from them. */\n#include <stdint.h>\n\n"
            "enum { %s_CASES = %d };\n",
            upper(p, name), cases);
    bool ok = true;
    for (int i = 0; i < n_inputs && ok; i++) ok = put_values(file, name, "input", i, inputs, n_inputs, cases, err);
    for (int i = 0; i < n_outputs && ok; i++) ok = put_values(file, name, "output", i, outputs, n_outputs, cases, err);
    return finish(file, name, err) && ok;
}
