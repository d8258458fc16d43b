/* SPDX-License-Identifier: MIT */
/* Views of pictures of every size and shape, against Pillow 9.4.0: crop() to the box, convert("L") to grey, resize(BILINEAR),
 * paste() on black. */
#include "base/sha256.h"
#include "data/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct picture make_picture(size_t width, size_t height, size_t channels) {
    struct picture picture = {0};
    uint8_t *pixels;
    assert_int_equal(picture_make_room(&picture, height, width, channels, &pixels), OCELLUS_OK);
    for (size_t i = 0; i < width * height * channels; i++)
        pixels[i] = (uint8_t)((uint32_t)i * 2654435761U >> 13);
    return picture;
}

static void views_have_pillows_bits(void **state) {
    static const struct {
        size_t width, height, channels, view_width, view_height, view_channels;
        const char *sha256[RESIZE_RULES]; /* the first 16 digits */
    } cases[] = {
        {40, 30, 3, 24, 24, 3, {"f2f324f1b48d1f83", "0cbade46acd57a15", "a0f82b3244f9d551"}},
        {40, 30, 3, 20, 13, 1, {"e4d3356b0ff187ee", "9594257d1b54169a", "828f569e98e2c05c"}},
        {30, 40, 3, 24, 24, 3, {"172b4c169efff1fc", "2f4a215f0834b77b", "3e38c667b904d1ee"}},
        {30, 40, 3, 20, 13, 1, {"67127687f3763943", "7d4c3828ee58aec2", "405df17e2b6a62c9"}},
        {33, 17, 1, 24, 24, 3, {"79ed2dcff33e43bc", "332fb2a647dda0a5", "75bb70e95e5c4721"}},
        {33, 17, 1, 20, 13, 1, {"92625284296327a4", "0cf3cc185e54691b", "4dd37aefa5f4b4a1"}},
        {1, 1, 3, 24, 24, 3, {"f92a26cacf6c21eb", "f92a26cacf6c21eb", "f92a26cacf6c21eb"}},
        {1, 1, 3, 20, 13, 1, {"e654fa9d6b3d0451", "e654fa9d6b3d0451", "a53f365ef379b638"}},
        {5, 5, 3, 24, 24, 3, {"2864139cf483d873", "2864139cf483d873", "2864139cf483d873"}},
        {5, 5, 3, 20, 13, 1, {"381587ba5f176176", "04d2363dd8462202", "3e01daac1328026f"}},
        {65500, 1, 3, 24, 24, 3, {"9aa7f7f2982ea50c", "224c7e0e79fdb3e6", "592be50483f5710e"}},
        {65500, 1, 3, 20, 13, 1, {"8d25950fe97ce028", "38b09af4d2edd062", "16ebdb790bc4a3b3"}},
        {1, 65500, 1, 24, 24, 3, {"e838732a9a15a0bf", "93194a25e1df0e83", "e826199e8a9c11a8"}},
        {1, 65500, 1, 20, 13, 1, {"e58963fd00fded97", "a7e1fccea246194f", "e6e4de4fcec3bc4f"}},
        {640, 480, 3, 24, 24, 3, {"d0628a467f1308b4", "229d70c6ef99ee74", "ed45192ec16b7712"}},
        {640, 480, 3, 20, 13, 1, {"f5f3cf53a1317157", "9d3b8a1adab5fc81", "6af874dd3c933180"}},
        {24, 24, 3, 24, 24, 3, {"ac4dff90e10ea24c", "ac4dff90e10ea24c", "ac4dff90e10ea24c"}},
        {24, 24, 3, 20, 13, 1, {"3688f9f782a524fe", "5b5701b346d50f85", "1b61fe5405e75951"}},
        {24, 24, 1, 24, 24, 3, {"b86e76d8927355d6", "b86e76d8927355d6", "b86e76d8927355d6"}},
        {24, 24, 1, 20, 13, 1, {"260fae15be92e9ee", "0dfc5ce489cacf43", "0a9356245ae8edec"}},
    };
    (void)state;
    struct view_room room = {0}; /* used again by all */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct picture picture = make_picture(cases[i].width, cases[i].height, cases[i].channels);
        struct view_form form = {cases[i].view_height, cases[i].view_width, cases[i].view_channels, 0, false};
        for (size_t rule = 0; rule < RESIZE_RULES; rule++) {
            const uint8_t *view;
            char hash[SHA256_TEXT_SIZE];
            form.resize = (enum resize_rule)rule;
            assert_int_equal(view_make(&form, &picture, &room, &view), OCELLUS_OK);
            sha256_bytes(view, form.height * form.width * form.channels, hash);
            hash[16] = '\0';
            if (strcmp(hash, cases[i].sha256[rule]) != 0)
                fail_msg("case %zu, %s: got %s", i, resize_rule_names[rule], hash);
        }
        picture_free(&picture);
    }
    view_room_free(&room);
}

static void what_is_cut_and_what_is_black(void **state) {
    static const uint8_t padded[4 * 4 * 3] = {0,   0,   0,   0,  0,   0,   0,   0,   0,   0,   0,  0,
                                              0,   187, 119, 51, 239, 171, 102, 34,  222, 154, 86, 17,
                                              205, 137, 69,  1,  188, 120, 52,  240, 172, 103, 35, 223};
    static const uint8_t cropped[2 * 2] = {175, 76, 124, 176};
    (void)state;
    struct view_room room = {0};
    struct picture picture = make_picture(4, 2, 3);
    const uint8_t *view;
    assert_int_equal(view_make(&(struct view_form){4, 4, 3, RESIZE_PAD, false}, &picture, &room, &view), OCELLUS_OK);
    assert_memory_equal(view, padded, sizeof padded);
    assert_int_equal(view_make(&(struct view_form){2, 2, 1, RESIZE_CROP, false}, &picture, &room, &view), OCELLUS_OK);
    assert_memory_equal(view, cropped, sizeof cropped);
    picture_free(&picture);
    view_room_free(&room);
}

static void nothing_is_made_of_what_fits(void **state) {
    (void)state;
    struct view_room room = {0};
    for (size_t channels = 1; channels <= 4; channels++) {
        struct picture picture = make_picture(6, 5, channels);
        for (size_t rule = 0; rule < RESIZE_RULES; rule++) {
            const struct view_form form = {5, 6, channels, (enum resize_rule)rule, true};
            const uint8_t *view = NULL;
            assert_int_equal(view_make(&form, &picture, &room, &view), OCELLUS_OK);
            assert_ptr_equal(view, picture.pixels);
        }
        picture_free(&picture);
    }
    assert_true(!room.view && !room.grey);
}

static void channels_that_cannot_be_had_are_refused(void **state) {
    (void)state;
    struct view_room room = {0};
    const uint8_t *view;
    for (size_t from = 1; from <= 4; from++) {
        struct picture picture = make_picture(3, 3, from);
        for (size_t to = 1; to <= 4; to++) {
            const bool good = from == to || (from == 1 && to == 3) || (from == 3 && to == 1);
            assert_true(view_has_channels(from, to) == good);
            assert_int_equal(view_make(&(struct view_form){3, 3, to, RESIZE_PAD, false}, &picture, &room, &view),
                             good ? OCELLUS_OK : OCELLUS_BAD_CONTENT);
        }
        const bool resized = from == 1 || from == 3;
        assert_int_equal(view_make(&(struct view_form){4, 3, from, RESIZE_PAD, false}, &picture, &room, &view),
                         resized ? OCELLUS_OK : OCELLUS_BAD_CONTENT);
        picture_free(&picture);
    }
    view_room_free(&room);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_have_pillows_bits),
        cmocka_unit_test(what_is_cut_and_what_is_black),
        cmocka_unit_test(nothing_is_made_of_what_fits),
        cmocka_unit_test(channels_that_cannot_be_had_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
