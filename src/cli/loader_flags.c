/* SPDX-License-Identifier: MIT */
#include "cli/loader_flags.h"

#include "base/text.h"

ocellus_status loader_flags_read(const struct loader_flags *flags, struct loader_limits *limits) {
    *limits = (struct loader_limits){0};
    if (flags->threads != LOADER_FLAGS_UNSAID) limits->threads = flags->threads ? flags->threads : LOADER_NO_THREADS;
    if (flags->memory && !text_to_bytes(flags->memory, &limits->memory))
        return fail(OCELLUS_USAGE, "--memory: not a size (expected \"2G\" or \"300M\", got \"%s\")", flags->memory);
    return OCELLUS_OK;
}
