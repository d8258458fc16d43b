/* SPDX-License-Identifier: MIT */
/* What data check found, in words. */
#ifndef APP_DATA_CHECK_TEXT_H
#define APP_DATA_CHECK_TEXT_H

#include "app/data_findings.h"
#include "base/text.h"

/* Lines of at most TEXT_COLUMNS. Of each list the first few stand in it; `list` and `copies` are the files that have them all,
 * "" when none is written. */
void data_findings_append(const struct data_findings *findings, const char *list, const char *copies, struct text *out);

/* What a picture is called: its path, or where it has none its part and number ("test image 7"). */
void checked_picture_append(const struct checked_picture *picture, struct text *out);

/* "JPEG" of an enum file_format; NULL of one that no picture has. */
const char *picture_format_name(size_t format);

#endif
