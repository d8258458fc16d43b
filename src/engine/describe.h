/* SPDX-License-Identifier: MIT */
/* What was planned, for people. */
#ifndef ENGINE_DESCRIBE_H
#define ENGINE_DESCRIBE_H

#include "engine/cpu_engine.h"

/* Of one image's forward pass; all that is allocated. */
double engine_flops(const struct cpu_engine *engine, size_t operation);
size_t cpu_planned_bytes(const struct cpu_engine *engine);
void cpu_describe(const struct engine *engine, struct text *out);

#endif
