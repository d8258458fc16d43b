/* SPDX-License-Identifier: MIT */
/* A network's values between an engine and files, and the one number by which two trainings are compared. */
#ifndef INFERENCE_WEIGHTS_H
#define INFERENCE_WEIGHTS_H

#include "base/files.h"
#include "base/sha256.h"
#include "engine/engine.h"
#include "formats/match.h"

/* SHA-256 over the values of all parameters (moving statistics too) as little-endian float32, in the graph's order. */
ocellus_status weights_hash(const struct engine *engine, const struct graph *graph, char hash[SHA256_TEXT_SIZE]);
/* Writes a model file with the engine's values; `epoch` is the number of epochs trained. */
ocellus_status weights_write(const struct engine *engine, const struct graph *graph, int64_t epoch, const char *path);
/* Sets what a match found for the graph's parameters; those without a tensor keep their values. */
ocellus_status weights_apply(struct engine *engine, const struct graph *graph, const struct match *match);
/* Sets the parameters of one session to those of another. */
ocellus_status weights_copy(const struct engine *from, struct engine *to, const struct graph *graph);

#endif
