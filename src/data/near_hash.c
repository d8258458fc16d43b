/* SPDX-License-Identifier: MIT */
/* Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010), section 3.2.1: the signs of a picture's low
 * frequencies, here against their median and with whole numbers only. */
#include "data/near_hash.h"

#include "data/image.h"

enum { SIDE = 32, WAVES = 8, COEFFICIENTS = WAVES * WAVES - 1 };

/* round(4096 cos((2 x + 1) u pi / 64)), u of 0..7, x of 0..31. */
static const int16_t waves[WAVES][SIDE] = {
    {4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096,
     4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096},
    {4091, 4052, 3973, 3857,  3703,  3513,  3290,  3035,  2751,  2440,  2106,  1751,  1380,  995,   601,   201,
     -201, -601, -995, -1380, -1751, -2106, -2440, -2751, -3035, -3290, -3513, -3703, -3857, -3973, -4052, -4091},
    {4076,  3920,  3612,  3166,  2598,  1931,  1189,  401,  -401, -1189, -1931, -2598, -3166, -3612, -3920, -4076,
     -4076, -3920, -3612, -3166, -2598, -1931, -1189, -401, 401,  1189,  1931,  2598,  3166,  3612,  3920,  4076},
    {4052, 3703, 3035, 2106, 995,  -201, -1380, -2440, -3290, -3857, -4091, -3973, -3513, -2751, -1751, -601,
     601,  1751, 2751, 3513, 3973, 4091, 3857,  3290,  2440,  1380,  201,   -995,  -2106, -3035, -3703, -4052},
    {4017, 3406, 2276, 799, -799, -2276, -3406, -4017, -4017, -3406, -2276, -799, 799, 2276, 3406, 4017,
     4017, 3406, 2276, 799, -799, -2276, -3406, -4017, -4017, -3406, -2276, -799, 799, 2276, 3406, 4017},
    {3973, 3035,  1380,  -601,  -2440, -3703, -4091, -3513, -2106, -201, 1751, 3290, 4052, 3857,  2751,  995,
     -995, -2751, -3857, -4052, -3290, -1751, 201,   2106,  3513,  4091, 3703, 2440, 601,  -1380, -3035, -3973},
    {3920,  2598,  401,  -1931, -3612, -4076, -3166, -1189, 1189,  3166,  4076,  3612,  1931,  -401, -2598, -3920,
     -3920, -2598, -401, 1931,  3612,  4076,  3166,  1189,  -1189, -3166, -4076, -3612, -1931, 401,  2598,  3920},
    {3857, 2106, -601, -3035, -4091, -3290, -995,  1751,  3703,  3973, 2440, -201, -2751, -4052, -3513, -1380,
     1380, 3513, 4052, 2751,  201,   -2440, -3973, -3703, -1751, 995,  3290, 4091, 3035,  601,   -2106, -3857},
};

static uint64_t grey_of(const uint8_t *pixel, size_t channels) {
    return channels < 3 ? pixel[0] : image_luma(pixel);
}

/* Where cell `place` of 32 begins on a side; a small picture's pixels stand in several cells. */
static size_t cell_start(size_t place, size_t side) {
    return place * side / SIDE;
}

/* The mean of a cell, in sixteenths. */
static int64_t cell_mean(const struct picture *picture, size_t row, size_t column) {
    const size_t top = cell_start(row, picture->height), left = cell_start(column, picture->width);
    size_t bottom = cell_start(row + 1, picture->height), right = cell_start(column + 1, picture->width);
    if (bottom == top) bottom++;
    if (right == left) right++;
    uint64_t sum = 0;
    for (size_t y = top; y < bottom; y++)
        for (size_t x = left; x < right; x++)
            sum += grey_of(picture->pixels + (y * picture->width + x) * picture->channels, picture->channels);
    return (int64_t)(16 * sum / ((bottom - top) * (right - left)));
}

/* Of 63 numbers: each has its rank by counting. */
static int64_t median_of(const int64_t numbers[COEFFICIENTS]) {
    for (size_t i = 0; i < COEFFICIENTS; i++) {
        size_t below = 0, same = 0;
        for (size_t j = 0; j < COEFFICIENTS; j++) {
            below += numbers[j] < numbers[i];
            same += numbers[j] == numbers[i];
        }
        if (below <= COEFFICIENTS / 2 && below + same > COEFFICIENTS / 2) return numbers[i];
    }
    return 0; /* not reached */
}

uint64_t near_hash(const struct picture *picture) {
    int64_t rows[SIDE][WAVES], coefficients[COEFFICIENTS]; /* below 2^12 2^12 2^5 2^12 2^5 */
    for (size_t y = 0; y < SIDE; y++) {
        int64_t cells[SIDE];
        for (size_t x = 0; x < SIDE; x++)
            cells[x] = cell_mean(picture, y, x);
        for (size_t u = 0; u < WAVES; u++) {
            rows[y][u] = 0;
            for (size_t x = 0; x < SIDE; x++)
                rows[y][u] += waves[u][x] * cells[x];
        }
    }
    for (size_t i = 0; i < COEFFICIENTS; i++) {
        const size_t v = (i + 1) / WAVES, u = (i + 1) % WAVES; /* without the mean */
        coefficients[i] = 0;
        for (size_t y = 0; y < SIDE; y++)
            coefficients[i] += waves[v][y] * rows[y][u];
    }
    const int64_t median = median_of(coefficients);
    uint64_t hash = 0;
    for (size_t i = 0; i < COEFFICIENTS; i++)
        hash |= (uint64_t)(coefficients[i] > median) << i;
    return hash;
}
