/* SPDX-License-Identifier: MIT */
/* What ends a phase: the sums of the shards are joined by the same fixed tree, whatever the number of threads, cut into pieces
 * that several threads can share. */
#include "engine/reduce.h"

#include "engine/cpu_engine.h"
#include "engine/operator.h"

static size_t piece_values(const struct cpu_engine *engine, const struct reduction *reduction) {
    return reduction->type->piece ? reduction->type->piece(engine, reduction) : reduction->count;
}

size_t engine_reduction_scratch(const struct cpu_engine *engine, const struct plan *plan) {
    size_t most = 0;
    for (size_t r = 0; r < plan->reduction_count; r++) {
        const struct reduction *reduction = &plan->reductions[r];
        const size_t values = reduction->type->scratch ? reduction->type->scratch(engine, reduction) : 0;
        most = values > most ? values : most;
    }
    return most;
}

ocellus_status engine_cut_reductions(struct cpu_engine *engine, const struct plan *plan) {
    size_t count = 0, used = 0;
    for (size_t r = 0; r < plan->reduction_count; r++)
        count += plan->reductions[r].count / piece_values(engine, &plan->reductions[r]) + 1;
    engine->pieces = memory_allocate(count + 1, sizeof *engine->pieces);
    engine->first_piece = memory_allocate(plan->phase_count + 1, sizeof *engine->first_piece);
    if (!engine->pieces || !engine->first_piece) return OCELLUS_IO;
    for (size_t p = 0; p < plan->phase_count; p++) {
        engine->first_piece[p] = used;
        for (size_t i = 0; i < plan->phases[p].reduction_count; i++) {
            const size_t r = plan->phases[p].first_reduction + i, all = plan->reductions[r].count,
                         values = piece_values(engine, &plan->reductions[r]);
            for (size_t begin = 0; begin < all; begin += values) {
                const size_t end = begin + values < all ? begin + values : all;
                engine->pieces[used++] = (struct reduction_piece){.reduction = r, .begin = begin, .end = end};
            }
        }
    }
    engine->first_piece[plan->phase_count] = used;
    return OCELLUS_OK;
}
