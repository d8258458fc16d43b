/* SPDX-License-Identifier: MIT */
/* Our side of the layer table: ours_layers BATCH THREADS. From dense images to dense images, as the other side does: making
 * the padded copy, spreading a strided gradient and joining the shards' sums count; packing the weights, which is done
 * once a step, does not, as the other side's reordering does not. Winograd runs where the kernels say it is faster. */
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

/* As the engine cuts its work (engine/cpu_class.c). */
enum {
    SHARDS = 16,
    WAVE_BYTES = 64 << 20,
    LEAST_WAVE = 4,
    PIECE_VALUES = 16384,
    SQUARE_CHANNELS = 64,
    DEEP_PIXELS = 256
};

struct bench {
    const struct kernels *row;
    struct thread_pool *pool;
    size_t threads, batch;

    /* The case that is prepared. */
    size_t which;
    const struct layer *layer;
    struct conv_shape forward, backward; /* over padded images */
    size_t tile;                         /* Winograd's, or 0: the direct kernels */
    size_t weight_count, src_image, dst_image;
    size_t shards, wave, first_shard;
    size_t group; /* images of a call: those of a shard for small images, else one */
    bool panels;  /* the gradient to the weights is summed from panels */
    struct arena arena;
    float *src, *dst, *weights, *bias, *packed, *gradient, *parts, **scratch,
        **conv_scratch;                             /* the last two by worker */
    float *src_panels, *diff_panels, *square_parts; /* the last by worker, [shard][SQUARE_CHANNELS][SQUARE_CHANNELS] */
};

/* --- one image, or those of a shard where the engine runs a network layer by layer --- */

/* Copies images into the middle of their places in the worker's scratch, whose borders stay zero; *stride is from one to
 * the next. */
static const float *pad_images(const struct bench *b, const float *images, size_t count, size_t side, size_t c,
                               size_t padding, size_t padded_side, size_t worker, size_t *stride) {
    const size_t dense = side * side * c, padded = padded_side * padded_side * c;
    *stride = padding == 0 ? dense : padded;
    if (padding == 0) return images;
    const struct rows_shape rows = {side, side, c, side * c, padded_side * c};
    for (size_t i = 0; i < count; i++)
        b->row->affine(&rows, images + i * dense, NULL, NULL, false,
                       b->scratch[worker] + i * padded + padding * (padded_side + 1) * c);
    return b->scratch[worker];
}

static const float *padded_src(const struct bench *b, size_t image, size_t count, size_t worker, size_t *stride) {
    const struct layer *l = b->layer;
    return pad_images(b, b->src + image * b->src_image, count, l->in, l->ic, l->p, b->forward.iw, worker, stride);
}

/* Both ways: the weights are packed for the pass that runs. */
static void convolve(const struct bench *b, const struct conv_shape *conv, size_t count, const float *src,
                     size_t src_stride, const float *bias, float *dst, size_t dst_stride, size_t worker) {
    if (b->tile > 0) {
        const struct winograd_shape shape = {*conv, b->tile, count, src_stride, dst_stride};
        b->row->winograd.conv2d(&shape, src, b->packed, bias, false, 0, conv->oh, dst, b->conv_scratch[worker]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        b->row->conv2d(conv, src + i * src_stride, b->packed, bias, NULL, false, 0, conv->oh, dst + i * dst_stride,
                       b->conv_scratch[worker]);
}

static size_t group_images(const struct bench *b, size_t first) {
    return b->batch - first < b->group ? b->batch - first : b->group;
}

static void run_forward(void *context, size_t group, size_t worker) {
    const struct bench *b = context;
    size_t image = group * b->group, count = group_images(b, image), stride;
    const float *src = padded_src(b, image, count, worker, &stride);
    convolve(b, &b->forward, count, src, stride, b->bias, b->dst + image * b->dst_image, b->dst_image, worker);
}

/* A strided 1x1 gives a coarse image, spread with zeros between. */
static void spread(const struct layer *l, const float *coarse, float *image) {
    memset(image, 0, l->in * l->in * l->ic * sizeof *image);
    for (size_t y = 0; y < l->out; y++)
        for (size_t x = 0; x < l->out; x++)
            memcpy(image + (y * l->in + x) * l->s * l->ic, coarse + (y * l->out + x) * l->ic, l->ic * sizeof *image);
}

static void run_diff_src(void *context, size_t group, size_t worker) {
    const struct bench *b = context;
    const struct layer *l = b->layer;
    size_t image = group * b->group, count = group_images(b, image), stride;
    const float *diff = pad_images(b, b->dst + image * b->dst_image, count, l->out, l->oc, l->k - 1 - l->p,
                                   b->backward.iw, worker, &stride);
    float *src = b->src + image * b->src_image;
    if (l->s == 1) {
        convolve(b, &b->backward, count, diff, stride, NULL, src, b->src_image, worker);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        convolve(b, &b->backward, 1, diff + i * stride, 0, NULL, b->scratch[worker], 0, worker);
        spread(l, b->scratch[worker], src + i * b->src_image);
    }
}

/* --- the gradient to the weights: per shard, joined by waves --- */

static void sum_diff_weights(const struct bench *b, size_t image, size_t count, bool resume, float *part,
                             size_t worker) {
    size_t stride;
    const float *src = padded_src(b, image, count, worker, &stride), *diff = b->dst + image * b->dst_image;
    if (b->tile > 0) {
        const struct winograd_shape shape = {b->forward, b->tile, count, stride, b->dst_image};
        b->row->winograd.diff_weights(&shape, src, diff, resume, part, b->conv_scratch[worker]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        b->row->conv2d_diff_weights(&b->forward, src + i * stride, diff + i * b->dst_image, resume || i > 0, part);
}

static void run_shard(void *context, size_t slot, size_t worker) {
    const struct bench *b = context;
    size_t shard = b->first_shard + slot;
    float *part = b->parts + slot * b->weight_count;
    const size_t first = shard * b->batch / b->shards, end = (shard + 1) * b->batch / b->shards;
    for (size_t image = first; image < end; image += b->group)
        sum_diff_weights(b, image, end - image < b->group ? end - image : b->group, image > first, part, worker);
}

static size_t piece_size(const struct bench *b, size_t piece) {
    size_t rest = b->weight_count - piece * PIECE_VALUES;
    return rest < PIECE_VALUES ? rest : PIECE_VALUES;
}

static void join_wave(void *context, size_t piece, size_t worker) {
    const struct bench *b = context;
    size_t begin = piece * PIECE_VALUES, left = b->shards - b->first_shard, slot = b->wave + b->first_shard / b->wave;
    (void)worker;
    b->row->join_parts(piece_size(b, piece), left < b->wave ? left : b->wave, b->weight_count, b->parts + begin,
                       b->parts + slot * b->weight_count + begin);
}

static void join_waves(void *context, size_t piece, size_t worker) {
    const struct bench *b = context;
    size_t begin = piece * PIECE_VALUES, waves = (b->shards + b->wave - 1) / b->wave;
    (void)worker;
    b->row->join_parts(piece_size(b, piece), waves, b->weight_count, b->parts + b->wave * b->weight_count + begin,
                       b->gradient + begin);
}

static void run_diff_weights(struct bench *b) {
    size_t pieces = (b->weight_count + PIECE_VALUES - 1) / PIECE_VALUES;
    for (b->first_shard = 0; b->first_shard < b->shards; b->first_shard += b->wave) {
        size_t left = b->shards - b->first_shard;
        parallel_for(b->pool, left < b->wave ? left : b->wave, run_shard, b);
        parallel_for(b->pool, pieces, join_wave, b);
    }
    parallel_for(b->pool, pieces, join_waves, b);
}

/* --- the same from panels --- */

static size_t pixels_of(const struct bench *b) {
    return b->layer->out * b->layer->out;
}

static void pack_image(void *context, size_t image, size_t worker) {
    const struct bench *b = context;
    const struct layer *l = b->layer;
    const struct conv_shape *f = &b->forward;
    const struct pixels_shape read = {f->oh, f->ow, f->ic, f->sh * f->src_row_stride, f->sw * f->ic};
    const struct pixels_shape written = {f->oh, f->ow, f->oc, f->dst_row_stride, f->oc};
    (void)worker;
    b->row->pack_pixels(&read, b->src + image * b->src_image,
                        b->src_panels + image * kernels_packed_size(b->row, pixels_of(b), l->ic));
    b->row->pack_pixels(&written, b->dst + image * b->dst_image,
                        b->diff_panels + image * kernels_packed_size(b->row, pixels_of(b), l->oc));
}

/* ResNet50's channels are multiples of a square's. */
static void sum_square(void *context, size_t number, size_t worker) {
    const struct bench *b = context;
    const struct layer *l = b->layer;
    size_t panel = b->row->tile_columns, square = panel * panel, side = SQUARE_CHANNELS / panel, pairs = side * side;
    size_t across = l->oc / SQUARE_CHANNELS, ic = number / across * SQUARE_CHANNELS,
           oc = number % across * SQUARE_CHANNELS;
    struct panels_shape shape = {0, pixels_of(b), kernels_packed_size(b->row, pixels_of(b), l->ic),
                                 kernels_packed_size(b->row, pixels_of(b), l->oc)};
    float *parts = b->square_parts + worker * SHARDS * SQUARE_CHANNELS * SQUARE_CHANNELS;
    for (size_t shard = 0; shard < b->shards; shard++) {
        size_t image = shard * b->batch / b->shards;
        shape.images = (shard + 1) * b->batch / b->shards - image;
        for (size_t pair = 0; pair < pairs; pair++)
            b->row->sum_panels(
                &shape, b->src_panels + image * shape.src_image_stride + (ic + pair / side * panel) * shape.pixels,
                b->diff_panels + image * shape.diff_image_stride + (oc + pair % side * panel) * shape.pixels,
                parts + (shard * pairs + pair) * square);
    }
    for (size_t pair = 0; pair < pairs; pair++, parts += square) {
        b->row->join_parts(square, b->shards, pairs * square, parts, parts);
        float *to = b->gradient + (ic + pair / side * panel) * l->oc + oc + pair % side * panel;
        for (size_t row = 0; row < panel; row++)
            memcpy(to + row * l->oc, parts + row * panel, panel * sizeof *to);
    }
}

static void run_panels(struct bench *b) {
    const struct layer *l = b->layer;
    parallel_for(b->pool, b->batch, pack_image, b);
    parallel_for(b->pool, l->ic / SQUARE_CHANNELS * (l->oc / SQUARE_CHANNELS), sum_square, b);
}

/* --- preparing a case --- */

static void set_shapes(struct bench *b, enum direction direction) {
    const struct layer *l = b->layer;
    size_t padded = (l->out - 1) * l->s + l->k, around = l->in + l->k - 1;
    if (padded < l->in) padded = l->in; /* a strided layer may leave out the last rows */
    size_t coarse = l->s > 1 ? l->out : l->in;
    b->forward = (struct conv_shape){.ih = padded,
                                     .iw = padded,
                                     .ic = l->ic,
                                     .oh = l->out,
                                     .ow = l->out,
                                     .oc = l->oc,
                                     .kh = l->k,
                                     .kw = l->k,
                                     .sh = l->s,
                                     .sw = l->s,
                                     .src_row_stride = padded * l->ic,
                                     .dst_row_stride = l->out * l->oc};
    size_t back = l->s > 1 ? l->out : around;
    b->backward = (struct conv_shape){.ih = back,
                                      .iw = back,
                                      .ic = l->oc,
                                      .oh = coarse,
                                      .ow = coarse,
                                      .oc = l->ic,
                                      .kh = l->k,
                                      .kw = l->k,
                                      .sh = 1,
                                      .sw = 1,
                                      .src_row_stride = back * l->oc,
                                      .dst_row_stride = coarse * l->ic};
    const struct conv_shape *runs = direction == DIFF_SRC ? &b->backward : &b->forward;
    b->tile = b->row->winograd.tile(runs, direction == DIFF_WEIGHTS);
    b->panels = direction == DIFF_WEIGHTS && kernels_want_panels(&b->forward);
    b->src_image = l->in * l->in * l->ic;
    b->dst_image = l->out * l->out * l->oc;
    b->weight_count = l->k * l->k * l->ic * l->oc;
    b->shards = b->batch < SHARDS ? b->batch : SHARDS;
    b->group = l->out * l->out <= DEEP_PIXELS ? (b->batch + SHARDS - 1) / SHARDS : 1;
    b->wave = SHARDS;
    if (SHARDS * b->weight_count * sizeof(float) > WAVE_BYTES)
        for (b->wave = LEAST_WAVE; b->wave < b->threads && b->wave < SHARDS;)
            b->wave *= 2;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static ocellus_status allocate(struct bench *b) {
    const struct layer *l = b->layer;
    const struct conv_shape *f = &b->forward, *g = &b->backward;
    size_t taps = b->tile ? (b->tile + 2) * (b->tile + 2) : l->k * l->k;
    size_t packed =
        larger(kernels_packed_size(b->row, taps * l->ic, l->oc), kernels_packed_size(b->row, taps * l->oc, l->ic));
    size_t scratch =
        b->group * larger(f->ih * f->src_row_stride, larger(g->ih * g->src_row_stride, g->oh * g->dst_row_stride));
    size_t room = b->tile ? larger(b->row->winograd.scratch_size(b->tile, l->ic, l->oc),
                                   b->row->winograd.scratch_size(b->tile, l->oc, l->ic))
                          : b->row->conv2d_scratch;
    const size_t counts[] = {b->batch * b->src_image,
                             b->batch * b->dst_image,
                             b->weight_count,
                             l->oc,
                             packed,
                             b->weight_count,
                             b->panels ? 1 : (b->wave + SHARDS / b->wave) * b->weight_count,
                             b->panels ? b->batch * kernels_packed_size(b->row, pixels_of(b), l->ic) : 1,
                             b->panels ? b->batch * kernels_packed_size(b->row, pixels_of(b), l->oc) : 1,
                             b->threads * SHARDS * SQUARE_CHANNELS * SQUARE_CHANNELS};
    float **const places[] = {&b->src,      &b->dst,   &b->weights,    &b->bias,        &b->packed,
                              &b->gradient, &b->parts, &b->src_panels, &b->diff_panels, &b->square_parts};
    enum { PLACES = sizeof places / sizeof places[0] };
    size_t offsets[PLACES];
    arena_free(&b->arena);
    b->arena = (struct arena){0};
    for (size_t i = 0; i < PLACES; i++)
        TRY(arena_reserve(&b->arena, counts[i] * sizeof(float), &offsets[i]));
    size_t unit = MEMORY_ALIGNMENT / sizeof(float), workers;
    scratch = (scratch + unit - 1) / unit * unit;
    room = (room + unit - 1) / unit * unit;
    TRY(arena_reserve(&b->arena, b->threads * (scratch + room) * sizeof(float), &workers));
    TRY(arena_allocate(&b->arena));
    for (size_t i = 0; i < PLACES; i++)
        *places[i] = (float *)(void *)(b->arena.base + offsets[i]);
    for (size_t worker = 0; worker < b->threads; worker++) {
        b->scratch[worker] = (float *)(void *)(b->arena.base + workers) + worker * (scratch + room);
        b->conv_scratch[worker] = b->scratch[worker] + scratch;
    }
    return OCELLUS_OK;
}

/* For the pass that runs. */
static void pack(struct bench *b, bool rotated) {
    const struct layer *l = b->layer;
    if (b->tile && rotated) b->row->winograd.pack_rotated(b->tile, b->weights, l->ic, l->oc, b->packed);
    else if (b->tile) b->row->winograd.pack(b->tile, b->weights, l->ic, l->oc, b->packed);
    else if (rotated) b->row->pack_rotated(b->weights, l->k, l->k, l->ic, l->oc, b->packed);
    else b->row->pack(b->weights, l->k * l->k * l->ic, l->oc, b->packed);
}

static void fill(float *values, size_t count, uint32_t index) {
    struct random_stream random = random_at(1, RANDOM_TEST, 0, index);
    for (size_t i = 0; i < count; i++)
        values[i] = random_unit(&random) - 0.5f;
}

static void prepare(struct bench *b, size_t which) {
    const struct layer *l = b->layer = &layers[which / DIRECTIONS];
    set_shapes(b, (enum direction)(which % DIRECTIONS));
    if (allocate(b) != OCELLUS_OK) {
        fprintf(stderr, "ours_layers: %s: %s\n", l->name, status_message());
        exit(1);
    }
    fill(b->src, b->batch * b->src_image, 0);
    fill(b->dst, b->batch * b->dst_image, 1);
    fill(b->weights, b->weight_count, 2);
    fill(b->bias, l->oc, 3);
    pack(b, which % DIRECTIONS == DIFF_SRC);
    b->which = which;
}

static double go(void *context, size_t which, size_t times) {
    struct bench *b = context;
    if (which != b->which) prepare(b, which);
    double start = wall_seconds();
    for (size_t i = 0; i < times; i++) {
        switch ((enum direction)(which % DIRECTIONS)) {
        case FORWARD:
            parallel_for(b->pool, (b->batch + b->group - 1) / b->group, run_forward, b);
            break;
        case DIFF_SRC:
            parallel_for(b->pool, (b->batch + b->group - 1) / b->group, run_diff_src, b);
            break;
        default:
            if (b->panels) run_panels(b);
            else run_diff_weights(b);
            break;
        }
    }
    return wall_seconds() - start;
}

static ocellus_status open_bench(struct bench *b, char **argv) {
    const char *why = NULL;
    b->batch = (size_t)strtoul(argv[1], NULL, 10);
    b->threads = (size_t)strtoul(argv[2], NULL, 10);
    b->which = (size_t)LAYERS * DIRECTIONS; /* none */
    b->row = kernels_select(&why);
    if (!b->row) return fail(OCELLUS_USAGE, "%s", why);
    TRY(thread_pool_create(b->threads, &b->pool));
    b->scratch = memory_allocate(2 * b->threads, sizeof *b->scratch);
    if (!b->scratch) return OCELLUS_IO;
    b->conv_scratch = b->scratch + b->threads;
    return OCELLUS_OK;
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    ocellus_status status =
        argc == 3 ? open_bench(&bench, argv) : fail(OCELLUS_USAGE, "usage: ours_layers BATCH THREADS");
    if (status != OCELLUS_OK) {
        fprintf(stderr, "ours_layers: %s\n", status_message());
        return (int)status;
    }
    char about[96];
    snprintf(about, sizeof about, "Ocellus %s, %s", OCELLUS_VERSION, bench.row->name);
    int result = answer_all(0, 0, about, go, &bench);
    thread_pool_destroy(bench.pool);
    arena_free(&bench.arena);
    memory_free(bench.scratch);
    return result;
}
