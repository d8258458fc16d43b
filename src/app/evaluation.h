/* SPDX-License-Identifier: MIT */
/* Judging a run on its training, validation and test images. */
#ifndef APP_EVALUATION_H
#define APP_EVALUATION_H

#include "data/dataset.h"
#include "report/evaluation_file.h"

#include <stdint.h>

struct evaluation_request {
    const char *run;
    const char *weights; /* RUN_LAST or RUN_BEST */
    size_t threads;
    const struct dataset *train, *test; /* the run's data where the caller has it; NULL: loaded */
};

/* Runs the network over all training images (in inference mode), the held-out ones where the recipe holds some out, and
 * the test images; writes evaluation.json and predictions.csv into the run folder. Progress goes to stderr. Free the record
 * with evaluation_record_free(). */
ocellus_status evaluation_run(const struct evaluation_request *request, struct evaluation_record *record);

#endif
