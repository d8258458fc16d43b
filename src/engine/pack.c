/* SPDX-License-Identifier: MIT */
/* Packing the weights for the tiles, once per step and pass. The weights of both directions, and in inference those with
 * BatchNormalization folded in, take turns in one place. */
#include "engine/cpu_engine.h"

#include "base/log.h"

static bool is_heavy(const struct node *node) {
    return node->type->operator_kind == OPERATOR_CONV2D || node->type->operator_kind == OPERATOR_DENSE;
}

/* The matrix that a pass packs: a layer's weights, transformed when the pass runs them by Winograd. */
struct form {
    size_t kh, kw, ic, oc;
    size_t tile;       /* Winograd's; 0 is direct */
    size_t k, columns; /* as packed */
};

static struct form form_of(const struct node *node, size_t tile, bool rotated) {
    const int64_t *dims = node->parameters[0].shape.dims;
    struct form form = {.kh = 1, .kw = 1, .tile = tile};
    if (node->parameters[0].shape.rank == 4) {
        form.kh = (size_t)dims[0];
        form.kw = (size_t)dims[1];
        dims += 2;
    }
    form.ic = (size_t)dims[0];
    form.oc = (size_t)dims[1];
    size_t taps = tile > 0 ? (tile + 2) * (tile + 2) : form.kh * form.kw;
    form.k = taps * (rotated ? form.oc : form.ic);
    form.columns = rotated ? form.ic : form.oc;
    return form;
}

static struct form forward_form(const struct cpu_engine *engine, const struct plan *plan, size_t node) {
    return form_of(&engine->graph->nodes[node], plan->tiles[PRODUCT_FORWARD][node], false);
}

static struct form rotated_form(const struct cpu_engine *engine, size_t node) {
    return form_of(&engine->graph->nodes[node], engine->training->tiles[PRODUCT_DIFF_SRC][node], true);
}

static size_t packed_values(const struct cpu_engine *engine, size_t node) {
    struct form form = forward_form(engine, engine->inference, node);
    size_t most = kernels_packed_size(engine->kernels, form.k, form.columns);
    if (engine->training) {
        form = rotated_form(engine, node);
        size_t rotated = kernels_packed_size(engine->kernels, form.k, form.columns);
        most = rotated > most ? rotated : most;
    }
    return most;
}

ocellus_status engine_allocate_packed(struct cpu_engine *engine) {
    const struct graph *graph = engine->graph;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t node = 0; node < graph->count; node++) {
            if (!is_heavy(&graph->nodes[node])) { continue; }
            size_t bias = (plan_extent(&graph->nodes[node].shape).c + 15) / 16 * 16;
            size_t bytes = (bias + packed_values(engine, node)) * sizeof(real);
            if (pass == 0) {
                TRY(arena_reserve(&engine->packed_arena, bytes, &at));
                continue;
            }
            engine->packed[node].folded_bias = (real *)(void *)(engine->packed_arena.base + at);
            engine->packed[node].weights = engine->packed[node].folded_bias + bias;
            at += (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        }
        if (pass == 0) { TRY(arena_allocate(&engine->packed_arena)); }
    }
    return OCELLUS_OK;
}

/* A BatchNormalization after the convolution: (w x + bias) scale + shift = (w scale) x + (bias scale + shift). The
 * columns of packed weights are output channels, transformed or not. */
static void fold(struct cpu_engine *engine, size_t node, const struct form *form) {
    const struct norm_state *norm = &engine->norms[engine->inference->folded[node]];
    const real *bias = engine->graph->nodes[node].parameter_count > 1 ? engine_parameter(engine, node, 1) : NULL;
    struct packed_state *packed = &engine->packed[node];
    size_t panel = engine->kernels->tile_columns;
    for (size_t oc = 0; oc < form->oc; oc++) {
        packed->folded_bias[oc] = (bias ? bias[oc] * norm->scale[oc] : 0) + norm->shift[oc];
    }
    for (size_t first = 0; first < form->oc; first += panel) {
        size_t count = form->oc - first < panel ? form->oc - first : panel;
        for (size_t row = 0; row < form->k; row++) {
            real *line = packed->weights + first * form->k + row * panel;
            for (size_t j = 0; j < count; j++) {
                line[j] *= norm->scale[first + j];
            }
        }
    }
}

static void pack_forward(const struct cpu_engine *engine, size_t node, const struct form *form) {
    const real *weights = engine_parameter(engine, node, 0);
    real *packed = engine->packed[node].weights;
    if (form->tile > 0) engine->kernels->winograd.pack(form->tile, weights, form->ic, form->oc, packed);
    else engine->kernels->pack(weights, form->k, form->columns, packed);
}

static void pack_rotated(const struct cpu_engine *engine, size_t node) {
    struct form form = rotated_form(engine, node);
    const real *weights = engine_parameter(engine, node, 0);
    real *packed = engine->packed[node].weights;
    if (form.tile > 0) engine->kernels->winograd.pack_rotated(form.tile, weights, form.ic, form.oc, packed);
    else engine->kernels->pack_rotated(weights, form.kh, form.kw, form.ic, form.oc, packed);
}

static void pack_one(void *context, size_t node, size_t worker) {
    struct cpu_engine *engine = context;
    (void)worker;
    if (!is_heavy(&engine->graph->nodes[node])) { return; }
    if (engine->packed_kind == PACKED_ROTATED) {
        pack_rotated(engine, node);
        return;
    }
    bool folded = engine->packed_kind == PACKED_FOLDED;
    struct form form = forward_form(engine, folded ? engine->inference : engine->training, node);
    pack_forward(engine, node, &form);
    if (folded && engine->inference->folded[node] != PLAN_NONE) { fold(engine, node, &form); }
}

void engine_pack(struct cpu_engine *engine, enum packed_kind kind) {
    if (engine->packed_kind == kind) { return; }
    engine->packed_kind = kind;
    double started = engine->profile ? clock_seconds() : 0;
    parallel_for(engine->pool, engine->graph->count, pack_one, engine);
    if (engine->profile) { profile_add_step(engine->profile, PROFILE_PACK, clock_seconds() - started); }
}
