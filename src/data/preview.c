/* SPDX-License-Identifier: MIT */
#include "data/preview.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "base/text_layout.h"
#include "data/font.h"
#include "data/resize.h"

#include <string.h>

enum { TERMINAL_GAP = 2 }; /* columns between pictures */
/* Pictures that are all alike and no wider stand in a terminal as they are, others with no side longer than the second: three
 * in a row of 80 columns. */
enum { TERMINAL_WIDTH = 32, TERMINAL_SIDE = 24 };

ocellus_status preview_choose(const struct source *source, uint64_t seed, size_t count, size_t *indices) {
    if (count == 0 || count > source->count) {
        return fail(OCELLUS_USAGE, "preview: %zu images (expected 1 to %zu)", count, source->count);
    }
    size_t *order = memory_allocate(source->count, sizeof *order);
    if (!order) return OCELLUS_IO;
    random_permutation(seed, RANDOM_PREVIEW, 0, order, source->count);
    memcpy(indices, order, count * sizeof *order);
    memory_free(order);
    return OCELLUS_OK;
}

static void copy_as_rgb(const struct picture *picture, struct image *out) {
    for (size_t i = 0; i < out->height * out->width; i++) {
        const uint8_t *pixel = picture->pixels + i * picture->channels;
        for (size_t c = 0; c < 3; c++)
            out->pixels[3 * i + c] = pixel[picture->channels < 3 ? 0 : c];
    }
}

/* Replaces an image by one that fits into a square of `side`, its aspect kept; never larger than it was. */
static ocellus_status shrink(struct image *image, size_t side) {
    const size_t longer = image->width > image->height ? image->width : image->height;
    if (longer <= side) return OCELLUS_OK;
    size_t width = (2 * image->width * side + longer) / (2 * longer);
    size_t height = (2 * image->height * side + longer) / (2 * longer);
    struct image small;
    TRY(image_resize(image, width ? width : 1, height ? height : 1, &small));
    image_free(image);
    *image = small;
    return OCELLUS_OK;
}

ocellus_status preview_image(const struct source *source, size_t index, size_t side, struct image *out) {
    struct picture picture = {0};
    *out = (struct image){0};
    ocellus_status status =
        source_read(source, index, side ? &(struct picture_wish){.height = side, .width = side} : NULL, &picture);
    if (status == OCELLUS_OK) status = image_create(picture.width, picture.height, out);
    if (status == OCELLUS_OK) copy_as_rgb(&picture, out);
    picture_free(&picture);
    if (status == OCELLUS_OK && side) status = shrink(out, side);
    if (status != OCELLUS_OK) image_free(out);
    return status;
}

/* Pictures that are shown together. */
struct shown {
    struct image *images; /* [count], owned */
    size_t count;
    size_t width, height; /* the largest */
};

static void shown_free(struct shown *shown) {
    for (size_t i = 0; shown->images && i < shown->count; i++)
        image_free(&shown->images[i]);
    memory_free(shown->images);
    *shown = (struct shown){0};
}

/* Makes those smaller that are wider or higher than `side`; 0: none. */
static ocellus_status shown_read(const struct source *source, const size_t *indices, size_t count, size_t side,
                                 struct shown *shown) {
    *shown = (struct shown){.images = memory_allocate(count, sizeof *shown->images), .count = count};
    ocellus_status status = shown->images ? OCELLUS_OK : OCELLUS_IO;
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        struct image *image = &shown->images[i];
        status = preview_image(source, indices[i], side, image);
        if (image->width > shown->width) shown->width = image->width;
        if (image->height > shown->height) shown->height = image->height;
    }
    if (status != OCELLUS_OK) shown_free(shown);
    return status;
}

static const char *class_name(const struct source *source, size_t index) {
    return source->class_names[source_label(source, index)];
}

static size_t longest_name(const struct source *source) {
    size_t longest = 1;
    for (size_t c = 0; c < source->classes; c++) {
        const size_t columns = text_columns(source->class_names[c]);
        if (columns > longest) longest = columns;
    }
    return longest;
}

/* Where things lie in the grid, in its pixels. */
struct layout {
    size_t scale, gap;
    size_t width, height; /* of the largest image */
    size_t cell_width, cell_height;
    size_t text_scale;
};

static struct layout make_layout(size_t width, size_t height, size_t scale, size_t letters, size_t lines) {
    struct layout layout = {
        .scale = scale, .gap = PREVIEW_GAP * scale, .width = width * scale, .height = height * scale};
    layout.text_scale = layout.width / (FONT_WIDTH * letters);
    if (layout.text_scale == 0) layout.text_scale = 1;
    layout.cell_width = layout.width + layout.gap;
    layout.cell_height = layout.height + layout.gap + FONT_HEIGHT * layout.text_scale * lines + layout.gap;
    return layout;
}

static void draw_line(const char *line, size_t letters, const struct layout *layout, size_t left, size_t top,
                      struct image *out) {
    const size_t most = layout->cell_width / (FONT_WIDTH * layout->text_scale);
    char shown[256]; /* more than any cell holds */
    snprintf(shown, sizeof shown, "%.*s", (int)(letters < most ? letters : most), line);
    const size_t text_width = (strlen(shown) * FONT_WIDTH - 1) * layout->text_scale;
    const size_t indent = text_width < layout->width ? (layout->width - text_width) / 2 : 0;
    font_draw(out, left + indent, top, layout->text_scale, shown);
}

static void draw_cell(const struct image *image, const char *name, const struct layout *layout, size_t left, size_t top,
                      struct image *out) {
    for (size_t y = 0; y < image->height * layout->scale; y++) {
        for (size_t x = 0; x < image->width * layout->scale; x++) {
            const size_t pixel = y / layout->scale * image->width + x / layout->scale;
            memcpy(out->pixels + 3 * ((top + y) * out->width + left + x), image->pixels + 3 * pixel, 3);
        }
    }
    top += layout->height + layout->gap;
    for (size_t letters; *name; name += letters + (name[letters] == '\n'), top += FONT_HEIGHT * layout->text_scale) {
        letters = strcspn(name, "\n");
        draw_line(name, letters, layout, left, top, out);
    }
}

static ocellus_status draw_grid(const struct image *images, const char *const *names, size_t count, size_t columns,
                                const struct layout *layout, struct image *out) {
    const size_t rows = (count + columns - 1) / columns;
    TRY(image_create(columns * layout->cell_width + layout->gap, rows * layout->cell_height + layout->gap, out));
    memset(out->pixels, 255, out->width * out->height * 3);
    for (size_t i = 0; i < count; i++)
        draw_cell(&images[i], names[i], layout, layout->gap + i % columns * layout->cell_width,
                  layout->gap + i / columns * layout->cell_height, out);
    return OCELLUS_OK;
}

ocellus_status preview_draw(const struct image *images, const char *const *names, size_t count, size_t columns,
                            size_t scale, struct image *out) {
    size_t width = 0, height = 0, letters = 1, lines = 1;
    for (size_t i = 0; i < count; i++) {
        if (images[i].width > width) width = images[i].width;
        if (images[i].height > height) height = images[i].height;
        size_t line = 0, here = 1;
        for (const char *c = names[i]; *c; c++) {
            here += *c == '\n';
            line = *c == '\n' ? 0 : line + 1;
            if (line > letters) letters = line;
        }
        if (here > lines) lines = here;
    }
    struct layout layout = make_layout(width, height, scale, letters, lines);
    const size_t text_width = letters * FONT_WIDTH * layout.text_scale;
    if (text_width > layout.width) layout.cell_width = text_width + layout.gap;
    return draw_grid(images, names, count, columns, &layout, out);
}

ocellus_status preview_grid(const struct source *source, uint64_t seed, size_t count, size_t columns, size_t scale,
                            struct image *out, size_t *indices) {
    *out = (struct image){0};
    if (columns == 0 || count < columns || scale == 0 || scale > 64)
        return fail(OCELLUS_USAGE, "preview: %zu images in %zu columns at scale %zu are no picture", count, columns,
                    scale);
    struct shown shown = {0};
    size_t *chosen = memory_allocate(count, sizeof *chosen);
    const char **names = chosen ? memory_allocate(count, sizeof *names) : NULL;
    ocellus_status status = names ? preview_choose(source, seed, count, chosen) : OCELLUS_IO;
    if (status == OCELLUS_OK) status = shown_read(source, chosen, count, PREVIEW_SIDE, &shown);
    if (status == OCELLUS_OK) {
        while (scale > 1 && scale * (shown.width > shown.height ? shown.width : shown.height) > PREVIEW_SIDE)
            scale--;
        for (size_t i = 0; i < count; i++)
            names[i] = class_name(source, chosen[i]);
        const struct layout layout = make_layout(shown.width, shown.height, scale, longest_name(source), 1);
        status = draw_grid(shown.images, names, count, columns, &layout, out);
    }
    if (status == OCELLUS_OK && indices) memcpy(indices, chosen, count * sizeof *chosen);
    shown_free(&shown);
    memory_free(names);
    memory_free(chosen);
    return status;
}

static void print_spaces(FILE *stream, size_t count) {
    fprintf(stream, "%*s", (int)count, "");
}

/* One line of characters of one picture, in `columns`: each is an upper half block, its ink the upper pixel, its ground the
 * lower. */
static void print_pixels(const struct image *image, size_t y, size_t columns, FILE *stream) {
    const size_t shown = y < image->height ? image->width : 0;
    for (size_t x = 0; x < shown; x++) {
        const uint8_t *upper = image->pixels + 3 * (y * image->width + x);
        const uint8_t *lower = y + 1 < image->height ? upper + 3 * image->width : upper;
        fprintf(stream, "\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm\xe2\x96\x80", upper[0], upper[1], upper[2], lower[0],
                lower[1], lower[2]);
    }
    fputs("\x1b[0m", stream);
    print_spaces(stream, columns - shown);
}

static void print_name(const char *class_name, size_t columns, FILE *stream) {
    struct text name = {0};
    text_append_escaped(&name, class_name);
    if (name.bytes && !name.failed) name.bytes[text_prefix(name.bytes, columns)] = '\0';
    const char *shown = name.bytes && !name.failed ? name.bytes : "";
    const size_t length = text_columns(shown), room = columns > length ? columns - length : 0;
    print_spaces(stream, room / 2);
    fputs(shown, stream);
    print_spaces(stream, room - room / 2);
    text_free(&name);
}

static bool as_it_is(const struct source *source) {
    return source->width && source->width <= TERMINAL_WIDTH && source->height && source->height <= TERMINAL_WIDTH;
}

ocellus_status preview_terminal(const struct source *source, const size_t *indices, size_t count, size_t columns,
                                FILE *stream) {
    struct shown shown;
    TRY(shown_read(source, indices, count, as_it_is(source) ? 0 : TERMINAL_SIDE, &shown));
    for (size_t first = 0; first < count; first += columns) {
        const size_t end = first + columns < count ? first + columns : count;
        for (size_t y = 0; y < shown.height; y += 2) {
            for (size_t i = first; i < end; i++) {
                if (i > first) print_spaces(stream, TERMINAL_GAP);
                print_pixels(&shown.images[i], y, shown.width, stream);
            }
            fputc('\n', stream);
        }
        for (size_t i = first; i < end; i++) {
            if (i > first) print_spaces(stream, TERMINAL_GAP);
            print_name(class_name(source, indices[i]), shown.width, stream);
        }
        fputs("\n\n", stream);
    }
    shown_free(&shown);
    return OCELLUS_OK;
}

size_t preview_terminal_columns(const struct source *source, size_t terminal_columns) {
    const size_t width = as_it_is(source) ? source->width : TERMINAL_SIDE;
    const size_t columns = (terminal_columns + TERMINAL_GAP) / (width + TERMINAL_GAP);
    return columns == 0 ? 1 : columns;
}
