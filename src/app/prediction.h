/* SPDX-License-Identifier: MIT */
/* Classifying image files. */
#ifndef APP_PREDICTION_H
#define APP_PREDICTION_H

#include "app/network.h"

struct prediction_guess {
    size_t class_index;
    float probability;
};

/* The most probable classes of one image file, most probable first: guesses[top]. The image is resized to the network's
 * input (antialiased) and prepared as the model says. `top` is at most the number of classes. */
ocellus_status prediction_run(const struct network *network, const char *path, size_t top,
                              struct prediction_guess *guesses);

/* The name of a class: the model's own, or its number in `room` when the model has no names. */
const char *prediction_class_name(const struct network *network, size_t class_index, char room[24]);

/* Calls visit for every image file that the paths stand for: a file is itself; of a folder its *.png, *.jpg and *.jpeg
 * files in byte order, and those of the folders in it. A path that is not there is visited too, so that it is reported
 * like any other file that cannot be read. */
ocellus_status prediction_each_file(const char *path, ocellus_status (*visit)(void *context, const char *file),
                                    void *context);

#endif
