/* SPDX-License-Identifier: MIT */
/* Antialiased bilinear resize with the same arithmetic as Pillow (coefficients in 22-bit fixed point, each direction
 * rounded to 8 bits), so that a network sees the pixels it would see there. */
#include "data/resize.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { PRECISION_BITS = 32 - 8 - 2 }; /* 8 bits of pixel and 2 of head room beside them in 32 */

/* For each output position the input positions first..first+count-1 and their weights. */
struct filter {
    size_t taps; /* weights kept for each output position */
    size_t *first, *count;
    int *weights; /* [out][taps] */
};

static void filter_free(struct filter *filter) {
    memory_free(filter->first);
    memory_free(filter->count);
    memory_free(filter->weights);
}

static double triangle(double x) {
    return fabs(x) < 1.0 ? 1.0 - fabs(x) : 0.0;
}

/* Fills position `at`; weights are normalised as doubles in `scratch`[taps], then rounded. */
static void fill_position(struct filter *filter, size_t at, size_t in, double scale, double *scratch) {
    const double reach = scale < 1.0 ? 1.0 : scale; /* half the triangle's foot, in input pixels */
    const double center = ((double)at + 0.5) * scale;
    const double low = center - reach + 0.5, high = center + reach + 0.5;
    const size_t first = low < 0 ? 0 : (size_t)low;
    const size_t end = high > (double)in ? in : (size_t)high;
    double sum = 0;
    for (size_t i = 0; i < end - first; i++) {
        scratch[i] = triangle(((double)(first + i) - center + 0.5) * (1.0 / reach));
        sum += scratch[i];
    }
    for (size_t i = 0; i < end - first; i++) {
        filter->weights[at * filter->taps + i] = (int)(0.5 + scratch[i] / sum * (1 << PRECISION_BITS));
    }
    filter->first[at] = first;
    filter->count[at] = end - first;
}

static ocellus_status filter_make(struct filter *filter, size_t in, size_t out) {
    const double scale = (double)in / (double)out;
    *filter = (struct filter){.taps = (size_t)ceil(scale < 1.0 ? 1.0 : scale) * 2 + 1};
    filter->first = memory_allocate(out, sizeof *filter->first);
    filter->count = memory_allocate(out, sizeof *filter->count);
    filter->weights = memory_allocate(out, filter->taps * sizeof *filter->weights);
    double *scratch = memory_allocate(filter->taps, sizeof *scratch);
    const bool complete = filter->first && filter->count && filter->weights && scratch;
    for (size_t at = 0; complete && at < out; at++)
        fill_position(filter, at, in, scale, scratch);
    memory_free(scratch);
    return complete ? OCELLUS_OK : OCELLUS_IO;
}

/* One output position: the weighted sum of the inputs `stride` bytes apart, for 3 channels. */
static void apply(const struct filter *filter, size_t at, const uint8_t *src, size_t stride, uint8_t *dst) {
    const int *weights = filter->weights + at * filter->taps;
    int sums[3] = {1 << (PRECISION_BITS - 1), 1 << (PRECISION_BITS - 1), 1 << (PRECISION_BITS - 1)};
    src += filter->first[at] * stride;
    for (size_t i = 0; i < filter->count[at]; i++, src += stride) {
        for (size_t c = 0; c < 3; c++)
            sums[c] += src[c] * weights[i];
    }
    for (size_t c = 0; c < 3; c++) {
        int value = sums[c] >> PRECISION_BITS;
        dst[c] = (uint8_t)(value > 255 ? 255 : value);
    }
}

static ocellus_status resize_width(const struct image *src, size_t width, struct image *dst) {
    struct filter filter;
    ocellus_status status = filter_make(&filter, src->width, width);
    if (status == OCELLUS_OK) status = image_create(width, src->height, dst);
    for (size_t y = 0; status == OCELLUS_OK && y < src->height; y++) {
        for (size_t x = 0; x < width; x++) {
            apply(&filter, x, src->pixels + y * src->width * 3, 3, dst->pixels + (y * width + x) * 3);
        }
    }
    filter_free(&filter);
    return status;
}

static ocellus_status resize_height(const struct image *src, size_t height, struct image *dst) {
    struct filter filter;
    ocellus_status status = filter_make(&filter, src->height, height);
    if (status == OCELLUS_OK) status = image_create(src->width, height, dst);
    for (size_t y = 0; status == OCELLUS_OK && y < height; y++) {
        for (size_t x = 0; x < src->width; x++) {
            apply(&filter, y, src->pixels + x * 3, src->width * 3, dst->pixels + (y * src->width + x) * 3);
        }
    }
    filter_free(&filter);
    return status;
}

ocellus_status image_resize(const struct image *src, size_t width, size_t height, struct image *dst) {
    *dst = (struct image){0};
    TRY(image_check_size(width, height, "image to resize to"));
    struct image narrow;
    TRY(resize_width(src, width, &narrow));
    ocellus_status status = resize_height(&narrow, height, dst);
    image_free(&narrow);
    return status;
}
