/* SPDX-License-Identifier: MIT */
/* What data check leaves in a folder. */
#ifndef APP_DATA_CHECK_FILES_H
#define APP_DATA_CHECK_FILES_H

#include "app/data_check.h"

#define CHECK_PICTURES "pictures.csv" /* every picture that is worth a look, with what it is about */
#define CHECK_COPIES   "copies.csv"   /* every group of copies, a line for each picture */

/* Writes both lists; class-distribution and, where sizes differ, sizes (figures_data.h); copies.png, some pictures of the first
 * groups side by side, and faults.png, the first that are left out, blank or tiny, where there are any. */
ocellus_status data_check_write(const struct data_check *check, const char *folder);

#endif
