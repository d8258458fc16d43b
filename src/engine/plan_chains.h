/* SPDX-License-Identifier: MIT */
/* Chains of tasks. */
#ifndef ENGINE_PLAN_CHAINS_H
#define ENGINE_PLAN_CHAINS_H

#include "engine/plan.h"

/* Chains of tasks that run a few rows at a time, while these are in the cache. */
void plan_find_chains(struct plan *plan);

#endif
