/* SPDX-License-Identifier: MIT */
/* A network's values between an engine and files, and the one number by which two trainings are compared. */
#ifndef INFERENCE_WEIGHTS_H
#define INFERENCE_WEIGHTS_H

#include "base/files.h"
#include "base/sha256.h"
#include "engine/engine.h"

/* SHA-256 over the values of all parameters (moving statistics too) as little-endian float32, in the graph's order. */
ocellus_status weights_hash(const struct engine *engine, const struct graph *graph, char hash[SHA256_TEXT_SIZE]);
/* Writes a model file with the engine's values; `epoch` is the number of epochs trained. */
ocellus_status weights_write(const struct engine *engine, const struct graph *graph, int64_t epoch, const char *path);
/* Sets the engine's parameters from a model file of the same graph: every parameter must be there with its shape,
 * and the preprocessing must be the graph's. */
ocellus_status weights_read(struct engine *engine, const struct graph *graph, const char *path);
/* Sets what a weight file of any format holds (formats/weights_file.h): of a model file as weights_read(); of another, by
 * weights_match(), where a pretrained body leaves the layers around it as they are. */
ocellus_status weights_load(struct engine *engine, const struct graph *graph, const char *path);

#endif
