/* SPDX-License-Identifier: Apache-2.0 */
/* What every check of a function of one variable does: all tail sizes, fills and positions, in place and apart, against
 * a double function within max_ulp; position independence; and its speed. */
#ifndef EDGEML_TESTS_UNARY_DRIVER_H
#define EDGEML_TESTS_UNARY_DRIVER_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"

typedef struct unary_case {
    const char *name;
    double (*want)(double x, double p, double q);
    double max_ulp; /* 0: the bits of want rounded */
    double max_abs; /* accepted as well, where a relative error has no meaning; 0: none */
    bool any_zero;  /* the sign of a zero result is free */
    float p, q;
} unary_case;

typedef struct unary_call {
    eml_unary_f32_fn *f32;
    eml_unary2_f32_fn *f32_2;
    eml_unary_f64_fn *f64;
    size_t n;
    void *x, *out;
    float p, q;
} unary_call;

static void unary_run(void *user) {
    const unary_call *c = user;
    if (c->f32) c->f32(c->n, c->x, c->out);
    if (c->f32_2) c->f32_2(c->n, c->x, c->p, c->q, c->out);
    if (c->f64) c->f64(c->n, c->x, c->out);
}

static void unary_compare(const eml_kernels *k, const unary_case *t, const unary_call *c, const double *x,
                          double *worst) {
    for (size_t i = 0; i < c->n; i++) {
        double want = t->want(x[i], t->p, t->q);
        double got = c->f64 ? ((const double *)c->out)[i] : (double)((const float *)c->out)[i];
        double ulp = c->f64 ? check_ulp_f64(got, want) : check_ulp_f32((float)got, want);
        bool same = c->f64 ? check_same_f64(got, want) : check_same_f32((float)got, (float)want);
        if (t->any_zero && got == 0.0 && want == 0.0) continue;
        if (t->max_ulp == 0.0 ? !same : ulp > t->max_ulp && fabs(got - want) > t->max_abs)
            check_fail(k, t->name, "n %zu, element %zu: f(%.9g) is %.9g, not %.9g: %.2f ulp", c->n, i, x[i], got, want,
                       ulp);
        if (ulp > *worst && fabs(got - want) > t->max_abs) *worst = ulp;
    }
}

/* One call of c->n elements. */
static void unary_one(const eml_kernels *k, const unary_case *t, unary_call *c, check_fill fill, bool in_place) {
    double x[CHECK_SIZES], worst = 0.0;
    bool at_end = check_below(2);
    size_t bytes = c->n * (c->f64 ? sizeof(double) : sizeof(float));
    c->x = check_slot(0, bytes, at_end);
    c->out = check_slot(1, bytes, at_end);
    if (c->f64) check_fill_f64(c->x, c->n, fill);
    if (!c->f64) check_fill_f32(c->x, c->n, fill);
    for (size_t i = 0; i < c->n; i++) x[i] = c->f64 ? ((double *)c->x)[i] : (double)((float *)c->x)[i];
    if (in_place) c->out = c->x;
    unary_run(c);
    unary_compare(k, t, c, x, &worst);
    if (!check_slots_intact()) check_fail(k, t->name, "n %zu: wrote outside", c->n);
}

/* The kernel in call (one of its three types) against t. */
static void unary_check(const eml_kernels *k, const unary_case *t, unary_call call) {
    call.p = t->p;
    call.q = t->q;
    for (size_t n = 0; n < CHECK_SIZES; n++)
        for (int fill = 0; fill < CHECK_FILLS; fill++)
            for (int in_place = 0; in_place < 2; in_place++) {
                call.n = n;
                unary_one(k, t, &call, (check_fill)fill, in_place);
            }
    if (!check_bench()) return;
    call.n = call.f64 ? 1024 : 2048;
    call.x = check_slot(0, 8192, true);
    call.out = check_slot(1, 8192, true);
    if (call.f64) check_fill_f64(call.x, call.n, CHECK_UNIT);
    if (!call.f64) check_fill_f32(call.x, call.n, CHECK_UNIT);
    double ns = check_time_ns(unary_run, &call);
    check_report(k, t->name, "8 KB", (double)call.n / ns, "G/s", check_copy_gbs(8192) / (call.f64 ? 16.0 : 8.0));
}

#endif
