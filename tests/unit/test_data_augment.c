/* SPDX-License-Identifier: MIT */
/* Augmentation: a function of the place, each operation with numbers of its own, in a fixed order, the same bytes everywhere. */
#include "data/augment.h"

#include "augment_fixture.h"
#include "base/random.h"
#include "base/sha256.h"
#include "data/augment_draw.h"
#include "data/augment_trivial.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

/* Each alone, in the order in which they are applied. */
static const struct augmentation operations[] = {
    {.resized_crop_smallest = 0.2, .resized_crop_aspect = 1.3333},
    {.crop_padding = 4},
    {.flip = 0.5},
    {.rotation = 20, .shift = 0.1, .zoom = 0.3},
    {.trivial_augment = true},
    {.brightness = 0.4},
    {.contrast = 1.5},
    {.saturation = 0.9},
    {.hue = 0.2},
    {.greyscale = 0.3},
    {.erasing = 0.6, .erasing_fill = AUGMENT_ERASING_NOISE},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* What both ask for; of two operations that set different members. */
static struct augmentation both(const struct augmentation *a, const struct augmentation *b) {
    struct augmentation sum = *a;
    if (b->crop_padding) sum.crop_padding = b->crop_padding;
    if (b->flip > 0) sum.flip = b->flip;
    if (b->alternating_flip) sum.alternating_flip = true;
    if (b->zoom > 0) sum.rotation = b->rotation, sum.shift = b->shift, sum.zoom = b->zoom;
    if (b->trivial_augment) sum.trivial_augment = true;
    if (b->brightness > 0) sum.brightness = b->brightness;
    if (b->contrast > 0) sum.contrast = b->contrast;
    if (b->saturation > 0) sum.saturation = b->saturation;
    if (b->hue > 0) sum.hue = b->hue;
    if (b->greyscale > 0) sum.greyscale = b->greyscale;
    if (b->erasing > 0) sum.erasing = b->erasing, sum.erasing_fill = b->erasing_fill;
    return sum;
}

/* Of fresh pixels; *dst and room hold something else before. Free it. */
static uint8_t *augmented(const struct augmentation *augmentation, const struct augment_place *at,
                          const struct augment_form *form, const uint8_t *src, int filling) {
    uint8_t *dst = pixels_of(form), *room = pixels_of(form);
    memset(dst, filling, augment_form_values(form));
    memset(room, filling + 1, augment_form_values(form));
    augment_picture(augmentation, at, form, src, dst, room);
    free(room);
    return dst;
}

static void none_changes_nothing(void **state) {
    (void)state;
    const struct augment_form form = {9, 7, 3};
    const struct augmentation none = {.resized_crop_aspect = 1.3333, .border = AUGMENT_ZERO};
    uint8_t *src = make_pixels(&form), *dst = augmented(&none, &(struct augment_place){0}, &form, src, 0);
    assert_memory_equal(dst, src, augment_form_values(&form));
    assert_true(augmentation_is_none(&none));
    for (size_t i = 0; i < OPERATIONS; i++)
        assert_true(!augmentation_is_none(&operations[i]) && !augmentation_mixes(&operations[i]));
    assert_false(augmentation_is_none(&(struct augmentation){.alternating_flip = true}));
    assert_false(augmentation_is_none(&(struct augmentation){.rotation = 1}));
    assert_false(augmentation_is_none(&(struct augmentation){.shift = 1}));
    assert_false(augmentation_is_none(&(struct augmentation){.mixup = 1}));
    assert_true(augmentation_mixes(&(struct augmentation){.mixup = 1}));
    assert_true(augmentation_mixes(&(struct augmentation){.cutmix = 1}));
    free(src);
    free(dst);
}

static void operations_are_functions_of_the_place(void **state) {
    (void)state;
    const struct augment_form form = {16, 13, 3};
    uint8_t *src = make_pixels(&form), *kept = make_pixels(&form);
    for (size_t i = 0; i < OPERATIONS; i++) {
        const struct augment_place first = {7, 3, 11, 5};
        const struct augment_place others[] = {{8, 3, 11, 5}, {7, 4, 11, 5}, {7, 3, 12, 5}};
        size_t differ = 0;
        for (uint32_t step = 0; step < 30; step++) {
            struct augment_place at = first;
            at.place += step * 100;
            uint8_t *one = augmented(&operations[i], &at, &form, src, 0);
            at.picture++;
            uint8_t *again = augmented(&operations[i], &at, &form, src, 99);
            assert_memory_equal(one, again, augment_form_values(&form));
            assert_memory_equal(src, kept, augment_form_values(&form));
            for (size_t k = 0; k < 3; k++) {
                struct augment_place other = others[k];
                other.place += step * 100;
                uint8_t *now = augmented(&operations[i], &other, &form, src, 0);
                differ += memcmp(now, one, augment_form_values(&form)) != 0;
                free(now);
            }
            free(one);
            free(again);
        }
        assert_true(differ > 25); /* of 90: the rarest, loss of colours with 0.3, makes 38 differ */
    }
    free(src);
    free(kept);
}

/* Two operations at once are one after the other: the order is fixed, and neither sees whether the other draws. */
static void operations_draw_apart_and_in_order(void **state) {
    (void)state;
    const struct augment_form form = {14, 17, 3};
    uint8_t *src = make_pixels(&form);
    for (size_t first = 0; first < OPERATIONS; first++) {
        for (size_t second = first + 1; second < OPERATIONS; second++) {
            const struct augmentation sum = both(&operations[first], &operations[second]);
            for (uint32_t place = 0; place < 20; place++) {
                const struct augment_place at = {1, 2, place, place};
                uint8_t *once = augmented(&operations[first], &at, &form, src, 3);
                uint8_t *twice = augmented(&operations[second], &at, &form, once, 5);
                uint8_t *together = augmented(&sum, &at, &form, src, 7);
                if (memcmp(twice, together, augment_form_values(&form)) != 0)
                    fail_msg("operations %zu and %zu at place %u", first, second, place);
                free(once);
                free(twice);
                free(together);
            }
        }
    }
    free(src);
}

/* The hash is of what one machine computed: every instruction set and compiler computes the same bytes. */
static void bytes_are_the_same_everywhere(void **state) {
    (void)state;
    static const struct augment_form forms[] = {{1, 1, 3}, {1, 7, 1},   {5, 1, 3},   {2, 2, 1},
                                                {8, 9, 3}, {32, 32, 3}, {31, 33, 1}, {64, 48, 3}};
    struct text_hash {
        char text[SHA256_TEXT_SIZE];
    } hashes[sizeof forms / sizeof *forms][OPERATIONS + 1];
    struct augmentation all = {.border = AUGMENT_NEAREST};
    memset(hashes, 0, sizeof hashes);
    for (size_t i = 0; i < OPERATIONS; i++)
        all = both(&all, &operations[i]);
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        const size_t values = augment_form_values(&forms[f]);
        uint8_t *src = make_pixels(&forms[f]), *results = malloc(40 * values);
        for (size_t i = 0; i <= OPERATIONS; i++) {
            for (uint32_t place = 0; place < 40; place++) {
                const struct augment_place at = {3, place / 10, place * 3, place};
                uint8_t *dst = augmented(i < OPERATIONS ? &operations[i] : &all, &at, &forms[f], src, 1);
                memcpy(results + place * values, dst, values);
                free(dst);
            }
            sha256_bytes(results, 40 * values, hashes[f][i].text);
        }
        free(src);
        free(results);
    }
    char hash[SHA256_TEXT_SIZE];
    sha256_bytes(hashes, sizeof hashes, hash);
    assert_string_equal(hash, "bef18e351d965ac3576cb3b488ff59fe1196e6f2216163de90fc4cd5e676a45b");
}

/* Five standard deviations of a count of n with that probability. */
static void check_count(size_t count, size_t n, double probability) {
    const double expected = (double)n * probability;
    if (fabs((double)count - expected) > 5 * sqrt(expected * (1 - probability)) + 1e-9)
        fail_msg("%zu of %zu, expected %g", count, n, expected);
}

enum { DRAWS = 20000 };

static void probabilities_are_kept(void **state) {
    (void)state;
    const struct augment_form form = {1, 4, 3};
    static const struct augmentation cases[] = {
        {.flip = 0.3}, {.greyscale = 0.2}, {.flip = 1}, {.greyscale = 1}, {.alternating_flip = true}};
    static const double probabilities[] = {0.3, 0.2, 1, 1, 0.5};
    uint8_t *src = make_pixels(&form);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t changed = 0;
        for (uint32_t place = 0; place < DRAWS; place++) {
            uint8_t *dst = augmented(&cases[i], &(struct augment_place){1, 0, place, place}, &form, src, 0);
            changed += memcmp(dst, src, 12) != 0;
            free(dst);
        }
        check_count(changed, DRAWS, probabilities[i]);
    }
    free(src);
}

static void alternating_flips_alternate(void **state) {
    (void)state;
    const struct augment_form form = {1, 2, 1};
    const struct augmentation flips = {.alternating_flip = true};
    const uint8_t src[] = {1, 2};
    for (uint32_t picture = 0; picture < 100; picture++) {
        uint8_t sides[4];
        for (uint32_t epoch = 0; epoch < 4; epoch++) { /* wherever the picture stands in it */
            uint8_t *dst =
                augmented(&flips, &(struct augment_place){1, epoch, epoch * 77 % 50, picture}, &form, src, 0);
            sides[epoch] = dst[0];
            free(dst);
        }
        assert_true(sides[0] != sides[1] && sides[0] == sides[2] && sides[1] == sides[3]);
    }
}

/* Every offset of pad-and-crop is as likely. A pixel tells where it comes from. */
static void crops_are_uniform(void **state) {
    (void)state;
    enum { PADDING = 3, OFFSETS = 2 * PADDING + 1 };
    const struct augment_form form = {9, 9, 1};
    const struct augmentation crop = {.crop_padding = PADDING};
    uint8_t src[81];
    size_t seen[OFFSETS * OFFSETS] = {0};
    for (uint8_t i = 0; i < 81; i++)
        src[i] = i;
    for (uint32_t place = 0; place < DRAWS; place++) {
        uint8_t *dst = augmented(&crop, &(struct augment_place){1, 0, place, 0}, &form, src, 0);
        const int centre = dst[4 * 9 + 4], row = centre / 9 - 4, column = centre % 9 - 4;
        seen[(row + PADDING) * OFFSETS + column + PADDING]++;
        free(dst);
    }
    for (size_t i = 0; i < OFFSETS * OFFSETS; i++)
        check_count(seen[i], DRAWS, 1.0 / (OFFSETS * OFFSETS));
}

/* A uniform factor from 1 - x to 1 + x, not below 0: quarters of its range hold as many each. */
static void factors_are_uniform(void **state) {
    (void)state;
    static const double settings[] = {0.5, 1, 3};
    const struct augment_form form = {1, 1, 1};
    for (size_t s = 0; s < 3; s++) {
        const double low = fmax(0, 1 - settings[s]), high = 1 + settings[s];
        size_t quarters[4] = {0};
        for (uint32_t place = 0; place < DRAWS; place++) {
            const uint8_t src = 60;
            uint8_t *dst = augmented(&(struct augmentation){.brightness = settings[s]},
                                     &(struct augment_place){1, 0, place, 0}, &form, &src, 0);
            const double share = (*dst + 0.5 - 60 * low) / (60 * (high - low));
            assert_true(share >= 0 && share <= 1.01);
            quarters[share < 0.25 ? 0 : share < 0.5 ? 1 : share < 0.75 ? 2 : 3]++;
            free(dst);
        }
        for (size_t i = 0; i < 4; i++) /* a level is up to 1/60 of a range */
            assert_true(fabs((double)quarters[i] / DRAWS - 0.25) < 0.02 + 1 / (60 * (high - low)));
    }
}

static void trivial_operations_are_as_likely(void **state) {
    (void)state;
    enum { OUTCOMES = AUGMENT_TRIVIALS * AUGMENT_STRENGTHS * 2, VALUES = 11 * 12 * 3 };
    static uint8_t outcomes[OUTCOMES][VALUES];
    static size_t seen[OUTCOMES], ways[OUTCOMES];
    const struct augment_form form = {11, 12, 3};
    uint8_t *src = make_pixels(&form);
    for (size_t i = 0; i < OUTCOMES; i++) {
        augment_apply_trivial(&form, (enum augment_trivial)(i / 2 / AUGMENT_STRENGTHS),
                              (unsigned)(i / 2 % AUGMENT_STRENGTHS), i % 2, src, outcomes[i]);
        size_t same = 0;
        while (memcmp(outcomes[same], outcomes[i], VALUES) != 0)
            same++;
        ways[same]++; /* what looks alike is counted together */
    }
    for (uint32_t place = 0; place < DRAWS; place++) {
        uint8_t *dst = augmented(&(struct augmentation){.trivial_augment = true},
                                 &(struct augment_place){1, 0, place, 0}, &form, src, 0);
        size_t same = 0;
        while (same < OUTCOMES && memcmp(outcomes[same], dst, VALUES) != 0)
            same++;
        assert_true(same < OUTCOMES);
        seen[same]++;
        free(dst);
    }
    for (size_t i = 0; i < OUTCOMES; i++)
        if (ways[i]) check_count(seen[i], DRAWS, (double)ways[i] / OUTCOMES);
    free(src);
}

static void crops_have_their_area_and_aspect(void **state) {
    (void)state;
    const struct augment_form square = {1000, 1000, 3}, thin = {2, 101, 1};
    struct random_stream numbers = random_at(1, RANDOM_TEST, 0, 0);
    size_t quarters[4] = {0}, tall = 0, top = 0;
    for (int i = 0; i < DRAWS; i++) {
        struct augment_box box = augment_draw_crop(&numbers, &square, 0.2, 1);
        const double side = (double)(box.bottom - box.top), area = side * side / 1e6;
        assert_true(box.right - box.left == box.bottom - box.top && box.bottom <= 1000 && box.right <= 1000);
        quarters[(size_t)fmin(3, fmax(0, (area - 0.2) / 0.2))]++;
        box = augment_draw_crop(&numbers, &square, 0.08, 1.3333);
        const double height = (double)(box.bottom - box.top), width = (double)(box.right - box.left);
        assert_true(height / width < 1.34 && width / height < 1.34 && height * width / 1e6 > 0.079);
        tall += height > width;
        top += box.top < 1000 - box.bottom;
    }
    for (size_t i = 0; i < 4; i++)
        check_count(quarters[i], DRAWS, 0.25);
    check_count(tall, DRAWS, 0.5);
    assert_true(fabs((double)top / DRAWS - 0.5) < 0.03); /* ties, where all is seen, are few */
    struct augment_box middle = augment_draw_crop(&numbers, &thin, 0.9, 1.5);
    assert_true(middle.top == 0 && middle.bottom == 2 && middle.left == 49 && middle.right == 52);
    middle = augment_draw_crop(&numbers, &(struct augment_form){101, 2, 1}, 0.9, 1.5);
    assert_true(middle.left == 0 && middle.right == 2 && middle.top == 49 && middle.bottom == 52);
    for (int i = 0; i < 100; i++) { /* most aspects leave no room, and its own is allowed */
        middle = augment_draw_crop(&numbers, &(struct augment_form){40, 38, 1}, 1, 1.5);
        assert_true(middle.left <= 1 && middle.right >= 37 && middle.right <= 38);
        assert_true(middle.top <= 1 && middle.bottom >= 39 && middle.bottom <= 40);
    }
}

static void erased_boxes_have_their_area_and_aspect(void **state) {
    (void)state;
    const struct augment_form form = {600, 400, 3}, dot = {1, 9, 3};
    struct random_stream numbers = random_at(1, RANDOM_TEST, 0, 0);
    size_t large = 0, tall = 0;
    for (int i = 0; i < DRAWS; i++) {
        const struct augment_box box = augment_draw_erasing(&numbers, &form);
        const double height = (double)(box.bottom - box.top), width = (double)(box.right - box.left);
        const double area = height * width / 240000, aspect = height / width;
        assert_true(box.bottom <= 600 && box.right <= 400 && area > 0.019 && area < 0.332);
        assert_true(aspect > 0.295 && aspect < 3.35);
        large += area > 0.175;
        tall += aspect > 1;
    }
    assert_true(100 * large > 47 * DRAWS && 100 * large < 50 * DRAWS); /* what does not fit is large */
    assert_true(100 * tall > 49 * DRAWS && 100 * tall < 53 * DRAWS);
    const struct augment_box empty = augment_draw_erasing(&numbers, &dot);
    assert_true(empty.bottom == empty.top || empty.right == empty.left);
}

static void erased_boxes_are_filled(void **state) {
    (void)state;
    const struct augment_form form = {20, 20, 3};
    uint8_t *src = pixels_of(&form);
    for (size_t i = 0; i < 1200; i++)
        src[i] = (uint8_t)(100 + i % 3 * 10 + (i / 3 % 2)); /* means of 100.5, 110.5, 120.5: halves upwards */
    size_t noisy = 0, erased = 0;
    for (uint32_t place = 0; place < 200; place++) {
        for (int fill = AUGMENT_ERASING_ZERO; fill <= AUGMENT_ERASING_NOISE; fill++) {
            const struct augmentation erasing = {.erasing = 1, .erasing_fill = (enum augment_erasing)fill};
            uint8_t *dst = augmented(&erasing, &(struct augment_place){1, 0, place, 0}, &form, src, 0);
            for (size_t i = 0; i < 1200; i++) {
                const bool black = fill == AUGMENT_ERASING_ZERO && dst[i] == 0;
                const bool mean = fill == AUGMENT_ERASING_MEAN && dst[i] == 101 + i % 3 * 10;
                if (fill == AUGMENT_ERASING_NOISE) noisy += dst[i] >= 128;
                else assert_true(dst[i] == src[i] || black || mean);
                erased += black;
            }
            free(dst);
        }
    }
    assert_true(erased > 200 * 120);
    check_count(noisy, erased, 0.5); /* the same boxes */
    free(src);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_changes_nothing),
        cmocka_unit_test(operations_are_functions_of_the_place),
        cmocka_unit_test(operations_draw_apart_and_in_order),
        cmocka_unit_test(bytes_are_the_same_everywhere),
        cmocka_unit_test(probabilities_are_kept),
        cmocka_unit_test(alternating_flips_alternate),
        cmocka_unit_test(crops_are_uniform),
        cmocka_unit_test(factors_are_uniform),
        cmocka_unit_test(trivial_operations_are_as_likely),
        cmocka_unit_test(crops_have_their_area_and_aspect),
        cmocka_unit_test(erased_boxes_have_their_area_and_aspect),
        cmocka_unit_test(erased_boxes_are_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
