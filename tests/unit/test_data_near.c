/* SPDX-License-Identifier: MIT */
/* What looks alike: the hash keeps its bits where a picture changes little, and the index finds what a walk over all pairs finds. */
#include "base/random.h"
#include "data/near.h"
#include "data/near_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LARGE = 128, CHANNELS = 3 };

static uint8_t large[LARGE][LARGE][CHANNELS], changed[LARGE][LARGE][CHANNELS];

/* Soft blobs by chance: as photographs, it has large things and small ones. */
static void draw(uint32_t number) {
    struct random_stream stream = random_at(7, RANDOM_TEST, 0, number);
    memset(large, 100, sizeof large);
    for (int blob = 0; blob < 60; blob++) {
        const int x0 = (int)random_below(&stream, LARGE), y0 = (int)random_below(&stream, LARGE),
                  radius = 4 + (int)random_below(&stream, 40), height = (int)random_below(&stream, 121) - 60;
        for (int y = 0; y < LARGE; y++)
            for (int x = 0; x < LARGE; x++) {
                const int far = (x - x0) * (x - x0) + (y - y0) * (y - y0);
                if (far >= radius * radius) continue;
                for (int c = 0; c < CHANNELS; c++) {
                    const int value = large[y][x][c] + height * (radius * radius - far) / (radius * radius);
                    large[y][x][c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
                }
            }
    }
}

static uint64_t hash_of(uint8_t pixels[LARGE][LARGE][CHANNELS], size_t side) {
    const struct picture picture = {.height = side, .width = side, .channels = CHANNELS, .pixels = &pixels[0][0][0]};
    return near_hash(&picture);
}

static int distance(uint64_t a, uint64_t b) {
    return __builtin_popcountll(a ^ b);
}

static void a_little_change_changes_few_bits(void **state) {
    (void)state;
    uint8_t(*half)[CHANNELS] = &changed[0][0];
    int far = 0, near_others = 0;
    uint64_t before = 0;
    for (uint32_t number = 0; number < 40; number++) {
        draw(number);
        const uint64_t hash = hash_of(large, LARGE);
        struct random_stream stream = random_at(8, RANDOM_TEST, 0, number);
        for (size_t y = 0; y < LARGE / 2; y++) /* half its size */
            for (size_t x = 0; x < LARGE / 2; x++)
                for (size_t c = 0; c < CHANNELS; c++)
                    half[y * LARGE / 2 + x][c] =
                        (uint8_t)((large[2 * y][2 * x][c] + large[2 * y][2 * x + 1][c] + large[2 * y + 1][2 * x][c] +
                                   large[2 * y + 1][2 * x + 1][c]) /
                                  4);
        far += distance(hash, hash_of(changed, LARGE / 2)) > NEAR_DISTANCE;
        for (size_t i = 0; i < sizeof large; i++) { /* noise */
            const int value = (&large[0][0][0])[i] + (int)random_below(&stream, 17) - 8;
            (&changed[0][0][0])[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
        far += distance(hash, hash_of(changed, LARGE)) > NEAR_DISTANCE;
        for (size_t i = 0; i < sizeof large; i++) /* darker */
            (&changed[0][0][0])[i] = (uint8_t)((&large[0][0][0])[i] * 3 / 4);
        far += distance(hash, hash_of(changed, LARGE)) > NEAR_DISTANCE;
        near_others += number > 0 && distance(hash, before) <= 2 * NEAR_DISTANCE;
        before = hash;
    }
    assert_int_equal(far, 0);
    assert_int_equal(near_others, 0);
}

/* The bits are part of what is kept in files: never others. */
static void the_hash_is_the_same_everywhere(void **state) {
    (void)state;
    draw(1);
    assert_int_equal(hash_of(large, LARGE), 0x0406a5bf2dd2de38);
    memset(large, 77, sizeof large);
    assert_true(hash_of(large, LARGE) == 0);
    const struct picture dot = {.height = 1, .width = 1, .channels = 1, .pixels = &large[0][0][0]};
    assert_true(near_hash(&dot) == 0);
}

enum { HASHES = 3000 };
struct met {
    uint8_t times[HASHES];
};

static void meet(void *context, size_t other) {
    ((struct met *)context)->times[other]++;
}

static void the_index_finds_what_all_pairs_find(void **state) {
    (void)state;
    static uint64_t hashes[HASHES];
    struct near_index *index;
    struct random_stream stream = random_at(3, RANDOM_TEST, 0, 0);
    for (size_t i = 0; i < HASHES; i++) {
        hashes[i] = (uint64_t)random_bits(&stream) << 32 | random_bits(&stream);
        if (i % 3 == 0) continue;
        hashes[i] = hashes[i - 1]; /* and some bits of it, in places by chance */
        for (uint32_t flips = random_below(&stream, 5); flips > 0; flips--)
            hashes[i] ^= (uint64_t)1 << random_below(&stream, 64);
    }
    assert_int_equal(near_index_create(hashes, HASHES, &index), OCELLUS_OK);
    const size_t places = near_index_places(index);
    assert_true(places < HASHES && places > HASHES / 2);
    size_t pairs = 0;
    for (size_t i = 0; i < HASHES; i++) {
        struct met met = {{0}};
        near_index_visit(index, near_index_place(index, hashes[i]), meet, &met);
        for (size_t j = 0; j < HASHES; j++) {
            const size_t expected = hashes[j] != hashes[i] && distance(hashes[i], hashes[j]) <= NEAR_DISTANCE;
            assert_int_equal(met.times[near_index_place(index, hashes[j])], expected);
            pairs += expected;
        }
    }
    assert_true(pairs > HASHES);
    near_index_free(index);
    assert_int_equal(near_index_create(hashes, 0, &index), OCELLUS_OK);
    assert_int_equal(near_index_places(index), 0);
    near_index_free(index);
    near_index_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_little_change_changes_few_bits),
        cmocka_unit_test(the_hash_is_the_same_everywhere),
        cmocka_unit_test(the_index_finds_what_all_pairs_find),
    };
    return cmocka_run_group_tests_name("data/near", tests, NULL, NULL);
}
