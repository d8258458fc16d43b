/* SPDX-License-Identifier: MIT */
/* The engine: it owns a network's values (parameters, gradients, optimizer state, activations) and runs it. The rest of
 * the program speaks of tensors by name and never touches their memory, so that an engine may live on another device.
 * The order of a training step: forward (training) -> loss -> backward -> update. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/status.h"
#include "base/text.h"
#include "kernels/kernels.h"
#include "model/graph.h"

struct engine;

enum optimizer_kind { OPTIMIZER_SGD, OPTIMIZER_ADAM };
struct optimizer {
    enum optimizer_kind kind;
    double learning_rate;
    double momentum;              /* SGD */
    bool nesterov;                /* SGD */
    double beta1, beta2, epsilon; /* Adam */
};

struct engine_options {
    size_t threads;             /* 0: all this process may use */
    size_t batch_size;          /* the largest n of one call */
    bool training;              /* plan gradients and optimizer state too */
    uint64_t seed;              /* Dropout's */
    struct optimizer optimizer; /* when training: whose state is planned (Adam: m and v; SGD: velocity with momentum) */
};

enum engine_mode {
    ENGINE_TRAINING,  /* batch statistics; moving statistics are updated; what the gradient needs is kept */
    ENGINE_INFERENCE, /* moving statistics; an image's result does not depend on its batch */
    ENGINE_STATISTICS /* forward with batch statistics, which are averaged over calls for engine_adopt_statistics() */
};

/* What the values between layers may take for one image of an inference, whatever a graph from a file asks for. */
#define ENGINE_MOST_IMAGE_BYTES ((size_t)512 << 20)

/* Plans and allocates everything; nothing after this allocates. The graph must outlive the engine. Parameters are zero
 * until set. OCELLUS_BAD_CONTENT when one image needs more than ENGINE_MOST_IMAGE_BYTES; OCELLUS_IO when memory does not
 * suffice: the message says how much is needed, and it is compared with what is free before anything is allocated. */
ocellus_status engine_open(const struct graph *graph, const struct engine_options *options, struct engine **engine);
void engine_close(struct engine *engine);

/* The state by name: parameters ("conv2d/kernel") and, when training, optimizer state ("conv2d/kernel/adam_m", ".../adam_v",
 * ".../velocity"). What a checkpoint holds is this list, whole. */
enum engine_tensor_kind { ENGINE_PARAMETER, ENGINE_OPTIMIZER_STATE };
struct engine_tensor {
    const char *name;
    const struct shape *shape;
    enum engine_tensor_kind kind;
};
size_t engine_tensor_count(const struct engine *engine);
struct engine_tensor engine_tensor_at(const struct engine *engine, size_t index);
/* count must be the tensor's size. A gradient is read as "conv2d/kernel/gradient", a node's output of the last forward
 * pass as "conv2d/output" ([n][shape]; only tensors that the plan stores; for tests). */
ocellus_status engine_set(struct engine *engine, const char *name, const real *values, size_t count);
ocellus_status engine_get(const struct engine *engine, const char *name, real *values, size_t count);
/* All parameters from graph_initial_values(); optimizer state to zero. */
ocellus_status engine_initialize(struct engine *engine, uint64_t seed);
/* Optimizer updates done so far (Adam's t): part of a checkpoint. */
uint64_t engine_updates(const struct engine *engine);
void engine_set_updates(struct engine *engine, uint64_t updates);

/* src: n preprocessed images, NHWC, dense, n in [1, batch_size]. It is not copied: it must stay as it is until the
 * backward pass is done. */
ocellus_status engine_forward(struct engine *engine, enum engine_mode mode, const real *src, size_t n);
/* Logits (values before the final softmax) or probabilities of the last forward, [n][classes]. Valid until the next call. */
const real *engine_logits(struct engine *engine);
const real *engine_probabilities(struct engine *engine);
/* Softmax cross-entropy of the last forward. The mean over the n images is what backward() follows; loss_sum is the sum
 * over them (joined in the fixed order), correct counts the images whose largest logit is the label's. */
ocellus_status engine_loss(struct engine *engine, const int32_t *labels, double *loss_sum, size_t *correct);
/* Each image's loss, of the last engine_loss(). Valid until the next. */
const real *engine_losses(const struct engine *engine);
ocellus_status engine_backward(struct engine *engine);
ocellus_status engine_update(struct engine *engine, const struct optimizer *optimizer);

/* After ENGINE_STATISTICS passes: moving statistics become the averages of those passes' batch statistics. */
ocellus_status engine_adopt_statistics(struct engine *engine);

/* The first node, in execution order, whose output of the last forward holds a NaN or an infinity; else the first
 * parameter or gradient that does. NULL when all is finite. For the message when a run diverges. */
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

/* The kernels this process would use, and all that this machine can run, reference first. OCELLUS_USAGE when OCELLUS_CPU
 * names none or one that this machine lacks. */
enum { ENGINE_MAX_INSTRUCTION_SETS = 8 };
struct engine_instruction_sets {
    const char *chosen;
    const char *names[ENGINE_MAX_INSTRUCTION_SETS];
    size_t count;
};
ocellus_status engine_instruction_sets(struct engine_instruction_sets *sets);

#endif
