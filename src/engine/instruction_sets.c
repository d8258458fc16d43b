/* SPDX-License-Identifier: MIT */
/* Which kernels this process runs, for people: `ocellus info`. */
#include "engine/instruction_sets.h"

#include "base/status.h"
#include "engine/engine.h"
#include "kernels/kernels.h"

ocellus_status engine_instruction_sets(struct engine_instruction_sets *sets) {
    const char *why = NULL;
    const struct kernels *chosen = kernels_select(&why);
    if (!chosen) return fail(OCELLUS_USAGE, "%s", why);
    *sets = (struct engine_instruction_sets){.chosen = chosen->name};
    const struct kernels *const *rows = kernels_available();
    for (; rows[sets->count] && sets->count < ENGINE_MAX_INSTRUCTION_SETS; sets->count++)
        sets->names[sets->count] = rows[sets->count]->name;
    return OCELLUS_OK;
}
