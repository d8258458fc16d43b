/* SPDX-License-Identifier: MIT */
/* What is allocated once, and whether there is so much. */
#ifndef ENGINE_MEMORY_H
#define ENGINE_MEMORY_H

#include "engine/cpu_engine.h"

ocellus_status cpu_measure_memory(struct cpu_engine *engine);
ocellus_status cpu_allocate_memory(struct cpu_engine *engine);

#endif
