/* SPDX-License-Identifier: MIT */
/* Chains: where an image is larger than the cache, tasks that follow each other and need no other row than their own run
 * for a band of rows at a time, so that what one makes is still at hand for the next: a convolution's output for the
 * statistics taken of it, a gradient for the mask, the sums and the products that it goes into. */
#include "engine/plan.h"

enum {
    IMAGE_BYTES = 256 * 1024, /* of an output or source, from which chains pay: a fourth of a second cache */
    BAND_BYTES = 240 * 1024   /* of the widest rows of a band */
};

static bool is_convolution(const struct task *task) {
    return task->kind == TASK_CONV2D || task->kind == TASK_CONV2D_DIFF_SRC || task->kind == TASK_CONV2D_DIFF_WEIGHTS;
}

size_t plan_task_rows(const struct task *task) {
    if (is_convolution(task)) { return task->tile == 0 ? task->shape.conv.oh : 0; } /* Winograd has bands of its own */
    switch (task->kind) {
    case TASK_AFFINE:
    case TASK_ADD:
    case TASK_RELU_BACKWARD:
    case TASK_STATISTICS:
    case TASK_BATCH_NORM_REDUCE:
    case TASK_BATCH_NORM_BACKWARD:
    case TASK_DIFF_BIAS:
        return task->shape.rows.rows;
    default:
        return 0;
    }
}

/* A convolution that reads neighbouring rows can only begin a chain: its source is whole by then. */
static bool can_follow(const struct task *task, size_t rows) {
    const struct conv_shape *conv = &task->shape.conv;
    return plan_task_rows(task) == rows &&
           (!is_convolution(task) || (conv->kh == 1 && conv->kw == 1 && conv->sh == 1 && conv->sw == 1));
}

static size_t widest_row(const struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    const size_t source = conv->ow * conv->ic, output = conv->ow * conv->oc;
    if (is_convolution(task)) { return (source > output ? source : output) * sizeof(real); }
    return task->shape.rows.width * task->shape.rows.c * sizeof(real);
}

/* Bands come back to the chain's first task: every scratch value of the chain lives as long as the chain. */
static void extend_scratch(struct plan *plan, size_t first, size_t last) {
    for (size_t i = 0; i < plan->buffer_count; i++) {
        struct buffer *buffer = &plan->buffers[i];
        if (buffer->batch || buffer->last < first || buffer->first > last) { continue; }
        if (buffer->first > first) { buffer->first = first; }
        if (buffer->last < last) { buffer->last = last; }
    }
}

static size_t make_chain(struct plan *plan, size_t first, size_t end) {
    struct task *tasks = plan->tasks;
    const size_t rows = plan_task_rows(&tasks[first]);
    size_t next = first + 1, widest = widest_row(&tasks[first]);
    for (; rows > 0 && next < end && can_follow(&tasks[next], rows); next++) {
        const size_t row = widest_row(&tasks[next]);
        widest = row > widest ? row : widest;
    }
    if (rows == 0 || next == first + 1 || rows * widest <= IMAGE_BYTES) { return rows == 0 ? first + 1 : next; }
    tasks[first].chain = next - first;
    tasks[first].band = BAND_BYTES / widest > 0 ? BAND_BYTES / widest : 1;
    extend_scratch(plan, first, next - 1);
    return next;
}

void plan_find_chains(struct plan *plan) {
    for (size_t s = 0; s < plan->segment_count; s++) {
        const struct segment *segment = &plan->segments[s];
        const size_t end = segment->first_task + segment->task_count;
        if (segment->per_shard || segment->by_layer) { continue; }
        for (size_t t = segment->first_task; t < end;) {
            t = make_chain(plan, t, end);
        }
    }
}
