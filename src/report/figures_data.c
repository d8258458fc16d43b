/* SPDX-License-Identifier: MIT */
#include "report/figures_data.h"

#include "base/memory.h"
#include "report/figure_file.h"

#include <stdlib.h>

static const char *const part_colors[FIGURE_MOST_PARTS] = {COLOR_TRAINING, COLOR_VALIDATION, COLOR_TEST};

/* Two parts are training and test. */
static const char *color_of(size_t part, size_t part_count) {
    return part_colors[part_count == 2 && part == 1 ? 2 : part];
}

struct class_size {
    size_t class, images;
};

static int by_size(const void *a, const void *b) {
    const struct class_size *x = a, *y = b;
    if (x->images != y->images) return x->images > y->images ? -1 : 1;
    return (x->class > y->class) - (x->class < y->class);
}

/* The classes in the order in which they are drawn; NULL without memory. */
static struct class_size *order_classes(size_t classes, const struct figure_part *parts, size_t part_count) {
    struct class_size *order = memory_allocate(classes, sizeof *order);
    for (size_t i = 0; order && i < classes; i++) {
        order[i].class = i;
        for (size_t part = 0; part < part_count; part++)
            order[i].images += parts[part].counts[i];
    }
    if (order && classes > FIGURE_MOST_BARS) qsort(order, classes, sizeof *order, by_size);
    return order;
}

static size_t write_classes(struct figure *figure, const char *const *names, const struct class_size *order,
                            size_t classes, const struct figure_part *parts, size_t part_count) {
    size_t largest = 1;
    text_append(&figure->table, "class,name");
    for (size_t part = 0; part < part_count; part++)
        text_append(&figure->table, ",%s images", parts[part].name);
    for (size_t i = 0; i < classes; i++) {
        const size_t class = order[i].class;
        text_append(&figure->table, "\n%zu,", class);
        figure_append_name(&figure->table, names[class]);
        for (size_t part = 0; part < part_count; part++) {
            const size_t images = parts[part].counts[class];
            if (images > largest) largest = images;
            text_append(&figure->table, ",%zu", images);
        }
    }
    text_append(&figure->table, "\n");
    return largest;
}

static void label_parts(struct figure *figure, const struct figure_part *parts, size_t part_count) {
    for (size_t part = 0; part < part_count; part++)
        text_append(&figure->script,
                    "set label %zu '%s images' at graph %.1f, graph 1 offset 0,0.9 textcolor rgb '%s'\n", part + 1,
                    parts[part].name, 0.24 * (double)part, color_of(part, part_count));
}

static void draw_bars(struct figure *figure, size_t largest, size_t classes, const struct figure_part *parts,
                      size_t part_count) {
    const double row = part_count == 1 ? 0.6 : 0.75, bar = row / (double)part_count, gap = part_count == 1 ? 0.0 : 0.03;
    figure->height = 70 + (part_count < 3 ? 28 : 42) * (int)classes;
    text_append(&figure->script,
                "set xrange [0:%zu]\nset yrange [%zu.5:-0.5]\nunset xtics\nset rmargin 2\nset tmargin 2.5\n"
                "set bmargin 0.5\nname(n) = strlen(n) > 28 ? substr(n, 1, 27).'\u2026' : n\n",
                largest + largest / 8 + 1, classes - 1);
    label_parts(figure, parts, part_count);
    text_append(&figure->plot, "plot ");
    for (size_t part = 0; part < part_count; part++) {
        const double top = -0.5 * row + bar * (double)part, bottom = top + bar - gap;
        text_append(&figure->plot,
                    "%s'%s.csv' using %zu:1:(0):%zu:($1%+.3f):($1%+.3f):ytic(name(strcol(2))) with boxxyerror "
                    "linecolor rgb '%s', "
                    "'' using %zu:($1%+.3f):%zu with labels left offset 0.5,0 textcolor rgb '" COLOR_TEXT "'",
                    part > 0 ? ", " : "", figure->name, part + 3, part + 3, top, bottom, color_of(part, part_count),
                    part + 3, 0.5 * (top + bottom), part + 3);
    }
}

static void draw_curve(struct figure *figure, size_t largest, size_t classes, const struct figure_part *parts,
                       size_t part_count) {
    figure->height = 380;
    text_append(&figure->script,
                "set xrange [0:%zu]\nset yrange [0:%zu]\nset grid ytics linestyle 9\nset tmargin 2.5\nset rmargin 3\n"
                "set xlabel '%zu classes, the largest first' textcolor rgb '" COLOR_TEXT "'\n",
                classes, largest + largest / 16 + 1, classes);
    label_parts(figure, parts, part_count);
    text_append(&figure->plot, "plot ");
    for (size_t part = 0; part < part_count; part++)
        text_append(&figure->plot, "%s'%s.csv' using ($0+0.5):%zu with histeps linecolor rgb '%s' linewidth 1.6",
                    part > 0 ? ", " : "", figure->name, part + 3, color_of(part, part_count));
}

ocellus_status figure_class_distribution(const char *folder, const char *const *names, size_t classes,
                                         const struct figure_part *parts, size_t part_count) {
    struct figure figure = {folder, FIGURE_CLASSES, 880, 0, {0}, {0}, {0}};
    struct class_size *order = order_classes(classes, parts, part_count);
    if (!order) return OCELLUS_IO;
    const size_t largest = write_classes(&figure, names, order, classes, parts, part_count);
    memory_free(order);
    (classes > FIGURE_MOST_BARS ? draw_curve : draw_bars)(&figure, largest, classes, parts, part_count);
    return figure_end(&figure);
}

static int by_sides(const void *a, const void *b) {
    const struct figure_size *x = a, *y = b;
    if (x->width != y->width) return x->width < y->width ? -1 : 1;
    return (x->height > y->height) - (x->height < y->height);
}

/* Puts the same sizes together; how many are left. */
static size_t join_sizes(struct figure_size *sizes, size_t count) {
    size_t kept = 0;
    qsort(sizes, count, sizeof *sizes, by_sides);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_sides(&sizes[i], &sizes[kept - 1]) == 0) sizes[kept - 1].images += sizes[i].images;
        else sizes[kept++] = sizes[i];
    }
    return kept;
}

/* To five binary digits. */
static uint32_t rounded(uint32_t side) {
    uint32_t unit = 1;
    while (side / unit >= 32)
        unit *= 2;
    return side / unit * unit;
}

ocellus_status figure_sizes(const char *folder, struct figure_size *sizes, size_t count) {
    struct figure figure = {folder, FIGURE_SIZES, 640, 480, {0}, {0}, {0}};
    count = join_sizes(sizes, count);
    const bool joined = count > FIGURE_MOST_SIZES;
    for (size_t i = 0; joined && i < count; i++) {
        sizes[i].width = rounded(sizes[i].width);
        sizes[i].height = rounded(sizes[i].height);
    }
    if (joined) count = join_sizes(sizes, count);
    uint32_t widest = 1, highest = 1;
    size_t most = 1;
    text_append(&figure.table, "width,height,images\n");
    for (size_t i = 0; i < count; i++) {
        if (sizes[i].width > widest) widest = sizes[i].width;
        if (sizes[i].height > highest) highest = sizes[i].height;
        if (sizes[i].images > most) most = sizes[i].images;
        text_append(&figure.table, "%u,%u,%zu\n", sizes[i].width, sizes[i].height, sizes[i].images);
    }
    text_append(&figure.script,
                "set xrange [0:%.0f]\nset yrange [0:%.0f]\nset grid linestyle 9\nset tmargin 2\nset rmargin 3\n"
                "set xlabel 'width in pixels' textcolor rgb '" COLOR_TEXT "'\n"
                "set label 1 'height in pixels' at graph 0, graph 1 offset -4,0.8 textcolor rgb '" COLOR_TEXT "'\n"
                "set label 2 'the largest dot: %zu images' at graph 1, graph 1 right offset 0,0.8 textcolor rgb "
                "'" COLOR_TRAINING "'\nset style fill transparent solid 0.55 noborder\n",
                1.05 * widest + 1, 1.05 * highest + 1, most);
    text_append(&figure.plot,
                "plot '%s.csv' using 1:2:(0.5+1.7*sqrt($3/%zu.0)) with points pointtype 7 pointsize variable linecolor "
                "rgb '#660072B2'",
                figure.name, most);
    return figure_end(&figure);
}
