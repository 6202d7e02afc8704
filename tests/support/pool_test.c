/* SPDX-License-Identifier: Apache-2.0 */
#include "support/pool_test.h"

static int64_t out_size(const pool_case *p, int d) {
    int64_t padded = p->in[d] + p->pads[d] + p->pads[p->rank + d], n = 0, reach = (p->kernel[d] - 1) * p->dilation[d];
    for (int64_t at = 0; at + reach < padded || (p->ceil_mode && n > 0); at += p->stride[d], n++) {
        if (at + reach < padded) continue; /* whole */
        /* the one more of ceil: it begins in the input, and the one before left something over */
        bool left = at - p->stride[d] + reach + 1 < padded;
        return left && at < p->in[d] + p->pads[d] ? n + 1 : n;
    }
    return n;
}

pool_case pool_random(uint64_t *seed, bool channels_last, bool dilated, int64_t most) {
    pool_case p = {.rank = (int)elements_below(seed, 1, 3),
                   .channels_last = channels_last,
                   .ceil_mode = elements_below(seed, 0, 1),
                   .include_pad = elements_below(seed, 0, 1),
                   .n = elements_below(seed, 1, 2),
                   .c = elements_below(seed, 1, channels_last ? 70 : 4)};
    for (int d = 0; d < p.rank; d++) {
        int64_t limit = d == p.rank - 1 && elements_below(seed, 0, 9) == 0 && p.rank < 3 ? 600 : most;
        do {
            p.in[d] = elements_below(seed, 1, limit);
            p.kernel[d] = elements_below(seed, 1, limit == 600 && elements_below(seed, 0, 1) ? 550 : 5);
            p.stride[d] = elements_below(seed, 1, 4);
            p.dilation[d] = dilated ? elements_below(seed, 1, 3) : 1;
            for (int side = 0; side < 2; side++)
                p.pads[p.rank * side + d] = elements_below(seed, 0, 1) ? elements_below(seed, 0, p.kernel[d] - 1) : 0;
        } while (p.in[d] + p.pads[d] + p.pads[p.rank + d] <= (p.kernel[d] - 1) * p.dilation[d]);
        p.out[d] = out_size(&p, d);
    }
    int first = channels_last ? 1 : 2, channel = channels_last ? p.rank + 1 : 1;
    p.dims[0] = p.out_dims[0] = p.n;
    p.dims[channel] = p.out_dims[channel] = p.c;
    for (int d = 0; d < p.rank; d++) {
        p.dims[first + d] = p.in[d];
        p.out_dims[first + d] = p.out[d];
    }
    return p;
}

void pool_attributes(op_test *t, const pool_case *p) {
    op_test_ints(t, "kernel_shape", p->kernel, (size_t)p->rank);
    op_test_ints(t, "strides", p->stride, (size_t)p->rank);
    op_test_ints(t, "pads", p->pads, 2 * (size_t)p->rank);
    op_test_int(t, "ceil_mode", p->ceil_mode);
    for (int d = 0; d < p->rank; d++)
        if (p->dilation[d] != 1) {
            op_test_ints(t, "dilations", p->dilation, (size_t)p->rank);
            return;
        }
}

int pool_window(const pool_case *p, int64_t i, int64_t *positions, int64_t *count) {
    int64_t index[EM_MAX_RANK], at[EM_MAX_RANK];
    em_tensor out = em_tensor_make(EM_U8, NULL, p->rank + 2, p->out_dims);
    em_tensor in = em_tensor_make(EM_U8, NULL, p->rank + 2, p->dims);
    int first = p->channels_last ? 1 : 2, n = 0;
    int64_t taps = 1;
    elements_index(&out, i, index);
    *count = 0;
    for (int d = 0; d < p->rank; d++) taps *= p->kernel[d];
    for (int64_t tap = 0; tap < taps; tap++) {
        int64_t rest = tap;
        bool inside = true, padded = true;
        for (int d = 0; d < p->rank + 2; d++) at[d] = index[d];
        for (int d = p->rank - 1; d >= 0; d--) {
            int64_t x = index[first + d] * p->stride[d] + rest % p->kernel[d] * p->dilation[d] - p->pads[d];
            rest /= p->kernel[d];
            inside = inside && x >= 0 && x < p->in[d];
            padded = padded && x < p->in[d] + p->pads[p->rank + d];
            at[first + d] = x;
        }
        *count += padded;
        if (inside) positions[n++] = elements_at(&in, at);
    }
    return n;
}
