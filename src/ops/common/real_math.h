/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of math.h on float or double, as the argument is. As tgmath.h has them, but for the complex and long double
 * ones, which the C library of microcontrollers lacks in part. */
#ifndef EML_OPS_COMMON_REAL_MATH_H
#define EML_OPS_COMMON_REAL_MATH_H

#include <math.h>

#define acos(x)        _Generic((x), float : acosf, default : acos)(x)
#define acosh(x)       _Generic((x), float : acoshf, default : acosh)(x)
#define asin(x)        _Generic((x), float : asinf, default : asin)(x)
#define asinh(x)       _Generic((x), float : asinhf, default : asinh)(x)
#define atan(x)        _Generic((x), float : atanf, default : atan)(x)
#define atanh(x)       _Generic((x), float : atanhf, default : atanh)(x)
#define ceil(x)        _Generic((x), float : ceilf, default : ceil)(x)
#define cos(x)         _Generic((x), float : cosf, default : cos)(x)
#define cosh(x)        _Generic((x), float : coshf, default : cosh)(x)
#define erf(x)         _Generic((x), float : erff, default : erf)(x)
#define exp(x)         _Generic((x), float : expf, default : exp)(x)
#define expm1(x)       _Generic((x), float : expm1f, default : expm1)(x)
#define fabs(x)        _Generic((x), float : fabsf, default : fabs)(x)
#define floor(x)       _Generic((x), float : floorf, default : floor)(x)
#define log(x)         _Generic((x), float : logf, default : log)(x)
#define log1p(x)       _Generic((x), float : log1pf, default : log1p)(x)
#define rint(x)        _Generic((x), float : rintf, default : rint)(x)
#define sin(x)         _Generic((x), float : sinf, default : sin)(x)
#define sinh(x)        _Generic((x), float : sinhf, default : sinh)(x)
#define sqrt(x)        _Generic((x), float : sqrtf, default : sqrt)(x)
#define tan(x)         _Generic((x), float : tanf, default : tan)(x)
#define tanh(x)        _Generic((x), float : tanhf, default : tanh)(x)
#define trunc(x)       _Generic((x), float : truncf, default : trunc)(x)
#define copysign(x, y) _Generic((x) + (y), float : copysignf, default : copysign)(x, y)
#define fmod(x, y)     _Generic((x) + (y), float : fmodf, default : fmod)(x, y)
#define pow(x, y)      _Generic((x) + (y), float : powf, default : pow)(x, y)

#endif
