/* SPDX-License-Identifier: MIT */
#include "data/split_file.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/csv.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 30, MOST_ROWS = INT32_MAX };

static const uint8_t no_pixels[PICTURE_HASH_SIZE];

struct columns {
    size_t path, pixels, split, class_name, group;
};

static const char *text_at(const struct split_file *file, size_t offset) {
    return file->texts.bytes + offset;
}

bool split_file_tells_pixels(const struct split_row *row) {
    return memcmp(row->pixels, no_pixels, PICTURE_HASH_SIZE) != 0;
}

const char *split_file_path(const struct split_file *file, const struct split_row *row) {
    return text_at(file, row->path);
}

const char *split_file_class(const struct split_file *file, const struct split_row *row) {
    return text_at(file, row->class_name);
}

const char *split_file_group(const struct split_file *file, const struct split_row *row) {
    return text_at(file, row->group);
}

/* --- reading --- */

static int digit_of(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hash(const char *text, uint8_t hash[PICTURE_HASH_SIZE]) {
    memset(hash, 0, PICTURE_HASH_SIZE);
    if (!*text) return true;
    for (size_t i = 0;; i++, text += 2) {
        const int high = digit_of(text[0]), low = high < 0 ? -1 : digit_of(text[1]);
        if (i == PICTURE_HASH_SIZE || low < 0) return false;
        hash[i] = (uint8_t)(high << 4 | low);
        if (i == PICTURE_HASH_SIZE - 1) return text[2] == '\0';
    }
}

static size_t keep(struct split_file *file, const char *text) {
    const size_t offset = *text ? file->texts.size : 0;
    if (*text) text_append_bytes(&file->texts, text, strlen(text) + 1);
    return offset;
}

static ocellus_status read_row(struct split_file *file, const struct csv *csv, const struct columns *columns) {
    struct split_row row = {.line = (uint32_t)csv->line};
    const char *path = csv_field(csv, columns->path), *word = csv_field(csv, columns->split),
               *pixels = csv_field(csv, columns->pixels);
    enum picture_part part;
    TRY(collection_check_path(path, csv->source, csv->line));
    if (!picture_part_from_name(word, &part))
        return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: split: expected train, validation or test (got \"%s\")",
                    csv->source, csv->line, word);
    if (!read_hash(pixels, row.pixels))
        return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: pixels: expected 64 digits of a SHA-256 (got \"%s\")",
                    csv->source, csv->line, pixels);
    if (file->count >= MOST_ROWS) return fail(OCELLUS_BAD_CONTENT, "%s: too many rows", csv->source);
    row.path = keep(file, path);
    row.class_name = keep(file, csv_field(csv, columns->class_name));
    row.group = keep(file, csv_field(csv, columns->group));
    row.part = (uint8_t)part;
    TRY(memory_grow((void **)&file->rows, &file->capacity, file->count + 1, sizeof *file->rows));
    file->rows[file->count++] = row;
    return OCELLUS_OK;
}

static ocellus_status read_rows(struct split_file *file, struct csv *csv) {
    bool got;
    TRY(csv_next(csv, &got));
    const struct columns columns = {csv_column(csv, "path"), csv_column(csv, "pixels"), csv_column(csv, "split"),
                                    csv_column(csv, "class"), csv_column(csv, "group")};
    if (!got || columns.path == SIZE_MAX || columns.split == SIZE_MAX)
        return fail(OCELLUS_BAD_CONTENT, "%s: line 1: expected the columns path, pixels, group, split", csv->source);
    text_append_bytes(&file->texts, "", 1); /* offset 0 */
    for (;;) {
        TRY(csv_next(csv, &got));
        if (!got) break;
        TRY(read_row(file, csv, &columns));
    }
    return file->texts.failed ? OCELLUS_IO : OCELLUS_OK;
}

/* --- order --- */

static int compare_pixels(const void *a, const void *b) {
    const struct split_row *left = a, *right = b;
    const int order = memcmp(left->pixels, right->pixels, PICTURE_HASH_SIZE);
    return order ? order : (left->line > right->line) - (left->line < right->line);
}

static int compare_paths(const void *a, const void *b, void *context) {
    const struct split_file *file = context;
    const struct split_row *left = &file->rows[*(const uint32_t *)a], *right = &file->rows[*(const uint32_t *)b];
    const int order = strcmp(split_file_path(file, left), split_file_path(file, right));
    return order ? order : (left->line > right->line) - (left->line < right->line);
}

static ocellus_status put_in_order(struct split_file *file, const char *source) {
    if (file->count == 0) return OCELLUS_OK;
    qsort(file->rows, file->count, sizeof *file->rows, compare_pixels);
    file->by_path = memory_allocate(file->count, sizeof *file->by_path);
    if (!file->by_path) return OCELLUS_IO;
    for (size_t i = 0; i < file->count; i++)
        file->by_path[i] = (uint32_t)i;
    qsort_r(file->by_path, file->count, sizeof *file->by_path, compare_paths, file);
    for (size_t i = 1; i < file->count; i++) {
        const struct split_row *before = &file->rows[file->by_path[i - 1]], *row = &file->rows[file->by_path[i]];
        if (strcmp(split_file_path(file, before), split_file_path(file, row)) == 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: line %u: a path comes twice, first in line %u: %s", source, row->line,
                        before->line, split_file_path(file, row));
    }
    return OCELLUS_OK;
}

ocellus_status split_file_read(const char *path, struct split_file *file) {
    unsigned char *bytes;
    size_t size;
    struct csv csv;
    *file = (struct split_file){0};
    TRY(file_read(path, FILE_LIMIT, &bytes, &size));
    ocellus_status status = csv_begin(&csv, path, bytes, size);
    if (status == OCELLUS_OK) status = read_rows(file, &csv);
    free(bytes);
    if (status == OCELLUS_OK) status = put_in_order(file, path);
    if (status != OCELLUS_OK) split_file_free(file);
    return status;
}

void split_file_free(struct split_file *file) {
    free(file->rows);
    memory_free(file->by_path);
    text_free(&file->texts);
    *file = (struct split_file){0};
}

/* --- finding --- */

static const struct split_row *find_path(const struct split_file *file, const char *path) {
    size_t first = 0, last = file->count;
    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        const struct split_row *row = &file->rows[file->by_path[middle]];
        const int order = strcmp(path, split_file_path(file, row));
        if (order == 0) return row;
        if (order < 0) last = middle;
        else first = middle + 1;
    }
    return NULL;
}

/* The first row of these pixels, by its line. */
static const struct split_row *find_pixels(const struct split_file *file, const uint8_t pixels[PICTURE_HASH_SIZE]) {
    size_t first = 0, last = file->count;
    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        if (memcmp(pixels, file->rows[middle].pixels, PICTURE_HASH_SIZE) <= 0) last = middle;
        else first = middle + 1;
    }
    const bool found = first < file->count && memcmp(pixels, file->rows[first].pixels, PICTURE_HASH_SIZE) == 0;
    return found ? &file->rows[first] : NULL;
}

const struct split_row *split_file_find(const struct split_file *file, const uint8_t pixels[PICTURE_HASH_SIZE],
                                        const char *path) {
    const struct split_row *there = find_path(file, path);
    if (memcmp(pixels, no_pixels, PICTURE_HASH_SIZE) == 0) return there;
    if (there && memcmp(pixels, there->pixels, PICTURE_HASH_SIZE) == 0) return there;
    const struct split_row *same = find_pixels(file, pixels);
    return same ? same : there;
}

/* --- writing --- */

void split_file_append(struct text *text, const char *path, const uint8_t pixels[PICTURE_HASH_SIZE], const char *word,
                       enum picture_part part) {
    text_append_csv(text, path);
    text_append(text, ",");
    for (size_t i = 0; i < PICTURE_HASH_SIZE && memcmp(pixels, no_pixels, PICTURE_HASH_SIZE) != 0; i++)
        text_append(text, "%02x", pixels[i]);
    text_append(text, ",");
    text_append_csv(text, word);
    text_append(text, ",%s\n", picture_part_names[part]);
}
