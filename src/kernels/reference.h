/* SPDX-License-Identifier: MIT */
/* The reference row, and the rows built on it: each *_fill replaces the operators it does better in a copy of it. */
#ifndef KERNELS_REFERENCE_H
#define KERNELS_REFERENCE_H

#include "kernels/kernels.h"

extern const struct kernels kernels_reference;                   /* its Winograd is filled in by dispatch.c */
extern const struct winograd_kernels kernels_winograd_reference; /* winograd_reference.c */

void kernels_fill_avx2(struct kernels *row);
void kernels_fill_avx512(struct kernels *row);
void kernels_fill_neon(struct kernels *row);

#endif
