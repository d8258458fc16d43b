/* SPDX-License-Identifier: MIT */
/* Runs a plan. */
#ifndef ENGINE_EXECUTE_H
#define ENGINE_EXECUTE_H

#include "engine/cpu_engine.h"

/* Runs phases [first, end) of engine->plan on the current batch. */
void engine_run_phases(struct cpu_engine *engine, size_t first, size_t end);

#endif
