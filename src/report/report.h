/* SPDX-License-Identifier: MIT */
/* The report page of one run, or of several beside each other. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/folders.h"
#include "base/status.h"
#include "report/request.h"

/* Makes the figures and report.html and stores the page's path in `page`. A run must have been evaluated on test images
 * (evaluation.json, predictions.csv); one that was stopped within an epoch may be shown too. The datasets are those the
 * runs used: their hashes are compared with data.json (OCELLUS_BAD_CONTENT). OCELLUS_IO when gnuplot is missing, before
 * anything else is done. */
ocellus_status report_write(const struct report_request *request, char page[FILE_PATH_SIZE]);

#endif
