/* SPDX-License-Identifier: MIT */
/* Where the time went: of every task, and of what is done once a step. */
#ifndef ENGINE_PROFILE_H
#define ENGINE_PROFILE_H

#include "engine/cpu_engine.h"

/* Adds what a worker spent on a task, or the whole engine on work that is done once a step. */
enum profile_step { PROFILE_PACK, PROFILE_UPDATE, PROFILE_STEPS };
void profile_add_task(struct profile *profile, const struct task *task, size_t worker, size_t images, double seconds);
void profile_add_pass(struct profile *profile);
/* What a worker spent on one piece of the work that ends a phase. */
void profile_add_reduction(struct profile *profile, const struct reduction *reduction, size_t worker, size_t images,
                           double seconds);
void profile_add_step(struct profile *profile, enum profile_step step, double seconds);
void profile_free(struct profile *profile);
ocellus_status cpu_profile_start(struct engine *engine);
void cpu_profile(const struct engine *engine, struct text *out);

#endif
