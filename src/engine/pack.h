/* SPDX-License-Identifier: MIT */
/* Kernels packed for the tiles, and a NORMALIZATION folded in. */
#ifndef ENGINE_PACK_H
#define ENGINE_PACK_H

#include "engine/cpu_engine.h"

/* Packs all kernels for a pass of engine->plan unless they are packed so already. Fails for memory alone, and only on
 * weights that are shared. */
ocellus_status engine_pack(struct cpu_engine *engine, enum product product);
ocellus_status engine_allocate_packed(struct cpu_engine *engine);

#endif
