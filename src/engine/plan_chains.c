/* SPDX-License-Identifier: MIT */
/* Chains: where an image is larger than the cache, tasks that follow each other and need no other row than their own run
 * for a band of rows at a time, so that what one makes is still at hand for the next: a convolution's output for the
 * statistics taken of it, a gradient for the mask, the sums and the products that it goes into. */
#include "engine/plan_chains.h"

#include "engine/planner.h"

enum {
    IMAGE_BYTES = 256 * 1024, /* of an output or source, from which chains pay: a fourth of a second cache */
    BAND_BYTES = 240 * 1024   /* of the widest rows of a band */
};

static size_t rows_of(const struct task *task) {
    return task->type->chain_rows ? task->type->chain_rows(task) : 0;
}

/* One that reads neighbouring rows can only begin a chain: its source is whole by then. */
static bool can_follow(const struct task *task, size_t rows) {
    return rows_of(task) == rows && !(task->type->reads_neighbours && task->type->reads_neighbours(task));
}

static size_t row_bytes(const struct task *task) {
    return task->type->row_values(task) * sizeof(real);
}

/* Bands come back to the chain's first task: every scratch value of the chain lives as long as the chain. */
static void extend_scratch(struct plan *plan, size_t first, size_t last) {
    for (size_t i = 0; i < plan->buffer_count; i++) {
        struct buffer *buffer = &plan->buffers[i];
        if (buffer->scope == SCOPE_BATCH || buffer->last < first || buffer->first > last) continue;
        if (buffer->first > first) buffer->first = first;
        if (buffer->last < last) buffer->last = last;
    }
}

static size_t make_chain(struct plan *plan, size_t first, size_t end) {
    struct task *tasks = plan->tasks;
    const size_t rows = rows_of(&tasks[first]);
    if (rows == 0) return first + 1;
    size_t next = first + 1, widest = row_bytes(&tasks[first]);
    for (; next < end && can_follow(&tasks[next], rows); next++) {
        const size_t row = row_bytes(&tasks[next]);
        widest = row > widest ? row : widest;
    }
    if (next == first + 1 || rows * widest <= IMAGE_BYTES) return next;
    tasks[first].chain = next - first;
    tasks[first].band = BAND_BYTES / widest > 0 ? BAND_BYTES / widest : 1;
    extend_scratch(plan, first, next - 1);
    return next;
}

void plan_find_chains(struct plan *plan) {
    for (size_t s = 0; s < plan->segment_count; s++) {
        const struct segment *segment = &plan->segments[s];
        const size_t end = segment->first_task + segment->task_count;
        if (segment->per_shard || segment->layer_major) continue;
        for (size_t t = segment->first_task; t < end;)
            t = make_chain(plan, t, end);
    }
}
