/* SPDX-License-Identifier: MIT */
#include "data/preview.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/sizes.h"
#include "base/text.h"
#include "base/text_layout.h"
#include "data/font.h"

#include <string.h>

enum { TERMINAL_GAP = 2 }; /* columns between pictures */

ocellus_status preview_choose(const struct dataset *dataset, uint64_t seed, size_t count, size_t *indices) {
    if (count == 0 || count > dataset->count) {
        return fail(OCELLUS_USAGE, "preview: %zu images (expected 1 to %zu)", count, dataset->count);
    }
    size_t *order = memory_allocate(dataset->count, sizeof *order);
    if (!order) return OCELLUS_IO;
    random_permutation(seed, RANDOM_PREVIEW, 0, order, dataset->count);
    memcpy(indices, order, count * sizeof *order);
    memory_free(order);
    return OCELLUS_OK;
}

static const uint8_t *pixel_at(const struct dataset *dataset, size_t index, size_t x, size_t y) {
    return dataset_image(dataset, index) + (y * dataset->width + x) * dataset->channels;
}

/* Channel c of an RGB picture of the pixel; grey datasets have one channel for all three. */
static uint8_t rgb_channel(const struct dataset *dataset, const uint8_t *pixel, size_t c) {
    return pixel[dataset->channels == 1 ? 0 : c];
}

static const char *class_name(const struct dataset *dataset, size_t index) {
    return dataset->class_names[dataset->labels[index]];
}

static size_t longest_name(const struct dataset *dataset) {
    size_t longest = 1;
    for (size_t c = 0; c < dataset->classes; c++) {
        const size_t columns = text_columns(dataset->class_names[c]);
        if (columns > longest) longest = columns;
    }
    return longest;
}

/* Where things lie in the picture, in its pixels. */
struct layout {
    size_t scale, gap, cell_width, cell_height;
    size_t text_scale; /* 0: no names */
};

static void draw_cell(const struct dataset *dataset, size_t index, const struct layout *layout, size_t left, size_t top,
                      struct image *out) {
    const size_t width = dataset->width * layout->scale, height = dataset->height * layout->scale;
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            const uint8_t *pixel = pixel_at(dataset, index, x / layout->scale, y / layout->scale);
            uint8_t *dst = out->pixels + 3 * ((top + y) * out->width + left + x);
            for (size_t c = 0; c < 3; c++)
                dst[c] = rgb_channel(dataset, pixel, c);
        }
    }
    if (layout->text_scale == 0) return;
    const char *name = class_name(dataset, index);
    const size_t text_width = (strlen(name) * FONT_WIDTH - 1) * layout->text_scale;
    const size_t indent = text_width < width ? (width - text_width) / 2 : 0;
    font_draw(out, left + indent, top + height + layout->gap, layout->text_scale, name);
}

static ocellus_status draw_grid(const struct dataset *dataset, const size_t *indices, size_t rows, size_t columns,
                                const struct layout *layout, struct image *out) {
    TRY(image_create(columns * layout->cell_width + layout->gap, rows * layout->cell_height + layout->gap, out));
    memset(out->pixels, 255, out->width * out->height * 3);
    for (size_t i = 0; i < rows * columns; i++) {
        draw_cell(dataset, indices[i], layout, layout->gap + i % columns * layout->cell_width,
                  layout->gap + i / columns * layout->cell_height, out);
    }
    return OCELLUS_OK;
}

static ocellus_status make_grid(const struct dataset *dataset, uint64_t seed, size_t rows, size_t columns, size_t scale,
                                bool names, struct image *out, size_t *indices) {
    *out = (struct image){0};
    size_t count = 0;
    if (!size_multiply(rows, columns, &count) || scale == 0 || scale > 64) {
        return fail(OCELLUS_USAGE, "preview: %zu rows of %zu at scale %zu are no picture", rows, columns, scale);
    }
    struct layout layout = {.scale = scale, .gap = PREVIEW_GAP * scale};
    layout.cell_width = dataset->width * scale + layout.gap;
    layout.cell_height = dataset->height * scale + layout.gap;
    if (names) {
        layout.text_scale = dataset->width * scale / (FONT_WIDTH * longest_name(dataset));
        if (layout.text_scale == 0) layout.text_scale = 1;
        layout.cell_height += FONT_HEIGHT * layout.text_scale + layout.gap;
    }
    size_t *chosen = memory_allocate(count, sizeof *chosen);
    if (!chosen) return OCELLUS_IO;
    ocellus_status status = preview_choose(dataset, seed, count, chosen);
    if (status == OCELLUS_OK) status = draw_grid(dataset, chosen, rows, columns, &layout, out);
    if (status == OCELLUS_OK && indices) memcpy(indices, chosen, count * sizeof *chosen);
    memory_free(chosen);
    return status;
}

ocellus_status preview_grid(const struct dataset *dataset, uint64_t seed, size_t rows, size_t columns, size_t scale,
                            struct image *out, size_t *indices) {
    return make_grid(dataset, seed, rows, columns, scale, false, out, indices);
}

ocellus_status preview_named_grid(const struct dataset *dataset, uint64_t seed, size_t rows, size_t columns,
                                  size_t scale, struct image *out, size_t *indices) {
    return make_grid(dataset, seed, rows, columns, scale, true, out, indices);
}

static void print_spaces(FILE *stream, size_t count) {
    fprintf(stream, "%*s", (int)count, "");
}

/* One line of characters of one picture: each is an upper half block, its ink the upper pixel, its ground the lower. */
static void print_pixels(const struct dataset *dataset, size_t index, size_t y, FILE *stream) {
    for (size_t x = 0; x < dataset->width; x++) {
        const uint8_t *upper = pixel_at(dataset, index, x, y);
        const uint8_t *lower = y + 1 < dataset->height ? pixel_at(dataset, index, x, y + 1) : upper;
        fprintf(stream, "\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm\xe2\x96\x80", rgb_channel(dataset, upper, 0),
                rgb_channel(dataset, upper, 1), rgb_channel(dataset, upper, 2), rgb_channel(dataset, lower, 0),
                rgb_channel(dataset, lower, 1), rgb_channel(dataset, lower, 2));
    }
    fputs("\x1b[0m", stream);
}

static void print_name(const struct dataset *dataset, size_t index, FILE *stream) {
    struct text name = {0};
    text_append_escaped(&name, class_name(dataset, index));
    if (name.bytes && !name.failed) name.bytes[text_prefix(name.bytes, dataset->width)] = '\0';
    const char *shown = name.bytes && !name.failed ? name.bytes : "";
    const size_t length = text_columns(shown), room = dataset->width > length ? dataset->width - length : 0;
    print_spaces(stream, room / 2);
    fputs(shown, stream);
    print_spaces(stream, room - room / 2);
    text_free(&name);
}

void preview_terminal(const struct dataset *dataset, const size_t *indices, size_t count, size_t columns,
                      FILE *stream) {
    for (size_t first = 0; first < count; first += columns) {
        const size_t end = first + columns < count ? first + columns : count;
        for (size_t y = 0; y < dataset->height; y += 2) {
            for (size_t i = first; i < end; i++) {
                if (i > first) print_spaces(stream, TERMINAL_GAP);
                print_pixels(dataset, indices[i], y, stream);
            }
            fputc('\n', stream);
        }
        for (size_t i = first; i < end; i++) {
            if (i > first) print_spaces(stream, TERMINAL_GAP);
            print_name(dataset, indices[i], stream);
        }
        fputs("\n\n", stream);
    }
}

size_t preview_terminal_columns(const struct dataset *dataset, size_t terminal_columns) {
    const size_t columns = (terminal_columns + TERMINAL_GAP) / (dataset->width + TERMINAL_GAP);
    return columns == 0 ? 1 : columns;
}
