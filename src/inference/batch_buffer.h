/* SPDX-License-Identifier: MIT */
/* Between a source's pictures and an engine's input. */
#ifndef INFERENCE_BATCH_BUFFER_H
#define INFERENCE_BATCH_BUFFER_H

#include "data/loader.h"
#include "model/graph.h"

/* How pixels become this network's input. */
struct pixel_transform batch_transform(const struct graph *graph);

/* How pictures become views for it. The input must be one that pictures can be (batch_buffer_create()). */
struct view_form batch_view_form(const struct graph *graph);

/* OCELLUS_BAD_CONTENT, naming both, when pictures of this source cannot be shown to the network: their channels
 * (view_has_channels(); where they are not all alike, each is looked at when it is read), or their classes. */
ocellus_status batch_check(const struct graph *graph, const struct source *source);

/* What a batch needs beside its place in the engine, and how passes over many are fed. */
struct batch_buffer {
    size_t batch_size;
    int32_t *labels; /* [batch_size] */
    struct pixel_form form;
    struct batch_room room;
    struct loader_limits limits;     /* of passes over whole sets; {0}: the loader chooses */
    struct loader_features features; /* of the set of such a pass, for an engine that begins behind them; {0}: none */
};
/* OCELLUS_BAD_CONTENT for a network whose input no image can be: what fills a batch relies on it. */
ocellus_status batch_buffer_create(const struct graph *graph, size_t batch_size, struct batch_buffer *buffer);
void batch_buffer_free(struct batch_buffer *buffer);
/* Images [first, first + n) of the set to dst [n][height][width][channels], as engine_input(), and their labels. Fails as
 * batch_fill(). */
ocellus_status batch_buffer_fill(struct batch_buffer *buffer, const struct image_set *set, size_t first, size_t n,
                                 float *dst);

#endif
