/* SPDX-License-Identifier: MIT */
/* Copies among many thumbnails: made of smooth random fields, with copies cut at the edges or brighter put among them. */
#include "base/memory.h"
#include "base/random.h"
#include "data/copies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PICTURES = 3000, FIELD = 8, COPIES = 200 };

/* Picture `number`: a random field of 8 x 8 values between which is bilinear; `cut` pixels of 32 are cut off at the left. */
static struct thumbnail make_thumbnail(uint32_t number, double cut, int brighter) {
    struct thumbnail out;
    double values[FIELD + 1][FIELD + 1];
    struct random_stream stream = random_at(3, RANDOM_TEST, 0, number);
    for (size_t i = 0; i < (FIELD + 1) * (FIELD + 1); i++)
        values[i / (FIELD + 1)][i % (FIELD + 1)] = 40 + 150 * (double)random_unit(&stream);
    for (size_t y = 0; y < THUMBNAIL_SIDE; y++) {
        for (size_t x = 0; x < THUMBNAIL_SIDE; x++) {
            const double scale = (double)FIELD / THUMBNAIL_SIDE, v = ((double)y + 0.5) * scale,
                         u = (cut + ((double)x + 0.5) * (THUMBNAIL_SIDE - cut) / THUMBNAIL_SIDE) * scale;
            const size_t row = (size_t)v, column = (size_t)u;
            const double a = v - (double)row, b = u - (double)column;
            out.grey[y][x] =
                (uint8_t)((1 - a) * ((1 - b) * values[row][column] + b * values[row][column + 1]) +
                          a * ((1 - b) * values[row + 1][column] + b * values[row + 1][column + 1]) + brighter);
        }
    }
    return out;
}

static ocellus_status find(const struct thumbnail *thumbnails, const bool *skip, size_t count, size_t threads,
                           struct copies *copies) {
    struct thread_pool *pool;
    assert_int_equal(thread_pool_create(threads, &pool), OCELLUS_OK);
    const ocellus_status status = copies_find(thumbnails, skip, count, pool, copies);
    thread_pool_destroy(pool);
    return status;
}

static struct thumbnail *make_thumbnails(void) {
    struct thumbnail *thumbnails = memory_allocate(PICTURES, sizeof *thumbnails);
    assert_non_null(thumbnails);
    for (uint32_t i = 0; i < PICTURES; i++) {
        const bool copy = i >= PICTURES - COPIES;
        thumbnails[i] = make_thumbnail(copy ? i - 1000 : i, copy && i % 2 ? 1.0 : 0.0, copy && i % 2 == 0 ? 30 : 0);
    }
    return thumbnails;
}

static void copies_are_found_among_many(void **state) {
    (void)state;
    struct thumbnail *thumbnails = make_thumbnails();
    struct copies copies;
    assert_int_equal(find(thumbnails, NULL, PICTURES, 2, &copies), OCELLUS_OK);
    size_t right = 0;
    for (size_t i = 0; i < copies.count; i++)
        right +=
            copies.pairs[i].second == copies.pairs[i].first + 1000 && copies.pairs[i].likeness >= LIKENESS_OF_COPIES;
    assert_int_equal(copies.count, right); /* nothing else */
    assert_in_range(right, COPIES * 97 / 100, COPIES);
    copies_free(&copies);
    memory_free(thumbnails);
}

static void threads_change_nothing(void **state) {
    (void)state;
    struct thumbnail *thumbnails = make_thumbnails();
    struct copies one, three;
    assert_int_equal(find(thumbnails, NULL, PICTURES, 1, &one), OCELLUS_OK);
    assert_int_equal(find(thumbnails, NULL, PICTURES, 3, &three), OCELLUS_OK);
    assert_int_equal(one.count, three.count);
    for (size_t i = 0; i < one.count; i++) {
        assert_int_equal(one.pairs[i].first, three.pairs[i].first);
        assert_int_equal(one.pairs[i].second, three.pairs[i].second);
        assert_memory_equal(&one.pairs[i].likeness, &three.pairs[i].likeness, sizeof(double));
    }
    copies_free(&one);
    copies_free(&three);
    memory_free(thumbnails);
}

static void what_is_skipped_is_no_copy(void **state) {
    (void)state;
    struct thumbnail thumbnails[4];
    const bool skip[4] = {false, true, false, false};
    struct copies copies;
    for (size_t i = 0; i < 4; i++)
        thumbnails[i] = make_thumbnail(7, 0, (int)i);
    assert_int_equal(find(thumbnails, skip, 4, 1, &copies), OCELLUS_OK);
    assert_int_equal(copies.count, 3); /* 0-2, 0-3, 2-3 */
    for (size_t i = 0; i < copies.count; i++)
        assert_true(copies.pairs[i].first != 1 && copies.pairs[i].second != 1);
    copies_free(&copies);
    assert_int_equal(find(NULL, NULL, 0, 1, &copies), OCELLUS_OK);
    assert_int_equal(copies.count, 0);
}

/* A still camera's pictures: not every pair is looked at, and all hang together. */
static void copies_without_end_are_bounded(void **state) {
    (void)state;
    enum { MANY = 500 };
    struct thumbnail *thumbnails = memory_allocate(MANY, sizeof *thumbnails);
    assert_non_null(thumbnails);
    for (size_t i = 0; i < MANY; i++)
        thumbnails[i] = make_thumbnail(7, 0, (int)(i % 7));
    struct copies copies;
    assert_int_equal(find(thumbnails, NULL, MANY, 2, &copies), OCELLUS_OK);
    assert_true(copies.count <= MANY * COPIES_MOST_CANDIDATES);
    static bool joined[MANY];
    joined[0] = true;
    for (size_t i = 0; i < copies.count; i++)
        if (joined[copies.pairs[i].first]) joined[copies.pairs[i].second] = true;
    for (size_t i = 0; i < MANY; i++)
        assert_true(joined[i]);
    copies_free(&copies);
    memory_free(thumbnails);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_found_among_many),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(what_is_skipped_is_no_copy),
        cmocka_unit_test(copies_without_end_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
