/* SPDX-License-Identifier: MIT */
/* Our side of the depthwise table: ours_depthwise BATCH THREADS, one image a call, as the engine calls them; joining the shards'
 * sums of the weights' gradient counts. ours_depthwise copy BATCH THREADS copies instead, as many bytes as the case reads and
 * writes of images: what memory allows. */
#include "answer.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "layers.h"

#include <ocellus/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 16 }; /* as the engine's */

struct bench {
    const struct kernels *row;
    struct thread_pool *pool;
    size_t threads, batch;
    bool copies;

    /* The case that is prepared. */
    size_t which;
    struct depthwise_shape shape;
    size_t src_image, dst_image, weight_count, shards;
    struct arena arena;
    float *src, *dst, *weights, *bias, *gradient, *parts;
};

static void run_forward(void *context, size_t image, size_t worker) {
    const struct bench *b = context;
    (void)worker;
    b->row->depthwise(&b->shape, b->src + image * b->src_image, b->weights, b->bias, true, 0, b->shape.oh,
                      b->dst + image * b->dst_image);
}

static void run_diff_src(void *context, size_t image, size_t worker) {
    const struct bench *b = context;
    (void)worker;
    b->row->depthwise_diff_src(&b->shape, b->dst + image * b->dst_image, b->weights, b->src + image * b->src_image);
}

static void run_shard(void *context, size_t shard, size_t worker) {
    const struct bench *b = context;
    const size_t first = shard * b->batch / b->shards, end = (shard + 1) * b->batch / b->shards;
    (void)worker;
    for (size_t image = first; image < end; image++)
        b->row->depthwise_diff_weights(&b->shape, b->src + image * b->src_image, b->dst + image * b->dst_image,
                                       image > first, b->parts + shard * b->weight_count);
}

static void run_copy(void *context, size_t image, size_t worker) {
    const struct bench *b = context;
    const size_t half = (b->src_image + b->dst_image) / 2;
    (void)worker;
    memcpy(b->src + (b->batch + image) * half, b->src + image * half, half * sizeof *b->src);
}

static void run(struct bench *b, enum direction direction) {
    if (b->copies) parallel_for(b->pool, b->batch, run_copy, b);
    else if (direction == FORWARD) parallel_for(b->pool, b->batch, run_forward, b);
    else if (direction == DIFF_SRC) parallel_for(b->pool, b->batch, run_diff_src, b);
    else {
        parallel_for(b->pool, b->shards, run_shard, b);
        b->row->join_parts(b->weight_count, b->shards, b->weight_count, b->parts, b->gradient);
    }
}

/* src and dst lie side by side: the copy takes them as one. */
static ocellus_status allocate(struct bench *b) {
    const size_t images = b->batch * (b->src_image + b->dst_image);
    const size_t counts[] = {images, b->weight_count, b->shape.c, b->weight_count, b->shards * b->weight_count};
    float **const places[] = {&b->src, &b->weights, &b->bias, &b->gradient, &b->parts};
    enum { PLACES = sizeof places / sizeof places[0] };
    size_t offsets[PLACES];
    arena_free(&b->arena);
    b->arena = (struct arena){0};
    for (size_t i = 0; i < PLACES; i++)
        TRY(arena_reserve(&b->arena, counts[i] * sizeof(float), &offsets[i]));
    TRY(arena_allocate(&b->arena));
    struct random_stream random = random_at(1, RANDOM_TEST, 0, 0);
    for (size_t i = 0; i < PLACES; i++) {
        *places[i] = (float *)(void *)(b->arena.base + offsets[i]);
        for (size_t j = 0; j < counts[i]; j++)
            (*places[i])[j] = random_unit(&random) - 0.5f;
    }
    b->dst = b->src + b->batch * b->src_image;
    return OCELLUS_OK;
}

static void prepare(struct bench *b, size_t which) {
    const struct layer *l = &depthwise_layers[which / DIRECTIONS];
    b->shape = (struct depthwise_shape){.ih = l->in,
                                        .iw = l->in,
                                        .c = l->ic,
                                        .multiplier = 1,
                                        .oh = l->out,
                                        .ow = l->out,
                                        .kh = l->k,
                                        .kw = l->k,
                                        .sh = l->s,
                                        .sw = l->s,
                                        .pad_top = l->p,
                                        .pad_left = l->p,
                                        .src_row_stride = l->in * l->ic,
                                        .dst_row_stride = l->out * l->oc};
    b->src_image = l->in * l->in * l->ic;
    b->dst_image = l->out * l->out * l->oc;
    b->weight_count = l->k * l->k * l->ic;
    b->shards = b->batch < SHARDS ? b->batch : SHARDS;
    b->which = which;
    if (allocate(b) == OCELLUS_OK) return;
    fprintf(stderr, "ours_depthwise: %s: %s\n", l->name, status_message());
    exit(1);
}

static double go(void *context, size_t which, size_t times) {
    struct bench *b = context;
    if (which != b->which) prepare(b, which);
    double start = wall_seconds();
    for (size_t i = 0; i < times; i++)
        run(b, (enum direction)(which % DIRECTIONS));
    return wall_seconds() - start;
}

static ocellus_status open_bench(struct bench *b, int argc, char **argv) {
    const char *why = NULL;
    b->copies = argc == 4 && strcmp(argv[1], "copy") == 0;
    if (argc != 3 && !b->copies) return fail(OCELLUS_USAGE, "usage: ours_depthwise [copy] BATCH THREADS");
    b->batch = (size_t)strtoul(argv[argc - 2], NULL, 10);
    b->threads = (size_t)strtoul(argv[argc - 1], NULL, 10);
    b->which = SIZE_MAX; /* none yet */
    b->row = kernels_select(&why);
    if (!b->row) return fail(OCELLUS_USAGE, "%s", why);
    return thread_pool_create(b->threads, &b->pool);
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    ocellus_status status = open_bench(&bench, argc, argv);
    if (status != OCELLUS_OK) {
        fprintf(stderr, "ours_depthwise: %s\n", status_message());
        return (int)status;
    }
    char about[96];
    snprintf(about, sizeof about, "Ocellus %s, %s%s", OCELLUS_VERSION, bench.row->name, bench.copies ? ", a copy" : "");
    int result = answer_all(0, 0, about, go, &bench);
    thread_pool_destroy(bench.pool);
    arena_free(&bench.arena);
    return result;
}
