/* SPDX-License-Identifier: MIT */
/* Mixing: partners by the place alone, shares by Beta(alpha, alpha), boxes and the share that they leave. */
#include "data/augment_mix.h"

#include "augment_fixture.h"
#include "base/sha256.h"

#include <math.h>
#include <setjmp.h>

#include <cmocka.h>

enum { DRAWS = 20000 };
static const struct augment_form form = {20, 30, 3};

static void check_count(size_t count, size_t n, double probability) {
    const double expected = (double)n * probability;
    if (fabs((double)count - expected) > 5 * sqrt(expected * (1 - probability)))
        fail_msg("%zu of %zu, expected %g", count, n, expected);
}

/* In a block of 32 places, or what is left at the end, each is partner once and none its own. */
static void partners_stand_in_the_block(void **state) {
    (void)state;
    const struct augmentation mixup = {.mixup = 1};
    static const uint32_t counts[] = {1, 2, 3, 31, 32, 33, 34, 95, 96, 1000};
    size_t turned[AUGMENT_BLOCK] = {0};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        bool taken[1000] = {false};
        for (uint32_t place = 0; place < counts[i]; place++) {
            const struct augment_mixture mixture =
                augment_mix(&mixup, &(struct augment_place){1, 2, place, 0}, counts[i], &form);
            const uint32_t first = place / 32 * 32, size = counts[i] - first < 32 ? counts[i] - first : 32;
            assert_true(mixture.partner >= first && mixture.partner < first + size && !taken[mixture.partner]);
            assert_true((mixture.partner == place) == (size == 1));
            if (size == 1) assert_true(mixture.share == AUGMENT_SHARES && mixture.target == 1 && !mixture.cut);
            taken[mixture.partner] = true;
        }
    }
    for (uint32_t epoch = 0; epoch < DRAWS; epoch++)
        turned[augment_mix(&mixup, &(struct augment_place){1, epoch, 64, 0}, 96, &form).partner - 64]++;
    assert_int_equal(turned[0], 0);
    for (size_t i = 1; i < AUGMENT_BLOCK; i++)
        check_count(turned[i], DRAWS, 1.0 / 31);
}

/* Distributions in closed form: of alpha 1/2, 1, 2 and 3. */
static double below(double alpha, double x) {
    if (alpha == 0.5) return 2 / acos(-1) * asin(sqrt(x));
    if (alpha == 1) return x;
    if (alpha == 2) return x * x * (3 - 2 * x);
    return x * x * x * (10 - 15 * x + 6 * x * x);
}

static void shares_are_beta(void **state) {
    (void)state;
    static const double alphas[] = {0.5, 1, 2, 3}, others[] = {1e-310, 0.01, 0.2, 0.4, 1.0001, 8, 100, 1000};
    struct random_stream numbers = random_at(1, RANDOM_TEST, 0, 0);
    for (size_t i = 0; i < 4; i++) {
        size_t counts[10] = {0};
        for (size_t draw = 0; draw < DRAWS; draw++) {
            const double share = (double)augment_draw_share(&numbers, alphas[i]) / AUGMENT_SHARES;
            assert_true(share >= 0 && share <= 1);
            for (size_t tenth = 1; tenth < 10; tenth++)
                counts[tenth] += share < (double)tenth / 10;
        }
        for (size_t tenth = 1; tenth < 10; tenth++)
            check_count(counts[tenth], DRAWS, below(alphas[i], (double)tenth / 10));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        double sum = 0, squares = 0, fourth = 0, a = others[i];
        for (size_t draw = 0; draw < DRAWS; draw++) {
            const double x = (double)augment_draw_share(&numbers, a) / AUGMENT_SHARES - 0.5;
            sum += x;
            squares += x * x;
            fourth += x * x * x * x;
        }
        const double variance = 1 / (4 * (2 * a + 1)), kurtosis = 3 * (2 * a + 1) / (2 * a + 3);
        const double fourth_exact = kurtosis * variance * variance;
        assert_true(fabs(sum / DRAWS) < 5 * sqrt(variance / DRAWS));
        assert_true(fabs(squares / DRAWS - variance) < 5 * sqrt((fourth_exact - variance * variance) / DRAWS) + 1e-5);
        assert_true(fabs(fourth / DRAWS - fourth_exact) < 0.1 * fourth_exact);
    }
}

/* Of alpha 1 all shares from 0 to all are as likely, both ends too. */
static void shares_of_alpha_1_are_whole(void **state) {
    (void)state;
    struct random_stream numbers = random_at(2, RANDOM_TEST, 0, 0), same = numbers;
    for (size_t draw = 0; draw < 1000; draw++)
        assert_int_equal(augment_draw_share(&numbers, 1), random_below(&same, AUGMENT_SHARES + 1));
}

static void pictures_are_mixed_by_the_share(void **state) {
    (void)state;
    const struct augment_form line = {1, 256, 1};
    static const uint32_t shares[] = {0, 1, 20000, AUGMENT_SHARES / 2, 65535, AUGMENT_SHARES};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        const struct augment_mixture mixture = {.partner = 1, .share = shares[i]};
        for (int partner = 0; partner < 256; partner += 5) {
            uint8_t own[256], other[256];
            for (int v = 0; v < 256; v++) {
                own[v] = (uint8_t)v;
                other[v] = (uint8_t)partner;
            }
            augment_mix_pictures(&mixture, &line, other, own);
            for (int v = 0; v < 256; v++) {
                const double share = (double)shares[i] / 65536, exact = share * v + (1 - share) * partner;
                assert_int_equal(own[v], (int)floor(exact + 0.5));
            }
        }
    }
}

/* A box holds the partner's pixels; the share is that of the others, and on the average what was drawn, less what the edges
 * cut off. */
static void boxes_are_cut(void **state) {
    (void)state;
    const struct augmentation cutmix = {.cutmix = 1};
    const size_t values = augment_form_values(&form);
    uint8_t *own = pixels_of(&form), *partner = pixels_of(&form);
    size_t empty = 0, half = 0;
    for (uint32_t place = 0; place < DRAWS; place++) {
        const struct augment_mixture mixture =
            augment_mix(&cutmix, &(struct augment_place){1, 0, place, 0}, DRAWS, &form);
        const double side = sqrt(1 - mixture.share / 65536.0);
        const struct augment_box *box = &mixture.box;
        assert_true(mixture.cut && box->bottom <= 20 && box->right <= 30);
        assert_true((double)(box->bottom - box->top) <= 20 * side && (double)(box->right - box->left) <= 30 * side);
        if (box->top > 0 && box->bottom < 20) assert_true((double)(box->bottom - box->top) > 20 * side - 2);
        memset(own, 1, values);
        memset(partner, 2, values);
        augment_mix_pictures(&mixture, &form, partner, own);
        size_t kept = 0;
        for (size_t i = 0; i < values; i++) {
            const size_t y = i / 90, x = i / 3 % 30;
            const bool inside = y >= box->top && y < box->bottom && x >= box->left && x < box->right;
            assert_int_equal(own[i], inside ? 2 : 1);
            kept += own[i] == 1;
        }
        assert_true(fabs(mixture.target - (double)kept / (double)values) < 1e-7);
        empty += kept == values;
        half += box->left + box->right < 30;
    }
    assert_true(empty < DRAWS / 20);
    assert_true(fabs((double)half / DRAWS - 0.5) < 0.03);
    free(own);
    free(partner);
}

/* The hash is of what one machine computed. */
static void shares_and_boxes_are_the_same_everywhere(void **state) {
    (void)state;
    static uint32_t kept[4000][6];
    char hash[SHA256_TEXT_SIZE];
    for (uint32_t place = 0; place < 4000; place++) {
        const struct augmentation two = {.mixup = 0.2 + place % 7, .cutmix = 0.1 + place % 5};
        const struct augment_mixture mixture = augment_mix(&two, &(struct augment_place){9, 1, place, 0}, 4000, &form);
        const uint32_t values[] = {mixture.partner,
                                   mixture.share,
                                   (uint32_t)mixture.box.top,
                                   (uint32_t)mixture.box.left,
                                   (uint32_t)mixture.box.bottom,
                                   (uint32_t)mixture.box.right};
        memcpy(kept[place], values, sizeof values);
    }
    sha256_bytes(kept, sizeof kept, hash);
    assert_string_equal(hash, "e8b25302eebf67b11ad1d0a428e19b521ff0d2a8939f78f5469799ca0d1310d4");
}

static void one_of_both_is_chosen_by_lot(void **state) {
    (void)state;
    const struct augmentation two = {.mixup = 0.4, .cutmix = 1}, mixup = {.mixup = 0.4}, cutmix = {.cutmix = 1};
    size_t cuts = 0;
    for (uint32_t place = 0; place < DRAWS; place++) {
        const struct augment_place at = {5, 1, place, 0};
        const struct augment_mixture mixture = augment_mix(&two, &at, DRAWS, &form);
        const struct augment_mixture alone = augment_mix(mixture.cut ? &cutmix : &mixup, &at, DRAWS, &form);
        assert_true(mixture.share == alone.share && mixture.target == alone.target && mixture.cut == alone.cut);
        assert_memory_equal(&mixture.box, &alone.box, sizeof alone.box);
        cuts += mixture.cut;
    }
    check_count(cuts, DRAWS, 0.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partners_stand_in_the_block),
        cmocka_unit_test(shares_are_beta),
        cmocka_unit_test(shares_of_alpha_1_are_whole),
        cmocka_unit_test(pictures_are_mixed_by_the_share),
        cmocka_unit_test(shares_and_boxes_are_the_same_everywhere),
        cmocka_unit_test(boxes_are_cut),
        cmocka_unit_test(one_of_both_is_chosen_by_lot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
