/* SPDX-License-Identifier: MIT */
/* `ocellus train PATH`: from a set of pictures to a judged network and its page, with nothing else said. */
#ifndef CLI_TRAIN_OWN_H
#define CLI_TRAIN_OWN_H

#include "cli/command.h"
#include "data/loader.h"

#include <stddef.h>

struct train_own_request {
    const char *path, *data_name;    /* app/look.h */
    const char *run;                 /* NULL: runs/NAME-DATE-TIME, by the path's last part */
    const char *budget;              /* "10", "10m", "1h30m" */
    size_t threads;                  /* 0: all this process may use */
    struct loader_limits limits;     /* of the training, and of what judges it */
    const struct settings *settings; /* flags of recipe keys: they stand over what is chosen */
    int argc;
    const char *const *argv; /* the command line, for the run */
};

ocellus_status train_own(const struct train_own_request *request);
/* Whether the run was begun so: then what follows its training is made, or made again, whatever was done before. */
bool train_own_is(const char *run);
ocellus_status train_own_finish(const char *run, size_t threads, const struct loader_limits *limits);

#endif
