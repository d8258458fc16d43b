/* SPDX-License-Identifier: MIT */
/* Weights of a TensorFlow.js layers model: model.json with its weightsManifest, and binary shards beside it. */
#ifndef FORMATS_TFJS_H
#define FORMATS_TFJS_H

#include "formats/named_tensors.h"

#define TFJS_MODEL_NAME "model.json"
enum { TFJS_JSON_LIMIT = 16 << 20, TFJS_MAX_SHARDS = 4096 };

/* Reads all tensors; `path` is the model.json or the folder that holds one. All that the manifest says is checked against
 * the true sizes of the shards before values are allocated. Refused by name: graph models, quantized weights, dtypes other
 * than float32, shards that are no plain name or lead out of the folder, shards given twice, short, long or missing, names
 * given twice, values that are not finite. On failure *tensors is empty. OCELLUS_BAD_CONTENT, OCELLUS_IO. */
ocellus_status tfjs_read(const char *path, struct named_tensors *tensors);

#endif
