/* SPDX-License-Identifier: MIT */
/* Networks by what a user calls them: a built-in name, a model file, or a run folder. */
#ifndef APP_NETWORK_H
#define APP_NETWORK_H

#include "base/files.h"
#include "data/dataset.h"
#include "model/graph.h"

/* A built-in network for images of these sizes. OCELLUS_USAGE with a suggestion when there is none of that name. */
ocellus_status network_builtin(const char *name, size_t height, size_t width, size_t channels, size_t classes,
                               struct graph **graph);
/* The same for the images of a dataset, whose class names it gets. */
ocellus_status network_for_dataset(const char *name, const struct dataset *dataset, struct graph **graph);

/* The graph of `word`: an existing path is a run folder (its model file `weights`, "last" or "best") or a model file,
 * anything else a built-in network for CIFAR-10. *path gets the model file, "" for a built-in network. */
ocellus_status network_open(const char *word, const char *weights, struct graph **graph, char path[FILE_PATH_SIZE]);

#endif
