/* SPDX-License-Identifier: MIT */
/* Which kernels this machine has. */
#ifndef ENGINE_INSTRUCTION_SETS_H
#define ENGINE_INSTRUCTION_SETS_H

#include "base/status.h"

#include <stddef.h>

/* The kernels this process would use, and all that this machine can run, reference first. OCELLUS_USAGE when OCELLUS_CPU
 * names none or one that this machine lacks. */
enum { ENGINE_MAX_INSTRUCTION_SETS = 8 };
struct engine_instruction_sets {
    const char *chosen;
    const char *names[ENGINE_MAX_INSTRUCTION_SETS];
    size_t count;
};
ocellus_status engine_instruction_sets(struct engine_instruction_sets *sets);

#endif
