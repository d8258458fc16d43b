/* SPDX-License-Identifier: MIT */
/* Data as `data show` shows them. */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "data/source_summary.h"

/* Shapes, values, bars, and in a colour terminal some images. */
ocellus_status command_print_data(const struct source *train, const struct source *test,
                                  const struct source_summary *train_summary,
                                  const struct source_summary *test_summary);

#endif
