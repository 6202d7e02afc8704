#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Derives the polynomial coefficients of src/kernels/simd/functions.h (needs numpy and scipy).

Each polynomial is fitted for the least largest weighted error (Lawson's iteratively reweighted least squares on Chebyshev
points), then rounded to float one coefficient at a time, lowest power first, the others being fitted again each time.
usage: minimax.py; prints C, lowest power first, and the largest weighted error of the rounded polynomial.
"""
import math
import re

import numpy as np
from scipy import special


def chebyshev(low, high, points):
    return (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(points) + 0.5) / points)


def lawson(basis, y, rounds=300):
    """c minimising max |basis @ c - y|."""
    w = np.full(len(y), 1.0 / len(y))
    best, best_error = None, np.inf
    for _ in range(rounds):
        root = np.sqrt(w)
        c = np.linalg.lstsq(basis * root[:, None], y * root, rcond=None)[0]
        error = np.abs(basis @ c - y)
        if error.max() < best_error:
            best, best_error = c, error.max()
        w = w * error / np.dot(w, error)
    return best


def fit(name, f, low, high, count, weight, fixed=(), rounded=np.float32):
    """Coefficients c with sum c[i] x^i ~ f(x) on [low, high]; the first ones may be given."""
    x = chebyshev(low, high, 4000)
    y, w = f(x), weight(x)
    c = list(fixed)
    while len(c) < count:
        rest = y - sum((v * x**i for i, v in enumerate(c)), np.zeros_like(x))
        basis = np.stack([x**i * w for i in range(len(c), count)], 1)
        c.append(float(rounded(lawson(basis, rest * w)[0])))
    error = np.abs(sum(v * x**i for i, v in enumerate(c)) - y) * w
    print(f"{name}: weighted error {error.max():.1e}\n    " + ", ".join(re.sub("0*p", "p", v.hex()) + "f" for v in c))


def series(f, terms, x, small):
    """f(x), but near 0, where it cancels, its Taylor series."""
    near = np.abs(x) < small
    return np.where(near, sum(t * x**i for i, t in enumerate(terms)), f(np.where(near, small, x)))


def main():
    half = math.log(2) / 2
    fit("expm1: (e^r - 1 - r) / r^2", lambda r: series(lambda r: (np.expm1(r) - r) / r**2,
        [1 / math.factorial(i + 2) for i in range(8)], r, 0.01), -half, half, 5, np.abs)
    fit("log: (log(1 + f) - f + f^2 / 2) / f^3", lambda f: series(lambda f: (np.log1p(f) - f + f * f / 2) / f**3,
        [(-1)**i / (i + 3) for i in range(12)], f, 0.03), math.sqrt(0.5) - 1, math.sqrt(2) - 1, 8, lambda f: f**2)
    fit("atanh: atanh(sqrt z) / sqrt z", lambda z: series(lambda z: np.arctanh(np.sqrt(z)) / np.sqrt(z),
        [1 / (2 * i + 1) for i in range(10)], z, 0.001), 0, 1 / 9, 5, np.ones_like, [1.0])
    fit("erf, |x| < 1: erf(sqrt z) / sqrt z - 1", lambda z: series(lambda z: special.erf(np.sqrt(z)) / np.sqrt(z) - 1,
        [2 / math.sqrt(math.pi) * (-1)**i / (math.factorial(i) * (2 * i + 1)) - (i == 0) for i in range(6)], z, 0.001),
        0, 1, 7, np.ones_like)
    fit("erf, 1 <= a < 4: -log(erfc(a))", lambda a: -np.log(special.erfc(a)), 1, 4, 7, special.erfc)
    s = (math.sqrt(2) - 1) / (math.sqrt(2) + 1)
    fit("pow: log2(m) / s, s = (m - 1) / (m + 1), of z = s^2", lambda z: series(
        lambda z: 2 * np.arctanh(np.sqrt(z)) / np.sqrt(z) / math.log(2),
        [2 / math.log(2) / (2 * i + 1) for i in range(8)], z, 0.001), 0, s * s, 5, np.ones_like, rounded=np.float64)
    fit("pow: 2^f", np.exp2, -0.5, 0.5, 7, np.ones_like, [1.0])


if __name__ == "__main__":
    main()
