/* SPDX-License-Identifier: MIT */
/* Networks by what a user calls them: a built-in name, a model file, or a run folder. */
#ifndef APP_NETWORK_H
#define APP_NETWORK_H

#include "base/files.h"
#include "base/folders.h"
#include "base/text.h"
#include "data/source.h"
#include "engine/engine.h"
#include "formats/network_file.h"

#define NETWORK_IMAGENET "imagenet" /* in place of a path: ResNet50's ImageNet weights from the cache */
enum { NETWORK_BATCH = 128 };       /* images of one inference call; no result depends on it */

/* A built-in network for the images of a source, whose class names it gets; input_size: the side that it takes, 0: that of the
 * images, or where they are not all alike the network's own (model/builtin.h). */
ocellus_status network_for_source(const char *name, const struct source *source, size_t input_size,
                                  struct graph **graph);

/* What `word` stands for: an existing path is a run folder (of which the file `weights` counts: RUN_LAST or RUN_BEST), a file of
 * any form (formats/network_file.h) or the folder of a TensorFlow.js model; anything else is a built-in network, for images of
 * CIFAR-10's sizes, without tensors. `path` gets the file's. */
ocellus_status network_read(const char *word, const char *weights, char path[FILE_PATH_SIZE],
                            struct network_file *file);

/* Whether an existing path is no run, but a file of a network or the folder of a TensorFlow.js model. */
ocellus_status network_is_file(const char *word, bool *is_file);

/* The file that an existing path stands for: a file's or a TensorFlow.js folder's own, of a run that of its best epoch, where it
 * has one, else of its last. */
ocellus_status network_find(const char *word, char path[FILE_PATH_SIZE]);

/* The names of the built-in networks, "simcnn, resnet50, ..."; trainable: of those only that take a data set's images. */
void network_append_names(bool trainable, struct text *out);

/* Sets the values that a training starts from: NETWORK_IMAGENET, a run folder (network_find()) or a file of any
 * form, by MATCH_PRETRAINED. What was not found
 * simply by name is said in one line. */
ocellus_status network_load_weights(struct engine *engine, const struct graph *graph, const char *weights);

/* A trained network, ready for inference. */
struct network {
    char path[FILE_PATH_SIZE]; /* of the model file or the weights */
    struct graph *graph;
    struct engine *engine;
    bool knows_preprocessing; /* else the graph's is a guess */
};
/* Opens what network_read() reads, which must be a whole network, or RESNET50_IMAGENET_NAME with the weights from the cache, for
 * calls of up to batch_size images. */
ocellus_status network_open(const char *word, const char *weights, size_t threads, size_t batch_size,
                            struct network *network);
/* How pixels are fed: as `name` says (preprocessing_find()), which only a file may be told that does not say it itself
 * (OCELLUS_USAGE); NULL: as the file says, or by a guess, which is said in one line. */
ocellus_status network_choose_preprocessing(struct network *network, const char *name);
void network_close(struct network *network);

#endif
