/* SPDX-License-Identifier: Apache-2.0 */
/* Times ONNX Runtime through its C API, without its header: the other side of `edgeml bench` in bench_peers.sh.
 *
 *     cc -O2 peer_ort.c -o peer_ort -ldl
 *     peer_ort libonnxruntime.so MODEL ROWS SECONDS
 *
 * One thread, all graph optimisations, float inputs [ROWS, F] with the numbers of `edgeml bench`; outputs are made by
 * the run, as applications have them. Prints {"load_ms", "median_us", "min_us", "runs", "peak_rss_kb"}. */
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
    MAX_OUTPUTS = 16,
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

/* x[rows, F] in [0, 1), as tools/edgeml/fill.c makes them. */
static void *make_input(void *session, void *allocator, void *memory, int64_t rows, char **name) {
    void *type, *tensor, *value;
    int element = 0;
    size_t rank = 0;
    int64_t dims[2] = {0};
    CALL(INPUT_NAME, (void *, size_t, void *, char **), session, 0, allocator, name);
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
    CALL(TENSOR_OF_DATA, (void *, void *, size_t, int64_t *, size_t, int, void **), memory, x, n * sizeof *x, dims,
         rank, element, &value);
    return value;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: peer_ort libonnxruntime.so MODEL ROWS SECONDS\n");
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

    void *environment, *options, *session, *allocator, *memory;
    CALL(CREATE_ENV, (int, const char *, void **), WARNINGS, "peer", &environment);
    CALL(CREATE_OPTIONS, (void **), &options);
    CALL(SET_OPTIMISATION, (void *, int), options, ALL_OPTIMISATIONS);
    CALL(SET_INTRA_THREADS, (void *, int), options, 1);
    CALL(SET_INTER_THREADS, (void *, int), options, 1);
    double start = seconds();
    CALL(CREATE_SESSION, (void *, const char *, void *, void **), environment, argv[2], options, &session);
    double load = seconds() - start;

    size_t inputs, outputs;
    char *input_name, *output_names[MAX_OUTPUTS];
    CALL(DEFAULT_ALLOCATOR, (void **), &allocator);
    CALL(CPU_MEMORY, (int, int, void **), 0, 0, &memory);
    CALL(INPUT_COUNT, (void *, size_t *), session, &inputs);
    CALL(OUTPUT_COUNT, (void *, size_t *), session, &outputs);
    if (inputs != 1 || outputs > MAX_OUTPUTS) {
        fprintf(stderr, "one input and at most %d outputs, please\n", MAX_OUTPUTS);
        return 1;
    }
    void *input = make_input(session, allocator, memory, atoll(argv[3]), &input_name);
    for (size_t i = 0; i < outputs; i++)
        CALL(OUTPUT_NAME, (void *, size_t, void *, char **), session, i, allocator, &output_names[i]);

    double limit = atof(argv[4]);
    double warm = seconds() + 0.3 * limit, end = warm + limit;
    do {
        void *values[MAX_OUTPUTS] = {0};
        double before = seconds();
        CALL(RUN, (void *, void *, char **, void **, size_t, char **, size_t, void **), session, NULL, &input_name,
             &input, 1, output_names, outputs, values);
        double after = seconds();
        for (size_t i = 0; i < outputs; i++) ((void (*)(void *))api[RELEASE_VALUE])(values[i]);
        if (before >= warm || after >= end) sample(after - before);
    } while (seconds() < end);
    qsort(times, kept, sizeof *times, by_value);
    printf("{\"load_ms\": %.4f, \"median_us\": %.4f, \"min_us\": %.4f, \"runs\": %zu, \"peak_rss_kb\": %ld}\n",
           load * 1e3, times[kept / 2] * 1e6, minimum * 1e6, runs, peak_rss_kb());
    return 0;
}
