/* SPDX-License-Identifier: MIT */
/* The plan: what the CPU engine runs, in order, and where every value lives. Made once from the graph.
 *
 * phases   are separated by barriers: what ends a phase needs the whole batch (statistics, sums over images).
 * segments of a phase run back to back on one shard of images: task by task for each image in turn, while that image is
 *          in the cache; or each task for all images of the shard, while its weights are (the last layers of a large
 *          network); or once for all of them (dense layers).
 * tasks    are one kernel call each, with their operands resolved to views.
 * chains   are tasks of such a segment that follow each other and work row by row: they run for a few rows at a time.
 *
 * Buffers are of two sorts: batch buffers hold a value for every image of the batch, live from one phase to another and
 * share one arena by lifetime; scratch buffers hold a value of one image and live within a segment, or of every image of
 * the shard where a segment runs layer by layer, and share each worker's scratch by lifetime. Sizes and places of buffers
 * are in bytes, offsets and strides of views in values. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "base/status.h"
#include "kernels/kernels.h"
#include "model/layer.h"

#include <stdbool.h>
#include <stddef.h>

enum { PLAN_SHARDS = 16, PLAN_NONE = -1 };

/* A kernel's gradient that is summed by blocks is summed for so many channels of source and output at a time: enough to
 * use what is read, few enough for their sums to stay in the second cache. */
enum { PLAN_BLOCK_CHANNELS = 64 };

/* Values of an image above which an output with several readers is made again rather than kept, when one pass over kept
 * values makes it: a third of the memory of ResNet50's first stages for two percent of the time. */
enum { PLAN_REMAKE_VALUES = 256 * 1024 };

/* Of one buffer: the sum of as many as a graph may have fits a size_t. */
#define PLAN_MOST_BYTES ((size_t)1 << 48)

/* Images of a shard in inference, at most: enough for a dense layer's tile, and for weights that pass by once for all. */
enum { PLAN_BLOCK = 8 };

struct buffer {
    bool batch;         /* one for every image of the batch; else scratch */
    bool block;         /* scratch with one for every image of the shard; else of one image */
    size_t size;        /* bytes of one image, a multiple of MEMORY_ALIGNMENT for scratch */
    size_t first, last; /* lifetime: phases for batch buffers, tasks for scratch buffers, both ends included */
    size_t segment;     /* scratch buffers of one image live in one segment */
    size_t place;       /* assigned: byte offset in its arena */
};

/* Where an operand lies. The network's input is not ours: it has buffer PLAN_INPUT. */
enum { PLAN_INPUT = -2 };
struct view {
    int buffer;
    size_t offset;     /* of the first value, in values (not zero for the inside of a padded image) */
    size_t row_stride; /* in values; the dense stride when rows lie back to back */
};

enum task_kind {
    TASK_CONV2D,              /* src (+ src2 to the sums) -> dst; also a dense layer over a shard */
    TASK_CONV2D_DIFF_SRC,     /* src = diff_dst (padded) -> dst = diff_src, with the rotated weights */
    TASK_CONV2D_DIFF_WEIGHTS, /* src, src2 = diff_dst -> the shard's part of the kernel's gradient */
    TASK_PACK_PIXELS,         /* src -> dst, the panels of a gradient that is summed by blocks */
    TASK_DIFF_BIAS,           /* src = diff_dst -> the shard's part of the bias's gradient */
    TASK_AFFINE,              /* src -> dst, scaled and shifted by the node's BatchNormalization, or copied */
    TASK_ADD,                 /* src + src2 -> dst */
    TASK_FILL_BORDER,         /* writes `fill` around the inside of dst */
    TASK_SCATTER,             /* src's pixels to every (sh, sw)th pixel of dst, zeros between */
    TASK_MAX_POOL,            /* src -> dst, with argmax in aux */
    TASK_MAX_POOL_BACKWARD,   /* src = diff_dst, aux = argmax -> dst = diff_src */
    TASK_GLOBAL_AVERAGE,
    TASK_GLOBAL_AVERAGE_BACKWARD,
    TASK_UPSAMPLE,
    TASK_UPSAMPLE_BACKWARD,
    TASK_RELU_BACKWARD,      /* src = diff_dst, src2 = the ReLU's output -> dst */
    TASK_STATISTICS,         /* src -> the shard's part of the BatchNormalization's statistics */
    TASK_BATCH_NORM_REDUCE,  /* src = diff_dst, src2 = the layer's input -> the shard's part of its sums */
    TASK_BATCH_NORM_BACKWARD /* src = diff_dst, src2 = the layer's input -> dst = diff_src */
};

/* The three products of a heavy layer. */
enum product { PRODUCT_FORWARD, PRODUCT_DIFF_SRC, PRODUCT_DIFF_WEIGHTS, PRODUCTS };

struct task {
    enum task_kind kind;
    size_t node;    /* whose parameters, statistics and name are meant */
    bool normalize; /* AFFINE, MAX_POOL and ADD: apply the BatchNormalization `norm` on the way */
    size_t norm;
    bool normalize2; /* ADD: the same for src2 */
    size_t norm2;
    bool relu; /* the result passes a ReLU, or the gradient its mask */
    real fill;
    struct view src, src2, dst, aux;
    union {
        struct conv_shape conv;
        struct pool_shape pool;
        struct rows_shape rows;
        struct pixels_shape pixels;
    } shape;
    size_t tile;               /* of Winograd, for the three products of a convolution; 0 is direct */
    size_t factor_h, factor_w; /* UPSAMPLE; strides of SCATTER */
    size_t pad[2][2];          /* FILL_BORDER: rows and columns before and after */
    size_t chain, band;        /* of the first task of a chain: its tasks, and the rows that run at a time; else 0 */
    size_t parts;              /* offset in a shard's sums or, of a kernel's gradient, in its parts; in values */
};

struct segment {
    bool per_shard; /* dense layers: tasks run once over all images of the shard */
    bool by_layer;  /* each task runs for all images of the shard before the next */
    size_t first_task, task_count;
};

/* What is done once, after all shards of a phase. */
enum finish_kind {
    FINISH_STATISTICS, /* join; set scale and shift; update the moving statistics */
    FINISH_BATCH_NORM, /* join; gradients of gamma and beta; coefficients of the gradient to the input */
    FINISH_KERNEL,     /* join the parts of a kernel's gradient */
    FINISH_BIAS,       /* join the sums of a bias's gradient */
    FINISH_DENSE,      /* a dense layer's kernel: summed over all images here, from the batch buffers src and diff */
    FINISH_BLOCKS      /* a large 1x1 kernel over small images: the same, from panels */
};
struct finish {
    enum finish_kind kind;
    size_t node;
    size_t parts, count;   /* offset in a shard's parts or sums and number of values (FINISH_BLOCKS: of blocks) */
    struct view src, diff; /* FINISH_DENSE, FINISH_BLOCKS */
    size_t pixels;         /* of an image, FINISH_BLOCKS */
};

struct phase {
    size_t first_segment, segment_count;
    size_t first_finish, finish_count;
    size_t sums;  /* values a shard sums in this phase: statistics, biases */
    size_t parts; /* values of kernels' gradients a shard sums in this phase */
};

/* Growing lists, filled while the plan is made. */
struct plan {
    const struct graph *graph;
    const struct kernels *kernels;
    bool training;
    size_t batch_size;

    struct buffer *buffers;
    struct task *tasks;
    struct segment *segments;
    struct phase *phases;
    struct finish *finishes;
    size_t buffer_count, buffer_capacity, task_count, task_capacity, segment_count, segment_capacity, phase_count,
        phase_capacity, finish_count, finish_capacity;
    size_t forward_phases; /* the first of them are the forward pass */

    struct view *outputs; /* [graph->count]: where each stored node's output is; buffer PLAN_NONE when not stored */
    int *folded; /* [graph->count]: the BatchNormalization folded into a convolution (inference), or PLAN_NONE */
    size_t
        *tiles[PRODUCTS]; /* [graph->count] each: Winograd's tile of a convolution's three products, 0 where direct */
    bool *by_blocks;      /* [graph->count]: the kernel's gradient is summed by blocks */
    struct view *argmax;  /* [graph->count]: of poolings, when training */
    size_t logits_node;   /* the node whose (pre-softmax) output the loss takes */
    struct view logits;   /* dense [classes] an image, batch buffer */
    struct view diff_logits;

    size_t batch_bytes;               /* of the batch arena, for batch_size images */
    size_t winograd_values;           /* the most scratch that Winograd needs, beside the buffers */
    size_t scratch_bytes;             /* of each worker's scratch */
    size_t sums_values, parts_values; /* the most values a shard sums in one phase */
};

ocellus_status plan_create(const struct graph *graph, const struct kernels *kernels, bool training, size_t batch_size,
                           struct plan **plan);
void plan_free(struct plan *plan);

/* --- shared by the files that make a plan (plan.c, plan_emit.c, plan_forward.c, plan_backward.c) --- */

/* The state of making a plan. */
struct planner {
    struct plan *plan;
    struct view *made; /* [graph->count]: this segment's scratch copy of a cheap node's output, or buffer PLAN_NONE */
    size_t *consumer_count;
    int *only_consumer;       /* [graph->count]: the consumer when there is exactly one, else PLAN_NONE */
    bool *stored;             /* [graph->count]: the output is kept (a batch buffer; in inference scratch or batch) */
    size_t *forward_phase;    /* [graph->count]: the phase in which the output can first be had */
    bool *needs_gradient;     /* [graph->count]: something at or before the node is trained */
    struct view *diff;        /* [graph->count]: gradient to the node's output, once something was added to it */
    bool per_shard, by_layer; /* the current segment's sort */
    size_t deep;              /* from this node on segments run layer by layer; the number of nodes where none does */
    size_t *backward_phase;   /* [graph->count]: when the gradient to the output is complete */
};

struct view view_none(void);
bool view_exists(struct view view);
const struct node *plan_node(const struct planner *planner, size_t node);
enum operator_kind plan_kind(const struct planner *planner, size_t node);
/* A task with these operands; the rest is zero, and src2 and aux are no views. */
struct task plan_task(enum task_kind kind, size_t node, struct view src, struct view dst);

/* The grammar of making: begin a phase, begin segments in it, add tasks and finishes, end. All fail for memory only. */
ocellus_status plan_begin_phase(struct planner *planner);
ocellus_status plan_begin_segment(struct planner *planner, bool per_shard);
ocellus_status plan_add_task(struct planner *planner, struct task task);
/* *parts gets the offset of `count` values in a shard's parts (FINISH_KERNEL) or sums. */
ocellus_status plan_add_finish(struct planner *planner, enum finish_kind kind, size_t node, size_t count,
                               size_t *parts);
/* The gradient of a dense layer's kernel, at the end of the phase. */
ocellus_status plan_add_dense_finish(struct planner *planner, size_t node, struct view src, struct view diff);
/* For a kernel whose gradient is summed by blocks: packs an image's source and gradient, and sums at the end of the phase. */
ocellus_status plan_add_blocks(struct planner *planner, size_t node, const struct conv_shape *conv, struct view src,
                               struct view diff);
ocellus_status plan_batch_buffer(struct planner *planner, size_t bytes, int *buffer);
ocellus_status plan_scratch_buffer(struct planner *planner, size_t bytes, int *buffer);
/* A view of dense rows over a new scratch buffer for a value of this shape. */
ocellus_status plan_scratch_view(struct planner *planner, const struct shape *shape, struct view *view);
ocellus_status plan_batch_view(struct planner *planner, const struct shape *shape, struct view *view);
/* The same with room for every image of the shard: the value may outlive the segment. */
ocellus_status plan_block_view(struct planner *planner, const struct shape *shape, struct view *view);
/* A view for a passing value: scratch, or a batch buffer in a per-shard segment. */
ocellus_status plan_passing_view(struct planner *planner, const struct shape *shape, struct view *view);
size_t plan_row_values(const struct shape *shape); /* values of a dense row: w * c, or all of a vector */

/* The image size of a node's output as rows, width, channels (vectors are 1 x 1 x features). */
struct extent {
    size_t h, w, c;
};
struct extent plan_extent(const struct shape *shape);
/* A new scratch image of that extent, which a layer's padding may make as large as a file says: refused where it is larger than
 * any memory. */
ocellus_status plan_padded_view(struct planner *planner, size_t node, struct extent padded, struct view *view);

/* The shape of a pass over all values of an image: rows of a value's extent, strides of the views. */
struct rows_shape plan_rows(struct extent extent, struct view src, struct view dst);
ocellus_status plan_copy(struct planner *planner, size_t node, struct extent extent, struct view src, struct view dst);
/* Writes `value` around the inside of a padded image of that extent. */
ocellus_status plan_fill_border(struct planner *planner, size_t node, struct extent padded, const size_t (*pad)[2],
                                real value, struct view dst);
/* The pooling `node` over an image that carries its padding; `pooled` is its output, or the gradient to it. */
struct pool_shape plan_pool_shape(const struct planner *planner, size_t node, struct extent padded, struct view image,
                                  struct view pooled);

/* Padding that a convolution or pooling needs before and after rows and columns: its own 'same' padding and, for
 * convolutions, a ZeroPadding2D before it that nobody else reads; *source is the node to read then. */
struct padding_need {
    size_t pad[2][2];
    bool any;
};
struct padding_need plan_padding(const struct planner *planner, size_t node, size_t *source);

/* Emits what makes node's output available in the current segment, unless it already is, and gives the view. When `want`
 * is given (the inside of a padded image), the output is written there. (plan_forward.c) */
ocellus_status plan_produce(struct planner *planner, size_t node, const struct view *want, struct view *view);
/* The padded image that a convolution or pooling reads: produces its source inside it. */
ocellus_status plan_padded_source(struct planner *planner, size_t node, real fill, struct view *view,
                                  struct extent *extent);
struct conv_shape plan_conv_shape(const struct planner *planner, size_t node, struct view src, struct extent extent,
                                  struct view dst);
/* The convolution's only reader is a BatchNormalization on moving statistics that its weights can take in. */
bool plan_can_fold(const struct planner *planner, size_t node);
/* The BatchNormalization runs on batch statistics in this plan. */
bool plan_uses_batch_statistics(const struct planner *planner, size_t node);

ocellus_status plan_forward(struct planner *planner);
ocellus_status plan_backward(struct planner *planner);
/* Chains of tasks that run a few rows at a time, while these are in the cache. (plan_chains.c) */
void plan_find_chains(struct plan *plan);
/* Rows of the task's output, where it works row by row; else 0. */
size_t plan_task_rows(const struct task *task);
/* Images of a shard, at most. */
size_t plan_block(const struct plan *plan);
/* Assigns places to buffers by lifetime, smallest total found by first fit, largest first. (plan_memory.c) */
ocellus_status plan_assign_memory(struct plan *plan);

#endif
