/* SPDX-License-Identifier: MIT */
/* What a training starts from: a network and its first values, from what is built in, an earlier run, or a file of any form. */
#ifndef APP_START_H
#define APP_START_H

#include "data/source.h"
#include "engine/engine.h"
#include "formats/network_file.h"
#include "run/run_folder.h"

struct start_wish {
    const char *name;  /* a built-in network, which comes first; else an existing path: a run folder or a file */
    size_t input_size; /* side of the pictures that the network takes; 0: its own */
    const struct source *source; /* whose classes it tells apart */
    const char *made_over;       /* the run's own model file that has the network as it was made; NULL: none */
};

/* A graph, and the file that it is of. */
struct start {
    struct graph *graph;
    struct network_file file; /* without a graph: built in */
    size_t head;              /* of a file: the node that does not take its values */
};

/* The network: of a file with its head made over where the classes are others, in number or by name (model/adapt.h). Of a run
 * the best values count, else the last. OCELLUS_USAGE, in one line, for sizes and classes that it cannot have. Release with
 * start_free(), whatever it returns. */
ocellus_status start_open(const struct start_wish *wish, struct start *start);
/* Sets what its file has in an engine of that graph, its own, which is said in one line; nothing for a built-in one. */
ocellus_status start_apply(const struct start *start, const struct graph *graph, struct engine *engine);
void start_free(struct start *start); /* not the graph, once it is taken: start->graph = NULL */

#endif
