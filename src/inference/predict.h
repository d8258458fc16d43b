/* SPDX-License-Identifier: MIT */
/* Running a network over a list of images in inference mode: validation during training, evaluation, the library. A picture
 * that cannot be read ends a pass with its status and a line that names it. */
#ifndef INFERENCE_PREDICT_H
#define INFERENCE_PREDICT_H

#include "engine/engine.h"
#include "inference/batch_buffer.h"
#include "inference/stop.h"

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

/* Sums over the set: all that validation needs. */
struct predict_score {
    double loss_sum; /* cross-entropy */
    size_t correct, count;
};
ocellus_status predict_score(struct engine *engine, struct batch_buffer *buffer, const struct image_set *set,
                             const struct predict_hooks *hooks, struct predict_score *score);
/* The same over the epoch of a loader whose batches fit the engine, that is not shuffled: for who asks again and again.
 * Allocates nothing. */
ocellus_status predict_score_from(struct engine *engine, struct loader *loader, size_t count,
                                  const struct predict_hooks *hooks, struct predict_score *score);

/* The batches of a set in its order, as predict_score() takes them. */
ocellus_status predict_open_loader(struct engine *engine, const struct batch_buffer *buffer,
                                   const struct image_set *set, bool keeps, struct loader **loader);

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
