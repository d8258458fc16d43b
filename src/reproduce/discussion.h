/* SPDX-License-Identifier: MIT */
/* What several runs say beside each other, in sentences that their numbers choose. Plain text. */
#ifndef REPRODUCE_DISCUSSION_H
#define REPRODUCE_DISCUSSION_H

#include "base/text.h"
#include "metrics/metrics.h"
#include "report/page.h"
#include "reproduce/full_runs.h"
#include "reproduce/original.h"

#include <stdbool.h>
#include <stddef.h>

struct discussion_row {
    const struct original_claim *claim;
    const struct full_run *full;   /* a kept whole run; NULL: none */
    const struct evaluation *test; /* measured here; NULL: not run */
    double share;                  /* of the whole run that was done here, 0..1 */
    double training;               /* running training accuracy, here; NaN: none */
    bool pretrained;
};

/* The accuracy by which a row is judged: a whole run here before a kept whole run before a part of one. */
struct discussion_evidence {
    enum { EVIDENCE_NONE, EVIDENCE_PART, EVIDENCE_KEPT, EVIDENCE_WHOLE } kind;
    double accuracy, training; /* training: running mean */
    struct interval interval;
};
struct discussion_evidence discussion_evidence(const struct discussion_row *row);

/* Kept runs of the base recipe on small images, alike but for the optimizer; NULL: none. */
struct discussion_optimizers {
    const struct full_run *sgd, *adam;
};

/* Appends paragraphs, one line each. The pairs name rows by their index. */
void discussion_write(const struct discussion_row *rows, size_t row_count, const struct page_pair *pairs,
                      size_t pair_count, const struct discussion_optimizers *optimizers, struct text *out);

#endif
