/* SPDX-License-Identifier: MIT */
/* The names of parameters, optimizer state, gradients and outputs. */
#ifndef ENGINE_TENSORS_H
#define ENGINE_TENSORS_H

#include "engine/engine_class.h"

ocellus_status engine_list_tensors(struct engine *engine);
/* OCELLUS_USAGE for a name that is no tensor's and for another count; with_outputs: "LAYER/output" of the last forward pass
 * and the like are names too. */
ocellus_status engine_find_place(const struct engine *engine, const char *name, size_t count, bool with_outputs,
                                 struct engine_place *place);
/* The node of that name; 0, which is the input, where there is none. */
size_t engine_find_node(const struct graph *graph, const char *name, size_t length);

#endif
