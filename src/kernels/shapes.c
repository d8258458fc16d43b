/* SPDX-License-Identifier: MIT */
/* What shapes alone decide. */
#include "kernels/kernels.h"

size_t kernels_packed_size(const struct kernels *kernels, size_t k, size_t columns) {
    size_t panels = (columns + kernels->tile_columns - 1) / kernels->tile_columns;
    return panels * kernels->tile_columns * k;
}

size_t kernels_place_size(const struct pool_shape *shape) {
    return shape->kh * shape->kw <= POOL_BYTE_TAPS ? sizeof(uint8_t) : sizeof(uint32_t);
}

/* Measured: kernels that fill half a second cache, with so many values for each pixel of an image. */
bool kernels_want_panels(const struct conv_shape *conv) {
    enum { LEAST_WEIGHTS = 128 * 1024, LEAST_RATIO = 256 };
    const size_t weights = conv->ic * conv->oc;
    return conv->kh == 1 && conv->kw == 1 && weights >= LEAST_WEIGHTS && weights >= LEAST_RATIO * conv->oh * conv->ow;
}
