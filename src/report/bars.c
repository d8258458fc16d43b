/* SPDX-License-Identifier: MIT */
/* Bars made of block elements. */
#include "report/bars.h"

#include "base/memory.h"
#include "base/text_layout.h"

#include <stdlib.h>
#include <string.h>

enum { BAR_LARGEST = 48, BAR_SMALLEST = 8, NAME_LARGEST = 24, MOST_PARTS = 3 };

struct bar {
    size_t class, images; /* of all parts */
};

struct table {
    const char *const *names;
    const struct bars_part *parts;
    size_t part_count;
    size_t name_width, bar_width, count_widths[MOST_PARTS];
    size_t largest; /* images of a class */
    bool color;
};

static int by_size(const void *a, const void *b) {
    const struct bar *x = a, *y = b;
    if (x->images != y->images) return x->images > y->images ? -1 : 1;
    return (x->class > y->class) - (x->class < y->class);
}

static void append_bar(struct text *out, size_t eighths) {
    static const char *const parts[8] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    for (size_t i = 0; i < eighths / 8; i++)
        text_append(out, "█");
    text_append(out, "%s", parts[eighths % 8]);
}

static void append_line(struct text *out, const struct table *table, const struct bar *bar) {
    const double share = (double)bar->images / (double)table->largest;
    const size_t eighths = (size_t)(share * (double)table->bar_width * 8.0 + 0.5), blocks = (eighths + 7) / 8;
    char number[32];
    text_append(out, "  ");
    text_append_cell(out, table->names[bar->class], table->name_width);
    text_append(out, " %s", table->color ? "\033[34m" : "");
    append_bar(out, eighths);
    text_append(out, "%s%*s", table->color ? "\033[0m" : "", (int)(table->bar_width - blocks), "");
    for (size_t part = 0; part < table->part_count; part++) {
        text_with_commas(table->parts[part].counts[bar->class], number);
        text_append(out, "  %*s", (int)table->count_widths[part], number);
    }
    text_append(out, "\n");
}

static void append_head(struct text *out, const struct table *table) {
    text_append(out, "  %-*s %*s", (int)table->name_width, "class", (int)table->bar_width, "");
    for (size_t part = 0; part < table->part_count; part++)
        text_append(out, "  %*s", (int)table->count_widths[part], table->parts[part].name);
    text_append(out, "\n");
}

static void lay_out(struct table *table, const struct bar *bars, size_t classes, size_t columns) {
    size_t around = 2 + 1;
    table->name_width = strlen("class");
    table->largest = 1;
    for (size_t i = 0; i < classes; i++) {
        const size_t width = text_columns(table->names[bars[i].class]);
        if (width > table->name_width) table->name_width = width;
        if (bars[i].images > table->largest) table->largest = bars[i].images;
    }
    if (table->name_width > NAME_LARGEST) table->name_width = NAME_LARGEST;
    for (size_t part = 0; part < table->part_count; part++) {
        size_t widest = strlen(table->parts[part].name);
        for (size_t i = 0; i < classes; i++) {
            char number[32];
            text_with_commas(table->parts[part].counts[bars[i].class], number);
            if (strlen(number) > widest) widest = strlen(number);
        }
        table->count_widths[part] = widest;
        around += 2 + widest;
    }
    around += table->name_width;
    table->bar_width = columns > around + BAR_SMALLEST ? columns - around : BAR_SMALLEST;
    if (table->bar_width > BAR_LARGEST) table->bar_width = BAR_LARGEST;
}

/* The lines of so many of the largest or smallest are enough to know. */
static size_t shorten(struct bar *bars, size_t classes) {
    qsort(bars, classes, sizeof *bars, by_size);
    memmove(bars + BARS_ENDS, bars + classes - BARS_ENDS, BARS_ENDS * sizeof *bars);
    return 2 * BARS_ENDS;
}

void bars_append(struct text *out, const char *const *names, size_t classes, const struct bars_part *parts,
                 size_t part_count, size_t columns, bool color) {
    struct table table = {.names = names, .parts = parts, .part_count = part_count, .color = color};
    struct bar *bars = memory_allocate(classes + 1, sizeof *bars);
    if (!bars) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < classes; i++) {
        bars[i].class = i;
        for (size_t part = 0; part < part_count; part++)
            bars[i].images += parts[part].counts[i];
    }
    const size_t shown = classes > BARS_MOST ? shorten(bars, classes) : classes;
    lay_out(&table, bars, shown, columns);
    append_head(out, &table);
    for (size_t i = 0; i < shown; i++) {
        if (shown < classes && i == BARS_ENDS) text_append(out, "  ... %zu classes between\n", classes - shown);
        append_line(out, &table, &bars[i]);
    }
    memory_free(bars);
}
