/* SPDX-License-Identifier: MIT */
/* Which picture is for what, in a file that stays beside the data: a picture that was to judge by never becomes one to learn
 * from because others were added. Also the list that a run keeps of its own pictures, which has the same rows. */
#ifndef DATA_SPLIT_FILE_H
#define DATA_SPLIT_FILE_H

#include "data/collection.h"
#include "data/picture_facts.h"

/* Texts are offsets in the file's texts; 0 is "". */
struct split_row {
    uint8_t pixels[PICTURE_HASH_SIZE]; /* 0: not told; the path alone says which picture it is */
    size_t path, class_name, group;
    uint32_t line;
    uint8_t part; /* enum picture_part, not none */
};

struct split_file {
    struct split_row *rows; /* [count], by their pixels */
    size_t count, capacity;
    uint32_t *by_path; /* [count] rows, by their paths' bytes */
    struct text texts;
};

/* Reads a table (csv.h) with the columns path, pixels (SHA-256), split, and group or class if it has them. OCELLUS_BAD_CONTENT
 * with the line: a column missing, a hash that is none, another word than train, validation and test, a path that is absolute
 * or comes twice. OCELLUS_IO where it cannot be read. Pixels may stand on two sides: people's own folders of training and of
 * test pictures have copies of each other. */
ocellus_status split_file_read(const char *path, struct split_file *file);
void split_file_free(struct split_file *file);

/* The row of the picture: by its pixels, of several that of its path, else the first; without any, by its path. NULL: the file
 * does not know it. */
const struct split_row *split_file_find(const struct split_file *file, const uint8_t pixels[PICTURE_HASH_SIZE],
                                        const char *path);
bool split_file_tells_pixels(const struct split_row *row);
const char *split_file_path(const struct split_file *file, const struct split_row *row);
const char *split_file_class(const struct split_file *file, const struct split_row *row);
const char *split_file_group(const struct split_file *file, const struct split_row *row);

/* A row of such a table: path, pixels, group or class, split. */
void split_file_append(struct text *text, const char *path, const uint8_t pixels[PICTURE_HASH_SIZE], const char *word,
                       enum picture_part part);

#endif
