/* SPDX-License-Identifier: MIT */
/* Reductions cut into pieces. */
#ifndef ENGINE_REDUCE_H
#define ENGINE_REDUCE_H

#include "engine/cpu_engine.h"

/* Values of a worker's memory that a plan's reductions need, and their pieces. */
size_t engine_reduction_scratch(const struct cpu_engine *engine, const struct plan *plan);
ocellus_status engine_cut_reductions(struct cpu_engine *engine, const struct plan *plan);

#endif
