/* SPDX-License-Identifier: MIT */
/* A source of pictures of one size that lie in memory. It lends them: reading copies nothing. */
#ifndef DATA_MEMORY_SOURCE_H
#define DATA_MEMORY_SOURCE_H

#include "data/source.h"

struct memory_pictures {
    size_t count, height, width, channels, classes;
    uint8_t *pixels;  /* [count][height][width][channels] */
    uint16_t *labels; /* [count], each below classes */
};
/* Allocates both arrays (memory_allocate()) for the sizes that are set; after a failure there is nothing to free. */
ocellus_status memory_pictures_create(struct memory_pictures *pictures);
void memory_pictures_free(struct memory_pictures *pictures);

/* Takes the arrays over, also when it fails; classes have no names yet, and its identity is worked out when it is asked for. */
ocellus_status memory_source_open(const char *name, const char *split, struct memory_pictures *pictures,
                                  struct source **source);

#endif
