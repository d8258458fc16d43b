/* SPDX-License-Identifier: MIT */
/* Buffers' places. */
#ifndef ENGINE_PLAN_MEMORY_H
#define ENGINE_PLAN_MEMORY_H

#include "engine/plan.h"

/* Assigns places to buffers by lifetime, smallest total found by first fit, largest first. */
ocellus_status plan_assign_memory(struct plan *plan);

#endif
