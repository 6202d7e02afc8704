/* SPDX-License-Identifier: Apache-2.0 */
/* edgeml compile: a model becomes a plan image, as a file or as C. */
#include <stdlib.h>
#include <string.h>

#include "api/image_compile.h"
#include "cpu/select.h"
#include "edgeml/c_source.h"
#include "edgeml/commands.h"
#include "edgeml/files.h"
#include "edgeml/host.h"
#include "edgeml/inputs.h"
#include "edgeml/print.h"
#include "exec/static.h"

enum { OUTPUT, C_DIR, NAME, TARGET, SHAPE, BATCH, HEAP, SECTIONS, STRIP, INPUT, CASES };

static const arg_option options[] = {
    [OUTPUT] = {"output", 'o', "FILE", "write the image there"},
    [C_DIR] = {"c", 0, "DIR", "write C there: the image as an array, a header, the table of operators"},
    [NAME] = {"name", 0, "NAME", "what the C is called (default: the model file's name)"},
    [TARGET] = {"target", 0, "NAME",
                "who runs it: host (default), scalar, cortex-m0, cortex-m3, cortex-m4, cortex-m7, cortex-m33, "
                "cortex-m55, or a kernel set of this build"},
    [SHAPE] = {"shape", 0, "NAME=1x3x32x32", "shape of an input with unknown dimensions; may be given several times"},
    [BATCH] = {"batch", 'b', "N", "all other unknown dimensions are N (default 1)"},
    [HEAP] = {"heap", 0, "BYTES", "memory for keys of maps and texts (default: what a run on zeros takes)"},
    [SECTIONS] = {"sections", 0, "weights|steps", "only that part, to share weights between several shapes"},
    [STRIP] = {"strip-names", 0, NULL, "leave out the names of inputs, outputs and nodes"},
    [INPUT] = {"input", 'i', "[NAME=]DATA", "with --c: record a run on this data as test vectors"},
    [CASES] = {"cases", 0, "N", "at most so many vectors (default: all of the data)"},
    {0},
};

typedef struct compile_options {
    const char *path, *output, *c_dir, *name;
    const eml_kernels *kernels;
    const char **shapes, **data;
    size_t n_shapes, shape_room, n_data, data_room;
    int batch, heap, cases;
    eml_image_options image;
} compile_options;

/* Arm microcontrollers take what the plain loops take. */
static const eml_kernels *find_target(const char *name) {
    if (!strcmp(name, "host")) return eml_cpu_kernels();
    if (!strncmp(name, "cortex-m", 8)) name = "scalar";
    for (int isa = EML_USE_ANY + 1; isa < 32; isa++) {
        const eml_kernels *kernels = eml_cpu_select((eml_isa)isa);
        if (kernels != NULL && !strcmp(kernels->isa_name, name)) return kernels;
    }
    return NULL;
}

static bool parse_sections(args *a, const char *value, eml_image_options *o) {
    o->no_steps = !strcmp(value, "weights");
    o->no_weights = !strcmp(value, "steps");
    if (o->no_steps || o->no_weights) return true;
    a->status = args_usage_error(a, "--sections is weights or steps, not '%s'", value);
    return false;
}

static bool parse(args *a, pool *p, compile_options *o) {
    const char *value;
    for (int option; (option = args_next(a, &value)) != ARGS_END;) {
        switch (option) {
        case OUTPUT: o->output = value; break;
        case C_DIR: o->c_dir = value; break;
        case NAME: o->name = value; break;
        case TARGET:
            o->kernels = find_target(value);
            if (o->kernels) break;
            a->status = args_usage_error(a, "--target: this build and machine have no '%s'", value);
            return false;
        case SHAPE:
            o->shapes = pool_grow(p, o->shapes, o->n_shapes, &o->shape_room, sizeof *o->shapes);
            o->shapes[o->n_shapes++] = value;
            break;
        case BATCH:
            if (!args_integer(a, "--batch", value, 1, 1000000, &o->batch)) return false;
            break;
        case HEAP:
            if (!args_integer(a, "--heap", value, 0, 1 << 28, &o->heap)) return false;
            break;
        case SECTIONS:
            if (!parse_sections(a, value, &o->image)) return false;
            break;
        case STRIP: o->image.strip_names = true; break;
        case INPUT:
            o->data = pool_grow(p, o->data, o->n_data, &o->data_room, sizeof *o->data);
            o->data[o->n_data++] = value;
            break;
        case CASES:
            if (!args_integer(a, "--cases", value, 1, 1000000, &o->cases)) return false;
            break;
        case ARGS_POSITIONAL:
            if (o->path) {
                a->status = args_usage_error(a, "one model at a time: '%s' is a second one", value);
                return false;
            }
            o->path = value;
            break;
        default: return false;
        }
    }
    if (!o->path)
        a->status = args_usage_error(a, "which model?");
    else if (!o->output && !o->c_dir)
        a->status = args_usage_error(a, "where to? -o FILE, or --c DIR");
    else if (o->c_dir && (o->image.no_steps || o->image.no_weights))
        a->status = args_usage_error(a, "--c needs both sections");
    else
        return true;
    return false;
}

/* ---- shapes ---- */

/* "NAME=1x3x32x32"; a name may hold '=' but the numbers may not. */
static bool give_shape(const char *spec, inputs *in, em_error *err) {
    const char *equals = strrchr(spec, '=');
    if (!equals) return report_fail(err, "--shape is NAME=1x3, not '%s'", spec);
    for (int i = 0; i < in->count; i++) {
        em_io_info *io = &in->infos[i];
        if (strlen(io->name) != (size_t)(equals - spec) || strncmp(io->name, spec, strlen(io->name)) != 0) continue;
        int rank = 0;
        for (const char *at = equals; *at; rank++) {
            char *end;
            long n = strtol(at + 1, &end, 10);
            if (end == at + 1 || n < 0 || (*end && *end != 'x') || rank == EM_MAX_RANK)
                return report_fail(err, "--shape %s: expected numbers with x between them", spec);
            if (io->rank > rank && io->dims[rank] >= 0 && io->dims[rank] != n)
                return report_fail(err, "--shape %s: dimension %d is %lld in the model", spec, rank,
                                   (long long)io->dims[rank]);
            io->dims[rank] = n;
            at = end;
        }
        if (io->rank >= 0 && io->rank != rank)
            return report_fail(err, "--shape %s: input '%s' has rank %d", spec, io->name, io->rank);
        io->rank = rank;
        return true;
    }
    return report_fail(err, "--shape %s: the model has no such input", spec);
}

static bool plan_shapes(pool *p, const compile_options *o, inputs *in, em_tensor **planned, em_error *err) {
    for (size_t i = 0; i < o->n_shapes; i++)
        if (!give_shape(o->shapes[i], in, err)) return false;
    *planned = pool_array(p, (size_t)in->count, sizeof **planned);
    for (int i = 0; i < in->count; i++) {
        const em_io_info *io = &in->infos[i];
        (*planned)[i].kind = EM_NONE;
        if (io->optional) continue;
        if (io->kind != EM_TENSOR || io->dtype == EM_UNDEFINED || io->rank < 0)
            return report_fail(err, "input '%s' is no tensor of known type and rank (--shape gives a rank)", io->name);
        int64_t dims[EM_MAX_RANK];
        for (int d = 0; d < io->rank; d++) dims[d] = io->dims[d] >= 0 ? io->dims[d] : o->batch;
        (*planned)[i] = em_tensor_make(io->dtype, NULL, io->rank, dims);
        if (em_tensor_count(&(*planned)[i]) < 0) return report_fail(err, "input '%s' is too large", io->name);
    }
    return true;
}

/* ---- test vectors ---- */

/* The data may hold several cases one after the other along the first dimension. */
static bool slice_case(const em_tensor *all, const em_tensor *planned, int index, em_tensor *one, em_error *err) {
    *one = *planned;
    if (planned->kind == EM_NONE) return true;
    size_t bytes = em_dtype_bytes(planned->dtype, em_tensor_count(planned));
    if (all->kind != EM_TENSOR || all->dtype != planned->dtype || all->bytes < bytes * ((size_t)index + 1))
        return report_fail(err, "an input of the test vectors does not have the planned type and shape");
    one->data = (unsigned char *)all->data + bytes * (size_t)index;
    one->bytes = bytes;
    return true;
}

static int count_cases(const compile_options *o, const inputs *in, const em_tensor *planned) {
    int cases = 1;
    for (int i = 0; i < in->count; i++) {
        if (planned[i].kind == EM_NONE || em_tensor_count(&planned[i]) <= 0) continue;
        int64_t n = em_tensor_count(&in->tensors[i]) / em_tensor_count(&planned[i]);
        cases = n > 1 && n < 1000000 ? (int)n : 1;
        break;
    }
    return o->cases > 0 && cases > o->cases ? o->cases : cases;
}

static bool run_case(pool *p, em_session *session, const em_tensor *in, int n_in, em_tensor *out, int n_out,
                     em_error *err) {
    if (em_session_run(session, in, (size_t)n_in, out, (size_t)n_out, err) != EM_OK) return false;
    for (int i = 0; i < n_out; i++) { /* the session's memory is lent for this run only */
        void *copy = pool_alloc(p, out[i].bytes);
        if (out[i].bytes > 0) memcpy(copy, out[i].data, out[i].bytes);
        out[i].data = copy;
    }
    return true;
}

static bool record(pool *p, const compile_options *o, const char *name, const em_tensor *planned, em_error *err) {
    em_model *model = NULL; /* not the one that was rewritten for the target */
    em_session *session = NULL;
    inputs in;
    if (em_model_load_file(o->path, NULL, &model, err) != EM_OK) return false;
    inputs_init(p, model, &in);
    bool ok = true;
    for (size_t i = 0; i < o->n_data && ok; i++) ok = inputs_give(p, &in, o->data[i], err);
    ok = ok && inputs_complete(p, &in, err) && em_session_create(model, NULL, &session, err) == EM_OK;
    if (ok) {
        int n_out = em_model_output_count(model), cases = count_cases(o, &in, planned);
        em_tensor *given = pool_array(p, (size_t)cases * (size_t)in.count, sizeof *given);
        em_tensor *out = pool_array(p, (size_t)cases * (size_t)n_out, sizeof *out);
        for (int c = 0; c < cases && ok; c++) {
            for (int i = 0; i < in.count && ok; i++)
                ok = slice_case(&in.tensors[i], &planned[i], c, &given[c * in.count + i], err);
            ok = ok && run_case(p, session, given + c * in.count, in.count, out + c * n_out, n_out, err);
        }
        ok = ok && c_write_vectors(p, o->c_dir, name, given, in.count, out, n_out, cases, err);
    }
    em_session_destroy(session);
    em_model_destroy(model);
    return ok;
}

/* ---- the command ---- */

static bool write_image(pool *p, const compile_options *o, const em_tensor *planned, const unsigned char *image,
                        size_t bytes, em_error *err) {
    char text[16];
    printf("%s: image of %s for %s kernels", path_base(p, o->path), print_bytes(bytes, text), o->kernels->isa_name);
    if (o->output && !file_write(o->output, image, bytes, err)) return report_prefix(err, "%s: ", o->output);
    if (o->image.no_steps) {
        puts("");
        return true;
    }
    const eml_image_header *h = (const void *)image;
    const eml_image_steps *s = (const void *)(image + h->steps_at);
    printf(", %u steps; activations %u bytes, heap %u bytes\n", s->n_steps, s->arena_bytes, s->heap_bytes);
    if (!o->c_dir) return true;
    eml_image m;
    if (eml_image_open(image, bytes, NULL, 0, &m, err) != EM_OK) return false;
    if (!host_make_directory(o->c_dir)) return report_fail(err, "%s: cannot make this directory", o->c_dir);
    const char *base = path_base(p, o->path);
    const char *name = c_identifier(p, o->name ? o->name : pool_text(p, base, strcspn(base, ".")));
    if (!c_write_image(p, o->c_dir, name, o->path, image, bytes, &m, err)) return false;
    return o->n_data == 0 || record(p, o, name, planned, err);
}

static bool compile(pool *p, const compile_options *o, em_error *err) {
    em_model *model = NULL;
    if (eml_model_load_file(o->path, NULL, o->kernels, &model, err) != EM_OK) return false;
    inputs in;
    em_tensor *planned;
    inputs_init(p, model, &in);
    eml_mem mem;
    eml_mem_init(&mem, NULL, 0);
    unsigned char *image = NULL;
    size_t bytes = 0;
    bool ok = plan_shapes(p, o, &in, &planned, err);
    if (!ok) report_message_prefix(err, "%s: ", o->path);
    ok = ok && eml_model_compile(model, planned, &o->image, o->heap, &mem, &image, &bytes, err) == EM_OK &&
         write_image(p, o, planned, image, bytes, err);
    if (image) eml_mem_free64(&mem, image, bytes);
    em_model_destroy(model);
    return ok;
}

static int run(args *a) {
    pool p = {0};
    em_error err = {0};
    compile_options o = {.kernels = eml_cpu_kernels(), .batch = 1, .heap = -1};
    int status = EXIT_PASS;
    if (!parse(a, &p, &o)) {
        status = a->status;
    } else if (!compile(&p, &o, &err)) {
        report_error(NULL, "%s", err.message);
        status = EXIT_FAIL;
    }
    pool_release(&p);
    return status;
}

const command command_compile = {
    .name = "compile",
    .usage = "MODEL -o FILE | --c DIR [options]",
    .summary = "Turn a model with fixed input shapes into a plan image that runs without the model, also on "
               "microcontrollers.",
    .details = "A program runs it with em_session_create_static and em_session_run, from its own memory alone; the "
               "header written by --c says how much. For firmware name the target, as images hold weights packed for "
               "it:\n\n"
               "  edgeml compile churn.onnx --target cortex-m4 --c generated\n\n"
               "An image is as trusted as a program: run only those you made.",
    .options = options,
    .run = run,
};
