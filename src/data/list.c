/* SPDX-License-Identifier: MIT */
#include "data/list.h"

#include "base/files.h"
#include "data/csv.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_LIMIT = 1 << 30, NUMBER_DIGITS = 9 };

struct columns {
    size_t path, label, split, group;
};

/* Where paths begin, and the list's name without its ending. */
static ocellus_status set_names(struct collection *collection, const char *path) {
    TRY(collection_set_name(collection, path));
    char *dot = strrchr(collection->name, '.');
    if (dot && dot != collection->name) *dot = '\0';
    TRY(path_join(collection->root, "", path));
    char *name = collection->root + (path_base_name(path) - path);
    *name = '\0';
    return OCELLUS_OK;
}

static ocellus_status find_columns(const struct csv *csv, struct columns *columns) {
    *columns = (struct columns){csv_column(csv, "path"), csv_column(csv, "label"), csv_column(csv, "split"),
                                csv_column(csv, "group")};
    if (columns->path != SIZE_MAX && columns->label != SIZE_MAX) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: expected a row that names the columns path and label", csv->source,
                csv->line);
}

static ocellus_status check_file(const struct collection *collection, const struct csv *csv, const char *path) {
    char whole[FILE_PATH_SIZE];
    enum path_kind kind;
    TRY(path_join(whole, collection->root, path));
    TRY(path_look(whole, &kind));
    if (kind == PATH_FILE) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: %s: %s", csv->source, csv->line, path,
                kind == PATH_NONE ? "there is no such file" : "is a folder");
}

/* "007" would be another name for 7. */
static bool is_number(const char *label) {
    const size_t size = strlen(label);
    return size <= NUMBER_DIGITS && strspn(label, "0123456789") == size && (size == 1 || *label != '0');
}

static ocellus_status read_row(struct collection *collection, const struct csv *csv, const struct columns *columns) {
    struct collection_entry entry = {.line = (uint32_t)csv->line};
    enum picture_part part = PICTURE_PART_NONE;
    const char *path = csv_field(csv, columns->path), *label = csv_field(csv, columns->label),
               *split = csv_field(csv, columns->split);
    TRY(collection_check_path(path, csv->source, csv->line));
    if (!*label) return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: label: is empty", csv->source, csv->line);
    if (*split && !picture_part_from_name(split, &part))
        return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: split: expected train, validation or test (got \"%s\")",
                    csv->source, csv->line, split);
    TRY(check_file(collection, csv, path));
    entry.given = (uint8_t)part;
    if (collection->count > 0) {
        const struct collection_entry *before = &collection->entries[collection->count - 1];
        if (strcmp(collection->texts.bytes + before->class_name, label) == 0) entry.class_name = before->class_name;
    }
    if (entry.class_name == 0) TRY(collection_add_text(collection, label, &entry.class_name));
    TRY(collection_add_text(collection, path, &entry.path));
    TRY(collection_add_text(collection, csv_field(csv, columns->group), &entry.group));
    return collection_add(collection, &entry);
}

static ocellus_status read_rows(struct collection *collection, struct csv *csv, bool *numbers) {
    struct columns columns;
    bool got;
    TRY(csv_next(csv, &got));
    if (!got) return fail(OCELLUS_BAD_CONTENT, "%s: is empty", csv->source);
    TRY(find_columns(csv, &columns));
    *numbers = true;
    for (;;) {
        TRY(csv_next(csv, &got));
        if (!got) return OCELLUS_OK;
        *numbers = *numbers && is_number(csv_field(csv, columns.label));
        TRY(read_row(collection, csv, &columns));
    }
}

static ocellus_status refuse_twice(const struct collection *collection, const char *source) {
    for (size_t i = 1; i < collection->count; i++) {
        if (strcmp(collection_path(collection, i - 1), collection_path(collection, i)) != 0) continue;
        const uint32_t a = collection->entries[i - 1].line, b = collection->entries[i].line;
        return fail(OCELLUS_BAD_CONTENT, "%s: line %u: a path comes twice, first in line %u: %s", source, a > b ? a : b,
                    a > b ? b : a, collection_path(collection, i));
    }
    return OCELLUS_OK;
}

static ocellus_status read_list(const char *path, struct collection *collection) {
    unsigned char *bytes;
    size_t size;
    struct csv csv;
    bool numbers = false;
    TRY(set_names(collection, path));
    TRY(file_read(path, LIST_LIMIT, &bytes, &size));
    ocellus_status status = csv_begin(&csv, path, bytes, size);
    if (status == OCELLUS_OK) status = read_rows(collection, &csv, &numbers);
    free(bytes);
    TRY(status);
    TRY(collection_complete(collection, numbers ? COLLECTION_BY_NUMBER : COLLECTION_BY_BYTES));
    return refuse_twice(collection, path);
}

ocellus_status collection_open_list(const char *path, struct collection *collection) {
    *collection = (struct collection){0};
    const ocellus_status status = read_list(path, collection);
    if (status != OCELLUS_OK) collection_free(collection);
    return status;
}
