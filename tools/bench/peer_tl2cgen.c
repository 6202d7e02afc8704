/* SPDX-License-Identifier: Apache-2.0 */
/* Times trees that tl2cgen turned into C: what a model costs when it is compiled for itself, without any file to load.
 *
 *     cc -O2 peer_tl2cgen.c -o peer_tl2cgen -ldl
 *     peer_tl2cgen predictor.so FEATURES ROWS SECONDS
 *
 * Prints {"median_us", "min_us", "runs"}; the same inputs as peer_ort.c. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef union entry { /* as in the generated header */
    int missing;
    float value;
    int quantized;
} entry;

enum { MAX_TIMES = 1 << 14, MAX_CLASSES = 64 };

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

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: peer_tl2cgen predictor.so FEATURES ROWS SECONDS\n");
        return 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW), *symbol = library ? dlsym(library, "predict") : NULL;
    if (!symbol) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    void (*predict)(entry * row, int margin, float *result);
    memcpy(&predict, &symbol, sizeof symbol);
    size_t features = (size_t)atol(argv[2]), rows = (size_t)atol(argv[3]);
    float *x = malloc(rows * features * sizeof *x), result[MAX_CLASSES], sum = 0.0f;
    double limit = atof(argv[4]);
    entry *row = malloc(features * sizeof *row);
    if (!x || !row) return 1;
    uint32_t state = 12345;
    for (size_t i = 0; i < rows * features; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) / 16777216.0f;
    }
    double warm = seconds() + 0.3 * limit, end = warm + limit;
    do {
        double before = seconds();
        for (size_t r = 0; r < rows; r++) {
            for (size_t f = 0; f < features; f++) row[f].value = x[r * features + f];
            predict(row, 0, result);
            sum += result[0];
        }
        double after = seconds();
        if (before >= warm || after >= end) sample(after - before);
    } while (seconds() < end);
    qsort(times, kept, sizeof *times, by_value);
    fprintf(stderr, "%s", sum > 1e30f ? " " : ""); /* the sum is used */
    printf("{\"median_us\": %.4f, \"min_us\": %.4f, \"runs\": %zu}\n", times[kept / 2] * 1e6, minimum * 1e6, runs);
    return 0;
}
