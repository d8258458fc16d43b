/* SPDX-License-Identifier: MIT */
/* Bars made of block elements. */
#include "report/bars.h"

#include "base/text.h"
#include "base/text_layout.h"

#include <string.h>

enum { BAR_LARGEST = 60, NAME_LARGEST = 24 };

static void print_bar(FILE *stream, size_t eighths) {
    static const char *const parts[8] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    for (size_t i = 0; i < eighths / 8; i++)
        fputs("█", stream);
    fputs(parts[eighths % 8], stream);
}

void bars_print(FILE *stream, const char *const *names, const size_t *counts, size_t count, int columns, bool color) {
    size_t longest_name = 0, largest = 1;
    for (size_t i = 0; i < count; i++) {
        size_t length = text_columns(names[i]);
        if (length > longest_name) longest_name = length;
        if (longest_name > NAME_LARGEST) longest_name = NAME_LARGEST;
        if (counts[i] > largest) largest = counts[i];
    }
    char number[32];
    text_with_commas(largest, number);
    size_t around = longest_name + strlen(number) + 5, wide = columns > 0 ? (size_t)columns : 0;
    size_t bar = wide > around + 8 ? wide - around : 8;
    if (bar > BAR_LARGEST) bar = BAR_LARGEST;
    for (size_t i = 0; i < count; i++) {
        struct text name = {0};
        text_append_cell(&name, names[i], longest_name);
        fprintf(stream, "  %s %s", name.failed || !name.bytes ? "?" : name.bytes, color ? "\033[34m" : "");
        text_free(&name);
        print_bar(stream, (size_t)((double)counts[i] / (double)largest * (double)bar * 8.0 + 0.5));
        text_with_commas(counts[i], number);
        fprintf(stream, "%s %s\n", color ? "\033[0m" : "", number);
    }
}
