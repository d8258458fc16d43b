/* SPDX-License-Identifier: MIT */
/* ocellus data check */
#ifndef CLI_DATA_CHECK_H
#define CLI_DATA_CHECK_H

#include "base/status.h"

/* ocellus data check; argv from "check" on. */
ocellus_status data_check_verb(int argc, char **argv);
extern const char *const data_check_summary; /* one sentence */

#endif
