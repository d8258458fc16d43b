/* SPDX-License-Identifier: MIT */
/* oneDNN 2's side of the layer tables: onednn_layers BATCH [depthwise]. Threads and instruction set come from
 * OMP_NUM_THREADS and ONEDNN_MAX_CPU_ISA. Every format and the algorithm are its own choice; reordering into them is not counted. */
#include "answer.h"
#include "layers.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    size_t batch;
    bool depthwise;

    /* The case that is prepared. */
    size_t which;
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[4];
    int argument_count;
};

static void need(dnnl_status_t status, const char *what) {
    if (status == dnnl_success) return;
    fprintf(stderr, "onednn_layers: %s: oneDNN's status %d\n", what, (int)status);
    exit(1);
}

static void set_any(dnnl_memory_desc_t *memory, int rank, const dnnl_dims_t dims) {
    need(dnnl_memory_desc_init_by_tag(memory, rank, dims, dnnl_f32, dnnl_format_tag_any), "a description");
}

/* The tensors of a layer and what follows from it. */
struct geometry {
    dnnl_memory_desc_t src, weights, bias, dst;
    dnnl_dims_t strides, before, after;
};

static struct geometry geometry_of(const struct layer *l, size_t batch, bool depthwise) {
    struct geometry g;
    dnnl_dim_t n = (dnnl_dim_t)batch, ic = (dnnl_dim_t)l->ic, oc = (dnnl_dim_t)l->oc, k = (dnnl_dim_t)l->k,
               in = (dnnl_dim_t)l->in, out = (dnnl_dim_t)l->out, s = (dnnl_dim_t)l->s, p = (dnnl_dim_t)l->p;
    set_any(&g.src, 4, (dnnl_dims_t){n, ic, in, in});
    if (depthwise) set_any(&g.weights, 5, (dnnl_dims_t){ic, 1, 1, k, k});
    else set_any(&g.weights, 4, (dnnl_dims_t){oc, ic, k, k});
    set_any(&g.bias, 1, (dnnl_dims_t){oc});
    set_any(&g.dst, 4, (dnnl_dims_t){n, oc, out, out});
    for (int axis = 0; axis < 2; axis++) {
        g.strides[axis] = s;
        g.before[axis] = p;
        g.after[axis] = (out - 1) * s + k - in - p;
    }
    return g;
}

static dnnl_primitive_desc_t describe(const struct bench *b, const struct geometry *g, enum direction direction) {
    dnnl_convolution_desc_t forward, backward;
    dnnl_primitive_desc_t hint, found;
    need(dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training, dnnl_convolution_auto, &g->src,
                                            &g->weights, &g->bias, &g->dst, g->strides, g->before, g->after),
         "forward");
    need(dnnl_primitive_desc_create(&hint, &forward, NULL, b->engine, NULL), "forward");
    if (direction == FORWARD) return hint;
    if (direction == DIFF_SRC) {
        need(dnnl_convolution_backward_data_desc_init(&backward, dnnl_convolution_auto, &g->src, &g->weights, &g->dst,
                                                      g->strides, g->before, g->after),
             "backward data");
    } else {
        need(dnnl_convolution_backward_weights_desc_init(&backward, dnnl_convolution_auto, &g->src, &g->weights, NULL,
                                                         &g->dst, g->strides, g->before, g->after),
             "backward weights");
    }
    need(dnnl_primitive_desc_create(&found, &backward, NULL, b->engine, hint), "backward");
    dnnl_primitive_desc_destroy(hint);
    return found;
}

/* A weight's index is 0, the bias's 1. */
static void add_argument(struct bench *b, const_dnnl_primitive_desc_t primitive, dnnl_query_t query, int index,
                         int argument) {
    const dnnl_memory_desc_t *memory = dnnl_primitive_desc_query_md(primitive, query, index);
    dnnl_memory_t made;
    void *handle;
    need(dnnl_memory_create(&made, memory, b->engine, DNNL_MEMORY_ALLOCATE), "memory");
    need(dnnl_memory_get_data_handle(made, &handle), "memory");
    float *values = handle;
    uint32_t random = 12345;
    for (size_t i = 0; i < dnnl_memory_desc_get_size(memory) / sizeof *values; i++) {
        random = random * 1664525u + 1013904223u;
        values[i] = (float)(random >> 8) * 0x1p-24f - 0.5f;
    }
    b->arguments[b->argument_count++] = (dnnl_exec_arg_t){argument, made};
}

static void release(struct bench *b) {
    if (b->primitive) dnnl_primitive_destroy(b->primitive);
    b->primitive = NULL;
    while (b->argument_count > 0)
        dnnl_memory_destroy(b->arguments[--b->argument_count].memory);
}

static void prepare(struct bench *b, size_t which) {
    enum direction direction = (enum direction)(which % DIRECTIONS);
    const struct layer *layer = b->depthwise ? &depthwise_layers[which / DIRECTIONS] : &layers[which / DIRECTIONS];
    struct geometry geometry = geometry_of(layer, b->batch, b->depthwise);
    release(b);
    dnnl_primitive_desc_t primitive = describe(b, &geometry, direction);
    if (direction == DIFF_SRC) add_argument(b, primitive, dnnl_query_diff_src_md, 0, DNNL_ARG_DIFF_SRC);
    else add_argument(b, primitive, dnnl_query_src_md, 0, DNNL_ARG_SRC);
    if (direction == DIFF_WEIGHTS) add_argument(b, primitive, dnnl_query_diff_weights_md, 0, DNNL_ARG_DIFF_WEIGHTS);
    else add_argument(b, primitive, dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS);
    if (direction == FORWARD) {
        add_argument(b, primitive, dnnl_query_weights_md, 1, DNNL_ARG_BIAS);
        add_argument(b, primitive, dnnl_query_dst_md, 0, DNNL_ARG_DST);
    } else {
        add_argument(b, primitive, dnnl_query_diff_dst_md, 0, DNNL_ARG_DIFF_DST);
    }
    need(dnnl_primitive_create(&b->primitive, primitive), "primitive");
    dnnl_primitive_desc_destroy(primitive);
    b->which = which;
}

static double go(void *context, size_t which, size_t times) {
    struct bench *b = context;
    if (which != b->which) prepare(b, which);
    double start = wall_seconds();
    for (size_t i = 0; i < times; i++)
        need(dnnl_primitive_execute(b->primitive, b->stream, b->argument_count, b->arguments), "running");
    need(dnnl_stream_wait(b->stream), "running");
    return wall_seconds() - start;
}

static const char *isa_name(void) {
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } names[] = {{dnnl_cpu_isa_sse41, "sse4.1"},
                 {dnnl_cpu_isa_avx, "avx"},
                 {dnnl_cpu_isa_avx2, "avx2"},
                 {dnnl_cpu_isa_avx512_core, "avx512"},
                 {dnnl_cpu_isa_avx512_core_vnni, "avx512 with vnni"},
                 {dnnl_cpu_isa_avx512_core_bf16, "avx512 with bf16"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].isa == dnnl_get_effective_cpu_isa()) return names[i].name;
    return "its own choice of instructions";
}

int main(int argc, char **argv) {
    const bool depthwise = argc == 3 && strcmp(argv[2], "depthwise") == 0;
    if (argc != 2 && !depthwise) {
        fprintf(stderr, "usage: onednn_layers BATCH [depthwise]\n");
        return 2;
    }
    struct bench bench = {
        .batch = (size_t)strtoul(argv[1], NULL, 10), .depthwise = depthwise, .which = SIZE_MAX /* none yet */};
    need(dnnl_engine_create(&bench.engine, dnnl_cpu, 0), "engine");
    need(dnnl_stream_create(&bench.stream, bench.engine, dnnl_stream_default_flags), "stream");
    const dnnl_version_t *version = dnnl_version();
    char about[64];
    snprintf(about, sizeof about, "oneDNN %d.%d.%d, %s", version->major, version->minor, version->patch, isa_name());
    int result = answer_all(0, 0, about, go, &bench);
    release(&bench);
    dnnl_stream_destroy(bench.stream);
    dnnl_engine_destroy(bench.engine);
    return result;
}
