/* SPDX-License-Identifier: MIT */
/* What the tasks of operators may ask while they run: where a view's values are, which parameters and statistics are
 * meant, and the worker's own memory. */
#ifndef ENGINE_PLACE_H
#define ENGINE_PLACE_H

#include "engine/cpu_engine.h"

/* What a task works on: its first image, how many at once (1, or all of the shard), the worker in whose scratch they lie,
 * the shard and its first image; and the worker that runs it, another one where the threads share an image. */
struct place {
    struct cpu_engine *engine;
    size_t image, images, worker, shard, shard_first, runner;
};

/* The values of a view at a place; NULL for no view. */
void *place_at(const struct place *place, struct view view);
/* Values from one image to the next. */
size_t place_image_stride(const struct place *place, struct view view);
/* The shard's place for a task's sums: kernels' gradients lie in the slots of the current wave. */
real *place_partials(const struct place *place, const struct task *task);
/* A convolution's memory of the worker that runs it. */
real *place_conv_scratch(const struct place *place);
const struct operation *place_operation(const struct place *place, const struct task *task);
/* The first `count` images' values in SCOPE_BATCH from that image on. */
real *engine_view(const struct cpu_engine *engine, struct view view, size_t image);
/* The last pass has left the operation's value in SCOPE_BATCH. */
bool engine_keeps(const struct cpu_engine *engine, size_t operation);
/* A parameter's values by role, and its gradient; NULL where the operation has none. */
real *engine_parameter(const struct cpu_engine *engine, size_t operation, enum parameter_role role);
real *engine_gradient(const struct cpu_engine *engine, size_t parameter);
const struct shape *engine_parameter_shape(const struct cpu_engine *engine, size_t operation, enum parameter_role role);

/* A shard's images. */
size_t engine_shard_first(const struct cpu_engine *engine, size_t shard);
size_t engine_shard_images(const struct cpu_engine *engine, size_t shard);
/* A shard's sums of a reduction; a kernel's gradient in one slot of the partials: the shards of the current wave, then the sums
 * of the waves. */
real *engine_sums(const struct cpu_engine *engine, size_t shard, const struct reduction *reduction);
real *engine_partials(const struct cpu_engine *engine, size_t slot, const struct reduction *reduction);

#endif
