/* SPDX-License-Identifier: MIT */
/* Weights of any supported format for a network: reading them, and finding each parameter's. */
#ifndef FORMATS_WEIGHTS_FILE_H
#define FORMATS_WEIGHTS_FILE_H

#include "formats/named_tensors.h"

/* Reads the tensors of a weight file, whose format its content tells: a TensorFlow.js folder or its model.json, Keras's
 * HDF5, or safetensors. Anything else is named as what it is. Free with named_tensors_free(). */
ocellus_status weights_file_read(const char *path, struct named_tensors *tensors);

/* Which tensor fills which parameter: one pointer for each parameter, in the graph's order; NULL where the file has none and
 * none is needed. */
struct weights_match {
    const struct named_tensor **tensors;
    size_t count, matched;
};

/* Matches by canonical name (keras_names.h) and shape. A file of a whole network must have every parameter and no more. A
 * pretrained body is less: when the graph has a nested model and the file knows nothing of the layers around it, those keep
 * their values; and the file's classifier ("predictions") is left aside when the graph has no layer of that name.
 * On a mismatch: OCELLUS_BAD_CONTENT with the counts and the first of each kind, and a table of what does not fit through
 * log_info(). Moving variances below 0 are refused. Release with weights_match_free(). */
ocellus_status weights_match(const struct graph *graph, const struct named_tensors *tensors,
                             struct weights_match *match);
void weights_match_free(struct weights_match *match);

#endif
