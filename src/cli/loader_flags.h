/* SPDX-License-Identifier: MIT */
/* The flags of verbs that load pictures. No result depends on them. */
#ifndef CLI_LOADER_FLAGS_H
#define CLI_LOADER_FLAGS_H

#include "cli/command.h"
#include "data/loader.h"

/* As they were given: NULL and LOADER_FLAGS_UNSAID where they were not. */
struct loader_flags {
    size_t threads;
    const char *memory;
};
#define LOADER_FLAGS_UNSAID (SIZE_MAX - 1)
/* Two rows of a table of options. */
#define LOADER_OPTIONS(flags)                                                                                          \
    {"loader-threads", "N", "threads that read pictures ahead (as many as help)", OPTION_NUMBER, &(flags).threads}, {  \
        "memory", "SIZE", "for pictures, \"2G\"; what fits is read once (half of what is free)", OPTION_TEXT,          \
            &(flags).memory                                                                                            \
    }

/* OCELLUS_USAGE for what is no size. */
ocellus_status loader_flags_read(const struct loader_flags *flags, struct loader_limits *limits);

#endif
