/* SPDX-License-Identifier: MIT */
/* Philox against its published answers, and what is drawn from it. */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* From kat_vectors of Random123, the authors' own implementation. */
static void test_known_answers(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        philox(known[i].key, known[i].counter, out);
        assert_memory_equal(out, known[i].expected, sizeof out);
    }
}

static void test_stream_is_blocks_in_order(void **state) {
    (void)state;
    uint64_t seed = UINT64_C(0x299f31d0a4093822);
    struct random_stream stream = random_at(seed, RANDOM_SHUFFLE, 7, 9);
    for (uint32_t block = 0; block < 3; block++) {
        const uint32_t key[2] = {0xa4093822, 0x299f31d0}, counter[4] = {block, RANDOM_SHUFFLE, 7, 9};
        uint32_t expected[4];
        philox(key, counter, expected);
        for (int i = 0; i < 4; i++)
            assert_int_equal(random_bits(&stream), expected[i]);
    }
}

static void test_places_differ(void **state) {
    (void)state;
    struct random_stream streams[] = {
        random_at(1, RANDOM_TEST, 0, 0),
        random_at(2, RANDOM_TEST, 0, 0),
        random_at(UINT64_C(1) << 32, RANDOM_TEST, 0, 0),
        random_at(1, RANDOM_SHUFFLE, 0, 0),
        random_at(1, RANDOM_TEST, 1, 0),
        random_at(1, RANDOM_TEST, 0, 1),
    };
    enum { COUNT = sizeof streams / sizeof *streams };
    uint32_t first[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        first[i] = random_bits(&streams[i]);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(first[i], first[j]);
    }
}

static void test_unit_is_in_range_and_even(void **state) {
    (void)state;
    struct random_stream stream = random_at(1, RANDOM_TEST, 0, 0);
    double sum = 0;
    enum { COUNT = 100000 };
    for (int i = 0; i < COUNT; i++) {
        float number = random_unit(&stream);
        assert_true(number >= 0 && number < 1);
        assert_true(number * 0x1p24f == (float)(uint32_t)(number * 0x1p24f));
        sum += number;
    }
    /* The mean's standard deviation is 1 / sqrt(12 COUNT) = 0.0009; the stream is fixed, so this cannot flicker. */
    assert_true(sum / COUNT > 0.5 - 0.004 && sum / COUNT < 0.5 + 0.004);
}

static void test_below(void **state) {
    (void)state;
    struct random_stream stream = random_at(3, RANDOM_TEST, 0, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(random_below(&stream, 1), 0);
    size_t hits[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint32_t number = random_below(&stream, 7);
        assert_true(number < 7);
        hits[number]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(hits[i], 9600, 10400); /* standard deviation 93 */
}

/* With 3 * 2^30, a quarter of all draws is refused: were it not, every third number would come twice as often. */
static void test_below_is_without_bias(void **state) {
    (void)state;
    enum { COUNT = 30000 };
    const uint32_t bound = UINT32_C(3) << 30;
    struct random_stream stream = random_at(4, RANDOM_TEST, 0, 0);
    size_t residues[3] = {0}, thirds[3] = {0};
    for (int i = 0; i < COUNT; i++) {
        uint32_t number = random_below(&stream, bound);
        assert_true(number < bound);
        residues[number % 3]++;
        thirds[number / (bound / 3)]++;
    }
    for (int i = 0; i < 3; i++) {
        assert_in_range(residues[i], 9600, 10400); /* standard deviation 82 */
        assert_in_range(thirds[i], 9600, 10400);
    }
}

static void test_permutation(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    static size_t order[COUNT], again[COUNT], other[COUNT];
    random_permutation(1, RANDOM_SHUFFLE, 0, order, COUNT);
    random_permutation(1, RANDOM_SHUFFLE, 0, again, COUNT);
    random_permutation(1, RANDOM_SHUFFLE, 1, other, COUNT);
    assert_memory_equal(order, again, sizeof order);
    assert_memory_not_equal(order, other, sizeof order);
    static unsigned char seen[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(order[i] < COUNT);
        assert_int_equal(seen[order[i]]++, 0);
    }
    size_t one = 9;
    random_permutation(1, RANDOM_SHUFFLE, 0, &one, 0);
    assert_int_equal(one, 9);
    random_permutation(1, RANDOM_SHUFFLE, 0, &one, 1);
    assert_int_equal(one, 0);
}

static void test_permutations_are_even(void **state) {
    (void)state;
    size_t hits[6] = {0};
    for (uint32_t epoch = 0; epoch < 6000; epoch++) {
        size_t order[3];
        random_permutation(5, RANDOM_TEST, epoch, order, 3);
        hits[2 * order[0] + (order[1] > order[2])]++;
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(hits[i], 870, 1130); /* standard deviation 29 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers), cmocka_unit_test(test_stream_is_blocks_in_order),
        cmocka_unit_test(test_places_differ), cmocka_unit_test(test_unit_is_in_range_and_even),
        cmocka_unit_test(test_below),         cmocka_unit_test(test_below_is_without_bias),
        cmocka_unit_test(test_permutation),   cmocka_unit_test(test_permutations_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
