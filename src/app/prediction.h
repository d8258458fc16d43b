/* SPDX-License-Identifier: MIT */
/* Classifying image files. */
#ifndef APP_PREDICTION_H
#define APP_PREDICTION_H

#include "app/network.h"

struct prediction_guess {
    size_t class_index;
    float probability;
};

/* Whether the network takes pictures at all; OCELLUS_USAGE when it does not. */
ocellus_status prediction_check(const struct network *network);

/* The most probable classes of one image file, most probable first: guesses[top]. The image is resized to the network's
 * input (antialiased) and prepared as the model says. `top` is at most the number of classes. OCELLUS_DIVERGED, naming the
 * file, when the network's output is not finite. */
ocellus_status prediction_run(const struct network *network, const char *path, size_t top,
                              struct prediction_guess *guesses);

/* The name of a class: the model's own, or its number in `room` when the model has no names. */
const char *prediction_class_name(const struct network *network, size_t class_index, char room[24]);

#endif
