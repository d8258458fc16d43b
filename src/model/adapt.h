/* SPDX-License-Identifier: MIT */
/* A network made over: the same layers for other classes, and for another size of picture. */
#ifndef MODEL_ADAPT_H
#define MODEL_ADAPT_H

#include "model/graph.h"

struct adapt_wish {
    size_t side;    /* of the square pictures that the new network takes; 0: those of the old one */
    size_t classes; /* its output's values */
    bool new_head;  /* also where the old one has as many */
};

/* A graph of its own with the layers, names and preprocessing of `from`, nothing frozen and no class names. Its head, a Dense
 * that ends the network (what only computes may follow), has wish->classes units; a network that ends in features, no
 * Softmax behind them, gets a head: GlobalAveragePooling2D where it ends in pixels, and a Dense with a softmax. *head gets the
 * node whose values are not those of the old one; the new graph's count where all are. All nodes of `from` keep their places.
 * OCELLUS_USAGE, in one line: the input takes no pictures; a layer's values depend on the size; the network ends in another
 * head than a Dense, whose classes cannot be changed. */
ocellus_status graph_adapt(const struct graph *from, const struct adapt_wish *wish, struct graph **graph, size_t *head);

#endif
