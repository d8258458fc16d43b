/* SPDX-License-Identifier: MIT */
/* Operations on pixels: pooling, padding, up-sampling. */
#include "oracle/operations.h"

/* Of output value `i`: the source value of tap number `tap`; false in the padding. */
static bool value_at(const struct oracle_call *call, size_t i, size_t tap, size_t *at) {
    const struct window *window = &call->operation->window;
    const struct extent src = extent_of(source_shape(call, 0)), dst = extent_of(&call->operation->shape);
    const size_t c = i % dst.c, x = i / dst.c % dst.w, y = i / dst.c / dst.w % dst.h,
                 image = i / shape_size(&call->operation->shape);
    size_t pixel;
    if (!tap_at(window, &src, y, x, tap / window->size[1], tap % window->size[1], &pixel)) return false;
    *at = (image * src.h * src.w + pixel) * src.c + c;
    return true;
}

static size_t taps(const struct oracle_call *call) {
    return call->operation->window.size[0] * call->operation->window.size[1];
}

static size_t size_of(const struct oracle_call *call) {
    return call->n * shape_size(&call->operation->shape);
}

/* --- maximum: the first of equals, in row-major order, wins --- */

static size_t winner(const struct oracle_call *call, size_t i) {
    size_t best = SIZE_MAX, at;
    for (size_t tap = 0; tap < taps(call); tap++) {
        if (!value_at(call, i, tap, &at)) continue;
        if (best == SIZE_MAX || call->src[0][at] > call->src[0][best]) best = at;
    }
    return best;
}

static void max_pool(const struct oracle_call *call) {
    for (size_t i = 0; i < size_of(call); i++)
        call->dst[i] = call->src[0][winner(call, i)];
}

static void max_pool_backward(const struct oracle_call *call) {
    for (size_t i = 0; call->diff_src[0] && i < size_of(call); i++)
        call->diff_src[0][winner(call, i)] += call->diff_dst[i];
}

const struct oracle_operation oracle_max_pool = {max_pool, max_pool_backward};

/* --- average of the taps that fall inside --- */

static real taps_inside(const struct oracle_call *call, size_t i) {
    size_t count = 0, at;
    for (size_t tap = 0; tap < taps(call); tap++)
        count += value_at(call, i, tap, &at);
    return (real)count;
}

static void average_pool(const struct oracle_call *call) {
    for (size_t i = 0; i < size_of(call); i++) {
        real sum = 0;
        size_t at;
        for (size_t tap = 0; tap < taps(call); tap++)
            sum += value_at(call, i, tap, &at) ? call->src[0][at] : 0;
        call->dst[i] = sum / taps_inside(call, i);
    }
}

static void average_pool_backward(const struct oracle_call *call) {
    for (size_t i = 0; call->diff_src[0] && i < size_of(call); i++) {
        const real share = call->diff_dst[i] / taps_inside(call, i);
        size_t at;
        for (size_t tap = 0; tap < taps(call); tap++) {
            if (value_at(call, i, tap, &at)) call->diff_src[0][at] += share;
        }
    }
}

const struct oracle_operation oracle_average_pool = {average_pool, average_pool_backward};

/* --- zeros around: a window of one tap --- */

static struct oracle_call one_tap(const struct oracle_call *call, struct operation *operation) {
    struct oracle_call same = *call;
    *operation = *call->operation;
    operation->window.size[0] = operation->window.size[1] = 1;
    operation->window.strides[0] = operation->window.strides[1] = 1;
    same.operation = operation;
    return same;
}

static void pad(const struct oracle_call *call) {
    struct operation operation;
    const struct oracle_call same = one_tap(call, &operation);
    size_t at;
    for (size_t i = 0; i < size_of(call); i++)
        call->dst[i] = value_at(&same, i, 0, &at) ? call->src[0][at] : 0;
}

static void pad_backward(const struct oracle_call *call) {
    struct operation operation;
    const struct oracle_call same = one_tap(call, &operation);
    size_t at;
    for (size_t i = 0; call->diff_src[0] && i < size_of(call); i++) {
        if (value_at(&same, i, 0, &at)) call->diff_src[0][at] += call->diff_dst[i];
    }
}

const struct oracle_operation oracle_pad = {pad, pad_backward};

/* --- every pixel repeated --- */

static size_t repeated_at(const struct oracle_call *call, size_t i) {
    const struct extent src = extent_of(source_shape(call, 0)), dst = extent_of(&call->operation->shape);
    const size_t *factor = call->operation->window.strides;
    const size_t c = i % dst.c, x = i / dst.c % dst.w, y = i / dst.c / dst.w % dst.h,
                 image = i / shape_size(&call->operation->shape);
    return ((image * src.h + y / factor[0]) * src.w + x / factor[1]) * src.c + c;
}

static void upsample(const struct oracle_call *call) {
    for (size_t i = 0; i < size_of(call); i++)
        call->dst[i] = call->src[0][repeated_at(call, i)];
}

static void upsample_backward(const struct oracle_call *call) {
    for (size_t i = 0; call->diff_src[0] && i < size_of(call); i++)
        call->diff_src[0][repeated_at(call, i)] += call->diff_dst[i];
}

const struct oracle_operation oracle_upsample = {upsample, upsample_backward};
