/* SPDX-License-Identifier: MIT */
/* Which tensor of a file fills which parameter of a graph: the one place that decides it. */
#ifndef FORMATS_MATCH_H
#define FORMATS_MATCH_H

#include "formats/named_tensors.h"

/* What a file may leave out. */
enum match_rule {
    MATCH_WHOLE,     /* nothing: every parameter, and no tensor more */
    MATCH_PRETRAINED /* what a training begins from: also a body alone, or another head */
};

enum { MATCH_NOTE_SIZE = 512 };

/* One pointer for each parameter, in the graph's order; NULL where the file has none and none is needed. They point into the
 * file's tensors. */
struct match {
    const struct named_tensor **tensors;
    size_t count, matched;
    char note[MATCH_NOTE_SIZE]; /* one line for the user where tensors were not simply found by their names; "" */
};

/* Finds them by canonical name (keras_names.h) and shape; variables that a file only numbers (keras_hdf5.h) by the graph's layer. Where that does not give all, by order: the same layers in the same order
 * with the same shapes, under whatever names, as a second model of one Keras session has; only of a file that keeps its layers'
 * order. MATCH_PRETRAINED also takes
 * - a pretrained body: when the graph has a nested model and the file knows nothing of the layers around it, those keep their
 *   values; and the file's classifier ("predictions") is left aside when the graph has no layer of that name;
 * - another head: all fits but the last layer with parameters, a Dense whose number of classes differs. It keeps its values.
 * On a mismatch: OCELLUS_BAD_CONTENT with the counts of missing, extra and misshapen ones and the first of each (equal numbers of
 * values are not enough), and a table of what does not fit by name through log_info(). Moving variances below 0 are refused.
 * Release with match_free(). */
ocellus_status match_tensors(const struct graph *graph, const struct named_tensors *tensors, enum match_rule rule,
                             struct match *match);
void match_free(struct match *match);

#endif
