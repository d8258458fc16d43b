/* SPDX-License-Identifier: MIT */
/* Gradients and optimizer state; tensors by place. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "engine/cpu_engine.h"

ocellus_status engine_allocate_state(struct cpu_engine *engine);
void cpu_set(struct engine *engine, const struct engine_place *place, const float *values);
ocellus_status cpu_get(const struct engine *engine, const struct engine_place *place, float *values);

#endif
