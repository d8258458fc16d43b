/* SPDX-License-Identifier: MIT */
/* The engine: it owns a network's values (parameters, gradients, optimizer state, activations) and runs it. The rest of
 * the program speaks of tensors by name and never touches their memory, and every value crosses as float32, so that an
 * engine may compute in another precision or on another device.
 *
 * A step of training: fill engine_input(), then forward (training), loss, backward, update. What is called out of this
 * order is refused (OCELLUS_USAGE). One thread at a time on one engine; any number of engines in any threads, also on
 * one pool and on one set of weights. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/optimizer_kind.h"
#include "base/status.h"
#include "base/text.h"
#include "model/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct engine_class; /* what an engine can and how: engine_class.h */
struct thread_pool;  /* base/threads.h */
struct weights;      /* engine/weights.h */

/* The planned one, on this machine's processors. */
extern const struct engine_class engine_cpu;

struct optimizer {
    enum optimizer_kind kind;
    double learning_rate;
    double momentum;              /* SGD */
    bool nesterov;                /* SGD */
    double beta1, beta2, epsilon; /* Adam */
};

/* Trained parameters that are updated in another way than the rest. */
struct parameter_group {
    const char *pattern;     /* a shell pattern of layer names; a layer belongs to the first group that it matches */
    double rate_scale;       /* of the learning rate; 0: not moved at all */
    uint64_t updates_before; /* of the engine's count, before these began to learn: Adam counts theirs from there */
};

struct engine_options {
    size_t threads;             /* of its own pool; 0: all this process may use */
    struct thread_pool *pool;   /* NULL: makes its own; else it must outlive the engine, and `threads` is not read */
    size_t batch_size;          /* the largest n of one call */
    size_t slots;               /* of input; 0 is 1 */
    uint64_t seed;              /* of what a training draws at random (Dropout) */
    bool training;              /* plan gradients and optimizer state too */
    struct optimizer optimizer; /* when training: whose state is planned (Adam: m and v; SGD: velocity with momentum) */
    const struct parameter_group *groups; /* read at open alone; what no group matches is updated as it is */
    size_t group_count;
    /* Layers whose output can be read as "LAYER/output" after every pass, the backward ones too. A value that folding
     * would remove is kept: the plan changes, and engine_describe() says so. */
    const char *const *keep;
    size_t keep_count;
    /* NULL, or a layer on which the logits depend (no ZeroPadding2D before a convolution, which pads itself):
     * engine_backward_from() may be called after a forward pass in inference, any number of times, and gives the gradient
     * to its output, which is kept too. */
    const char *gradient_to;
    /* NULL, or a layer through which alone the input reaches the logits: the input slots hold its output, and what stands
     * before it is neither planned nor run. In a training it must be frozen. Parameters are all the graph's, and what is
     * drawn at random is what it would be. Not with `weights`. */
    const char *start_at;
    /* NULL: the engine makes its own, which it alone uses. Else they must be of the same graph, and the engine is for
     * inference: a training owns its weights. It keeps a reference until it is closed. */
    struct weights *weights;
};

enum engine_mode {
    ENGINE_TRAINING,  /* batch statistics; moving statistics are updated; what the gradient needs is kept */
    ENGINE_INFERENCE, /* moving statistics; an image's result does not depend on its batch */
    ENGINE_STATISTICS /* forward with batch statistics, which are averaged over calls for engine_adopt_statistics() */
};

/* What the values between layers may take for one image of an inference, whatever a graph from a file asks for. */
#define ENGINE_MOST_IMAGE_BYTES ((size_t)512000000)

/* Plans and allocates everything; nothing after this allocates, but a pass that is the first to need a packed form of shared
 * weights. `class` NULL is engine_cpu. The graph must outlive the
 * engine, unchanged. Parameters are zero until set. OCELLUS_USAGE for a layer that the engine lacks and for names that the
 * graph lacks; OCELLUS_BAD_CONTENT when one image needs more than ENGINE_MOST_IMAGE_BYTES; OCELLUS_IO when memory does not
 * suffice: the message says how much is needed, and it is compared with what is free before anything large is allocated. */
ocellus_status engine_open(const struct engine_class *class, const struct graph *graph,
                           const struct engine_options *options, struct engine **engine);
void engine_close(struct engine *engine);

/* The state by name: parameters ("conv2d/kernel") and, when training, optimizer state ("conv2d/kernel/adam_m", ".../adam_v",
 * ".../velocity"). What a checkpoint holds is this list, whole. Names and shapes live as long as the engine. */
enum engine_tensor_kind { ENGINE_PARAMETER, ENGINE_OPTIMIZER_STATE };
struct engine_tensor {
    const char *name;
    const struct shape *shape;
    enum engine_tensor_kind kind;
};
size_t engine_tensor_count(const struct engine *engine);
struct engine_tensor engine_tensor_at(const struct engine *engine, size_t index);
/* count must be the tensor's size. OCELLUS_IN_USE when the weights are shared and another session lives. */
ocellus_status engine_set(struct engine *engine, const char *name, const float *values, size_t count);
/* Beside the state: "conv2d/kernel/gradient", as the last backward pass left it; "conv2d/output" of the last forward pass,
 * [n][shape], of layers in `keep` and, until a backward pass, of those that the plan stores anyway;
 * "conv2d/output_gradient" of `gradient_to`. */
ocellus_status engine_get(const struct engine *engine, const char *name, float *values, size_t count);
/* All parameters from graph_initial_values(); optimizer state and the count of updates to zero. */
ocellus_status engine_initialize(struct engine *engine, uint64_t seed);
/* Optimizer updates done so far (Adam's t): part of a checkpoint. */
uint64_t engine_updates(const struct engine *engine);
void engine_set_updates(struct engine *engine, uint64_t updates);

/* Where a batch is put: [batch_size][input or output of start_at] values, NHWC, that the caller fills. They must stay as they are until the
 * passes over them are done; another slot may be filled meanwhile. NULL for a slot that there is not. */
float *engine_input(struct engine *engine, size_t slot);

/* Preprocessed images that lie in a slot. Epoch and place are the key of all that is drawn at random for an image, so
 * that it depends on no batch size, thread or interruption; only training reads them. */
struct engine_batch {
    size_t slot, n; /* n in [1, batch_size] */
    uint32_t epoch;
    uint64_t first_place; /* of the first image in the epoch's order; the others follow it */
};
ocellus_status engine_forward(struct engine *engine, enum engine_mode mode, const struct engine_batch *batch);

/* Of the last forward pass, copied to dst; count must be what there is. The backward pass of a training leaves of these
 * the losses alone. */
enum engine_value {
    ENGINE_LOGITS,        /* [n][classes]: before the final softmax or sigmoid */
    ENGINE_PROBABILITIES, /* [n][classes] */
    ENGINE_LOSSES         /* [n]: each image's, of the last engine_loss() */
};
ocellus_status engine_read(struct engine *engine, enum engine_value value, float *dst, size_t count);

/* What the last forward pass should have given. The loss follows from the network's end: cross-entropy after a softmax;
 * after a sigmoid the mean over the classes of each one's binary cross-entropy. Nothing is kept: all may be freed after
 * the call. Without shares, weights and smoothing nothing is computed that they would need. */
struct engine_targets {
    const int32_t *labels; /* [n]; not read where there are shares */
    const float *shares;   /* [n][classes], each finite; NULL: 1 for the label */
    const float *weights;  /* [n] of each image's loss, each finite and at least 0; NULL: 1 */
    double smoothing;   /* s in [0, 1): a share t becomes t (1 - s) + s / classes, after a sigmoid t (1 - s) + s / 2 */
    double denominator; /* what backward() follows is the sum of the losses over this; 0: n */
};
ocellus_status engine_loss(struct engine *engine, const struct engine_targets *targets);

/* Of the last engine_loss(). */
struct engine_metrics {
    size_t images;
    double loss_sum; /* weighted, joined in the fixed order */
    size_t
        correct; /* images whose largest logit is the label's, or that of the largest share; the first among equals */
    bool finite; /* the sum of the losses is */
};
ocellus_status engine_metrics(struct engine *engine, struct engine_metrics *metrics);

ocellus_status engine_backward(struct engine *engine);
/* After a forward pass in inference: the gradient of sum(logits * diff_logits) to the output of `gradient_to`, read as
 * "LAYER/output_gradient"; diff_logits is [n][classes]. */
ocellus_status engine_backward_from(struct engine *engine, const float *diff_logits, size_t n);
/* One step of an optimizer whose state was planned, along the gradients of the last backward pass. OCELLUS_DIVERGED, with
 * no weight, state or count changed, when the loss that was followed is not finite: whoever skips engine_metrics() until
 * later loses nothing. (Moving statistics have moved in the forward pass.) */
ocellus_status engine_update(struct engine *engine, const struct optimizer *optimizer);

/* After ENGINE_STATISTICS passes: moving statistics become the averages of those passes' batch statistics. */
ocellus_status engine_adopt_statistics(struct engine *engine);

/* The first node, in execution order, whose output of the last forward holds a NaN or an infinity; else the first
 * parameter or gradient that does. NULL when all is finite. For the message when a run diverges; lives as the graph. */
const char *engine_find_nonfinite(struct engine *engine);

/* What was planned, for people: per node the operator, where its output lives, bytes and FLOPs; then the totals. */
void engine_describe(const struct engine *engine, struct text *out);
/* From now on every task of a pass is timed (two clock readings each: below one percent of a step). */
ocellus_status engine_profile_start(struct engine *engine);
/* Where the time went since then, a row a layer: milliseconds a pass, GFLOP/s and the share of the step; then what is done
 * once a step (packing, joining sums, the optimizer). Says so when nothing was timed. */
void engine_profile(const struct engine *engine, struct text *out);
size_t engine_planned_bytes(const struct engine *engine);
const char *engine_kernels_name(const struct engine *engine);
size_t engine_thread_count(const struct engine *engine);
/* The threads that it works with, for who makes its next batch; NULL where it has none. */
struct thread_pool *engine_pool(const struct engine *engine);

#endif
