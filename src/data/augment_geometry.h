/* SPDX-License-Identifier: MIT */
/* Where a pixel comes from: pictures turned over, cut, moved, turned and scaled. Integers alone once the numbers are drawn:
 * the same bytes on every machine. Pictures are dense, 8 bits a value; src and dst are of one size and do not overlap. */
#ifndef DATA_AUGMENT_GEOMETRY_H
#define DATA_AUGMENT_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A picture's size: [height][width][channels], each at least 1, sides up to 65535. */
enum { AUGMENT_MOST_CHANNELS = 4 };
struct augment_form {
    size_t height, width, channels;
};
size_t augment_form_values(const struct augment_form *form);

/* What lies outside of a picture: itself mirrored at its outermost pixels, which are not repeated, as often as it takes
 * ("reflect" of numpy and PyTorch); black; or the nearest pixel. */
enum augment_border { AUGMENT_REFLECT, AUGMENT_ZERO, AUGMENT_NEAREST };

/* Left becomes right, in place. About 0.3 ns a value. */
void augment_flip(const struct augment_form *form, uint8_t *pixels);

/* The picture as it is seen from (top, left), which may lie outside of it by any number of pixels: what padding by that much
 * and cutting gives, without the padding. Rows are copied whole where they lie inside. */
void augment_window(const struct augment_form *form, enum augment_border border, ptrdiff_t top, ptrdiff_t left,
                    const uint8_t *src, uint8_t *dst);

/* A rectangle of a picture: [top, bottom) x [left, right). */
struct augment_box {
    size_t top, left, bottom, right;
};

/* Copies what is in the box from one picture to the same place of another. */
void augment_copy_box(const struct augment_form *form, const struct augment_box *box, const uint8_t *src, uint8_t *dst);

/* Which point of the source is seen at pixel (x, y) of the result, both counted from the centre of the first pixel:
 * (xx x + xy y + x0, yx x + yy y + y0). Kept in units of 2^-32 pixel; every number below 2^20. */
struct augment_map {
    double xx, xy, x0;
    double yx, yy, y0;
};
/* Turned about its centre by `degrees` anticlockwise, made `scale` times as large, and moved by (down, right) pixels. */
struct augment_map augment_map_about_centre(const struct augment_form *form, double degrees, double scale, double down,
                                            double right);
/* The picture that the map shows; between pixels by bilinear interpolation with weights of 1/4096, or the nearest one's. About
 * 3 ns a value. */
void augment_remap(const struct augment_form *form, const struct augment_map *map, bool nearest,
                   enum augment_border border, const uint8_t *src, uint8_t *dst);
/* The box made as large as the whole picture, bilinear; nothing outside of the box is seen. */
void augment_enlarge(const struct augment_form *form, const struct augment_box *box, const uint8_t *src, uint8_t *dst);

#endif
