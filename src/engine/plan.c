/* SPDX-License-Identifier: MIT */
/* What a plan that is made can be asked: elements, views, extents, sizes. */
#include "engine/plan.h"

#include "base/memory.h"

#include <stdlib.h>

size_t element_size(enum element element) {
    static const size_t sizes[ELEMENTS] = {
        [ELEMENT_REAL] = sizeof(real), [ELEMENT_UINT8] = sizeof(uint8_t), [ELEMENT_UINT32] = sizeof(uint32_t)};
    return sizes[element];
}

struct view view_none(void) {
    return (struct view){.buffer = PLAN_NONE};
}
bool view_exists(struct view view) {
    return view.buffer != PLAN_NONE;
}

struct extent shape_extent(const struct shape *shape) {
    if (shape->rank == 3)
        return (struct extent){(size_t)shape->dims[0], (size_t)shape->dims[1], (size_t)shape->dims[2]};
    return (struct extent){1, 1, shape_size(shape)};
}

size_t plan_shard_images(const struct plan *plan) {
    if (plan->backward) return (plan->batch_size + PLAN_SHARDS - 1) / PLAN_SHARDS;
    return plan->batch_size < PLAN_SHARD_IMAGES ? plan->batch_size : PLAN_SHARD_IMAGES;
}

bool plan_keeps(const struct plan *plan, size_t operation, size_t phases) {
    const struct view view = plan->outputs[operation];
    return view_exists(view) && (view.buffer == PLAN_INPUT || plan->buffers[view.buffer].last + 1 >= phases);
}

void plan_free(struct plan *plan) {
    if (!plan) return;
    free(plan->buffers);
    free(plan->tasks);
    free(plan->segments);
    free(plan->phases);
    free(plan->reductions);
    memory_free(plan->outputs);
    memory_free(plan->argmax);
    memory_free(plan->keeping);
    memory_free(plan->folded);
    memory_free(plan->batch_statistics);
    memory_free(plan->by_panels);
    for (size_t product = 0; product < PRODUCTS; product++)
        memory_free(plan->tiles[product]);
    memory_free(plan);
}

size_t plan_bytes(const struct plan *plan) {
    const size_t each =
        2 * sizeof(struct view) + sizeof(enum keeping) + sizeof(int) + 2 * sizeof(bool) + PRODUCTS * sizeof(size_t);
    return sizeof *plan + plan->lowered->count * each + plan->buffer_capacity * sizeof *plan->buffers +
           plan->task_capacity * sizeof *plan->tasks + plan->segment_capacity * sizeof *plan->segments +
           plan->phase_capacity * sizeof *plan->phases + plan->reduction_capacity * sizeof *plan->reductions;
}
