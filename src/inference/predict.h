/* SPDX-License-Identifier: MIT */
/* Running a network over a list of images in inference mode: validation during training, evaluation, the library. */
#ifndef INFERENCE_PREDICT_H
#define INFERENCE_PREDICT_H

#include "data/batch.h"
#include "data/dataset.h"
#include "engine/engine.h"
#include "inference/stop.h"

/* Some images of a dataset, in an order. Owns nothing. */
struct image_set {
    const struct dataset *dataset; /* NULL: no images at all */
    const size_t *indices;         /* [count]; NULL: the first `count` images */
    size_t count;
};
struct image_set image_set_all(const struct dataset *dataset);

/* How pixels become this network's input. */
struct pixel_transform predict_transform(const struct graph *graph);

/* OCELLUS_BAD_CONTENT, naming both, when images of this dataset do not fit the network's input or its classes. */
ocellus_status predict_check(const struct graph *graph, const struct dataset *dataset);

/* What a batch needs beside its place in the engine: allocated once, used for every pass. */
struct batch_buffer {
    size_t batch_size;
    int32_t *labels; /* [batch_size] */
    struct pixel_transform transform;
};
/* OCELLUS_BAD_CONTENT for a network whose input no image can be: what fills a batch relies on it. */
ocellus_status batch_buffer_create(const struct graph *graph, size_t batch_size, struct batch_buffer *buffer);
void batch_buffer_free(struct batch_buffer *buffer);
/* Images [first, first + n) of the set to dst [n][height][width][channels], as engine_input(), and their labels. */
void batch_buffer_fill(struct batch_buffer *buffer, const struct image_set *set, size_t first, size_t n, float *dst);

/* Called after each batch of a pass with the images done so far; NULL for none. */
typedef void (*predict_progress)(void *context, size_t done, size_t total);
/* What a pass may need besides its images; {0} is fine. */
struct predict_hooks {
    const struct stop_flag *stop; /* looked at after each batch: its status is returned, the results are not complete */
    predict_progress progress;
    void *context;
};

/* Whether every logit is a number: the place of the first of `n` images of `classes` logits that has another one, n when there
 * is none. Such an output is no prediction: who meets it answers OCELLUS_DIVERGED and names the image. */
size_t predict_first_nonfinite(const float *logits, size_t n, size_t classes);

/* Sums over the set: all that validation needs. Allocates nothing. */
struct predict_score {
    double loss_sum; /* cross-entropy */
    size_t correct, count;
};
ocellus_status predict_score(struct engine *engine, struct batch_buffer *buffer, const struct image_set *set,
                             const struct predict_hooks *hooks, struct predict_score *score);

/* Everything about each image, in the set's order. Free with predictions_free(). */
struct predictions {
    size_t count, classes;
    int32_t *labels, *predicted; /* [count] */
    float *losses;               /* [count] cross-entropy, from the logits */
    float *probabilities;        /* [count][classes] */
};
void predictions_free(struct predictions *predictions);
ocellus_status predict_all(struct engine *engine, struct batch_buffer *buffer, const struct image_set *set,
                           const struct predict_hooks *hooks, struct predictions *predictions);

#endif
