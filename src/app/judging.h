/* SPDX-License-Identifier: MIT */
/* Judging a network by pictures that belong to no run: others of the same classes. */
#ifndef APP_JUDGING_H
#define APP_JUDGING_H

#include "run/evaluation_file.h"

#include <stddef.h>

struct judging_request {
    const char *network;                      /* a run folder or a file */
    const char *weights;                      /* of a run: RUN_LAST or RUN_BEST */
    const char *preprocessing;                /* of a file that does not say it itself; NULL */
    const char *pictures, *pictures_data_set; /* where they lie, and as what (app/look.h) */
    const char *predictions;                  /* a file that gets the table of run/predictions_file.h; NULL: none */
    size_t threads;
};

/* Judges by the test pictures of the set where it has such a part, else by all of it. Its classes are found among the network's
 * by their names; one that the network does not have is OCELLUS_USAGE. Pictures that a run learned from, whatever they are
 * called, are counted in a warning. The record's "test" is what was found; nothing is
 * written but request->predictions, and no split file. Free the record with evaluation_record_free(). */
ocellus_status judging_run(const struct judging_request *request, struct evaluation_record *record);

#endif
