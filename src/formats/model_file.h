/* SPDX-License-Identifier: MIT */
/* A model file: safetensors whose tensors are the graph's parameters by name, and whose metadata key "ocellus" holds
 * {"format": 1, "graph": Keras JSON, "preprocessing": "unit"|"caffe", "class_names": [..]|null, "epoch": finished epochs}. */
#ifndef FORMATS_MODEL_FILE_H
#define FORMATS_MODEL_FILE_H

#include "formats/safetensors.h"

struct model_file {
    struct graph *graph;
    struct safetensors *tensors; /* every parameter of the graph, by its name, in its shape */
    int64_t epoch;               /* finished epochs of training */
};

/* Whether the file is safetensors with a model's metadata; false for anything else that could be read. */
ocellus_status model_file_is_one(const char *path, bool *is_one);
/* Reads a model and checks that tensors and graph fit. Release with model_file_free(); a caller that keeps the graph
 * takes it out first (file->graph = NULL). */
ocellus_status model_file_read(const char *path, bool allow_nonfinite, struct model_file *file);
void model_file_free(struct model_file *file);

/* Writes the graph and its parameters; `get` is asked for each parameter by name. */
ocellus_status model_file_write(const char *path, const struct graph *graph, int64_t epoch, safetensors_get *get,
                                void *context);

/* Whether the tensors are exactly the graph's parameters. If not, OCELLUS_BAD_CONTENT with the counts of matched, missing,
 * extra and misshapen tensors and the first of each by name. Equal element counts are not enough: shapes must be equal. */
ocellus_status model_file_match(const struct graph *graph, const struct safetensors *tensors);

#endif
