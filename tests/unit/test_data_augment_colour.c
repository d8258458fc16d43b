/* SPDX-License-Identifier: MIT */
/* What changes colours: against Pillow by the hash, the hue against its definition in double. */
#include "data/augment_colour.h"

#include "augment_fixture.h"
#include "base/sha256.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

enum { HEIGHT = 47, WIDTH = 61, MOST = 6 * HEIGHT * WIDTH * 3 };

/* Each appends its results to *at. */
struct results {
    uint8_t bytes[MOST];
    size_t size;
};

static uint8_t *next(const struct augment_form *form, struct results *results) {
    uint8_t *at = results->bytes + results->size, *pixels = make_pixels(form);
    memcpy(at, pixels, augment_form_values(form));
    free(pixels);
    results->size += augment_form_values(form);
    return at;
}

static const double factors[] = {0, 0.25, 0.7, 1, 1.37, 1.99};
enum { FACTORS = sizeof factors / sizeof *factors };

static void brightness(const struct augment_form *form, struct results *results) {
    for (size_t i = 0; i < FACTORS; i++)
        augment_brightness(form, factors[i], next(form, results));
}

static void contrast(const struct augment_form *form, struct results *results) {
    for (size_t i = 0; i < FACTORS; i++)
        augment_contrast(form, factors[i], next(form, results));
}

static void saturation(const struct augment_form *form, struct results *results) {
    for (size_t i = 0; i < FACTORS; i++)
        augment_saturation(form, factors[i], next(form, results));
}

static void sharpness(const struct augment_form *form, struct results *results) {
    uint8_t *src = make_pixels(form);
    for (size_t i = 0; i < FACTORS; i++)
        augment_sharpness(form, factors[i], src, next(form, results));
    free(src);
}

static void greyscale(const struct augment_form *form, struct results *results) {
    augment_greyscale(form, next(form, results));
}

static void posterize(const struct augment_form *form, struct results *results) {
    static const unsigned bits[] = {8, 5, 2, 1};
    for (size_t i = 0; i < 4; i++)
        augment_posterize(form, bits[i], next(form, results));
}

static void solarize(const struct augment_form *form, struct results *results) {
    static const double thresholds[] = {255, 127.5, 8.5, 0};
    for (size_t i = 0; i < 4; i++)
        augment_solarize(form, thresholds[i], next(form, results));
}

static void autocontrast(const struct augment_form *form, struct results *results) {
    augment_autocontrast(form, next(form, results));
}

static void equalize(const struct augment_form *form, struct results *results) {
    augment_equalize(form, next(form, results));
}

/* What Pillow 9.4 gives for make_pixels(), p in RGB and its first channel in L: all results' bytes after each other, of
 *     ImageEnhance.Brightness(p).enhance(f), Contrast, Color, Sharpness for f in factors; p.convert("L") three times;
 *     ImageOps.posterize(p, b), solarize(p, t), autocontrast(p), equalize(p) */
static void colours_are_pillows(void **state) {
    (void)state;
    static const struct {
        void (*make)(const struct augment_form *form, struct results *results);
        const char *rgb, *grey;
    } cases[] = {
        {brightness, "ca0692d6eee4a9634fa4e43d4b5efbcf834049a59e45293d349354b3b6a145e7",
         "aba6be2e809fe8fae181eb0830cdc14ecd5c34d19187fa7a6e0cc7fae72ba833"},
        {contrast, "e03ec1232160310b096c6c90c5f4183390b9987558a6e6102e089d62c02044f3",
         "4ed3e42ebd08f44d3552a2f8cd2607dbb73521c2433f3d4846021296b8bdf6d5"},
        {saturation, "3eaa7272d252e5300f4a4dd02f2fb938d652155ab67db263391dd34553df593b",
         "dbf91a76195bd818a68a75752c55bad68ea31a71c19dad6f66e90b88e4a4cb7e"},
        {sharpness, "8c65f1945a4a43b252c10654bdcd3b653e51d0faec723941d4b33cd5c4b34739",
         "85449cc3edd4b2eb8203f32025978c4a49c31d4b5cf170b1e025e0e5bb80e779"},
        {greyscale, "c105db736ad9fcf3b2d7c69404815105bb676a8a30396fe745ff99c8a6d1956f",
         "337a56dca7bcb4e92904a247209af84fdbd7b0d30976faa363830a6c521117d1"},
        {posterize, "c27407347da7d3658d88c969c9f7aff1e65b236754c97015577e0dd92b724c10",
         "f67e015c7244a354cb9b80bf24d42bb8f43687d6553379673810f22793ca2567"},
        {solarize, "fd442a14b668edb1e335471ada6a2801fcef1a931aa099bc23b4a93203b6dbf0",
         "3170fb6e8854dfcdc15063256c3fef8b6015837aad9bbad09f92d542c6bd3c12"},
        {autocontrast, "a6b01558f6ce5879d6b7eb14c5af1719816d4f55ce882da2e29c7565a8ad60c6",
         "d1b78642043019696d7ae9ba0a3028ebce35f55f2100aca558224bc0f15d541d"},
        {equalize, "f9f90a6378329adf68c4e57b6f8cfe991925e1e04183f48df4694fb77ad8d8ae",
         "bdde9dea2875a0d91757ac939804bb75acc081667fb79fc03bf7c8b8376291b5"},
    };
    static struct results results;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const struct augment_form form = {HEIGHT, WIDTH, i % 2 ? 1 : 3};
        char hash[SHA256_TEXT_SIZE];
        results.size = 0;
        cases[i / 2].make(&form, &results);
        sha256_bytes(results.bytes, results.size, hash);
        if (strcmp(hash, i % 2 ? cases[i / 2].grey : cases[i / 2].rgb) != 0)
            fail_msg("case %zu, %zu channels: %s", i / 2, form.channels, hash);
    }
}

/* torchvision's adjust_hue() of a tensor, in double and without its last rounding. */
static void expected_hue(const uint8_t *rgb, double turns, double out[3]) {
    const double r = rgb[0] / 255.0, g = rgb[1] / 255.0, b = rgb[2] / 255.0;
    const double most = fmax(r, fmax(g, b)), least = fmin(r, fmin(g, b)), range = most - least;
    double hue = 0;
    if (range > 0) {
        hue = most == r ? fmod((g - b) / range + 6, 6) : most == g ? 2 + (b - r) / range : 4 + (r - g) / range;
        hue /= 6;
    }
    hue = fmod(hue + turns + 1, 1);
    const double saturation = most > 0 ? range / most : 0, sixth = floor(hue * 6), f = hue * 6 - sixth;
    const double p = most * (1 - saturation), q = most * (1 - saturation * f), t = most * (1 - saturation * (1 - f));
    const double table[6][3] = {{most, t, p}, {q, most, p}, {p, most, t}, {p, q, most}, {t, p, most}, {most, p, q}};
    for (size_t c = 0; c < 3; c++)
        out[c] = table[(size_t)sixth % 6][c] * 255;
}

static void hues_turn_as_defined(void **state) {
    (void)state;
    static const double turns[] = {-0.5, -0.31, -0.1, -1e-5, 0, 0.001, 1 / 6.0, 0.25, 0.42, 0.5};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        for (unsigned colour = 0; colour < 52 * 52 * 52; colour++) {
            uint8_t rgb[3] = {(uint8_t)(colour % 52 * 5), (uint8_t)(colour / 52 % 52 * 5),
                              (uint8_t)(colour / 2704 * 5)};
            double expected[3];
            expected_hue(rgb, turns[i], expected);
            augment_hue(&(struct augment_form){1, 1, 3}, turns[i], rgb);
            for (size_t c = 0; c < 3; c++)
                if (fabs(rgb[c] - expected[c]) > 0.51)
                    fail_msg("colour %u by %g: %u, not %g", colour, turns[i], rgb[c], expected[c]);
        }
    }
    uint8_t one = 77, same[3] = {12, 200, 99};
    augment_hue(&(struct augment_form){1, 1, 1}, 0.3, &one);
    augment_hue(&(struct augment_form){1, 1, 3}, 0, same);
    assert_int_equal(one, 77);
    assert_memory_equal(same, ((uint8_t[]){12, 200, 99}), 3);
}

static void means_are_rounded(void **state) {
    (void)state;
    const uint8_t pixels[] = {1, 250, 7, 2, 255, 7};
    uint8_t mean[3];
    augment_mean(&(struct augment_form){2, 1, 3}, pixels, mean);
    assert_memory_equal(mean, ((uint8_t[]){2, 253, 7}), 3); /* halves upwards */
    augment_mean(&(struct augment_form){1, 6, 1}, pixels, mean);
    assert_int_equal(mean[0], 87);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_are_pillows),
        cmocka_unit_test(hues_turn_as_defined),
        cmocka_unit_test(means_are_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
