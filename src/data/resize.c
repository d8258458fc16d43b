/* SPDX-License-Identifier: MIT */
/* Antialiased bilinear resize with the same arithmetic as Pillow (coefficients in 22-bit fixed point, each direction
 * rounded to 8 bits), so that a network sees the pixels it would see there. */
#include "data/resize.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { PRECISION_BITS = 32 - 8 - 2 }; /* 8 bits of pixel and 2 of head room beside them in 32 */

void resize_room_free(struct resize_room *room) {
    memory_free(room->across.room);
    memory_free(room->down.room);
    memory_free(room->rows);
    *room = (struct resize_room){0};
}

/* At least `size` bytes at *room, which has *room_size; what is there is lost. */
static ocellus_status make_room(void **room, size_t *room_size, size_t size) {
    if (size <= *room_size) return OCELLUS_OK;
    void *larger = memory_allocate(size, 1);
    if (!larger) return OCELLUS_IO;
    memory_free(*room);
    *room = larger;
    *room_size = size;
    return OCELLUS_OK;
}

static double triangle(double x) {
    return fabs(x) < 1.0 ? 1.0 - fabs(x) : 0.0;
}

/* Fills position `at`; weights are normalised as doubles in `scratch`[taps], then rounded. */
static void fill_position(struct resize_filter *filter, size_t at, double *scratch) {
    const double scale = (double)filter->in / (double)filter->out;
    const double reach = scale < 1.0 ? 1.0 : scale; /* half the triangle's foot, in input pixels */
    const double center = ((double)at + 0.5) * scale;
    const double low = center - reach + 0.5, high = center + reach + 0.5;
    const size_t first = low < 0 ? 0 : (size_t)low;
    const size_t end = high > (double)filter->in ? filter->in : (size_t)high;
    double sum = 0;
    for (size_t i = 0; i < end - first; i++) {
        scratch[i] = triangle(((double)(first + i) - center + 0.5) * (1.0 / reach));
        sum += scratch[i];
    }
    for (size_t i = 0; i < end - first; i++)
        filter->weights[at * filter->taps + i] = (int)(0.5 + scratch[i] / sum * (1 << PRECISION_BITS));
    filter->first[at] = first;
    filter->count[at] = end - first;
}

/* About 2 in + 3 out weights: no size of a side makes that too many. One that is there is used again. */
static ocellus_status filter_make(struct resize_filter *filter, size_t in, size_t out) {
    if (filter->in == in && filter->out == out) return OCELLUS_OK;
    const double scale = (double)in / (double)out;
    filter->in = filter->out = 0;
    filter->taps = (size_t)ceil(scale < 1.0 ? 1.0 : scale) * 2 + 1;
    const size_t scratch_size = filter->taps * sizeof(double), positions_size = out * sizeof(size_t);
    TRY(make_room(&filter->room, &filter->room_size,
                  scratch_size + 2 * positions_size + out * filter->taps * sizeof(int)));
    double *scratch = filter->room;
    filter->first = (size_t *)(scratch + filter->taps);
    filter->count = filter->first + out;
    filter->weights = (int *)(filter->count + out);
    filter->in = in;
    filter->out = out;
    for (size_t at = 0; at < out; at++)
        fill_position(filter, at, scratch);
    return OCELLUS_OK;
}

static uint8_t round_sum(int sum) {
    const int value = sum >> PRECISION_BITS;
    return (uint8_t)(value > 255 ? 255 : value);
}

/* A row to its new width; inlined for a constant number of channels. */
static inline __attribute__((always_inline)) void row_across(const struct resize_filter *filter, const uint8_t *src,
                                                             size_t channels, uint8_t *dst) {
    for (size_t x = 0; x < filter->out; x++) {
        const int *weights = filter->weights + x * filter->taps;
        const uint8_t *from = src + filter->first[x] * channels;
        int sums[3] = {1 << (PRECISION_BITS - 1), 1 << (PRECISION_BITS - 1), 1 << (PRECISION_BITS - 1)};
        for (size_t i = 0; i < filter->count[x]; i++)
            for (size_t c = 0; c < channels; c++)
                sums[c] += from[i * channels + c] * weights[i];
        for (size_t c = 0; c < channels; c++)
            dst[x * channels + c] = round_sum(sums[c]);
    }
}

/* Output row `y` from the rows in `rows`, a ring of filter->taps rows of `values` bytes, into which row r of the input went
 * at place r modulo taps. */
static void row_down(const struct resize_filter *filter, size_t y, const uint8_t *rows, size_t values, int *sums,
                     uint8_t *dst) {
    const int *weights = filter->weights + y * filter->taps;
    for (size_t v = 0; v < values; v++)
        sums[v] = 1 << (PRECISION_BITS - 1);
    for (size_t i = 0; i < filter->count[y]; i++) {
        const uint8_t *row = rows + (filter->first[y] + i) % filter->taps * values;
        const int weight = weights[i];
        for (size_t v = 0; v < values; v++)
            sums[v] += row[v] * weight;
    }
    for (size_t v = 0; v < values; v++)
        dst[v] = round_sum(sums[v]);
}

ocellus_status resize_pixels(const struct resize_from *src, size_t channels, const struct resize_to *dst,
                             struct resize_room *room) {
    const size_t values = dst->width * channels;
    TRY(filter_make(&room->across, src->width, dst->width));
    TRY(filter_make(&room->down, src->height, dst->height));
    TRY(make_room(&room->rows, &room->rows_size, values * sizeof(int) + room->down.taps * values));
    int *sums = room->rows; /* [new width][channels], and behind them the ring */
    uint8_t *rows = (uint8_t *)(sums + values);
    size_t next = 0; /* row of the input: those before it came */
    for (size_t y = 0; y < dst->height; y++) {
        const size_t first = room->down.first[y], end = first + room->down.count[y];
        for (next = next < first ? first : next; next < end; next++) {
            const uint8_t *row = src->pixels + next * src->stride;
            uint8_t *made = rows + next % room->down.taps * values;
            if (channels == 3) row_across(&room->across, row, 3, made);
            else row_across(&room->across, row, 1, made);
        }
        row_down(&room->down, y, rows, values, sums, dst->pixels + y * dst->stride);
    }
    return OCELLUS_OK;
}

ocellus_status image_resize(const struct image *src, size_t width, size_t height, struct image *dst) {
    *dst = (struct image){0};
    struct resize_room room = {0};
    TRY(image_create(width, height, dst));
    const struct resize_from from = {src->pixels, src->height, src->width, src->width * 3};
    const ocellus_status status =
        resize_pixels(&from, 3, &(struct resize_to){dst->pixels, height, width, width * 3}, &room);
    resize_room_free(&room);
    if (status != OCELLUS_OK) image_free(dst);
    return status;
}
