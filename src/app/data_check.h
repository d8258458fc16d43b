/* SPDX-License-Identifier: MIT */
/* Looks at every picture of a data set and compares them with each other, before a network learns from them. */
#ifndef APP_DATA_CHECK_H
#define APP_DATA_CHECK_H

#include "app/data_findings.h"
#include "data/data_parts.h"

struct data_check {
    struct data_findings findings;
    struct checked_picture *pictures;            /* the findings' */
    const struct source *sources[PICTURE_PARTS]; /* where pictures of a part are read, by their numbers */
    struct source *own;                          /* of pictures of one's own: all of them */
    struct survey surveys[PICTURE_PARTS];        /* of others, by part */
};
/* `parts` must stay open until data_check_free(). Every picture is decoded once more, at a small size, to be compared: 1 KB
 * each is kept for that long. */
ocellus_status data_check_make(const struct data_parts *parts, struct data_check *check);
void data_check_free(struct data_check *check);

/* Picture at a place; `wish` as for source_read(). */
ocellus_status data_check_read(const struct data_check *check, size_t place, const struct picture_wish *wish,
                               struct picture *picture);

#endif
