/* SPDX-License-Identifier: MIT */
/* Where pixels come from: against definitions in double, written apart; TrivialAugment's moves against Pillow. */
#include "data/augment_geometry.h"

#include "augment_fixture.h"
#include "base/random.h"
#include "data/augment_trivial.h"

#include <math.h>
#include <setjmp.h>
#include <stdbool.h>

#include <cmocka.h>

static struct random_stream numbers;

static struct augment_form random_form(void) {
    return (struct augment_form){1 + random_below(&numbers, 12), 1 + random_below(&numbers, 12),
                                 1 + 2 * (size_t)random_below(&numbers, 2)};
}

/* Which of n pixels lies at `at`, by walking there: -1 is none. */
static long walk(long at, long n, enum augment_border border) {
    long now = 0, step = at < 0 ? -1 : 1;
    if (border == AUGMENT_ZERO) return at < 0 || at >= n ? -1 : at;
    if (border == AUGMENT_NEAREST) return at < 0 ? 0 : at >= n ? n - 1 : at;
    for (long left = labs(at); left > 0 && n > 1; left--) {
        if (now + step < 0 || now + step >= n) step = -step;
        now += step;
    }
    return now;
}

static double value_at(const struct augment_form *form, const uint8_t *pixels, enum augment_border border, long y,
                       long x, size_t c) {
    const long row = walk(y, (long)form->height, border), column = walk(x, (long)form->width, border);
    if (row < 0 || column < 0) return 0;
    return pixels[((size_t)row * form->width + (size_t)column) * form->channels + c];
}

static void windows_show_what_padding_would(void **state) {
    (void)state;
    numbers = random_at(1, RANDOM_TEST, 0, 0);
    for (int i = 0; i < 3000; i++) {
        const struct augment_form form = random_form();
        const enum augment_border border = (enum augment_border)random_below(&numbers, 3);
        const uint32_t reach = random_below(&numbers, 10) ? 8 : 60;
        const long top = (long)random_below(&numbers, 2 * reach + 1) - (long)reach;
        const long left = (long)random_below(&numbers, 2 * reach + 1) - (long)reach;
        uint8_t *src = make_pixels(&form), *dst = pixels_of(&form), *at = dst;
        augment_window(&form, border, top, left, src, dst);
        for (long y = 0; y < (long)form.height; y++)
            for (long x = 0; x < (long)form.width; x++)
                for (size_t c = 0; c < form.channels; c++)
                    assert_int_equal(*at++, (int)value_at(&form, src, border, y + top, x + left, c));
        free(src);
        free(dst);
    }
}

static void flips_turn_left_and_right(void **state) {
    (void)state;
    for (size_t width = 1; width < 9; width++) {
        for (size_t channels = 1; channels <= 4; channels++) {
            const struct augment_form form = {3, width, channels};
            uint8_t *src = make_pixels(&form), *dst = make_pixels(&form);
            augment_flip(&form, dst);
            for (size_t y = 0; y < 3; y++)
                for (size_t x = 0; x < width; x++)
                    assert_memory_equal(dst + (y * width + x) * channels, src + (y * width + width - 1 - x) * channels,
                                        channels);
            augment_flip(&form, dst);
            assert_memory_equal(dst, src, augment_form_values(&form));
            free(src);
            free(dst);
        }
    }
}

/* Four pixels by the distances to them. */
static double bilinear(const struct augment_form *form, const uint8_t *pixels, enum augment_border border, double y,
                       double x, size_t c) {
    double sum = 0;
    for (long row = (long)floor(y); row <= (long)floor(y) + 1; row++)
        for (long column = (long)floor(x); column <= (long)floor(x) + 1; column++)
            sum += (1 - fabs(y - (double)row)) * (1 - fabs(x - (double)column)) *
                   value_at(form, pixels, border, row, column, c);
    return sum;
}

/* Half a level of rounding, and weights that are whole 4096ths: 255 / 4096 in each direction. */
static const double tolerance = 0.5 + 2 * 255.0 / 4096 + 1e-6;

/* Where the picture's point is found that was turned, scaled and moved to (y, x): all of it undone, one after another. */
static void undo(const struct augment_form *form, const double move[4], double *y, double *x) {
    const double radians = move[0] * acos(-1) / 180;
    const double centre_y = (double)form->height / 2, centre_x = (double)form->width / 2;
    const double up = *y + 0.5 - move[2] - centre_y, along = *x + 0.5 - move[3] - centre_x;
    *x = centre_x + (along * cos(radians) - up * sin(radians)) / move[1] - 0.5;
    *y = centre_y + (along * sin(radians) + up * cos(radians)) / move[1] - 0.5;
}

static void check_remap(bool nearest) {
    for (int i = 0; i < 1500; i++) {
        const struct augment_form form = random_form();
        const enum augment_border border = (enum augment_border)random_below(&numbers, 3);
        const double move[4] = {random_middle(&numbers) * 360 - 180, exp(random_middle(&numbers) * 4 - 2),
                                random_middle(&numbers) * 20 - 10, random_middle(&numbers) * 20 - 10};
        const struct augment_map map = augment_map_about_centre(&form, move[0], move[1], move[2], move[3]);
        uint8_t *src = make_pixels(&form), *dst = pixels_of(&form);
        augment_remap(&form, &map, nearest, border, src, dst);
        for (size_t v = 0; v < augment_form_values(&form); v++) {
            double y = (double)(v / form.channels / form.width), x = (double)(v / form.channels % form.width);
            undo(&form, move, &y, &x);
            const double exact = nearest ? value_at(&form, src, border, lround(y), lround(x), v % form.channels)
                                         : bilinear(&form, src, border, y, x, v % form.channels);
            const bool between = fabs(y - floor(y) - 0.5) < 1e-6 || fabs(x - floor(x) - 0.5) < 1e-6;
            if (fabs(dst[v] - exact) > (nearest ? 0 : tolerance) && !(nearest && between))
                fail_msg("case %d, value %zu: %u, not %g", i, v, dst[v], exact);
        }
        free(src);
        free(dst);
    }
}

static void maps_are_as_defined(void **state) {
    (void)state;
    numbers = random_at(2, RANDOM_TEST, 0, 0);
    check_remap(false);
    check_remap(true);
}

static void maps_of_whole_pixels_are_exact(void **state) {
    (void)state;
    const struct augment_form form = {5, 5, 3};
    uint8_t *src = make_pixels(&form), *dst = pixels_of(&form), *back = pixels_of(&form);
    for (int quarter = -2; quarter <= 2; quarter++) {
        struct augment_map map = augment_map_about_centre(&form, 90 * quarter, 1, 0, 0);
        augment_remap(&form, &map, false, AUGMENT_ZERO, src, dst);
        for (size_t v = 0; quarter == 1 && v < 75; v += 3) /* anticlockwise: the right column becomes the top row */
            assert_memory_equal(dst + v, src + (v / 3 % 5 * 5 + 4 - v / 15) * 3, 3);
        map = augment_map_about_centre(&form, -90 * quarter, 1, 0, 0);
        augment_remap(&form, &map, false, AUGMENT_ZERO, dst, back);
        assert_memory_equal(back, src, 75);
    }
    const struct augment_map moved = augment_map_about_centre(&form, 0, 1, -2, 3);
    augment_remap(&form, &moved, false, AUGMENT_REFLECT, src, dst);
    augment_window(&form, AUGMENT_REFLECT, 2, -3, src, back);
    assert_memory_equal(dst, back, 75);
    free(src);
    free(dst);
    free(back);
}

/* The box alone, as a picture, seen by the whole size. */
static void boxes_become_whole_pictures(void **state) {
    (void)state;
    numbers = random_at(3, RANDOM_TEST, 0, 0);
    for (int i = 0; i < 1500; i++) {
        const struct augment_form form = random_form();
        struct augment_box box = {.top = random_below(&numbers, (uint32_t)form.height),
                                  .left = random_below(&numbers, (uint32_t)form.width)};
        const struct augment_form small = {1 + random_below(&numbers, (uint32_t)(form.height - box.top)),
                                           1 + random_below(&numbers, (uint32_t)(form.width - box.left)),
                                           form.channels};
        box.bottom = box.top + small.height;
        box.right = box.left + small.width;
        uint8_t *src = make_pixels(&form), *dst = pixels_of(&form), *cut = pixels_of(&small);
        for (size_t v = 0; v < augment_form_values(&small); v++) {
            const size_t y = v / form.channels / small.width, x = v / form.channels % small.width;
            cut[v] = src[((box.top + y) * form.width + box.left + x) * form.channels + v % form.channels];
        }
        augment_enlarge(&form, &box, src, dst);
        for (size_t v = 0; v < augment_form_values(&form); v++) {
            const double row = (double)(v / form.channels / form.width),
                         column = (double)(v / form.channels % form.width);
            const double y = (row + 0.5) * (double)small.height / (double)form.height - 0.5;
            const double x = (column + 0.5) * (double)small.width / (double)form.width - 0.5;
            const double exact = bilinear(&small, cut, AUGMENT_NEAREST, y, x, v % form.channels);
            if (fabs(dst[v] - exact) > tolerance) fail_msg("case %d, value %zu: %u, not %g", i, v, dst[v], exact);
        }
        free(src);
        free(dst);
        free(cut);
    }
}

/* Pillow 9.4 for the numbers 1 to 48 in 6 rows: transform(size, AFFINE, matrix, NEAREST) with the matrices
 * (1, m, 0, 0, 1, 0), (1, 0, 0, m, 1, 0), (1, 0, 3, 0, 1, 0), (1, 0, 0, 0, 1, -3), m = 0.99 * 20 / 30, and
 * rotate(31.5, NEAREST). */
static void trivial_moves_are_pillows(void **state) {
    (void)state;
    static const struct {
        enum augment_trivial operation;
        unsigned strength;
        bool negative;
        uint8_t expected[48];
    } cases[] = {
        {AUGMENT_SHEAR_X, 20, false, {1,  2,  3,  4,  5,  6,  7, 8, 10, 11, 12, 13, 14, 15, 16, 0,
                                      19, 20, 21, 22, 23, 24, 0, 0, 27, 28, 29, 30, 31, 32, 0,  0,
                                      36, 37, 38, 39, 40, 0,  0, 0, 45, 46, 47, 48, 0,  0,  0,  0}},
        {AUGMENT_SHEAR_X, 20, true, {1, 2, 3,  4,  5,  6,  7,  8,  0, 9, 10, 11, 12, 13, 14, 15,
                                     0, 0, 17, 18, 19, 20, 21, 22, 0, 0, 25, 26, 27, 28, 29, 30,
                                     0, 0, 0,  33, 34, 35, 36, 37, 0, 0, 0,  0,  41, 42, 43, 44}},
        {AUGMENT_SHEAR_Y, 20, false, {1,  10, 19, 20, 29, 38, 39, 48, 9,  18, 27, 28, 37, 46, 47, 0,
                                      17, 26, 35, 36, 45, 0,  0,  0,  25, 34, 43, 44, 0,  0,  0,  0,
                                      33, 42, 0,  0,  0,  0,  0,  0,  41, 0,  0,  0,  0,  0,  0,  0}},
        {AUGMENT_TRANSLATE_X, 3, false, {4,  5,  6,  7,  8,  0, 0, 0, 12, 13, 14, 15, 16, 0, 0, 0,
                                         20, 21, 22, 23, 24, 0, 0, 0, 28, 29, 30, 31, 32, 0, 0, 0,
                                         36, 37, 38, 39, 40, 0, 0, 0, 44, 45, 46, 47, 48, 0, 0, 0}},
        {AUGMENT_TRANSLATE_Y, 3, true, {0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
                                        0, 0,  0,  0,  0,  0,  0,  0,  1,  2,  3,  4,  5,  6,  7,  8,
                                        9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}},
        {AUGMENT_ROTATE, 7, false, {0,  0,  5,  5,  14, 15, 24, 0,  0, 3,  4,  13, 14, 23, 31, 32,
                                    2,  11, 11, 20, 21, 30, 31, 40, 9, 18, 19, 28, 29, 38, 38, 47,
                                    17, 18, 26, 35, 36, 45, 46, 0,  0, 25, 34, 35, 44, 44, 0,  0}},
        {AUGMENT_ROTATE, 7, true, {0,  17, 10, 11, 4,  4,  0,  0,  25, 26, 18, 11, 12, 5,  6,  0,
                                   33, 26, 27, 20, 21, 14, 14, 7,  42, 35, 35, 28, 29, 22, 23, 16,
                                   0,  43, 44, 37, 38, 31, 23, 24, 0,  0,  45, 45, 38, 39, 32, 0}},
    };
    const struct augment_form form = {6, 8, 1};
    uint8_t src[48], dst[48];
    for (uint8_t i = 0; i < 48; i++)
        src[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        augment_apply_trivial(&form, cases[i].operation, cases[i].strength, cases[i].negative, src, dst);
        assert_memory_equal(dst, cases[i].expected, 48);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_show_what_padding_would),
        cmocka_unit_test(flips_turn_left_and_right),
        cmocka_unit_test(maps_are_as_defined),
        cmocka_unit_test(maps_of_whole_pixels_are_exact),
        cmocka_unit_test(boxes_become_whole_pictures),
        cmocka_unit_test(trivial_moves_are_pillows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
