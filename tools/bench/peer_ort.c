/* SPDX-License-Identifier: Apache-2.0 */
/* Times ONNX Runtime through its C API, without its header: the other side of `edgeml bench` in bench_peers.sh.
 *
 *     cc -O2 peer_ort.c -o peer_ort -ldl
 *     peer_ort libonnxruntime.so MODEL ROWS|FOLDER SECONDS
 *
 * One thread, all graph optimisations. ROWS: one float input [ROWS, F] with the numbers of `edgeml bench`. FOLDER: the
 * inputs input_0.pb, input_1.pb, ... in it, numbers as raw data. Outputs are made by the run, as applications have
 * them. Prints {"load_ms", "median_us", "min_us", "runs", "peak_rss_kb"}. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The API is a table of function pointers; these are positions in it, which never change. */
enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_OPTIONS = 10,
    SET_OPTIMISATION = 23,
    SET_INTRA_THREADS = 24,
    SET_INTER_THREADS = 25,
    INPUT_COUNT = 30,
    OUTPUT_COUNT = 31,
    INPUT_TYPE = 33,
    INPUT_NAME = 36,
    OUTPUT_NAME = 37,
    TENSOR_OF_DATA = 49,
    TENSOR_INFO = 55,
    ELEMENT_TYPE = 60,
    RANK = 61,
    DIMS = 62,
    CPU_MEMORY = 69,
    DEFAULT_ALLOCATOR = 78,
    RELEASE_VALUE = 96
};
enum {
    API_VERSION = 16,
    WARNINGS = 2,
    ALL_OPTIMISATIONS = 99,
    ELEMENT_FLOAT = 1,
    MAX_IO = 64,
    MAX_DIMS = 16,
    MAX_TIMES = 1 << 14
};

typedef void *status; /* NULL: success */
typedef void function(void);
static function *const *api;
#define CALL(position, parameters, ...) check(((status(*) parameters)api[position])(__VA_ARGS__))

static void check(status s) {
    if (!s) return;
    fprintf(stderr, "onnxruntime: %s\n", ((const char *(*)(status))api[GET_ERROR_MESSAGE])(s));
    exit(1);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every stride-th time; half of them go when the array is full, so that it stays small beside what is measured. */
static double times[MAX_TIMES], minimum;
static size_t kept, runs, stride = 1;

static void sample(double time) {
    if (runs == 0 || time < minimum) minimum = time;
    if (runs++ % stride) return;
    if (kept == MAX_TIMES) {
        for (size_t i = 0; i < MAX_TIMES / 2; i++) times[i] = times[2 * i];
        kept /= 2;
        stride *= 2;
    }
    times[kept++] = time;
}

/* Of this program alone: ru_maxrss begins with what the parent had. */
static long peak_rss_kb(void) {
    char line[256];
    long kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmHWM:", 6)) kilobytes = strtol(line + 6, NULL, 10);
    if (file) fclose(file);
    return kilobytes;
}

static void *memory; /* "cpu" */

/* A tensor over data, which stays ours. */
static void *wrap(void *data, size_t bytes, const int64_t *dims, size_t rank, int element) {
    void *value;
    CALL(TENSOR_OF_DATA, (void *, void *, size_t, const int64_t *, size_t, int, void **), memory, data, bytes, dims,
         rank, element, &value);
    return value;
}

/* x[rows, F] in [0, 1), as tools/edgeml/fill.c makes them. */
static void *make_input(void *session, int64_t rows) {
    void *type, *tensor;
    int element = 0;
    size_t rank = 0;
    int64_t dims[2] = {0};
    CALL(INPUT_TYPE, (void *, size_t, void **), session, 0, &type);
    CALL(TENSOR_INFO, (void *, void **), type, &tensor);
    CALL(ELEMENT_TYPE, (void *, int *), tensor, &element);
    CALL(RANK, (void *, size_t *), tensor, &rank);
    if (element != ELEMENT_FLOAT || rank != 2) {
        fprintf(stderr, "the input is not float [N, F]\n");
        exit(1);
    }
    CALL(DIMS, (void *, int64_t *, size_t), tensor, dims, rank);
    dims[0] = rows;
    size_t n = (size_t)(dims[0] * dims[1]);
    float *x = malloc(n * sizeof *x);
    uint32_t state = 12345;
    for (size_t i = 0; x && i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) / 16777216.0f;
    }
    return wrap(x, n * sizeof *x, dims, rank, element);
}

static uint64_t varint(const uint8_t **at) {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return value;
    }
}

static void *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        perror(path);
        exit(1);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size + 16);
    if (!bytes || fread(bytes, 1, *size, file) != *size) {
        perror(path);
        exit(1);
    }
    memset(bytes + *size, 0, 16);
    fclose(file);
    return bytes;
}

/* input_<i>.pb of the folder: a TensorProto with dims (1), data_type (2) and raw_data (9). The file is trusted. */
static void *read_input(const char *folder, size_t i) {
    char path[4096];
    snprintf(path, sizeof path, "%s/input_%zu.pb", folder, i);
    size_t size, rank = 0, bytes = 0;
    const uint8_t *at = read_file(path, &size), *end = at + size, *raw = NULL;
    int64_t dims[MAX_DIMS];
    int element = 0;
    while (at < end && rank < MAX_DIMS) {
        uint64_t key = varint(&at), value = (key & 7) == 0 || (key & 7) == 2 ? varint(&at) : 0;
        if (key == (1 << 3 | 0)) dims[rank++] = (int64_t)value;
        if (key == (1 << 3 | 2))
            for (const uint8_t *q = at; q < at + value && rank < MAX_DIMS;) dims[rank++] = (int64_t)varint(&q);
        if (key == (2 << 3 | 0)) element = (int)value;
        if (key == (9 << 3 | 2)) raw = at, bytes = value;
        at += (key & 7) == 2 ? value : (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : 0;
    }
    void *data = aligned_alloc(64, (bytes + 64) / 64 * 64);
    if (!data || (!raw && rank > 0)) {
        fprintf(stderr, "%s: no raw data\n", path);
        exit(1);
    }
    if (raw) memcpy(data, raw, bytes);
    return wrap(data, bytes, dims, rank, element);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: peer_ort libonnxruntime.so MODEL ROWS|FOLDER SECONDS\n");
        return 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW), *symbol = library ? dlsym(library, "OrtGetApiBase") : NULL;
    if (!symbol) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    struct api_base {
        function *const *(*get_api)(uint32_t version);
    };
    const struct api_base *(*get_base)(void);
    memcpy(&get_base, &symbol, sizeof symbol);
    api = get_base()->get_api(API_VERSION);

    void *environment, *options, *session, *allocator;
    CALL(CREATE_ENV, (int, const char *, void **), WARNINGS, "peer", &environment);
    CALL(CREATE_OPTIONS, (void **), &options);
    CALL(SET_OPTIMISATION, (void *, int), options, ALL_OPTIMISATIONS);
    CALL(SET_INTRA_THREADS, (void *, int), options, 1);
    CALL(SET_INTER_THREADS, (void *, int), options, 1);
    double start = seconds();
    CALL(CREATE_SESSION, (void *, const char *, void *, void **), environment, argv[2], options, &session);
    double load = seconds() - start;

    size_t inputs, outputs;
    char *input_names[MAX_IO], *output_names[MAX_IO];
    void *values_in[MAX_IO];
    CALL(DEFAULT_ALLOCATOR, (void **), &allocator);
    CALL(CPU_MEMORY, (int, int, void **), 0, 0, &memory);
    CALL(INPUT_COUNT, (void *, size_t *), session, &inputs);
    CALL(OUTPUT_COUNT, (void *, size_t *), session, &outputs);
    int64_t rows = atoll(argv[3]);
    if (inputs > MAX_IO || outputs > MAX_IO || (rows > 0 && inputs != 1)) {
        fprintf(stderr, "%zu inputs and %zu outputs: too many\n", inputs, outputs);
        return 1;
    }
    for (size_t i = 0; i < inputs; i++) {
        CALL(INPUT_NAME, (void *, size_t, void *, char **), session, i, allocator, &input_names[i]);
        values_in[i] = rows > 0 ? make_input(session, rows) : read_input(argv[3], i);
    }
    for (size_t i = 0; i < outputs; i++)
        CALL(OUTPUT_NAME, (void *, size_t, void *, char **), session, i, allocator, &output_names[i]);

    double limit = atof(argv[4]);
    double warm = seconds() + 0.3 * limit, end = warm + limit;
    do {
        void *values[MAX_IO] = {0};
        double before = seconds();
        CALL(RUN, (void *, void *, char **, void **, size_t, char **, size_t, void **), session, NULL, input_names,
             values_in, inputs, output_names, outputs, values);
        double after = seconds();
        for (size_t i = 0; i < outputs; i++) ((void (*)(void *))api[RELEASE_VALUE])(values[i]);
        if (before >= warm || after >= end) sample(after - before);
    } while (seconds() < end);
    qsort(times, kept, sizeof *times, by_value);
    printf("{\"load_ms\": %.4f, \"median_us\": %.4f, \"min_us\": %.4f, \"runs\": %zu, \"peak_rss_kb\": %ld}\n",
           load * 1e3, times[kept / 2] * 1e6, minimum * 1e6, runs, peak_rss_kb());
    return 0;
}
