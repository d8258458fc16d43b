/* SPDX-License-Identifier: MIT */
/* The runs below a folder, from the folders themselves: there is no index to go stale. */
#ifndef APP_RUN_LIST_H
#define APP_RUN_LIST_H

#include "base/files.h"
#include "base/folders.h"
#include "run/extent.h"

#include <stdbool.h>
#include <stdint.h>

struct run_entry {
    char path[FILE_PATH_SIZE];
    char model[64], started[32];
    uint64_t epochs, epochs_wanted;
    double val_accuracy;  /* of the last epoch; NaN: none */
    double test_accuracy; /* from evaluation.json, else by cross-validation; NaN: not evaluated */
    uint64_t folds;       /* of that cross-validation; 0: none */
    /* What a figure stands for: a part of a run, or of the test images, is not the whole. */
    struct run_extent done;
    uint64_t tested, test_images; /* judged, and in the test set; test_images 0: not recorded */
};

/* Visits the run folders directly in `folder`, in byte order. A run whose records are damaged is warned about and left
 * out. A folder that is not there has no runs. */
ocellus_status run_list_each(const char *folder, ocellus_status (*visit)(void *context, const struct run_entry *entry),
                             void *context);

#endif
