/* SPDX-License-Identifier: MIT */
/* A lowered graph that begins in the middle: what stands before a layer is left out, and the input is that layer's output. */
#ifndef MODEL_LOWERED_START_H
#define MODEL_LOWERED_START_H

#include "model/lowered.h"

/* Operations keep their places, and Dropouts their numbers: those that are left out are INPUTs without inputs, readers and
 * parameters; operation 0 has the shape of the layer's output, and is it. All of the graph's parameters stay in the list.
 * OCELLUS_USAGE where the layer is the input, or not the only way from it to the logits, or nothing follows. */
ocellus_status lowered_start_at(struct lowered *lowered, size_t node);
/* Whether a layer was left out. */
bool lowered_leaves_out(const struct lowered *lowered, size_t node);

#endif
