/* SPDX-License-Identifier: MIT */
/* Networks by what a user calls them: a built-in name, a model file, or a run folder. */
#ifndef APP_NETWORK_H
#define APP_NETWORK_H

#include "base/files.h"
#include "data/dataset.h"
#include "engine/engine.h"

enum { NETWORK_BATCH = 128 }; /* images of one inference call; no result depends on it */

/* A built-in network for the images of a dataset, whose class names it gets. */
ocellus_status network_for_dataset(const char *name, const struct dataset *dataset, struct graph **graph);

/* The graph of `word`: an existing path is a run folder (of which the file `weights` counts: RUN_LAST or RUN_BEST) or a
 * model file; anything else is a built-in network, for images of CIFAR-10's sizes. */
ocellus_status network_graph(const char *word, const char *weights, struct graph **graph);

/* A trained network, ready for inference. */
struct network {
    char path[FILE_PATH_SIZE]; /* of the model file */
    struct graph *graph;
    struct engine *engine;
};
/* Opens the model file of a run folder or a model file by itself. */
ocellus_status network_open(const char *path, const char *weights, size_t threads, struct network *network);
void network_close(struct network *network);

#endif
