/* SPDX-License-Identifier: MIT */
/* BatchNormalization's vectors between passes. */
#ifndef ENGINE_NORMS_H
#define ENGINE_NORMS_H

#include "engine/cpu_engine.h"

/* Memory; scale and shift of those that run on moving statistics in this pass; sums over passes. */
ocellus_status engine_allocate_norms(struct cpu_engine *engine);
void engine_prepare_norms(struct cpu_engine *engine);
void engine_clear_statistics(struct cpu_engine *engine);
ocellus_status cpu_adopt_statistics(struct engine *engine);

#endif
