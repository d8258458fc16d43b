/* SPDX-License-Identifier: MIT */
/* What Winograd's filtering F(4x4, 3x3) may round: magnitudes that pass through the magnitudes of its matrices. F(2x2, 3x3)
 * rounds less. An engine may cut its tiles elsewhere, so that every value has the largest bound of its tile, doubled. */
#ifndef GRAPHS_WINOGRAD_BOUNDS_H
#define GRAPHS_WINOGRAD_BOUNDS_H

#include <stddef.h>

/* A 3x3 convolution with stride 1 of one image, its padding only thought of: [ih][iw][ic] to [oh][ow][oc]. */
struct winograd_bounds {
    size_t ih, iw, ic, oh, ow, oc, top, left;
    double *weights; /* scratch of 36 * ic * oc values */
    double *patch;   /* of 36 * (ic + oc) */
};

/* weights gets the transformed magnitudes of [3][3][ic][oc]; turned: of those of the gradient to the source, whose ic
 * are the outputs' channels: from [3][3][oc][ic]. */
void winograd_bounds_weights(const struct winograd_bounds *shape, const double *kernel, int turned);
/* bounds += gamma * what the magnitudes of src make. */
void winograd_bounds_add(const struct winograd_bounds *shape, const double *src, double gamma, double *bounds);
/* Of the gradient of the kernel: the image's sums are added to `weights`, which begins with zeros; and then, after all
 * images, bounds[3][3][ic][oc] += gamma * what they make. */
void winograd_bounds_sum(const struct winograd_bounds *shape, const double *src, const double *diff_dst);
void winograd_bounds_kernel(const struct winograd_bounds *shape, double gamma, double *bounds);

#endif
