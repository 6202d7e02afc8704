/* SPDX-License-Identifier: Apache-2.0 */
/* Resize and Upsample against a dense computation in double: every axis is a matrix of weights [out, in], built from
 * the filters' definitions; an output is the sum over all inputs. f32 within 1e-6 * (sum of |weight * x| +
 * largest |x|): an error of a weight counts as much as the element it belongs to. */
#include <math.h>
#include <string.h>

#include "support/expect.h"
#include "support/oracle.h"

#define I(...) ((int64_t[]){__VA_ARGS__})

typedef struct form {
    const char *mode, *place, *round; /* NULL: not given */
    bool antialias, exclude, sizes;
    double cubic_a;
    int rank;
    int64_t in[4], out[4];
    double scale[4], begin[4], end[4];
} form;

static double place_of(const form *f, int d, int64_t o) {
    double n = (double)f->in[d], m = (double)f->out[d], s = f->scale[d], at = (double)o;
    const char *p = f->place;
    if (strcmp(p, "asymmetric") == 0) return at / s;
    if (strcmp(p, "tf_half_pixel_for_nn") == 0) return (at + 0.5) / s;
    if (strcmp(p, "align_corners") == 0) return m == 1 ? 0 : at * (n - 1) / (m - 1);
    if (strcmp(p, "pytorch_half_pixel") == 0 && m == 1) return 0;
    if (strcmp(p, "tf_crop_and_resize") == 0)
        return m == 1 ? (f->begin[d] + f->end[d]) / 2 * (n - 1)
                      : f->begin[d] * (n - 1) + at * (f->end[d] - f->begin[d]) * (n - 1) / (m - 1);
    double x = (at + 0.5) / s - 0.5;
    return strcmp(p, "half_pixel_symmetric") == 0 ? x + n / 2 * (1 - m / (n * s)) : x;
}

static double nearest_of(const char *round, double x) {
    if (strcmp(round, "floor") == 0) return floor(x);
    if (strcmp(round, "ceil") == 0) return ceil(x);
    return strcmp(round, "round_prefer_ceil") == 0 ? floor(x + 0.5) : ceil(x - 0.5);
}

static double kernel_of(const form *f, double d) {
    double a = f->cubic_a, t = fabs(d);
    if (strcmp(f->mode, "linear") == 0) return t < 1 ? 1 - t : 0;
    if (t >= 2) return 0;
    return t <= 1 ? (a + 2) * pow(t, 3) - (a + 3) * t * t + 1 : a * pow(t, 3) - 5 * a * t * t + 8 * a * t - 4 * a;
}

/* Row o of the matrix of axis d; false: outside. */
static bool weights_of(const form *f, int d, int64_t o, double *row) {
    int64_t n = f->in[d];
    double x = place_of(f, d, o), sum = 0, stretch = f->antialias && f->scale[d] < 1 ? f->scale[d] : 1;
    for (int64_t i = 0; i < n; i++) row[i] = 0;
    if (f->scale[d] == 1 && f->in[d] == f->out[d] && f->begin[d] == 0 && f->end[d] == 1) {
        row[o] = 1;
        return true;
    }
    if (strcmp(f->place, "tf_crop_and_resize") == 0 && (x < 0 || x > (double)(n - 1))) return false;
    if (strcmp(f->mode, "nearest") == 0) {
        double i = nearest_of(f->round, x);
        row[i < 0 ? 0 : i > (double)(n - 1) ? n - 1 : (int64_t)i] = 1;
        return true;
    }
    for (int64_t i = -5 * n - 5; i < 6 * n + 5; i++) { /* the border's elements go on for ever */
        double w = kernel_of(f, ((double)i - x) * stretch);
        if (f->exclude && (i < 0 || i >= n)) w = 0;
        row[i < 0 ? 0 : i >= n ? n - 1 : i] += w;
        sum += w;
    }
    for (int64_t i = 0; i < n; i++) row[i] /= sum;
    return true;
}

enum { MOST = 40 };

static void check(uint64_t *seed, uint64_t first, const form *f, int opset, em_dtype dtype) {
    static double w[4][MOST][MOST];
    bool inside[4][MOST] = {{0}}, integer = !eml_dtype_is_float(dtype), upsample = opset < 10;
    double low = dtype == EM_BOOL ? 0 : eml_dtype_is_integer(dtype) ? -100 : -3, value = integer ? 7 : 7.5;
    oracle_tensor x = oracle_random(seed, dtype, f->rank, f->in, low, -low + 1);
    float scales[4], roi[8];
    op_test t;
    op_test_begin(&t, "", upsample ? "Upsample" : "Resize", opset);
    op_test_string(&t, "mode", f->mode);
    if (opset >= 11) {
        op_test_string(&t, "coordinate_transformation_mode", f->place);
        if (f->round != NULL) op_test_string(&t, "nearest_mode", f->round);
        op_test_float(&t, "cubic_coeff_a", (float)f->cubic_a);
        op_test_int(&t, "exclude_outside", f->exclude);
        op_test_float(&t, "extrapolation_value", (float)value);
    }
    if (f->antialias) op_test_int(&t, "antialias", 1);
    op_test_in(&t, x.t);
    for (int d = 0; d < f->rank; d++) {
        scales[d] = (float)f->scale[d];
        roi[d] = (float)f->begin[d];
        roi[f->rank + d] = (float)f->end[d];
        for (int64_t o = 0; o < f->out[d]; o++) inside[d][o] = weights_of(f, d, o, w[d][o]);
    }
    if (opset >= 11) op_test_in(&t, em_tensor_f32(roi, 1, I(2 * f->rank)));
    if (f->sizes)
        op_test_absent(&t);
    else
        op_test_in(&t, em_tensor_f32(scales, 1, I(f->rank)));
    if (f->sizes) op_test_in(&t, em_tensor_i64(f->out, 1, I(f->rank)));
    oracle_run(&t, 1, first);
    assert_int_equal(t.out[0].dtype, dtype);
    for (int d = 0; d < f->rank; d++) assert_int_equal(t.out[0].dims[d], f->out[d]);
    double most = 0;
    for (int64_t j = 0; j < eml_tensor_n(&x.t); j++) most = fmax(most, fabs(x.v[j]));
    for (int64_t i = 0; i < eml_tensor_n(&t.out[0]); i++) {
        double want = 0, size = 0;
        bool in = true;
        for (int64_t j = 0; j < eml_tensor_n(&x.t); j++) {
            double product = 1;
            int64_t o = i, from = j;
            for (int d = f->rank - 1; d >= 0 && product != 0; d--) {
                in = in && inside[d][o % f->out[d]];
                product *= w[d][o % f->out[d]][from % f->in[d]];
                o /= f->out[d];
                from /= f->in[d];
            }
            want += product * x.v[j];
            size += fabs(product * x.v[j]);
        }
        if (!in) want = dtype == EM_BOOL ? 1 : value;
        if (integer && fabs(want - floor(want) - 0.5) < 1e-3) continue; /* either neighbour */
        if (integer) want = rint(want);
        if (eml_dtype_is_integer(dtype)) {
            bool is_signed = dtype == EM_I8 || dtype == EM_I16 || dtype == EM_I32 || dtype == EM_I64;
            double top = ldexp(1, (int)eml_dtype_bits(dtype) - is_signed), least = is_signed ? -top : 0;
            want = want < least ? least : want >= top ? top - 1 : want;
        }
        oracle_expect(&t.out[0], i, want, 1.01, (size + most) * (dtype == EM_F64 ? 1e-13 : 1e-6), f->place, first);
    }
    op_test_end(&t);
    oracle_free(&x);
}

static const char *const places[] = {"half_pixel", "pytorch_half_pixel",   "half_pixel_symmetric", "align_corners",
                                     "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
static const char *const modes[] = {"nearest", "linear", "cubic"};

/* All kinds of axes: some stay, whatever lies behind is narrow or wide. */
static void random_axes(uint64_t *seed, form *f, bool exact) {
    static const double binary[] = {2, 3, 0.5, 1.5, 0.75, 4, 0.25}, any[] = {2, 0.3, 1.7, 0.6, 2.5, 0.45, 1.1};
    f->rank = 1 + (int)oracle_below(seed, 4);
    for (int d = 0; d < f->rank; d++) {
        f->in[d] = 1 + oracle_below(seed, f->rank > 3 ? 4 : f->rank == 3 ? 6 : 9);
        if (d == f->rank - 1 && f->rank < 4 && oracle_below(seed, 3) == 0) f->in[d] = 17 + oracle_below(seed, 20);
        f->out[d] = f->in[d];
        f->scale[d] = f->end[d] = 1;
        f->begin[d] = 0;
        bool crop = strcmp(f->place, "tf_crop_and_resize") == 0;
        if (oracle_below(seed, 3) == 0 || f->in[d] > 16) continue;
        if (f->sizes || crop) {
            f->sizes = true;
            f->out[d] = 1 + oracle_below(seed, 12);
            if (exact) f->out[d] = f->in[d] * (1 + oracle_below(seed, 2));
            f->scale[d] = (double)f->out[d] / (double)f->in[d];
            if (crop) f->begin[d] = 0.125 * (double)oracle_below(seed, 4);
            if (crop) f->end[d] = 1.25 - 0.125 * (double)oracle_below(seed, 4);
        } else {
            f->scale[d] = (double)(float)(exact ? binary : any)[oracle_below(seed, 7)];
            f->out[d] = (int64_t)floorf((float)f->in[d] * (float)f->scale[d]);
            if (f->out[d] > 0) continue;
            f->out[d] = 2 * f->in[d];
            f->scale[d] = 2;
        }
    }
}

static void every_mode(void **state) {
    static const em_dtype types[] = {EM_F32, EM_F64, EM_F16, EM_BF16, EM_I8,  EM_U8,  EM_I16,
                                     EM_U16, EM_I32, EM_U32, EM_I64,  EM_U64, EM_F32, EM_F32};
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 1500; round++) {
        form f = {.mode = modes[round % 3],
                  .place = places[oracle_below(&seed, 7)],
                  .sizes = oracle_below(&seed, 2),
                  .cubic_a = oracle_below(&seed, 2) ? -0.75 : -0.5};
        bool nearest = round % 3 == 0, crop = strcmp(f.place, "tf_crop_and_resize") == 0;
        if (nearest) f.round = rounds[oracle_below(&seed, 4)];
        f.antialias = !nearest && !crop && oracle_below(&seed, 3) == 0;
        f.exclude = !nearest && oracle_below(&seed, 3) == 0;
        bool symmetric = strcmp(f.place, "half_pixel_symmetric") == 0;
        if (nearest && symmetric) f.sizes = true; /* else ties depend on roundings */
        random_axes(&seed, &f, nearest);
        /* from 19 on align_corners goes by the length before it is rounded */
        int opset = symmetric ? 19 : f.antialias ? 18 : round % 2 ? 11 : 13;
        em_dtype dtype = types[round / 3 % 14];
        if (nearest && oracle_below(&seed, 8) == 0) dtype = EM_BOOL;
        check(&seed, first, &f, opset, dtype);
    }
}

/* Before version 11: o / scale, floor when growing, ceil when shrinking. */
static void old_versions(void **state) {
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 60; round++) {
        form f = {.mode = modes[round % 2], .place = "asymmetric", .round = "floor", .rank = 4};
        bool shrinks = round % 6 == 0;
        for (int d = 0; d < 4; d++) {
            f.in[d] = 1 + oracle_below(&seed, 4);
            f.scale[d] = d > 1 ? (double)(1 + oracle_below(&seed, 3)) : 1;
            if (d > 1 && shrinks) f.in[d] *= 2, f.scale[d] = 0.5;
            f.out[d] = (int64_t)((double)f.in[d] * f.scale[d]);
            f.end[d] = 1;
        }
        if (shrinks) f.round = "ceil";
        check(&seed, first, &f, round % 4 < 2 ? 9 : 10, EM_F32);
    }
    const float x[4] = {1, 2, 3, 4}, scales[4] = {1, 1, 1, 2};
    const double want[8] = {1, 1, 2, 2, 3, 3, 4, 4}, smooth[8] = {1, 1.5, 2, 2, 3, 3.5, 4, 4};
    for (int opset = 1; opset <= 7; opset += 6)
        for (int linear = 0; linear < 2; linear++) {
            op_test t;
            op_test_begin(&t, "", "Upsample", opset);
            if (linear) op_test_string(&t, "mode", opset == 1 ? "bilinear" : "linear");
            if (opset == 7) op_test_floats(&t, "scales", scales, 4);
            if (opset == 1) op_test_float(&t, "height_scale", 1);
            if (opset == 1) op_test_float(&t, "width_scale", 2);
            op_test_in(&t, em_tensor_f32(x, 4, I(1, 1, 2, 2)));
            assert_int_equal(op_test_run(&t, 1), EM_OK);
            expect_shape(&t.out[0], 4, 1, 1, 2, 4);
            expect_floats(&t.out[0], linear ? smooth : want, 0, 0);
            op_test_end(&t);
        }
}

static void strings(void **state) {
    const em_string x[2] = {TEXT("a"), TEXT("bc")};
    const char *const want[4] = {"a", "a", "bc", "bc"};
    op_test t;
    (void)state;
    op_test_begin(&t, "", "Resize", 13);
    op_test_in(&t, em_tensor_make(EM_STRING, x, 1, I(2)));
    op_test_absent(&t);
    op_test_in(&t, em_tensor_f32((const float[]){2}, 1, I(1)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_strings(&t.out[0], want);
    op_test_end(&t);
}

/* Axes given, in any order; policies of the aspect ratio. */
static void axes_and_policies(void **state) {
    static const struct {
        const char *policy;
        int64_t sizes[2], out[3];
    } rows[] = {{"stretch", {3, 8}, {2, 8, 3}},
                {"not_larger", {7, 9}, {2, 7, 7}},
                {"not_smaller", {7, 9}, {2, 9, 9}},
                {"not_larger", {2, 9}, {2, 2, 2}}};
    float x[32] = {0};
    op_test t;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        op_test_begin(&t, "", "Resize", 18);
        op_test_ints(&t, "axes", I(-1, 1), 2);
        op_test_string(&t, "keep_aspect_ratio_policy", rows[i].policy);
        op_test_string(&t, "mode", i % 2 ? "linear" : "nearest");
        op_test_in(&t, em_tensor_f32(x, 3, I(2, 4, 4)));
        op_test_absent(&t);
        op_test_absent(&t);
        op_test_in(&t, em_tensor_i64(rows[i].sizes, 1, I(2)));
        assert_int_equal(op_test_run(&t, 1), EM_OK);
        expect_shape(&t.out[0], 3, (int)rows[i].out[0], (int)rows[i].out[1], (int)rows[i].out[2]);
        op_test_end(&t);
    }
    op_test_begin(&t, "", "Resize", 18); /* nothing to enlarge */
    op_test_string(&t, "mode", "linear");
    op_test_in(&t, em_tensor_f32(x, 2, I(0, 4)));
    op_test_absent(&t);
    op_test_in(&t, em_tensor_f32((const float[]){2, 2}, 1, I(2)));
    assert_int_equal(op_test_run(&t, 1), EM_OK);
    expect_shape(&t.out[0], 2, 0, 8);
    op_test_end(&t);
}

typedef struct wrong {
    const char *mode, *place;
    int n_scales, n_sizes, n_roi; /* -1: absent */
    float scales[3], roi[4];
    int64_t sizes[3];
    const char *part;
} wrong;

static void errors(void **state) {
    static const wrong rows[] = {
        {"linear", "half_pixel", -1, -1, -1, {0}, {0}, {0}, "has neither scales nor sizes"},
        {"linear", "half_pixel", 2, 2, -1, {2, 2}, {0}, {4, 4}, "has scales and sizes, expected one of them"},
        {"linear", "half_pixel", 3, -1, -1, {1, 2, 2}, {0}, {0}, "the list of scales has 3 values, expected 2"},
        {"linear", "half_pixel", -1, 1, -1, {0}, {0}, {4}, "the list of sizes has 1 values, expected 2"},
        {"nearest", "half_pixel", 2, -1, -1, {1, -2}, {0}, {0}, "scale of axis 1 is -2, expected a positive number"},
        {"nearest", "half_pixel", 2, -1, -1, {1, NAN}, {0}, {0}, "scale of axis 1 is nan"},
        {"nearest", "half_pixel", 2, -1, -1, {1, INFINITY}, {0}, {0}, "scale of axis 1 is inf"},
        {"nearest", "half_pixel", 2, -1, -1, {1, 0}, {0}, {0}, "scale of axis 1 is 0"},
        {"nearest", "half_pixel", 2, -1, -1, {1, 0.1f}, {0}, {0}, "axis 1 of length 3 would get the length 0"},
        {"linear", "half_pixel", 2, -1, -1, {1, 1e9f}, {0}, {0}, "axis 1 of length 3 would get the length 3e+09"},
        {"linear", "half_pixel", -1, 2, -1, {0}, {0}, {2, 0}, "axis 1 of length 3 would get the length 0"},
        {"linear", "half_pixel", -1, 2, -1, {0}, {0}, {2, -3}, "axis 1 of length 3 would get the length -3"},
        {"linear", "half_pixel", -1, 2, -1, {0}, {0}, {INT64_C(1) << 40, 3}, "axis 0 of length 2 would get the length"},
        {"linear", "tf_crop_and_resize", -1, 2, -1, {0}, {0}, {4, 4}, "needs input 1, the region"},
        {"linear", "tf_crop_and_resize", -1, 2, 3, {0}, {0}, {4, 4}, "input 1 (roi) has 3 values, expected 4"},
        {"linear", "tf_crop_and_resize", -1, 2, 4, {0}, {0, 0, 1, NAN}, {4, 4}, "the region of axis 1 goes from 0 to"},
        {"linear", "middle", 2, -1, -1, {2, 2}, {0}, {0}, "'coordinate_transformation_mode' is 'middle'"},
        {"area", "half_pixel", 2, -1, -1, {2, 2}, {0}, {0}, "'mode' is 'area'"},
    };
    const float x[6] = {1, 2, 3, 4, 5, 6};
    op_test t;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const wrong *r = &rows[i];
        op_test_begin(&t, "", "Resize", 13);
        op_test_string(&t, "mode", r->mode);
        op_test_string(&t, "coordinate_transformation_mode", r->place);
        op_test_in(&t, em_tensor_f32(x, 2, I(2, 3)));
        if (r->n_roi < 0)
            op_test_absent(&t);
        else
            op_test_in(&t, em_tensor_f32(r->roi, 1, I(r->n_roi)));
        if (r->n_scales < 0)
            op_test_absent(&t);
        else
            op_test_in(&t, em_tensor_f32(r->scales, 1, I(r->n_scales)));
        if (r->n_sizes >= 0) op_test_in(&t, em_tensor_i64(r->sizes, 1, I(r->n_sizes)));
        expect_failure(&t, 1, EM_ERR_MODEL, r->part);
        op_test_end(&t);
    }
    const uint8_t yes[2] = {1, 0};
    op_test_begin(&t, "", "Resize", 13); /* no sum of truth values */
    op_test_string(&t, "mode", "linear");
    op_test_in(&t, em_tensor_make(EM_BOOL, yes, 1, I(2)));
    op_test_absent(&t);
    op_test_in(&t, em_tensor_f32(x + 1, 1, I(1)));
    expect_failure(&t, 1, EM_ERR_MODEL, "input 0 is bool");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode), cmocka_unit_test(old_versions),      cmocka_unit_test(strings),
        cmocka_unit_test(errors),     cmocka_unit_test(axes_and_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
