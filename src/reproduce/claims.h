/* SPDX-License-Identifier: MIT */
/* What a reproduction's page knows beside the runs: the claim of each row, and the kept whole runs. The context of its sections. */
#ifndef REPRODUCE_CLAIMS_H
#define REPRODUCE_CLAIMS_H

#include "report/page.h"
#include "reproduce/full_runs.h"
#include "reproduce/original.h"

struct claims {
    const struct original_claim **rows; /* [run_count] of the page */
    const struct full_run *full;        /* [full_count] */
    size_t full_count;
};

/* The claim of one of the page's runs. */
const struct original_claim *claims_of(const struct claims *claims, const struct page *page,
                                       const struct page_run *run);
/* Its kept whole run; NULL: none. */
const struct full_run *claims_full(const struct claims *claims, const struct page *page, const struct page_run *run);

#endif
