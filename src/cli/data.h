/* SPDX-License-Identifier: MIT */
/* Data as `data show` shows them. */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "app/data_show.h"

/* Shapes, values, bars, and in a colour terminal some images. */
ocellus_status command_print_data(const struct data_shown *shown);

#endif
