/* SPDX-License-Identifier: MIT */
/* The optimizer's pass over all parameters. */
#ifndef ENGINE_UPDATE_H
#define ENGINE_UPDATE_H

#include "engine/cpu_engine.h"

ocellus_status cpu_update(struct engine *engine, const struct optimizer *optimizer);

#endif
