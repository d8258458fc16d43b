/* SPDX-License-Identifier: MIT */
/* JSON, read. It is strict: duplicate keys, nesting deeper than 64, trailing text, and input over the given limit are
 * refused. */
#ifndef BASE_JSON_PARSE_H
#define BASE_JSON_PARSE_H

#include "base/json.h"

/* Parses text; *root is released with json_release(). `source` names it in messages (a path). OCELLUS_BAD_CONTENT names line and column; OCELLUS_IO without
 * memory. */
ocellus_status json_parse(const char *text, size_t size, const char *source, json_value **root);
ocellus_status json_parse_file(const char *path, size_t limit, json_value **root);

#endif
