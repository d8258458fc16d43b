/* SPDX-License-Identifier: MIT */
/* Places for buffers: two that live at the same time never overlap. Largest first, each at the lowest place that is free
 * for its whole life: simple, and within a few percent of the lower bound for such chains. */
#include "engine/plan_memory.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "engine/planner.h"
#include "model/graph.h"

#include <stdlib.h>

struct item {
    struct buffer *buffer;
    size_t bytes; /* in its arena: of all images for batch buffers */
};

static bool meet(const struct buffer *a, const struct buffer *b) {
    return a->first <= b->last && b->first <= a->last;
}

static int larger_first(const void *left, const void *right) {
    const struct item *a = left, *b = right;
    if (a->bytes != b->bytes) { return a->bytes > b->bytes ? -1 : 1; }
    return a->buffer < b->buffer ? -1 : 1;
}

/* `placed` is kept in order of place. */
static void place(struct item item, struct item *placed, size_t placed_count, size_t *total) {
    size_t at = 0;
    for (size_t i = 0; i < placed_count; i++) {
        if (!meet(item.buffer, placed[i].buffer)) continue;
        if (at + item.bytes <= placed[i].buffer->offset) break;
        size_t end = placed[i].buffer->offset + placed[i].bytes;
        at = end > at ? end : at;
    }
    item.buffer->offset = at;
    size_t rank = placed_count;
    for (; rank > 0 && placed[rank - 1].buffer->offset > at; rank--)
        placed[rank] = placed[rank - 1];
    placed[rank] = item;
    if (at + item.bytes > *total) *total = at + item.bytes;
}

static ocellus_status assign(struct plan *plan, bool batch, struct item *items, struct item *placed, size_t *total) {
    size_t count = 0;
    for (size_t i = 0; i < plan->buffer_count; i++) {
        struct buffer *buffer = &plan->buffers[i];
        if ((buffer->scope == SCOPE_BATCH) != batch) continue;
        size_t bytes = buffer->size;
        const size_t images = batch ? plan->batch_size : buffer->scope == SCOPE_SHARD ? plan_shard_images(plan) : 1;
        if (!size_multiply(bytes, images, &bytes) || bytes > PLAN_MOST_BYTES)
            return fail(OCELLUS_IO, "%s: a batch of %zu images needs more memory than can be addressed",
                        plan->lowered->graph->name, plan->batch_size);
        bytes = (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        items[count++] = (struct item){.buffer = buffer, .bytes = bytes};
    }
    qsort(items, count, sizeof *items, larger_first);
    *total = 0;
    for (size_t i = 0; i < count; i++)
        place(items[i], placed, i, total);
    return OCELLUS_OK;
}

/* A segment that takes image after image comes back to its first task with the next: what all of them share lives as long
 * as the segment. */
static void extend_shared(struct plan *plan) {
    for (size_t i = 0; i < plan->buffer_count; i++) {
        struct buffer *buffer = &plan->buffers[i];
        for (size_t s = 0; buffer->scope == SCOPE_SHARD && s < plan->segment_count; s++) {
            const struct segment *segment = &plan->segments[s];
            const size_t first = segment->first_task, last = first + segment->task_count - 1;
            if (segment->layer_major || segment->task_count == 0) continue;
            if (buffer->first > first && buffer->first <= last) buffer->first = first;
            if (buffer->last >= first && buffer->last < last) buffer->last = last;
        }
    }
}

ocellus_status plan_assign_memory(struct plan *plan) {
    extend_shared(plan);
    struct item *items = memory_allocate(plan->buffer_count + 1, sizeof *items);
    struct item *placed = memory_allocate(plan->buffer_count + 1, sizeof *placed);
    ocellus_status status = items && placed ? OCELLUS_OK : OCELLUS_IO;
    if (status == OCELLUS_OK) status = assign(plan, true, items, placed, &plan->batch_bytes);
    if (status == OCELLUS_OK) status = assign(plan, false, items, placed, &plan->scratch_bytes);
    memory_free(items);
    memory_free(placed);
    return status;
}
