/* SPDX-License-Identifier: MIT */
/* What an engine is to engine_calls.c: a table of functions, and a struct that begins with struct engine. All that is the same
 * for every engine is done before a function here is called: names are found, sizes, labels, slots and the order of calls
 * are checked, the floating-point mode of base/threads.h is set. Engines include this; their callers engine.h alone. */
#ifndef ENGINE_ENGINE_CLASS_H
#define ENGINE_ENGINE_CLASS_H

#include "engine/engine.h"
#include "engine/weights.h"
#include "model/lowered.h"

/* A tensor behind a name. */
enum engine_place_kind { PLACE_PARAMETER, PLACE_STATE, PLACE_GRADIENT, PLACE_OUTPUT, PLACE_OUTPUT_GRADIENT };
struct engine_place {
    enum engine_place_kind kind;
    size_t index; /* of the parameter, in the weights' list; of an output the node */
    size_t state; /* PLACE_STATE: which of the optimizer's */
    size_t count; /* values */
};

struct engine_facts {
    const char *kernels;
    size_t threads, planned_bytes;
    struct thread_pool *pool; /* NULL: none */
};

struct engine_class {
    const char *name; /* "cpu" */
    bool training;    /* it can train */
    bool (*supports)(const struct operation *operation);
    size_t size; /* bytes of its struct */
    /* With everything in struct engine set but the input slots, whose bytes count among the planned. After a failure
     * close() is called, as after a success. */
    ocellus_status (*open)(struct engine *engine);
    void (*close)(struct engine *engine);
    /* Never PLACE_OUTPUT or PLACE_OUTPUT_GRADIENT in set(); get() refuses an output that is not kept. */
    void (*set)(struct engine *engine, const struct engine_place *place, const float *values);
    ocellus_status (*get)(const struct engine *engine, const struct engine_place *place, float *values);
    ocellus_status (*forward)(struct engine *engine); /* engine->mode on engine->batch */
    ocellus_status (*read)(struct engine *engine, enum engine_value value, float *dst);
    ocellus_status (*loss)(struct engine *engine, const struct engine_targets *targets, struct engine_metrics *metrics);
    ocellus_status (*backward)(struct engine *engine);
    /* NULL where no gradient to a named value can be had. */
    ocellus_status (*backward_from)(struct engine *engine, const float *diff_logits);
    /* With engine->updates counted already. */
    ocellus_status (*update)(struct engine *engine, const struct optimizer *optimizer);
    ocellus_status (*adopt_statistics)(struct engine *engine);
    const char *(*find_nonfinite)(struct engine *engine);
    void (*facts)(const struct engine *engine, struct engine_facts *facts);
    /* For people; NULL where there is nothing to say. */
    void (*describe)(const struct engine *engine, struct text *out);
    ocellus_status (*profile_start)(struct engine *engine);
    void (*profile)(const struct engine *engine, struct text *out);
};

/* How far the present batch has come. */
enum engine_stage { STAGE_NONE, STAGE_FORWARD, STAGE_LOSS, STAGE_BACKWARD, STAGE_UPDATED };

/* What every engine has in front of its own; engine_calls.c alone changes it. */
struct engine {
    const struct engine_class *class;
    const struct graph *graph;
    const struct lowered *lowered; /* the weights' */
    struct engine_options options; /* slots at least 1; pointers as they were given: for open() alone */
    struct weights *weights;       /* one reference */
    size_t state_count;            /* optimizer states in use */
    size_t image_size, classes;    /* values of the input and of the logits, one image's */
    size_t gradient_to;            /* the node; 0: none was asked for */

    float *inputs; /* [slots][batch_size][image_size] */
    struct engine_tensor *tensors;
    char (*state_names)[GRAPH_NAME_SIZE + 16];
    size_t tensor_count;

    enum engine_stage stage;
    enum engine_mode mode;     /* of the last forward pass, or of the one that runs, */
    struct engine_batch batch; /* and its images */
    bool has_loss;
    struct engine_metrics metrics; /* of the last loss */
    size_t statistics_passes;      /* not adopted yet */
    uint64_t updates;
};

/* The number of a group's update, from 1. */
static inline uint64_t engine_group_updates(const struct parameter_group *group, uint64_t updates) {
    return updates > group->updates_before ? updates - group->updates_before : 1;
}

/* The values of a slot of the input, [batch_size][image_size]. */
static inline float *engine_slot(const struct engine *engine, size_t slot) {
    return engine->inputs + slot * engine->options.batch_size * engine->image_size;
}

#endif
