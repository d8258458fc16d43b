/* SPDX-License-Identifier: MIT */
/* A TensorFlow.js layers model: model.json with its topology and weightsManifest, and binary shards beside it. */
#ifndef FORMATS_TFJS_H
#define FORMATS_TFJS_H

#include "formats/network_file.h"

enum { TFJS_JSON_LIMIT = 16 << 20, TFJS_MAX_SHARDS = 4096 };

/* The reader of a model.json (network_file.h), of at most TFJS_JSON_LIMIT bytes. All that the manifest says is checked against the true sizes of the shards before
 * values are allocated. Values are float32, or quantised: float16, or uint8 and uint16 with w = q * scale + min, computed in double
 * and rounded once, as TensorFlow.js does. Refused by name: graph models, other dtypes, shards that are no plain name or lead out of
 * the folder, shards given twice, short, long or missing, names given twice, values that are not finite. */
ocellus_status tfjs_read(struct file_content *content, struct network_file *file);

#endif
