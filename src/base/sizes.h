/* SPDX-License-Identifier: MIT */
/* Checked arithmetic on sizes: the one place where sizes that come from files or users are multiplied and added. */
#ifndef BASE_SIZES_H
#define BASE_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns false, and leaves *result alone, when the true result does not fit in a size_t. */
bool size_multiply(size_t a, size_t b, size_t *result);
bool size_add(size_t a, size_t b, size_t *result);

/* The product of `count` dimensions; an empty list gives 1. False for a negative dimension or overflow. */
bool size_product(const int64_t *dims, size_t count, size_t *result);

/* How sizes of memory and files are told: "%.1f MB" of this, 10^6 bytes each. */
double size_megabytes(uint64_t bytes);

#endif
