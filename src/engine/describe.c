/* SPDX-License-Identifier: MIT */
/* What was planned, for people: a row a layer, then the totals. */
#include "engine/describe.h"

#include "base/sizes.h"
#include "base/text_layout.h"
#include "engine/cpu_engine.h"
#include "engine/operator.h"
#include "model/graph.h"

double engine_flops(const struct cpu_engine *engine, size_t operation) {
    const struct operation *o = &engine->lowered->operations[operation];
    const struct operation_type *row = engine_operators[o->kind];
    return row->flops ? row->flops(engine->lowered, o) : 0;
}

static size_t kept_bytes(const struct plan *plan, size_t operation) {
    const struct view views[] = {plan->outputs[operation], plan->argmax[operation]};
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        bytes += views[i].buffer >= 0 ? plan->buffers[views[i].buffer].size : 0;
    return bytes;
}

static size_t state_bytes(const struct cpu_engine *engine) {
    return weights_bytes(engine->base.weights) + engine->gradients_arena.size + engine->state_arena[0].size +
           engine->state_arena[1].size + engine->packed_arena.size + engine->norm_arena.size;
}

/* "direct", or the tiles by which Winograd runs the three products: "4 4 2". "p": diff_weights are summed from panels. */
static void append_kernels(const struct cpu_engine *engine, const struct plan *plan, size_t operation,
                           struct text *out) {
    const size_t forward = plan->tiles[PRODUCT_FORWARD][operation], src = plan->tiles[PRODUCT_DIFF_SRC][operation],
                 weights = plan->tiles[PRODUCT_DIFF_WEIGHTS][operation];
    if (engine_flops(engine, operation) <= 0) text_append(out, "\n");
    else {
        if (forward + src + weights == 0) text_append(out, "  direct");
        else if (plan->backward) text_append(out, "  %zu %zu %zu", forward, src, weights);
        else text_append(out, "  %zu", forward);
        text_append(out, plan->by_panels[operation] ? " p\n" : "\n");
    }
}

size_t cpu_planned_bytes(const struct cpu_engine *engine) {
    const struct engine_memory *memory = &engine->memory;
    return memory->input + memory->batch + memory->scratch * thread_pool_size(engine->pool) + memory->sums +
           memory->partials + memory->workers + state_bytes(engine);
}

/* A line each for what was asked for by name. */
static void append_kept(const struct cpu_engine *engine, const struct plan *plan, struct text *out) {
    static const char *const words[] = {
        [KEEPING_ANYWAY] = "stored in any case",
        [KEEPING_STORED] = "stored, not made on the way",
        [KEEPING_UNFOLDED] = "stored, and what follows is not folded into it",
    };
    for (size_t i = 0; i < engine->lowered->count; i++) {
        if (plan->keeping[i] == KEEPING_NONE) continue;
        text_append(out, "kept ");
        text_append_cell(out, engine->base.graph->nodes[engine->lowered->operations[i].node].name, 24);
        text_append(out, " %s\n", words[plan->keeping[i]]);
    }
}

void cpu_describe(const struct engine *base, struct text *out) {
    const struct cpu_engine *engine = cpu_const_engine_of(base);
    const struct plan *plan = engine->training ? engine->training : engine->inference;
    const struct lowered *lowered = engine->lowered;
    double flops = 0;
    text_append(out, "%-24s %-18s %11s %12s  %s\n", "layer", "operation", "MFLOP/image", "kept B/image", "kernels");
    for (size_t i = 1; i <= lowered->logits; i++) {
        flops += engine_flops(engine, i);
        text_append_cell(out, engine->base.graph->nodes[lowered->operations[i].node].name, 24);
        text_append(out, " ");
        text_append_cell(out, operation_name(lowered->operations[i].kind), 18);
        text_append(out, " %11.3f %12zu", engine_flops(engine, i) / 1e6, kept_bytes(plan, i));
        append_kernels(engine, plan, i, out);
    }
    text_append(out, "kernels: direct, or Winograd's tiles of forward, diff_src, diff_weights;\n"
                     "0: direct, p: diff_weights from panels\n");
    append_kept(engine, plan, out);
    text_append(out, "kernels %s, ", engine->kernels->name);
    text_append_count(out, thread_pool_size(engine->pool), "thread");
    text_append(out, ", batch %zu: %.3f MFLOP an image forward,\n%zu phases of which %zu forward, %zu tasks\n",
                engine->base.options.batch_size, flops / 1e6, plan->phase_count, plan->forward_phases,
                plan->task_count);
    const struct engine_memory *memory = &engine->memory;
    text_append(
        out,
        "planned memory: %.1f MB (activations %.1f, scratch %.1f,\nsums over images %.1f, parameters and state %.1f)\n",
        size_megabytes(cpu_planned_bytes(engine)), size_megabytes(memory->input + memory->batch),
        size_megabytes(memory->scratch * thread_pool_size(engine->pool)),
        size_megabytes(memory->sums + memory->partials + memory->workers), size_megabytes(state_bytes(engine)));
}
