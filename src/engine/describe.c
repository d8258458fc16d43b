/* SPDX-License-Identifier: MIT */
/* What was planned, for people: a row a layer, then the totals. */
#include "engine/cpu_engine.h"

/* 2 floating-point operations a multiply-add; the forward pass of one image. */
double engine_node_flops(const struct node *node) {
    enum operator_kind kind = node->type->operator_kind;
    if (kind != OPERATOR_CONV2D && kind != OPERATOR_DENSE) { return 0; }
    struct extent out = plan_extent(&node->shape);
    return 2.0 * (double)shape_size(&node->parameters[0].shape) * (double)(out.h * out.w);
}

static size_t node_bytes(const struct plan *plan, size_t node) {
    struct view view = plan->outputs[node];
    size_t bytes = view_exists(view) && view.buffer >= 0 ? plan->buffers[view.buffer].size : 0;
    if (view_exists(plan->argmax[node])) { bytes += plan->buffers[plan->argmax[node].buffer].size; }
    return bytes;
}

static size_t state_bytes(const struct cpu_engine *engine) {
    return weights_bytes(engine->base.weights) + engine->gradients_arena.size + engine->state_arena[0].size +
           engine->state_arena[1].size + engine->packed_arena.size + engine->norm_arena.size;
}

/* "direct", or the tiles by which Winograd runs the three products: "4 4 2". "b": diff_weights are summed by blocks. */
static void append_kernels(const struct plan *plan, size_t node, struct text *out) {
    const size_t forward = plan->tiles[PRODUCT_FORWARD][node], src = plan->tiles[PRODUCT_DIFF_SRC][node],
                 weights = plan->tiles[PRODUCT_DIFF_WEIGHTS][node];
    if (engine_node_flops(&plan->graph->nodes[node]) <= 0) text_append(out, "\n");
    else {
        if (forward + src + weights == 0) text_append(out, "  direct");
        else if (plan->training) text_append(out, "  %zu %zu %zu", forward, src, weights);
        else text_append(out, "  %zu", forward);
        text_append(out, plan->by_blocks[node] ? " b\n" : "\n");
    }
}

size_t cpu_planned_bytes(const struct cpu_engine *engine) {
    const struct engine_memory *memory = &engine->memory;
    return memory->input + memory->batch + memory->scratch * thread_pool_size(engine->pool) + memory->sums +
           memory->parts + memory->workers + state_bytes(engine);
}

void cpu_describe(const struct engine *base, struct text *out) {
    const struct cpu_engine *engine = cpu_const_engine_of(base);
    const struct plan *plan = engine->training ? engine->training : engine->inference;
    const struct graph *graph = engine->graph;
    double flops = 0;
    text_append(out, "%-24s %-18s %11s %12s  %s\n", "layer", "type", "MFLOP/image", "kept B/image", "kernels");
    for (size_t node = 1; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
        flops += engine_node_flops(n);
        text_append_cell(out, n->name, 24);
        text_append(out, " ");
        text_append_cell(out, n->type->class_name, 18);
        text_append(out, " %11.3f %12zu", engine_node_flops(n) / 1e6, node_bytes(plan, node));
        append_kernels(plan, node, out);
    }
    text_append(out, "kernels: direct, or Winograd's tiles of forward, diff_src, diff_weights;\n"
                     "0: direct, b: diff_weights by blocks\n");
    text_append(out, "kernels %s, ", engine->kernels->name);
    text_append_count(out, thread_pool_size(engine->pool), "thread");
    text_append(out, ", batch %zu: %.3f MFLOP an image forward,\n%zu phases of which %zu forward, %zu tasks\n",
                base->options.batch_size, flops / 1e6, plan->phase_count, plan->forward_phases, plan->task_count);
    const struct engine_memory *memory = &engine->memory;
    text_append(
        out,
        "planned memory: %.1f MB (activations %.1f, scratch %.1f,\nsums over images %.1f, parameters and state %.1f)\n",
        (double)cpu_planned_bytes(engine) / 1e6, (double)(memory->input + memory->batch) / 1e6,
        (double)(memory->scratch * thread_pool_size(engine->pool)) / 1e6,
        (double)(memory->sums + memory->parts + memory->workers) / 1e6, (double)state_bytes(engine) / 1e6);
}
