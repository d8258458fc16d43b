/* SPDX-License-Identifier: MIT */
#include "cli/prediction_rows.h"

#include "base/text_layout.h"
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_value *guesses_to_json(const struct prediction_rows *rows, const struct prediction_guess *guesses) {
    json_value *list = json_new_list();
    bool whole = list != NULL;
    char room[24];
    for (size_t i = 0; i < rows->top && whole; i++) {
        json_value *guess = json_new_map();
        const char *name = prediction_class_name(rows->network, guesses[i].class_index, room);
        whole = json_set(guess, "class", json_new_text(name)) &&
                json_set(guess, "index", json_new_integer((int64_t)guesses[i].class_index)) &&
                json_set(guess, "probability", json_new_real((double)guesses[i].probability));
        whole = json_append(list, command_json_whole(guess, whole));
    }
    return command_json_whole(list, whole);
}

static ocellus_status print_member(struct prediction_rows *rows, json_value *member) {
    char *text = member ? json_write(member, 2) : NULL;
    json_release(member);
    if (!text) return fail(OCELLUS_IO, "not enough memory for the JSON output");
    fputs(rows->written++ ? ",\n  " : "[\n  ", stdout);
    for (const char *c = text; *c; c++)
        fputs(*c == '\n' ? "\n  " : (char[]){*c, '\0'}, stdout);
    free(text);
    return OCELLUS_OK;
}

/* The classes of a file, or (guesses NULL) why there are none: `message`. */
static ocellus_status add_member(struct prediction_rows *rows, const char *path, const struct prediction_guess *guesses,
                                 const char *message) {
    json_value *member = json_new_map();
    bool whole = json_set(member, "path", json_new_text(path)) &&
                 (guesses ? json_set(member, "classes", guesses_to_json(rows, guesses))
                          : json_set(member, "error", json_new_text(message)));
    return print_member(rows, command_json_whole(member, whole));
}

static ocellus_status add_line(const struct prediction_rows *rows, const char *path,
                               const struct prediction_guess *guesses) {
    char room[24];
    struct text line = {0};
    text_append_escaped(&line, path);
    for (size_t i = 0; i < rows->top; i++) {
        text_append(&line, i ? ", " : ": ");
        text_append_escaped(&line, prediction_class_name(rows->network, guesses[i].class_index, room));
        text_append(&line, " %.2f %%", 100 * (double)guesses[i].probability);
    }
    text_append(&line, "\n");
    return command_print_text(&line);
}

/* A path is printed as it is, so that it can be opened; but on a terminal, which might obey it. */
static ocellus_status add_record(const struct prediction_rows *rows, const char *path,
                                 const struct prediction_guess *guesses) {
    char room[24], probability[32];
    struct text line = {0};
    text_append_csv(&line, path);
    for (size_t i = 0; i < rows->top; i++) {
        text_append(&line, ",");
        text_append_csv(&line, prediction_class_name(rows->network, guesses[i].class_index, room));
        text_from_real((double)guesses[i].probability, probability);
        text_append(&line, ",%s", probability);
    }
    text_append(&line, "\n");
    if (isatty(STDOUT_FILENO)) return command_print_text(&line);
    const bool failed = line.failed;
    if (!failed) fwrite(line.bytes, 1, line.size, stdout);
    text_free(&line);
    return failed ? fail(OCELLUS_IO, "not enough memory for the output") : OCELLUS_OK;
}

void prediction_rows_begin(const struct prediction_rows *rows) {
    if (rows->form != PREDICTION_CSV) return;
    printf("path,class,probability");
    for (size_t i = 2; i <= rows->top; i++)
        printf(",class_%zu,probability_%zu", i, i);
    printf("\n");
}

void prediction_rows_end(const struct prediction_rows *rows) {
    if (rows->form == PREDICTION_JSON) fputs(rows->written ? "\n]\n" : "[]\n", stdout);
}

ocellus_status prediction_rows_add(struct prediction_rows *rows, const char *path,
                                   const struct prediction_guess *guesses) {
    switch (rows->form) {
    case PREDICTION_JSON:
        return add_member(rows, path, guesses, NULL);
    case PREDICTION_CSV:
        return add_record(rows, path, guesses);
    case PREDICTION_TEXT:
        break;
    }
    return add_line(rows, path, guesses);
}

ocellus_status prediction_rows_add_failure(struct prediction_rows *rows, const char *path, const char *message) {
    return rows->form == PREDICTION_JSON ? add_member(rows, path, NULL, message) : OCELLUS_OK;
}
