/* SPDX-License-Identifier: Apache-2.0 */
/* edgeml run: one run of a model on the user's own data. */
#include <string.h>

#include "edgeml/commands.h"
#include "edgeml/element.h"
#include "edgeml/host.h"
#include "edgeml/inputs.h"
#include "edgeml/json.h"
#include "edgeml/outputs.h"
#include "edgeml/print.h"

enum { INPUT, OUTPUT_DIR, FORMAT, JSON, ALL, DIGITS, COLUMNS, HEADER, THREADS };

static const arg_option options[] = {
    [INPUT] = {"input", 'i', "[NAME=]DATA", "an input; may be given several times (see below)"},
    [OUTPUT_DIR] = {"output-dir", 'o', "DIR", "write the outputs into files there instead of printing them"},
    [FORMAT] = {"format", 'f', "npy|pb", "kind of those files (default npy); pb: named as in ONNX test folders"},
    [JSON] = {"json", 0, NULL, "print the outputs as one JSON object"},
    [ALL] = {"all", 'a', NULL, "print every element of large outputs"},
    [DIGITS] = {"digits", 0, "N", "significant digits to print (default 8)"},
    [COLUMNS] = {"columns", 0, "A,B,C", "columns of a table to use, by name or number from 1"},
    [HEADER] = {"header", 0, "yes|no",
                "whether tables begin with column names (default: when no cell of the first line is a number)"},
    [THREADS] = {"threads", 't', "N", "threads to compute with (default 1)"},
    {0},
};

typedef struct run_options {
    const char *model_path, *output_dir, *columns;
    const char **inputs;
    size_t input_count, input_room;
    output_format format;
    csv_header header;
    bool json;
    print_style style;
    int threads;
} run_options;

static bool parse(args *a, pool *p, run_options *o) {
    const char *value;
    for (int option; (option = args_next(a, &value)) != ARGS_END;) {
        switch (option) {
        case INPUT:
            o->inputs = pool_grow(p, o->inputs, o->input_count, &o->input_room, sizeof *o->inputs);
            o->inputs[o->input_count++] = value;
            break;
        case OUTPUT_DIR: o->output_dir = value; break;
        case FORMAT:
            o->format = !strcmp(value, "pb") ? OUTPUT_PB : OUTPUT_NPY;
            if (o->format == OUTPUT_NPY && strcmp(value, "npy") != 0) {
                a->status = args_usage_error(a, "--format is npy or pb, not '%s'", value);
                return false;
            }
            break;
        case JSON: o->json = true; break;
        case ALL: o->style.all = true; break;
        case DIGITS:
            if (!args_integer(a, "--digits", value, 1, 17, &o->style.digits)) return false;
            break;
        case COLUMNS: o->columns = value; break;
        case HEADER:
            o->header = !strcmp(value, "yes") ? CSV_HEADER_YES : CSV_HEADER_NO;
            if (o->header == CSV_HEADER_NO && strcmp(value, "no") != 0) {
                a->status = args_usage_error(a, "--header is yes or no, not '%s'", value);
                return false;
            }
            break;
        case THREADS:
            if (!args_integer(a, "--threads", value, 1, 1024, &o->threads)) return false;
            break;
        case ARGS_POSITIONAL:
            if (o->model_path) {
                a->status = args_usage_error(a, "one model at a time: '%s' is a second one", value);
                return false;
            }
            o->model_path = value;
            break;
        default: return false;
        }
    }
    if (o->model_path) return true;
    a->status = args_usage_error(a, "which model?");
    return false;
}

static void print_json(const em_model *model, const em_tensor *outputs, int count) {
    for (int i = 0; i < count; i++) {
        em_io_info io;
        em_model_output(model, i, &io);
        fputs(i ? ",\n " : "{", stdout);
        json_write_text(stdout, io.name, strlen(io.name));
        fputs(": ", stdout);
        json_write(stdout, &outputs[i]);
    }
    fputs(count ? "}\n" : "{}\n", stdout);
}

static bool show(pool *p, const run_options *o, const em_model *model, const em_tensor *outputs, int count,
                 em_error *err) {
    char shape[SHAPE_CHARS];
    if (o->output_dir && !host_make_directory(o->output_dir))
        return report_fail(err, "%s: cannot make this directory", o->output_dir);
    if (!o->output_dir && o->json) print_json(model, outputs, count);
    for (int i = 0; i < count && (o->output_dir || !o->json); i++) {
        em_io_info io;
        char *path;
        em_model_output(model, i, &io);
        if (!o->output_dir) {
            print_value(stdout, io.name, &outputs[i], &o->style);
            continue;
        }
        if (!outputs_write(p, o->output_dir, o->format, model, i, &outputs[i], &path, err)) return false;
        report_text(stdout, path, strlen(path));
        if (outputs[i].kind == EM_TENSOR)
            printf("  %s%s\n", em_dtype_name(outputs[i].dtype),
                   shape_text(outputs[i].dims, outputs[i].rank, NULL, shape));
        else
            putchar('\n');
    }
    if (fflush(stdout) != 0 || ferror(stdout)) return report_fail(err, "cannot write the results");
    return true;
}

static bool run_model(pool *p, const run_options *o, const em_model *model, em_error *err) {
    inputs in;
    inputs_init(p, model, &in);
    in.header = o->header;
    in.columns = o->columns;
    for (size_t i = 0; i < o->input_count; i++)
        if (!inputs_give(p, &in, o->inputs[i], err)) return false;
    if (!inputs_complete(p, &in, err)) return report_prefix(err, "%s: ", o->model_path);

    em_session *session = NULL;
    em_session_options session_options = EM_OPTIONS_INIT(em_session_options);
    session_options.threads = o->threads;
    int count = em_model_output_count(model);
    em_tensor *outputs = pool_array(p, (size_t)count, sizeof *outputs);
    bool ok = em_session_create(model, &session_options, &session, err) == EM_OK &&
              em_session_run(session, in.tensors, (size_t)in.count, outputs, (size_t)count, err) == EM_OK;
    if (!ok) report_message_prefix(err, "%s: ", o->model_path);
    ok = ok && show(p, o, model, outputs, count, err);
    em_session_destroy(session);
    return ok;
}

static int run(args *a) {
    pool p = {0};
    run_options o = {.style = {.digits = 8, .width = host_columns(stdout)}, .threads = 1};
    if (!parse(a, &p, &o)) {
        pool_release(&p);
        return a->status;
    }
    em_error err = {0};
    em_model *model = NULL;
    bool ok = em_model_load_file(o.model_path, NULL, &model, &err) == EM_OK && run_model(&p, &o, model, &err);
    if (!ok) report_error(NULL, "%s", err.message);
    em_model_destroy(model);
    pool_release(&p);
    return ok ? EXIT_PASS : EXIT_FAIL;
}

const command command_run = {
    .name = "run",
    .usage = "MODEL [--input [NAME=]DATA]... [options]",
    .summary = "Run a model on your data and show or save its outputs.",
    .details = "DATA is a file or the values themselves. NAME is the model's name of the input (edgeml info shows it) "
               "and may be "
               "left out when there is only one.\n\n"
               "  x=photo.npy         numpy array, any type and order\n"
               "  x=input_0.pb        ONNX TensorProto, SequenceProto, ...\n"
               "  x=table.csv         columns of numbers as [rows, columns]\n"
               "  table.csv           inputs from the columns of their names\n"
               "  x=1,2,3             values; also [[1, 2], [3, 4]] or\n"
               "  x=[\"a\",\"b\"]         text; shapes follow the model\n"
               "  x=value.json        nested lists, or {\"key\": value} maps\n"
               "  test_data_set_0     a folder of input_0.pb, input_1.pb, ...\n\n"
               "Numbers change to the type the model wants unless that loses more than rounding.",
    .options = options,
    .run = run,
};
