/* SPDX-License-Identifier: MIT */
/* A picture of a batch: made, by any thread, then mixed and transformed into the batch. Used by the loader alone. */
#ifndef DATA_LOADER_PICTURE_H
#define DATA_LOADER_PICTURE_H

#include "data/augment_mix.h"
#include "data/batch.h"
#include "data/feature_store.h"
#include "data/kept_views.h"

/* What all pictures of a loader have in common. */
struct loader_task {
    struct image_set set;
    struct pixel_form form;
    struct augment_form size;            /* of the views */
    size_t values;                       /* of a view, or of features */
    const struct augmentation *augments; /* NULL: none */
    uint64_t seed, views;
    const struct feature_store *features; /* NULL: the pictures */
    struct kept_views kept;
};

/* What a thread needs to make and finish pictures; {0} before loader_scratch_create(). */
struct loader_scratch {
    struct batch_room room;
    uint8_t *augmented, *other, *mixed; /* [values]; NULL without augmentation */
};
ocellus_status loader_scratch_create(const struct loader_task *task, struct loader_scratch *scratch);
void loader_scratch_free(struct loader_scratch *scratch);

/* Why a picture has no pixels. */
struct loader_failure {
    ocellus_status status; /* OCELLUS_OK: it has */
    char message[STATUS_MESSAGE_SIZE];
};

struct loader_picture {
    size_t position;                /* in the set */
    uint32_t epoch, place;          /* in the epoch's order */
    struct augment_mixture mixture; /* where pictures are mixed; and where the partner is */
    size_t partner;                 /* in the batch's list */
    uint8_t *room;       /* [values]: the view until the batch is whole; NULL: until the thread's next picture */
    const uint8_t *view; /* made; NULL when it failed */
};
/* Reads the picture, or finds its view, and augments it. */
void loader_picture_make(struct loader_task *task, struct loader_picture *picture, struct loader_failure *failure,
                         struct loader_scratch *scratch);
/* The features of a picture, instead, to dst[values]. */
void loader_picture_features(const struct loader_task *task, const struct loader_picture *picture,
                             struct loader_failure *failure, float *dst);
/* Mixes and transforms a picture that was made, and its partner, to dst[values]; one that failed is black. */
void loader_picture_finish(const struct loader_task *task, const struct loader_picture *picture,
                           const struct loader_picture *partner, struct loader_scratch *scratch, float *dst);

#endif
