/* SPDX-License-Identifier: MIT */
/* Tables as text (RFC 4180): commas, semicolons or tabs, as the first line has them; line ends of
 * any system; a byte order mark is passed over, and so are empty lines. */
#ifndef DATA_CSV_H
#define DATA_CSV_H

#include "base/text.h"

enum { CSV_MOST_FIELDS = 64, CSV_MOST_BYTES = 65536 };

struct csv {
    const char *source; /* its name in messages */
    char *next, *end;
    char separator;
    size_t line; /* of the row that was read, from 1 */
    size_t next_line;
    char *fields[CSV_MOST_FIELDS]; /* [count], in the bytes, until they are freed */
    size_t count;
};

/* Reads in `bytes`, which it changes: bytes[size] must be 0, as file_read() leaves it. OCELLUS_BAD_CONTENT, with the line, where
 * there is another zero byte. */
ocellus_status csv_begin(struct csv *csv, const char *source, unsigned char *bytes, size_t size);
/* The next row; *got is false at the end. OCELLUS_BAD_CONTENT, with the line: a quote that is not closed or stands in the middle,
 * a row of more than CSV_MOST_BYTES or CSV_MOST_FIELDS. */
ocellus_status csv_next(struct csv *csv, bool *got);
/* After the first row: which of its fields has that name, in capitals or not; SIZE_MAX: none. */
size_t csv_column(const struct csv *csv, const char *name);
/* The field of the row; "" where the row is shorter, or there is no such column. */
const char *csv_field(const struct csv *csv, size_t column);

#endif
