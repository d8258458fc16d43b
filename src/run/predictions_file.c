/* SPDX-License-Identifier: MIT */
/* predictions.csv: one line an image. */
#include "run/predictions_file.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char header[] = "index,label,predicted,probability,label_probability", path_header[] = ",path";
enum { PREDICTIONS_MAX_BYTES = 1024 * 1024 * 1024, PREDICTION_CELLS = 5 };

ocellus_status predictions_write(const char *path, const struct prediction *rows, size_t count) {
    struct file_writer writer;
    TRY(file_writer_begin(&writer, path));
    const bool has_paths = count > 0 && rows[0].path != NULL;
    struct text cell = {0};
    fprintf(writer.stream, "%s%s\n", header, has_paths ? path_header : "");
    for (size_t i = 0; i < count; i++) {
        char probability[32], label_probability[32];
        text_from_real((double)rows[i].probability, probability);
        text_from_real((double)rows[i].label_probability, label_probability);
        fprintf(writer.stream, "%zu,%ld,%ld,%s,%s", rows[i].index, (long)rows[i].label, (long)rows[i].predicted,
                probability, label_probability);
        cell.size = 0;
        if (has_paths) text_append_csv(&cell, rows[i].path);
        fprintf(writer.stream, "%s%s\n", has_paths ? "," : "", has_paths && !cell.failed ? cell.bytes : "");
    }
    const bool failed = cell.failed;
    text_free(&cell);
    if (!failed) return file_writer_commit(&writer);
    file_writer_discard(&writer);
    return fail(OCELLUS_IO, "%s: not enough memory for its paths", path);
}

static bool parse_class(const char *text, int32_t *class) {
    int64_t value;
    if (!text_to_integer(text, &value) || value < 0 || value > INT32_MAX) return false;
    *class = (int32_t)value;
    return true;
}

static bool parse_probability(const char *text, float *probability) {
    double value;
    if (!text_to_real(text, &value) || value < 0.0 || value > 1.0) return false;
    *probability = (float)value;
    return true;
}

/* Takes the line apart in place; a path behind the other cells is passed over. */
static bool parse_row(char *line, bool has_paths, struct prediction *row) {
    char *cells[PREDICTION_CELLS], *cell = line;
    size_t found = 0;
    for (; cell != NULL && found < PREDICTION_CELLS; found++) {
        char *comma = strchr(cell, ',');
        if (comma != NULL) *comma++ = '\0';
        cells[found] = cell;
        cell = comma;
    }
    int64_t index;
    if (found != PREDICTION_CELLS || (cell != NULL) != has_paths || !text_to_integer(cells[0], &index) || index < 0)
        return false;
    *row = (struct prediction){0};
    row->index = (size_t)index;
    return parse_class(cells[1], &row->label) && parse_class(cells[2], &row->predicted) &&
           parse_probability(cells[3], &row->probability) && parse_probability(cells[4], &row->label_probability);
}

/* The line break that ends a record, which is none within quotes; NULL where there is none. */
static char *record_end(char *line) {
    bool quoted = false;
    for (; *line != '\0'; line++) {
        if (*line == '"') quoted = !quoted;
        if (*line == '\n' && !quoted) return line;
    }
    return NULL;
}

ocellus_status predictions_read(const char *path, struct prediction **rows, size_t *count) {
    unsigned char *bytes;
    size_t size, capacity = 0, line_number = 1;
    TRY(file_read(path, PREDICTIONS_MAX_BYTES, &bytes, &size));
    *rows = NULL;
    *count = 0;
    ocellus_status status = OCELLUS_OK;
    if (memchr(bytes, '\0', size) != NULL) status = fail(OCELLUS_BAD_CONTENT, "%s: holds a zero byte", path);
    char *line = (char *)bytes, *end = strchr(line, '\n');
    if (end != NULL) *end = '\0';
    const size_t common = strlen(header);
    const bool has_paths = strncmp(line, header, common) == 0 && strcmp(line + common, path_header) == 0;
    if (status == OCELLUS_OK && !has_paths && strcmp(line, header) != 0)
        status = fail(OCELLUS_BAD_CONTENT, "%s: line 1: not the header \"%s\"", path, header);
    for (line = end; line != NULL && status == OCELLUS_OK; line = end) {
        line++;
        line_number++;
        if (*line == '\0' && line == (char *)bytes + size) break;
        end = record_end(line);
        if (end != NULL) *end = '\0';
        struct prediction row;
        if (!parse_row(line, has_paths, &row))
            status = fail(OCELLUS_BAD_CONTENT, "%s: line %zu: expected %s", path, line_number, header);
        else status = memory_grow((void **)rows, &capacity, *count + 1, sizeof row);
        if (status == OCELLUS_OK) (*rows)[(*count)++] = row;
    }
    free(bytes);
    if (status != OCELLUS_OK) {
        free(*rows);
        *rows = NULL;
        *count = 0;
    }
    return status;
}
