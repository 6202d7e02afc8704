/* SPDX-License-Identifier: Apache-2.0 */
/* RoiAlign against a plain loop over all samples in double: f32 within 1e-5 * (largest |x|). */
#include <math.h>

#include "support/expect.h"
#include "support/oracle.h"

enum { H = 7, W = 9, C = 2, IMAGES = 2, ROIS = 3 };

/* The four weighted elements of a sample. */
static void sample(const double *plane, double y, double x, double *terms) {
    for (int i = 0; i < 4; i++) terms[i] = 0;
    if (y < -1 || y > H || x < -1 || x > W) return;
    y = fmin(fmax(y, 0), H - 1);
    x = fmin(fmax(x, 0), W - 1);
    int y0 = (int)y, x0 = (int)x, y1 = y0 < H - 1 ? y0 + 1 : y0, x1 = x0 < W - 1 ? x0 + 1 : x0;
    double ly = y - y0, lx = x - x0;
    terms[0] = (1 - ly) * (1 - lx) * plane[y0 * W + x0];
    terms[1] = (1 - ly) * lx * plane[y0 * W + x1];
    terms[2] = ly * (1 - lx) * plane[y1 * W + x0];
    terms[3] = ly * lx * plane[y1 * W + x1];
}

static double pool(const double *plane, const double *roi, bool max, int ratio, int oh, int ow, int ph, int pw) {
    double bh = roi[3] / oh, bw = roi[2] / ow, sum = 0, most = -(double)INFINITY;
    int gh = ratio > 0 ? ratio : (int)ceil(bh), gw = ratio > 0 ? ratio : (int)ceil(bw);
    for (int iy = 0; iy < gh; iy++)
        for (int ix = 0; ix < gw; ix++) {
            double t[4];
            sample(plane, roi[1] + (ph + (iy + 0.5) / gh) * bh, roi[0] + (pw + (ix + 0.5) / gw) * bw, t);
            sum += t[0] + t[1] + t[2] + t[3];
            for (int k = 0; k < 4; k++) most = fmax(most, t[k]);
        }
    bool any = gh > 0 && gw > 0;
    return !any ? 0 : max ? most : sum / (gh * gw);
}

static void random_regions(void **state) {
    const int64_t dims[4] = {IMAGES, C, H, W}, roi_dims[2] = {ROIS, 4};
    (void)state;
    uint64_t seed = oracle_seed(), first = seed;
    for (int round = 0; round < 160; round++) {
        em_dtype dtype = oracle_floats[round / 8 % 4];
        bool max = round % 2, half = round / 2 % 2, old = !half && round % 3 == 0;
        int ratio = round / 4 % 2 ? (int)oracle_below(&seed, 4) : 0;
        int oh = 1 + (int)oracle_below(&seed, 3), ow = 1 + (int)oracle_below(&seed, 3);
        if (round % 40 == 5) ratio = 40; /* more than a table */
        oracle_tensor x = oracle_random(&seed, dtype, 4, dims, -3, 3);
        oracle_tensor rois = oracle_random(&seed, EM_F64, 2, roi_dims, -6, 26);
        int64_t images[ROIS] = {1, 0, 1};
        op_test t;
        op_test_begin(&t, "", "RoiAlign", old ? 10 : 16);
        if (max) op_test_string(&t, "mode", "max");
        if (!old) op_test_string(&t, "coordinate_transformation_mode", half ? "half_pixel" : "output_half_pixel");
        op_test_int(&t, "output_height", oh);
        op_test_int(&t, "output_width", ow);
        op_test_int(&t, "sampling_ratio", ratio);
        op_test_float(&t, "spatial_scale", 0.5f);
        op_test_in(&t, x.t);
        op_test_in(&t, rois.t);
        op_test_in(&t, em_tensor_i64(images, 1, (int64_t[]){ROIS}));
        oracle_run(&t, 1, first);
        expect_shape(&t.out[0], 4, ROIS, C, oh, ow);
        int64_t at = 0;
        for (int r = 0; r < ROIS; r++)
            for (int c = 0; c < C; c++)
                for (int ph = 0; ph < oh; ph++)
                    for (int pw = 0; pw < ow; pw++, at++) {
                        double shift = half ? 0.5 : 0, *v = &rois.v[r * 4];
                        double roi[4] = {v[0] / 2 - shift, v[1] / 2 - shift, (v[2] - v[0]) / 2, (v[3] - v[1]) / 2};
                        if (!half) roi[2] = fmax(roi[2], 1), roi[3] = fmax(roi[3], 1);
                        double want = pool(x.v + (images[r] * C + c) * H * W, roi, max, ratio, oh, ow, ph, pw);
                        oracle_expect(&t.out[0], at, want, 1.01, dtype == EM_F64 ? 1e-12 : 3e-5, "RoiAlign", first);
                    }
        op_test_end(&t);
        oracle_free(&x);
        oracle_free(&rois);
    }
}

static void failing(float x2, int64_t image, int64_t ratio, em_status status, const char *part) {
    static float x[16], rois[4];
    op_test t;
    rois[2] = x2;
    op_test_begin(&t, "", "RoiAlign", 16);
    op_test_int(&t, "sampling_ratio", ratio);
    op_test_in(&t, em_tensor_f32(x, 4, (int64_t[]){1, 1, 4, 4}));
    op_test_in(&t, em_tensor_f32(rois, 2, (int64_t[]){1, 4}));
    op_test_in(&t, em_tensor_i64(&image, 1, (int64_t[]){1}));
    if (part != NULL)
        expect_failure(&t, 1, status, part);
    else
        assert_int_equal(op_test_run(&t, 1), status);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    failing(4, 1, 0, EM_ERR_DATA, "region 0 is of image 1, expected 0 to 0");
    failing(4, -1, 0, EM_ERR_DATA, "region 0 is of image -1");
    failing(NAN, 0, 0, EM_ERR_DATA, "region 0 has the coordinate");
    failing(4, 0, -1, EM_ERR_MODEL, "'sampling_ratio' is -1");
    failing(9e11f, 0, 0, EM_OK, NULL); /* few of its samples lie inside: done at once */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_regions), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
