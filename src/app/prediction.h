/* SPDX-License-Identifier: MIT */
/* Classifying image files. */
#ifndef APP_PREDICTION_H
#define APP_PREDICTION_H

#include "app/network.h"
#include "data/loader.h"

struct prediction_guess {
    size_t class_index;
    float probability;
};

/* Whether the network takes pictures at all; OCELLUS_USAGE when it does not. */
ocellus_status prediction_check(const struct network *network);

/* Told of each file in turn: its `top` most probable classes, most probable first; or, where `status` says so, why there are none
 * (status_message()). A failure of its own ends the rest. */
typedef ocellus_status (*prediction_visitor)(void *context, const char *path, ocellus_status status,
                                             const struct prediction_guess *guesses);

/* Files that wait to be classified, so that those behind are decoded while the network works on those before. */
enum { PREDICTION_QUEUE = 256, PREDICTION_MOST_GUESSES = 1000 };
struct prediction_queue {
    const struct network *network;
    size_t top; /* at most PREDICTION_MOST_GUESSES, and the number of classes */
    prediction_visitor visit;
    void *context;
    char *paths[PREDICTION_QUEUE];
    size_t count;
};
/* One more; when the queue is full, all in it are classified. */
ocellus_status prediction_queue_add(struct prediction_queue *queue, const char *path);
/* Classifies what is there, in the order in which it came. A picture is resized to the network's input and prepared as the
 * model says. OCELLUS_DIVERGED, naming the file, is what the visitor is told when the network's output is not finite. */
ocellus_status prediction_queue_run(struct prediction_queue *queue);
void prediction_queue_free(struct prediction_queue *queue);

/* The name of a class: the model's own, or its number in `room` when the model has no names. */
const char *prediction_class_name(const struct network *network, size_t class_index, char room[24]);

#endif
