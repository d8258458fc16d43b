/* SPDX-License-Identifier: MIT */
/* What data check found, as JSON: complete, with paths inside the data alone. */
#ifndef APP_DATA_CHECK_JSON_H
#define APP_DATA_CHECK_JSON_H

#include "app/data_findings.h"
#include "base/json.h"

/* NULL without memory. */
json_value *data_findings_to_json(const struct data_findings *findings);

#endif
