/* SPDX-License-Identifier: MIT */
/* The plan: what the CPU engine runs, in order, and where every value lives. Made once from the lowered graph.
 *
 * phases     are separated by barriers: what ends a phase needs the whole batch (statistics, sums over images).
 * segments   of a phase run back to back on one shard of images: task by task for each image in turn, while that image
 *            is in the cache; or layer-major, each task for all images of the shard, while its weights are (the last
 *            layers of a large network); or once for all of them (dense layers).
 * tasks      are one kernel call each, with their operands resolved to views.
 * chains     are tasks of such a segment that follow each other and work row by row: they run for a few rows at a time.
 * reductions end a phase: sums over images, joined by the fixed tree.
 *
 * Buffers differ in scope: of the batch, from one phase to another, in one arena by lifetime; of a shard or of an image,
 * within a phase or a segment, in each worker's scratch by lifetime. Sizes and places of buffers are in bytes, offsets
 * and strides of views in elements. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "base/status.h"
#include "kernels/kernels.h"
#include "model/lowered.h"

enum { PLAN_SHARDS = 16, PLAN_NONE = -1 };

/* Images of a shard in inference, at most: enough for a dense layer's tile, and for weights that pass by once for all. */
enum { PLAN_SHARD_IMAGES = 8 };

/* Of one buffer: the sum of as many as a graph may have fits a size_t. */
#define PLAN_MOST_BYTES ((size_t)1 << 48)

/* What a buffer's and a view's values are. Rows of kernels exist for float32; winners of poolings are whole numbers. */
enum element { ELEMENT_REAL, ELEMENT_UINT8, ELEMENT_UINT32, ELEMENTS };
size_t element_size(enum element element);

enum scope { SCOPE_IMAGE, SCOPE_SHARD, SCOPE_BATCH };

struct buffer {
    enum scope scope;
    enum element element;
    size_t size;        /* bytes of one image, a multiple of MEMORY_ALIGNMENT for scratch */
    size_t first, last; /* lifetime: phases for SCOPE_BATCH, else tasks, both ends included */
    size_t segment;     /* SCOPE_IMAGE: the one it lives in */
    size_t offset;      /* assigned: in its arena, in bytes */
};

/* Where an operand lies. The network's input is not ours: it has buffer PLAN_INPUT. */
enum { PLAN_INPUT = -2 };
struct view {
    int buffer;
    enum element element;
    size_t offset;     /* of the first value (not zero for the inside of a padded image) */
    size_t row_stride; /* the dense stride when rows lie back to back */
};

/* The three products of a layer with a kernel. */
enum product { PRODUCT_FORWARD, PRODUCT_DIFF_SRC, PRODUCT_DIFF_WEIGHTS, PRODUCTS };

struct task_type;
struct task {
    const struct task_type *type;
    size_t operation; /* whose parameters, statistics and name are meant */
    int norm, norm2;  /* apply this NORMALIZATION to src, src2 on the way; PLAN_NONE */
    bool relu;        /* the result passes a ReLU, or the gradient its mask */
    real fill;
    struct view src, src2, dst, aux;
    union {
        struct conv_shape conv;
        struct pool_shape pool;
        struct average_shape average;
        struct depthwise_shape depthwise;
        struct rows_shape rows;
        struct pixels_shape pixels;
    } shape;
    struct repeated repeated[2]; /* how the factors of a product are repeated */
    size_t tile;                 /* of Winograd; 0 is direct */
    size_t factor[2];            /* of an up-sampling; strides of a scatter; pixel strides of src and dst of a copy */
    size_t pad[2][2];            /* rows and columns before and after, of a border */
    size_t chain, band;          /* of the first task of a chain: its tasks, and the rows that run at a time; else 0 */
    size_t partials;             /* offset in a shard's sums or, of a kernel's gradient, in its partials; in values */
};

struct segment {
    bool per_shard;   /* dense layers: tasks run once over all images of the shard */
    bool layer_major; /* each task runs for all images of the shard before the next */
    size_t first_task, task_count;
};

/* What is done once, after all shards of a phase. */
struct reduction_type;
struct reduction {
    const struct reduction_type *type;
    size_t operation;
    size_t parameter;       /* whose gradient it makes; PARAMETER_NONE */
    size_t partials, count; /* offset in a shard's sums or partials; number of values, or of squares of a kernel */
    struct view src, diff;  /* where whole values are read, from SCOPE_BATCH */
    size_t pixels;          /* of an image, in panels */
};

struct phase {
    size_t first_segment, segment_count;
    size_t first_reduction, reduction_count;
    size_t sums;     /* values a shard sums in this phase: statistics, biases */
    size_t partials; /* values of kernels' gradients a shard sums in this phase */
};

/* What asking for a value by name has changed. */
enum keeping {
    KEEPING_NONE,    /* nobody asked */
    KEEPING_ANYWAY,  /* nothing: it is stored in any case */
    KEEPING_STORED,  /* it would be made on the way to its readers */
    KEEPING_UNFOLDED /* its kernel would take in the NORMALIZATION that follows */
};

/* What shapes a plan besides graph and kernels. */
struct plan_options {
    size_t batch_size;
    bool training;      /* batch statistics, active Dropout, gradients to what is trained */
    const size_t *keep; /* [keep_count]: operations whose values can be read after every pass */
    size_t keep_count;
    int gradient_to; /* inference with a gradient to this operation's value, which is kept too; PLAN_NONE */
};

/* Growing lists, filled while the plan is made; constant afterwards, so any number of sessions may run it. */
struct plan {
    const struct lowered *lowered;
    const struct kernels *kernels;
    bool training, backward; /* backward: there is a second half */
    size_t batch_size;

    struct buffer *buffers;
    struct task *tasks;
    struct segment *segments;
    struct phase *phases;
    struct reduction *reductions;
    size_t buffer_count, buffer_capacity, task_count, task_capacity, segment_count, segment_capacity, phase_count,
        phase_capacity, reduction_count, reduction_capacity;
    size_t forward_phases; /* the first of them are the forward pass */

    /* [lowered->count] each */
    struct view *outputs; /* where a stored value is in SCOPE_BATCH; no view when it is not */
    enum keeping *keeping;
    int *folded;             /* the NORMALIZATION that a kernel takes in, or PLAN_NONE */
    bool *batch_statistics;  /* a NORMALIZATION that runs on its batch's statistics */
    size_t *tiles[PRODUCTS]; /* Winograd's tile of the three products, 0 where direct */
    bool *by_panels;         /* the kernel's gradient is summed from panels, square by square */
    struct view *argmax;     /* of poolings, where there is a backward half */

    struct view logits; /* dense [classes] an image, SCOPE_BATCH */
    struct view diff_logits;
    struct view gradient; /* of plan_options.gradient_to */

    size_t batch_bytes;                  /* of the batch arena, for batch_size images */
    size_t conv_scratch;                 /* the most values that Winograd needs of a worker, beside the buffers */
    size_t scratch_bytes;                /* of each worker's scratch */
    size_t sums_values, partials_values; /* the most values a shard sums in one phase */
};

void plan_free(struct plan *plan);
size_t plan_bytes(const struct plan *plan); /* of the plan itself */
/* The value is there when the first `phases` have run. */
bool plan_keeps(const struct plan *plan, size_t operation, size_t phases);
/* Images of a shard, at most. */
size_t plan_shard_images(const struct plan *plan);

struct view view_none(void);
bool view_exists(struct view view);

/* The image size of a value as rows, width, channels (vectors are 1 x 1 x features). */
struct extent {
    size_t h, w, c;
};
struct extent shape_extent(const struct shape *shape);

#endif
