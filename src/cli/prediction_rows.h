/* SPDX-License-Identifier: MIT */
/* What `predict` prints of each picture, in one of three forms. */
#ifndef CLI_PREDICTION_ROWS_H
#define CLI_PREDICTION_ROWS_H

#include "app/prediction.h"

/* A line for people; a list, written member by member, so that the document is whole whatever happens later; a table. */
enum prediction_form { PREDICTION_TEXT, PREDICTION_JSON, PREDICTION_CSV };

struct prediction_rows {
    enum prediction_form form;
    const struct network *network;
    size_t top;     /* classes a picture */
    size_t written; /* members of the JSON list */
};

/* What stands before the first row and after the last. */
void prediction_rows_begin(const struct prediction_rows *rows);
void prediction_rows_end(const struct prediction_rows *rows);
/* guesses[top], the most probable first. OCELLUS_IO without memory; what stdout says is its own affair. */
ocellus_status prediction_rows_add(struct prediction_rows *rows, const char *path,
                                   const struct prediction_guess *guesses);
/* Why a picture has no classes: the JSON list alone says it, what a table cannot hold is told on stderr. */
ocellus_status prediction_rows_add_failure(struct prediction_rows *rows, const char *path, const char *message);

#endif
