/* SPDX-License-Identifier: MIT */
/* Likeness: copies of four photographs, changed as people change them, against the other photographs. */
#include "base/folders.h"
#include "data/image_file.h"
#include "data/likeness.h"
#include "data/resize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PHOTOGRAPHS = 4 };
static struct image photographs[PHOTOGRAPHS];

static int read_photographs(void **state) {
    (void)state;
    static const char *const names[PHOTOGRAPHS] = {"camera", "cat", "coffee", "rocket"};
    for (size_t i = 0; i < PHOTOGRAPHS; i++) {
        char path[FILE_PATH_SIZE];
        snprintf(path, sizeof path, TEST_SOURCE_DIR "/tests/golden/photographs/%s.png", names[i]);
        if (image_read(path, &photographs[i]) != OCELLUS_OK) return -1;
    }
    return 0;
}

static int free_photographs(void **state) {
    (void)state;
    for (size_t i = 0; i < PHOTOGRAPHS; i++)
        image_free(&photographs[i]);
    return 0;
}

static struct thumbnail look(const struct image *image) {
    const struct picture picture = {
        .height = image->height, .width = image->width, .channels = 3, .pixels = image->pixels};
    struct thumbnail thumbnail;
    assert_int_equal(thumbnail_make(&picture, &thumbnail), OCELLUS_OK);
    return thumbnail;
}

/* The part of an image that is left when so many hundredths of each side are cut off. */
static struct image cut(const struct image *image, size_t left, size_t top, size_t right, size_t bottom) {
    struct image out;
    const size_t x = image->width * left / 100, y = image->height * top / 100;
    assert_int_equal(image_create(image->width - x - image->width * right / 100,
                                  image->height - y - image->height * bottom / 100, &out),
                     OCELLUS_OK);
    for (size_t row = 0; row < out.height; row++)
        memcpy(out.pixels + 3 * row * out.width, image->pixels + 3 * ((y + row) * image->width + x), 3 * out.width);
    return out;
}

static void expect_copy(const struct image *image, struct image changed, const char *what) {
    const struct thumbnail a = look(image), b = look(&changed);
    const double likeness = thumbnail_likeness(&a, &b), back = thumbnail_likeness(&b, &a);
    if (!(likeness >= LIKENESS_OF_COPIES)) fail_msg("%s: likeness %.3f", what, likeness);
    if (likeness < back || likeness > back) fail_msg("%s: %.17g one way, %.17g the other", what, likeness, back);
    image_free(&changed);
}

static struct image with_levels(const struct image *image, unsigned factor, unsigned added) {
    struct image out = cut(image, 0, 0, 0, 0);
    for (size_t i = 0; i < 3 * out.width * out.height; i++) {
        const unsigned value = out.pixels[i] * factor / 100 + added;
        out.pixels[i] = (uint8_t)(value > 255 ? 255 : value);
    }
    return out;
}

static struct image in_size(const struct image *image, size_t width, size_t height) {
    struct image out;
    assert_int_equal(image_resize(image, width, height, &out), OCELLUS_OK);
    return out;
}

static void a_changed_copy_is_like_its_original(void **state) {
    (void)state;
    for (size_t i = 0; i < PHOTOGRAPHS; i++) {
        const struct image *image = &photographs[i];
        expect_copy(image, cut(image, 0, 0, 0, 0), "the same");
        expect_copy(image, in_size(image, 64, 48), "smaller, another aspect");
        expect_copy(image, in_size(image, 700, 700), "larger");
        expect_copy(image, with_levels(image, 120, 0), "brighter");
        expect_copy(image, with_levels(image, 50, 60), "flatter");
        expect_copy(image, cut(image, 3, 3, 3, 3), "cut all round");
        expect_copy(image, cut(image, 0, 10, 0, 0), "cut above");
        expect_copy(image, cut(image, 7, 0, 0, 7), "a corner cut off");
    }
}

static void different_pictures_are_not(void **state) {
    (void)state;
    for (size_t i = 0; i < PHOTOGRAPHS; i++) {
        for (size_t j = i + 1; j < PHOTOGRAPHS; j++) {
            const struct thumbnail a = look(&photographs[i]), b = look(&photographs[j]);
            assert_true(thumbnail_likeness(&a, &b) < 0.5);
        }
    }
}

/* What is strongest in both is the frame. */
static void a_common_frame_makes_no_copies(void **state) {
    (void)state;
    struct thumbnail framed[2];
    for (size_t i = 0; i < 2; i++) {
        struct image image = with_levels(&photographs[i + 1], 40, 0);
        const size_t edge = image.width / 20;
        for (size_t y = 0; y < image.height; y++)
            for (size_t x = 0; x < image.width; x++)
                if (x < edge || y < edge || x >= image.width - edge || y >= image.height - edge)
                    memset(image.pixels + 3 * (y * image.width + x), 255, 3);
        framed[i] = look(&image);
        image_free(&image);
    }
    assert_true(thumbnail_likeness(&framed[0], &framed[1]) < 0.5);
}

static void nothing_is_like_a_blank_picture(void **state) {
    (void)state;
    struct image blank;
    assert_int_equal(image_create(40, 30, &blank), OCELLUS_OK);
    memset(blank.pixels, 200, 3 * 40 * 30);
    const struct thumbnail a = look(&blank), b = look(&photographs[0]);
    assert_true(thumbnail_likeness(&a, &a) < 0.5 && thumbnail_likeness(&a, &b) < 0.5);
    image_free(&blank);
}

static void any_size_and_form_has_a_thumbnail(void **state) {
    (void)state;
    static const uint8_t grey[6] = {0, 50, 100, 150, 200, 250};
    struct thumbnail thumbnail;
    assert_int_equal(
        thumbnail_make(&(struct picture){.height = 1, .width = 6, .channels = 1, .pixels = grey}, &thumbnail),
        OCELLUS_OK);
    assert_int_equal(thumbnail.grey[0][0], 0);
    assert_int_equal(thumbnail.grey[31][31], 250);
    assert_int_equal(
        thumbnail_make(&(struct picture){.height = 1, .width = 2, .channels = 3, .pixels = grey}, &thumbnail),
        OCELLUS_OK);
    assert_int_equal(thumbnail.grey[5][0], 41); /* 0.299 x 0 + 0.587 x 50 + 0.114 x 100 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_copy_is_like_its_original), cmocka_unit_test(different_pictures_are_not),
        cmocka_unit_test(a_common_frame_makes_no_copies),      cmocka_unit_test(nothing_is_like_a_blank_picture),
        cmocka_unit_test(any_size_and_form_has_a_thumbnail),
    };
    return cmocka_run_group_tests(tests, read_photographs, free_photographs);
}
