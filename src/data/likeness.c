/* SPDX-License-Identifier: MIT */
#include "data/likeness.h"

#include "data/resize.h"

#include <math.h>
#include <string.h>

enum {
    CELLS = THUMBNAIL_SIDE / 2,
    STEPS = CELLS - 1, /* differences between neighbours in a row */
    EDGE = 2,          /* of them, at each side, are not seen in the inner view */
    CUTS = 3,          /* an eighth at most, in steps of CUT */
    PLACES = 3,        /* where the rest of a side lies: at its start, in its middle, at its end */
    SECTIONS = 1 + CUTS * PLACES,
    BOTH = CUTS * PLACES * PLACES,
    VIEWS = 1 + 2 * (SECTIONS - 1) + BOTH,
    TAPS = 3
};
static const double CUT = 0.04;

/* Differences of neighbouring cells, to the right and downwards. */
struct relief {
    float steps[STEPS][2 * STEPS];
};

/* What one cell of a section is made of: the mean of two samples between columns (or rows) of the thumbnail. */
struct taps {
    size_t first;
    float weights[TAPS];
};

static struct taps make_taps(size_t section, size_t cell) {
    const double cut = section ? CUT * (double)(1 + (section - 1) / PLACES) : 0.0;
    const double from = section ? cut * (double)((section - 1) % PLACES) / (PLACES - 1) : 0.0;
    struct taps taps = {0};
    for (size_t sample = 2 * cell; sample < 2 * cell + 2; sample++) {
        double at = from * THUMBNAIL_SIDE + (1.0 - cut) * ((double)sample + 0.5) - 0.5;
        if (at < 0.0) at = 0.0;
        if (at > THUMBNAIL_SIDE - 1) at = THUMBNAIL_SIDE - 1;
        const size_t column = (size_t)at;
        if (sample == 2 * cell) taps.first = column + TAPS > THUMBNAIL_SIDE ? THUMBNAIL_SIDE - TAPS : column;
        const float share = (float)(at - (double)column);
        taps.weights[column - taps.first] += 0.5f * (1.0f - share);
        if (share > 0.0f) taps.weights[column - taps.first + 1] += 0.5f * share;
    }
    return taps;
}

/* The sections of rows and columns of a view: whole, one side cut, or both cut alike, each at one of its places. */
static void choose_sections(size_t view, size_t *rows, size_t *columns) {
    *rows = *columns = 0;
    if (view == 0) return;
    if (view < SECTIONS) *rows = view;
    else if (view < 2 * SECTIONS - 1) *columns = view - (SECTIONS - 1);
    else {
        const size_t at = view - (2 * SECTIONS - 1), cut = at / (PLACES * PLACES);
        *rows = 1 + cut * PLACES + at / PLACES % PLACES;
        *columns = 1 + cut * PLACES + at % PLACES;
    }
}

static void make_relief(const struct thumbnail *thumbnail, const struct taps *rows, const struct taps *columns,
                        struct relief *relief) {
    float lines[CELLS][THUMBNAIL_SIDE], cells[CELLS][CELLS];
    for (size_t y = 0; y < CELLS; y++) {
        const float *w = rows[y].weights;
        const uint8_t(*from)[THUMBNAIL_SIDE] = thumbnail->grey + rows[y].first;
        for (size_t x = 0; x < THUMBNAIL_SIDE; x++)
            lines[y][x] = w[0] * (float)from[0][x] + w[1] * (float)from[1][x] + w[2] * (float)from[2][x];
    }
    for (size_t y = 0; y < CELLS; y++) {
        for (size_t x = 0; x < CELLS; x++) {
            const float *w = columns[x].weights, *from = lines[y] + columns[x].first;
            cells[y][x] = w[0] * from[0] + w[1] * from[1] + w[2] * from[2];
        }
    }
    for (size_t y = 0; y < STEPS; y++) {
        for (size_t x = 0; x < STEPS; x++) {
            relief->steps[y][x] = cells[y][x + 1] - cells[y][x];
            relief->steps[y][STEPS + x] = cells[y + 1][x] - cells[y][x];
        }
    }
}

/* Pearson's correlation of the differences at least `edge` of them away from each side. */
static double correlate(const struct relief *a, const struct relief *b, size_t edge) {
    double sum_a = 0, sum_b = 0, squares_a = 0, squares_b = 0, products = 0;
    for (size_t y = edge; y < STEPS - edge; y++) {
        for (size_t x = edge; x < 2 * STEPS - edge; x++) {
            if (x == STEPS - edge) x += 2 * edge;
            const double value_a = (double)a->steps[y][x], value_b = (double)b->steps[y][x];
            sum_a += value_a;
            sum_b += value_b;
            squares_a += value_a * value_a;
            squares_b += value_b * value_b;
            products += value_a * value_b;
        }
    }
    const double side = (double)(STEPS - 2 * edge), count = 2.0 * side * side;
    const double variance_a = squares_a - sum_a * sum_a / count, variance_b = squares_b - sum_b * sum_b / count;
    if (variance_a < count || variance_b < count) return 0.0; /* below one level: noise of coding */
    return (products - sum_a * sum_b / count) / sqrt(variance_a * variance_b);
}

/* The better of `best` and how alike these are. */
static double compare(const struct relief *a, const struct relief *b, double best) {
    const double all = correlate(a, b, 0);
    if (all <= best) return best;
    return fmax(best, fmin(all, correlate(a, b, EDGE)));
}

double thumbnail_likeness(const struct thumbnail *a, const struct thumbnail *b) {
    /* Of copies this is hardly ever less, and of most others it is: a hundredth of the work. */
    static const double WORTH_A_LOOK = 0.2;
    struct taps taps[SECTIONS][CELLS];
    struct relief whole_a, whole_b, part;
    for (size_t cell = 0; cell < CELLS; cell++)
        taps[0][cell] = make_taps(0, cell);
    make_relief(a, taps[0], taps[0], &whole_a);
    make_relief(b, taps[0], taps[0], &whole_b);
    double best = compare(&whole_a, &whole_b, -1.0);
    if (correlate(&whole_a, &whole_b, 0) < WORTH_A_LOOK) return best;
    for (size_t section = 1; section < SECTIONS; section++)
        for (size_t cell = 0; cell < CELLS; cell++)
            taps[section][cell] = make_taps(section, cell);
    for (size_t view = 1; view < VIEWS && best < LIKENESS_OF_COPIES; view++) {
        size_t rows, columns;
        choose_sections(view, &rows, &columns);
        make_relief(a, taps[rows], taps[columns], &part);
        best = compare(&part, &whole_b, best);
        make_relief(b, taps[rows], taps[columns], &part);
        best = compare(&whole_a, &part, best);
    }
    return best;
}

ocellus_status thumbnail_make(const struct picture *picture, struct thumbnail *out) {
    struct image image, small = {0};
    TRY(image_create(picture->width, picture->height, &image));
    const size_t channels = picture->channels;
    for (size_t i = 0; i < image.width * image.height; i++) {
        const uint8_t *pixel = picture->pixels + i * channels;
        for (size_t c = 0; c < 3; c++)
            image.pixels[3 * i + c] = pixel[channels < 3 ? 0 : c];
    }
    const ocellus_status status = image_resize(&image, THUMBNAIL_SIDE, THUMBNAIL_SIDE, &small);
    for (size_t i = 0; status == OCELLUS_OK && i < THUMBNAIL_SIDE * THUMBNAIL_SIDE; i++)
        out->grey[i / THUMBNAIL_SIDE][i % THUMBNAIL_SIDE] = image_luma(small.pixels + 3 * i);
    image_free(&image);
    image_free(&small);
    return status;
}
