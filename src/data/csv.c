/* SPDX-License-Identifier: MIT */
#include "data/csv.h"

#include <stdint.h>
#include <string.h>

static ocellus_status fail_at(const struct csv *csv, size_t line, const char *what) {
    return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: %s", csv->source, line, what);
}

static size_t count_lines(const char *from, const char *to) {
    size_t lines = 1;
    for (; (from = memchr(from, '\n', (size_t)(to - from))); from++)
        lines++;
    return lines;
}

/* The first of them that stands in the first line. */
static char find_separator(const struct csv *csv) {
    static const char separators[] = "\t,;";
    const size_t left = (size_t)(csv->end - csv->next);
    const char *line_end = memchr(csv->next, '\n', left);
    const size_t first = line_end ? (size_t)(line_end - csv->next) : left;
    for (size_t i = 0; i < sizeof separators - 1; i++)
        if (memchr(csv->next, separators[i], first)) return separators[i];
    return ',';
}

ocellus_status csv_begin(struct csv *csv, const char *source, unsigned char *bytes, size_t size) {
    *csv = (struct csv){.source = source, .next = (char *)bytes, .end = (char *)bytes + size, .next_line = 1};
    const char *zero = memchr(bytes, '\0', size);
    if (zero) return fail_at(csv, count_lines(csv->next, zero), "a zero byte");
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) csv->next += 3;
    csv->separator = find_separator(csv);
    return OCELLUS_OK;
}

static bool ends_field(const struct csv *csv, const char *at) {
    return at == csv->end || *at == csv->separator || *at == '\n' || (*at == '\r' && at[1] == '\n');
}

/* The quoted field at csv->next, whose quotes are taken off where it lies. */
static ocellus_status read_quoted(struct csv *csv) {
    char *from = csv->next + 1, *to = csv->next;
    const size_t line = csv->next_line;
    for (;; from++) {
        if (from == csv->end) return fail_at(csv, line, "a quote is not closed");
        if (*from == '\n') csv->next_line++;
        if (*from == '"' && *++from != '"') break; /* the byte after the end is 0 */
        *to++ = *from;
    }
    if (!ends_field(csv, from)) return fail_at(csv, csv->next_line, "text after a closing quote");
    csv->next = from;
    *to = '\0'; /* before csv->next: the quotes left room */
    return OCELLUS_OK;
}

static ocellus_status read_plain(struct csv *csv) {
    while (!ends_field(csv, csv->next)) {
        if (*csv->next == '"') return fail_at(csv, csv->next_line, "a quote in the middle of a field");
        csv->next++;
    }
    return OCELLUS_OK;
}

/* One field, and what stands behind it; *last: the row is whole. */
static ocellus_status read_field(struct csv *csv, bool *last) {
    if (csv->count == CSV_MOST_FIELDS) return fail_at(csv, csv->next_line, "more fields than 64");
    csv->fields[csv->count++] = csv->next;
    TRY(csv->next < csv->end && *csv->next == '"' ? read_quoted(csv) : read_plain(csv));
    char *end = csv->next;
    *last = end == csv->end || *end != csv->separator;
    if (end < csv->end && *end == '\r') csv->next++;
    if (csv->next < csv->end) {
        csv->next_line += *csv->next == '\n';
        csv->next++;
    }
    *end = '\0';
    return OCELLUS_OK;
}

static ocellus_status read_row(struct csv *csv) {
    const char *start = csv->next;
    bool last = false;
    csv->count = 0;
    csv->line = csv->next_line;
    while (!last) {
        TRY(read_field(csv, &last));
        if (csv->next - start > CSV_MOST_BYTES) return fail_at(csv, csv->line, "more than 65536 bytes");
    }
    return OCELLUS_OK;
}

ocellus_status csv_next(struct csv *csv, bool *got) {
    do {
        *got = csv->next < csv->end;
        if (!*got) return OCELLUS_OK;
        TRY(read_row(csv));
    } while (csv->count == 1 && *csv->fields[0] == '\0');
    return OCELLUS_OK;
}

size_t csv_column(const struct csv *csv, const char *name) {
    for (size_t i = 0; i < csv->count; i++)
        if (text_compare_letters(csv->fields[i], name) == 0) return i;
    return SIZE_MAX;
}

const char *csv_field(const struct csv *csv, size_t column) {
    return column < csv->count ? csv->fields[column] : "";
}
