/* SPDX-License-Identifier: MIT */
/* For tests: a source over another one that copies every picture, as one that decodes does, and fails when it is told to. */
#ifndef TESTS_UNIT_UNSTEADY_SOURCE_H
#define TESTS_UNIT_UNSTEADY_SOURCE_H

#include "data/source.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct unsteady_source {
    struct source source;
    const struct source *inner;
    atomic_size_t reads;
    size_t fail_at; /* the read that fails, from 1; 0: none */
    ocellus_status status;
    size_t odd;  /* the picture that is one row short; SIZE_MAX: none */
    bool unlike; /* pictures have nine sizes */
};

static inline ocellus_status unsteady_read(const struct source *source, size_t index, const struct picture_wish *wish,
                                           struct picture *picture) {
    struct unsteady_source *unsteady = (struct unsteady_source *)(uintptr_t)source;
    struct picture lent = {0};
    uint8_t *pixels;
    if (atomic_fetch_add(&unsteady->reads, 1) + 1 == unsteady->fail_at)
        return fail(unsteady->status, "the file is gone");
    TRY(source_read(unsteady->inner, index, wish, &lent));
    const size_t rows = unsteady->unlike ? index % 3 : index == unsteady->odd,
                 columns = unsteady->unlike ? index / 3 % 3 : 0;
    TRY(picture_make_room(picture, lent.height - rows, lent.width - columns, lent.channels, &pixels));
    memcpy(pixels, lent.pixels, picture->height * picture->width * picture->channels);
    return OCELLUS_OK;
}

static inline struct target unsteady_target(const struct source *source, size_t index) {
    return source_target(((const struct unsteady_source *)source)->inner, index);
}

static inline void unsteady_close(struct source *source) {
    (void)source;
}

static const struct source_type unsteady_type = {
    .read = unsteady_read, .target = unsteady_target, .close = unsteady_close};

/* Over `inner`, whose names and identity it shares; there is nothing to close. */
static inline void unsteady_open(struct unsteady_source *unsteady, const struct source *inner, size_t fail_at,
                                 ocellus_status status) {
    *unsteady = (struct unsteady_source){
        .source = *inner, .inner = inner, .fail_at = fail_at, .status = status, .odd = SIZE_MAX};
    unsteady->source.type = &unsteady_type;
}

#endif
