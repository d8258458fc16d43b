/* SPDX-License-Identifier: MIT */
/* Checked arithmetic on sizes. */
#include "base/sizes.h"

bool size_multiply(size_t a, size_t b, size_t *result) {
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *result = product;
    return true;
}

bool size_add(size_t a, size_t b, size_t *result) {
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *result = sum;
    return true;
}

bool size_product(const int64_t *dims, size_t count, size_t *result) {
    bool zero = false;
    for (size_t i = 0; i < count; i++) {
        if (dims[i] < 0) return false;
        if (dims[i] == 0) zero = true;
    }
    /* A zero anywhere makes the true product zero, also where the others alone would overflow. */
    size_t product = zero ? 0 : 1;
    for (size_t i = 0; i < count && !zero; i++)
        if (__builtin_mul_overflow(product, dims[i], &product)) return false;
    *result = product;
    return true;
}

double size_megabytes(uint64_t bytes) {
    return (double)bytes / 1e6;
}
