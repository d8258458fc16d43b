/* SPDX-License-Identifier: MIT */
/* BatchNormalization between passes: its vectors, what moving statistics make of them, and the averages over passes. */
#include "engine/norms.h"

#include "engine/cpu_engine.h"
#include "engine/place.h"

#include <math.h>
#include <string.h>

/* The sums in double first, then the seven vectors of reals; rows are whole cache lines. */
static void divide(struct norm_state *norm, unsigned char *base, size_t row) {
    real **vectors[] = {&norm->scale, &norm->shift, &norm->mean, &norm->inverse, &norm->a, &norm->b, &norm->d};
    norm->sum_mean = (double *)(void *)base;
    norm->sum_variance = norm->sum_mean + row;
    base += 2 * row * sizeof(double);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        *vectors[i] = (real *)(void *)base + i * row;
}

static bool is_norm(const struct cpu_engine *engine, size_t operation) {
    return engine->lowered->operations[operation].kind == OPERATION_NORMALIZATION;
}

ocellus_status engine_allocate_norms(struct cpu_engine *engine) {
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t i = 0; i < engine->lowered->count; i++) {
            if (!is_norm(engine, i)) continue;
            const struct shape *shape = &engine->lowered->operations[i].shape;
            struct norm_state *norm = &engine->norms[i];
            norm->c = (size_t)shape->dims[shape->rank - 1];
            const size_t row = (norm->c + 15) / 16 * 16, bytes = row * (7 * sizeof(real) + 2 * sizeof(double));
            if (pass == 0) {
                TRY(arena_reserve(&engine->norm_arena, bytes, &at));
                continue;
            }
            divide(norm, engine->norm_arena.base + at, row);
            at += (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        }
        if (pass == 0) TRY(arena_allocate(&engine->norm_arena));
    }
    return OCELLUS_OK;
}

void engine_prepare_norms(struct cpu_engine *engine) {
    for (size_t n = 0; n < engine->lowered->count; n++) {
        if (!is_norm(engine, n) || engine->plan->batch_statistics[n]) continue;
        struct norm_state *norm = &engine->norms[n];
        const real *gamma = engine_parameter(engine, n, PARAMETER_GAMMA),
                   *beta = engine_parameter(engine, n, PARAMETER_BETA),
                   *mean = engine_parameter(engine, n, PARAMETER_MOVING_MEAN),
                   *variance = engine_parameter(engine, n, PARAMETER_MOVING_VARIANCE);
        const real epsilon = (real)engine->lowered->operations[n].epsilon;
        for (size_t i = 0; i < norm->c; i++) {
            const real scale = (gamma ? gamma[i] : 1) / (real)sqrt((double)(variance[i] + epsilon));
            norm->scale[i] = norm->a[i] = scale;
            norm->shift[i] = (beta ? beta[i] : 0) - mean[i] * scale;
            norm->b[i] = norm->d[i] = 0;
        }
    }
}

void engine_clear_statistics(struct cpu_engine *engine) {
    for (size_t i = 0; i < engine->lowered->count; i++) {
        const struct norm_state *norm = &engine->norms[i];
        if (norm->c == 0) continue;
        memset(norm->sum_mean, 0, norm->c * sizeof *norm->sum_mean);
        memset(norm->sum_variance, 0, norm->c * sizeof *norm->sum_variance);
    }
}

ocellus_status cpu_adopt_statistics(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    const double passes = (double)base->statistics_passes;
    for (size_t n = 0; n < engine->lowered->count; n++) {
        const struct norm_state *norm = &engine->norms[n];
        if (norm->c == 0 || !engine->training->batch_statistics[n]) continue;
        real *mean = engine_parameter(engine, n, PARAMETER_MOVING_MEAN),
             *variance = engine_parameter(engine, n, PARAMETER_MOVING_VARIANCE);
        for (size_t i = 0; i < norm->c; i++) {
            mean[i] = (real)(norm->sum_mean[i] / passes);
            variance[i] = (real)(norm->sum_variance[i] / passes);
        }
    }
    return OCELLUS_OK;
}
