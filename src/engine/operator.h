/* SPDX-License-Identifier: MIT */
/* What the engine knows of an operation, a task and a reduction: one row each. The planner, the executor, chains, the
 * profile and the descriptions ask the row and know no kind by name. An operator is one file in operators/, and a line of
 * operators/table.c. */
#ifndef ENGINE_OPERATOR_H
#define ENGINE_OPERATOR_H

#include "engine/plan.h"

struct cpu_engine;
struct place;
struct planner;

/* What the profile counts a task as. */
enum work { WORK_FORWARD, WORK_DIFF_SRC, WORK_DIFF_WEIGHTS, WORK_OTHER, WORK_COUNT };

struct operation_type {
    /* Cheap to make: made where it is read, as part of its reader's pass where that can be, and made again rather than
     * stored. Else the value is stored. */
    bool cheap;
    /* Runs once over all images of a shard, from values in SCOPE_BATCH. */
    bool per_shard;
    /* A cheap value of several readers is made again, when it is large, in one pass over stored values. */
    bool remade;
    /* What passes on the way to such a value costs no pass of its own. */
    bool passes;
    /* An affine function of each channel in inference, which the kernel before it can take in. */
    bool folds;
    /* Its weights are so many that they pass through the cache with every image. */
    bool weighs;
    /* In training its value is another than in inference, unless it is frozen. */
    bool varies;
    /* A plain ReLU that alone reads it is part of its pass. */
    bool takes_relu;
    /* Its value is its input's, in this plan: no memory of its own where that is stored. NULL: never. */
    bool (*is_alias)(const struct planner *planner, size_t operation);
    /* The tasks that write the value, through a ReLU if asked (takes_relu), to dst. */
    ocellus_status (*forward)(struct planner *planner, size_t operation, bool relu, struct view dst);
    /* The same for a kernel that takes in a NORMALIZATION on moving statistics that alone reads it (norm), and adds a value of
     * dst's strides (add, or no view; where `adds` says so). NULL: it cannot. */
    ocellus_status (*folded)(struct planner *planner, size_t operation, int norm, struct view add, bool relu,
                             struct view dst);
    bool (*adds)(const struct operation *operation);
    /* The tasks that hand the gradient of the value on to the inputs and the parameters, in its turn. */
    ocellus_status (*backward)(struct planner *planner, size_t operation, size_t now);
    /* Where a gradient depends on sums over the whole batch, it takes three steps. observe: what is taken of the input while
     * that is being made. reduce: what is summed once the gradient to the value is complete; its turn comes in the
     * phase after. pull: the operation before, when this one alone reads it, takes its gradient from here straight to
     * where it wants it, through the mask of the ReLU inside it. NULL for all others. */
    ocellus_status (*observe)(struct planner *planner, size_t operation, struct view input);
    ocellus_status (*reduce)(struct planner *planner, size_t operation, struct view diff);
    ocellus_status (*pull)(struct planner *planner, size_t operation, bool mask, struct view dst);
    /* Floating-point operations of the products of one image's forward pass, 2 a multiply-add; NULL: none that count. */
    double (*flops)(const struct lowered *lowered, const struct operation *operation);
    /* Of its kernel, when packed: values; and the packing of one product's form. NULL: the kernel is read as it is. */
    const struct packing *packing;
};

/* How a kernel becomes what tasks read. `tile` is Winograd's or 0. */
struct packing {
    size_t (*size)(const struct kernels *kernels, const struct shape *kernel, size_t tile, enum product product);
    void (*pack)(const struct kernels *kernels, const struct shape *kernel, size_t tile, enum product product,
                 const real *weights, real *packed);
    /* Multiplies output channel c of what pack() made for PRODUCT_FORWARD by scale[c]. */
    void (*scale)(const struct kernels *kernels, const struct shape *kernel, size_t tile, const real *scale,
                  real *packed);
};

struct task_type {
    const char *name;
    enum work work;
    bool counts_no_images; /* another task of the same work counts them */
    enum product product;  /* of a convolution, which Winograd may run; else PRODUCTS */
    bool adds_to_partials; /* the shard's sums are those of a kernel's gradient */
    /* All of it, for place->images images. */
    void (*run)(const struct place *place, const struct task *task);
    /* Rows [begin, end) of the output, of one image. NULL: it cannot be cut. */
    void (*run_rows)(const struct place *place, const struct task *task, size_t begin, size_t end);
    /* Rows of the output where a chain may run it, else 0; NULL: never. */
    size_t (*chain_rows)(const struct task *task);
    bool (*reads_neighbours)(const struct task *task); /* rows beside its own: it can only begin a chain; NULL: no */
    size_t (*row_values)(const struct task *task);     /* of its widest row, for a chain */
    /* Where there are fewer images than threads: units into which the task can be cut, 0 where it is not worth it, and
     * running units [begin, end). NULL: never. */
    size_t (*units)(const struct cpu_engine *engine, const struct task *task);
    void (*run_units)(const struct place *place, const struct task *task, size_t begin, size_t end);
};

struct reduction_type {
    const char *name;
    bool in_waves; /* sums partials, wave by wave of shards */
    bool product;  /* its time is its layer's weight gradient, not the joining of sums */
    /* One piece: values [begin, end) of `count`. */
    void (*run)(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end, size_t worker);
    /* The same for the shards of the wave that begins at first_shard; in_waves alone. */
    void (*run_wave)(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end,
                     size_t first_shard);
    /* Values of one piece; NULL: it is one piece. */
    size_t (*piece)(const struct cpu_engine *engine, const struct reduction *reduction);
    /* Values of a worker's memory that it needs; NULL: none. */
    size_t (*scratch)(const struct cpu_engine *engine, const struct reduction *reduction);
};

extern const struct operation_type *const engine_operators[OPERATION_KINDS];

#endif
