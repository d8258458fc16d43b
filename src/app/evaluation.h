/* SPDX-License-Identifier: MIT */
/* Judging a run on its training, validation and test images. */
#ifndef APP_EVALUATION_H
#define APP_EVALUATION_H

#include "app/network.h"
#include "data/loader.h"
#include "run/evaluation_file.h"
#include "run/predictions_file.h"

#include <stdint.h>

#define EVALUATION_ALL SIZE_MAX

struct evaluation_request {
    const char *run;           /* or a file of a network, or the folder of a TensorFlow.js model (network_is_file()) */
    const char *weights;       /* of a run: RUN_LAST or RUN_BEST; NULL: nothing was said, the last */
    const char *preprocessing; /* of a file: network_choose_preprocessing() */
    const char *data_path;     /* where the run's data is now; NULL: where its recipe says */
    size_t threads;
    struct loader_limits limits; /* of how pictures are loaded; {0}: the loader chooses */
    /* The run's data where the caller has it; train NULL: loaded. */
    const struct source *train, *validation, *test;
    /* How many images at most: EVALUATION_ALL; fewer are those of evaluation_subset(). test_images is at least 1; with 0
     * train_images that split is left out. */
    size_t train_images, test_images;
    /* Judges the test images a second time, after re-estimating BatchNormalization's statistics on that many training
     * images (whole batches of the recipe's size, at least one); 0: not. */
    size_t reestimate;
};

/* Runs the network over the training images (in inference mode), the held-out ones where the recipe holds some out, and
 * the test images; writes evaluation.json and predictions.csv into the run folder, unless a result of more
 * images lies there. Of a file, which belongs to no data, only the test images of recipe_defaults()'s data set are judged, and nothing is written;
 * what is asked of a run alone, and classes of other names, are OCELLUS_USAGE. Progress goes to stderr. Where only the writing
 * failed the record is whole all the same: it has classes. Free the record with evaluation_record_free(). */
ocellus_status evaluation_run(const struct evaluation_request *request, struct evaluation_record *record);

/* What a network says of each picture of a set, in its order. */
struct judged_pictures {
    struct prediction *rows; /* [count], with the places in the set's source and their names, which the source keeps */
    size_t count;
    struct evaluation evaluation;
};
/* `what` is the word on the progress bar; `classes`: the network's class of each of the source's, NULL: they are numbered alike.
 * Free it whatever is returned. */
ocellus_status evaluation_judge(const struct network *network, const struct image_set *set, const int32_t *classes,
                                const char *what, struct judged_pictures *judged);
void judged_pictures_free(struct judged_pictures *judged);

/* A fixed choice of `count` images of the set, the same for every run, so that runs can be compared image by image; the
 * choice of fewer images is part of the choice of more. With `balanced` the set must be a whole source, of which each
 * class gives the same number as far as it divides. *subset refers to *indices: free(). A set that has no more images is
 * itself. */
ocellus_status evaluation_subset(const struct image_set *set, size_t count, bool balanced, struct image_set *subset,
                                 size_t **indices);

#endif
