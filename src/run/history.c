/* SPDX-License-Identifier: MIT */
/* history.csv. */
#include "run/history.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY_COLUMNS = 6, HISTORY_LIMIT = 256 << 20 };
static const char header[] = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss,time";

void history_free(struct history *history) {
    free(history->rows);
    *history = (struct history){0};
}

ocellus_status history_append(struct history *history, const struct history_row *row) {
    void *rows = history->rows;
    TRY(memory_grow(&rows, &history->capacity, history->count + 1, sizeof *row));
    history->rows = rows;
    history->rows[history->count++] = *row;
    return OCELLUS_OK;
}

ocellus_status history_write(const struct history *history, const char *path) {
    struct text text = {0};
    text_append(&text, "%s\n", header);
    for (size_t i = 0; i < history->count; i++) {
        const struct history_row *row = &history->rows[i];
        const double cells[HISTORY_COLUMNS] = {row->accuracy,     row->learning_rate, row->loss,
                                               row->val_accuracy, row->val_loss,      row->time};
        text_append(&text, "%zu", i);
        for (size_t column = 0; column < HISTORY_COLUMNS; column++) {
            char number[32] = "";
            if (!isnan(cells[column])) text_from_real(cells[column], number);
            text_append(&text, ",%s", number);
        }
        text_append(&text, "\n");
    }
    ocellus_status status = text.failed ? OCELLUS_IO : file_write(path, text.bytes, text.size);
    text_free(&text);
    return status;
}

/* Cuts the next cell off *rest. */
static char *next_cell(char **rest) {
    return strsep(rest, ",");
}

static ocellus_status read_row(char *line, const char *path, size_t epoch, struct history *history) {
    static const bool may_be_empty[HISTORY_COLUMNS] = {false, false, false, true, true, false};
    double cells[HISTORY_COLUMNS];
    size_t line_number = epoch + 2;
    uint64_t number = 0;
    char *rest = line, *cell = next_cell(&rest);
    if (!text_to_unsigned(cell, &number) || number != epoch) {
        return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: epoch (expected %zu, got \"%s\")", path, line_number, epoch,
                    cell);
    }
    for (size_t column = 0; column < HISTORY_COLUMNS; column++) {
        cell = next_cell(&rest);
        cells[column] = NAN;
        if (!cell || ((*cell || !may_be_empty[column]) && !text_to_real(cell, &cells[column]))) {
            return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: column %zu: not a number (got \"%s\")", path, line_number,
                        column + 2, cell ? cell : "");
        }
    }
    if (rest)
        return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: too many columns (expected %d)", path, line_number,
                    HISTORY_COLUMNS + 1);
    struct history_row row = {.accuracy = cells[0],
                              .learning_rate = cells[1],
                              .loss = cells[2],
                              .val_accuracy = cells[3],
                              .val_loss = cells[4],
                              .time = cells[5]};
    return history_append(history, &row);
}

ocellus_status history_read(const char *path, struct history *history) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    *history = (struct history){0};
    TRY(file_read(path, HISTORY_LIMIT, &bytes, &size));
    char *rest = (char *)bytes, *line = strsep(&rest, "\n");
    ocellus_status status = OCELLUS_OK;
    if (strcmp(line, header) != 0) {
        status = fail(OCELLUS_BAD_CONTENT, "%s: line 1: not a history (expected \"%s\")", path, header);
    }
    while (status == OCELLUS_OK && (line = strsep(&rest, "\n")) && *line) {
        status = read_row(line, path, history->count, history);
    }
    if (status == OCELLUS_OK && rest && *rest) status = fail(OCELLUS_BAD_CONTENT, "%s: empty line in between", path);
    free(bytes);
    if (status != OCELLUS_OK) history_free(history);
    return status;
}
