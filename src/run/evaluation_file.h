/* SPDX-License-Identifier: MIT */
/* What evaluate leaves in the run folder, written and read: evaluation.json (docs/architecture.md) and predictions.csv. */
#ifndef RUN_EVALUATION_FILE_H
#define RUN_EVALUATION_FILE_H

#include "base/files.h"
#include "base/folders.h"
#include "base/json.h"
#include "base/sha256.h"
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum evaluation_split { EVALUATION_TRAIN, EVALUATION_VALIDATION, EVALUATION_TEST, EVALUATION_SPLITS };
/* "train", "validation", "test": the keys of the file. */
const char *evaluation_split_name(enum evaluation_split split);

/* The evaluations of one model. Owns its names and its splits. */
struct evaluation_record {
    char model[FILE_PATH_SIZE]; /* the evaluated model file, as it is named in the run folder or by the user */
    char weights_sha256[SHA256_TEXT_SIZE];     /* of that file as it was judged; "": not recorded */
    char predictions_sha256[SHA256_TEXT_SIZE]; /* of the predictions.csv that belongs to it; "": not recorded */
    char **class_names;                        /* [classes] */
    size_t classes;
    bool present[EVALUATION_SPLITS];
    struct evaluation splits[EVALUATION_SPLITS]; /* where present */
    /* The test images once more, with BatchNormalization's statistics re-estimated on that many training images; 0: not
     * asked for. */
    size_t reestimated_images;
    struct evaluation reestimated;
    /* The "test" is a cross-validation: each of that many parts judged by a network that learned from the others. 0: it is
     * not. */
    uint64_t folds;
};

/* An empty record that copies the names; then set splits[s] (taken over) and present[s]. */
ocellus_status evaluation_record_create(const char *model, const char *const *class_names, size_t classes,
                                        struct evaluation_record *record);
void evaluation_record_free(struct evaluation_record *record);

/* The document, for `evaluate --json` too; NULL without memory. Release with json_release(). */
json_value *evaluation_record_to_json(const struct evaluation_record *record);
/* Before an evaluation that will replace what is there: OCELLUS_BAD_CONTENT when a newer version wrote that. */
ocellus_status evaluation_file_guard(const char *path);
ocellus_status evaluation_file_write(const char *path, const struct evaluation_record *record);
/* All figures are computed anew from the confusion matrices; a file whose count or correct disagree with its own matrix
 * is OCELLUS_BAD_CONTENT, as is one whose splits disagree about the classes. */
ocellus_status evaluation_file_read(const char *path, struct evaluation_record *record);

#endif
