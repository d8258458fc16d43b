/* SPDX-License-Identifier: MIT */
/* A data set as it is checked: every picture of every part, with the facts about it. */
#ifndef APP_CHECKED_DATA_H
#define APP_CHECKED_DATA_H

#include "data/collection.h"
#include "data/picture_facts.h"

#include <stddef.h>

struct checked_picture {
    const struct picture_facts *facts;
    const char *name; /* its path in the data set; NULL where pictures have none */
    uint32_t number;  /* in its part, from 0 */
    uint16_t label;
    uint8_t part;         /* enum picture_part */
    bool grey;            /* no pixel has a colour */
    const char *left_out; /* why it takes no part although it is sound; NULL: it takes part */
};

/* Nothing in it is owned by it. A picture's *place* is its index in `pictures`. */
struct checked_data {
    const char *name;
    const struct checked_picture *pictures; /* [count]; the parts in their order */
    size_t count;                           /* below 2^32 */
    const char *const *class_names;         /* [classes] */
    size_t classes;
    const struct collection_junk *junk; /* [junk_kinds] files that are no pictures */
    size_t junk_kinds;
};

#endif
