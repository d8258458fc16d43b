/* SPDX-License-Identifier: MIT */
/* A model file: safetensors whose tensors are the graph's parameters by name, and whose metadata key "ocellus" holds
 * {"format": 1, "graph": Keras JSON, "preprocessing": "unit"|"caffe"|"none", "class_names": [..]|null, "epoch": finished epochs}.
 * Format 2, written only where it is needed, also has "resize": "stretch"|"crop"|"pad" (absent: stretch) and "jpeg_scaled"
 * (absent: false): a reader of format 1 would show the network other pixels. */
#ifndef FORMATS_MODEL_FILE_H
#define FORMATS_MODEL_FILE_H

#include "formats/network_file.h"
#include "formats/safetensors.h"
#include "formats/safetensors_write.h"

/* The reader of safetensors files (network_file.h): of a model file with its graph, all of whose description and tensors must be
 * sound; any other has none. */
ocellus_status model_file_read(struct file_content *content, struct network_file *file);

/* Before files that lie in a folder are replaced: OCELLUS_BAD_CONTENT when a newer version made this one. What is no model file
 * may go. */
ocellus_status model_file_guard(const char *path);

/* Writes the graph and its parameters; `get` is asked for each parameter by name. */
ocellus_status model_file_write(const char *path, const struct graph *graph, int64_t epoch, safetensors_get *get,
                                void *context);

#endif
