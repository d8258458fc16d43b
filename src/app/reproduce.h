/* SPDX-License-Identifier: MIT */
/* The original report's experiments, one row each: what `reproduce` runs and its report page compares. */
#ifndef APP_REPRODUCE_H
#define APP_REPRODUCE_H

#include "base/files.h"
#include "data/dataset.h"

#include <stddef.h>

struct reproduce_row {
    const char *claim;  /* key of the claim in report/original.h */
    const char *recipe; /* built-in recipe; NULL: not run yet, and the page says so */
};
enum { REPRODUCE_ROWS = 3 };
extern const struct reproduce_row reproduce_rows[REPRODUCE_ROWS];

/* Writes the page of the first row's run with the other rows beside it: runs[i] is the evaluated run of row i, or NULL. */
ocellus_status reproduce_report(const char *const runs[REPRODUCE_ROWS], const struct dataset *train,
                                const struct dataset *test, char page[FILE_PATH_SIZE]);

#endif
