/* SPDX-License-Identifier: MIT */
/* The reference row. */
#ifndef KERNELS_REFERENCE_H
#define KERNELS_REFERENCE_H

#include "kernels/kernels.h"

extern const struct kernels kernels_reference;

#endif
