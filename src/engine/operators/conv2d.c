/* SPDX-License-Identifier: MIT */
/* The task of convolutions, and of dense layers, which are convolutions of 1x1 over a row of images: the forward pass, which
 * takes in a NORMALIZATION and an addition where it can, and the pass to the source, which is a convolution too. */
#include "engine/operators/conv2d.h"

#include "engine/operators/common.h"

/* Below it, waking the other threads costs more than they bring. */
enum { SPLIT_FLOPS = 1000000 };

/* Rows and channels of the output that one call makes. */
struct conv_part {
    size_t row_begin, row_end, column_begin, column_end;
};

/* Rows of the packed matrix. */
static size_t packed_rows(const struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    return conv->ic * (task->tile > 0 ? (task->tile + 2) * (task->tile + 2) : conv->kh * conv->kw);
}

static struct conv_shape conv_of(const struct place *place, const struct task *task) {
    struct conv_shape conv = task->shape.conv;
    if (place->images > 1 && task->tile == 0) { /* a dense layer over the shard: a row of as many pixels as images */
        conv.iw = conv.ow = place->images;
        conv.src_row_stride = place->images * conv.ic;
        conv.dst_row_stride = place->images * conv.oc;
    }
    return conv;
}

/* Both directions: a gradient to the source has no bias, and the weights are packed for the pass that runs. */
static void run_part(const struct place *place, const struct task *task, const struct conv_part *part) {
    const struct cpu_engine *engine = place->engine;
    const size_t column = part->column_begin;
    const real *bias = task->type->work == WORK_FORWARD ? products_bias(place, task) : NULL;
    const real *packed = engine->packed[task->operation].weights + column * packed_rows(task),
               *src = place_at(place, task->src);
    real *dst = (real *)place_at(place, task->dst) + column, *scratch = place_conv_scratch(place);
    if (bias) bias += column;
    struct conv_shape conv = conv_of(place, task);
    if (conv.dst_pixel_stride == 0) conv.dst_pixel_stride = conv.oc;
    conv.oc = part->column_end - column;
    if (task->tile > 0) {
        const struct winograd_shape shape = {.conv = conv,
                                             .tile = task->tile,
                                             .images = place->images,
                                             .src_image_stride = place_image_stride(place, task->src),
                                             .dst_image_stride = place_image_stride(place, task->dst)};
        engine->kernels->winograd.conv2d(&shape, src, packed, bias, task->relu, part->row_begin, part->row_end, dst,
                                         scratch);
        return;
    }
    const real *add = place_at(place, task->src2);
    if (add) add += column;
    engine->kernels->conv2d(&conv, src, packed, bias, add, task->relu, part->row_begin, part->row_end, dst, scratch);
}

static void run_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct conv_part part = {.row_begin = begin, .row_end = end, .column_end = task->shape.conv.oc};
    run_part(place, task, &part);
}

static void run(const struct place *place, const struct task *task) {
    run_rows(place, task, 0, task->shape.conv.oh);
}

/* Winograd has bands of its own. */
size_t conv2d_chain_rows(const struct task *task) {
    return task->tile == 0 ? task->shape.conv.oh : 0;
}

bool conv2d_reads_neighbours(const struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    return conv->kh != 1 || conv->kw != 1 || conv->sh != 1 || conv->sw != 1;
}

size_t conv2d_row_values(const struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    return conv->ow * (conv->ic > conv->oc ? conv->ic : conv->oc);
}

/* Where the weights, of which each thread then reads its own, are more than the source, panels of channels; else rows, of
 * Winograd's tiles. */
static bool is_cut_by_columns(const struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    return packed_rows(task) * conv->oc > conv->ih * conv->iw * conv->ic;
}

static size_t unit_size(const struct cpu_engine *engine, const struct task *task) {
    if (is_cut_by_columns(task)) return engine->kernels->tile_columns;
    return task->tile > 0 ? task->tile : 1;
}

static size_t units(const struct cpu_engine *engine, const struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    const double flops = 2.0 * (double)(conv->oh * conv->ow) * (double)(packed_rows(task) * conv->oc);
    const size_t size = unit_size(engine, task), all = is_cut_by_columns(task) ? conv->oc : conv->oh;
    return flops < SPLIT_FLOPS ? 0 : (all + size - 1) / size;
}

static void run_units(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct conv_shape *conv = &task->shape.conv;
    const size_t size = unit_size(place->engine, task);
    struct conv_part part = {.row_end = conv->oh, .column_end = conv->oc};
    size_t *first = is_cut_by_columns(task) ? &part.column_begin : &part.row_begin,
           *last = is_cut_by_columns(task) ? &part.column_end : &part.row_end;
    *first = begin * size;
    *last = end * size < *last ? end * size : *last;
    run_part(place, task, &part);
}

const struct task_type task_conv2d = {.name = "conv2d",
                                      .work = WORK_FORWARD,
                                      .product = PRODUCT_FORWARD,
                                      .run = run,
                                      .run_rows = run_rows,
                                      .chain_rows = conv2d_chain_rows,
                                      .reads_neighbours = conv2d_reads_neighbours,
                                      .row_values = conv2d_row_values,
                                      .units = units,
                                      .run_units = run_units};
const struct task_type task_conv2d_diff_src = {.name = "conv2d_diff_src",
                                               .work = WORK_DIFF_SRC,
                                               .product = PRODUCT_DIFF_SRC,
                                               .run = run,
                                               .run_rows = run_rows,
                                               .chain_rows = conv2d_chain_rows,
                                               .reads_neighbours = conv2d_reads_neighbours,
                                               .row_values = conv2d_row_values};

/* --- packing: a matrix of k rows, transformed where Winograd runs the pass --- */

struct form {
    size_t kh, kw, ic, oc, k, columns;
};

static struct form form_of(const struct shape *kernel, size_t tile, enum product product) {
    const bool rotated = product == PRODUCT_DIFF_SRC;
    const int64_t *dims = kernel->dims;
    struct form form = {.kh = 1, .kw = 1};
    if (kernel->rank == 4) {
        form.kh = (size_t)dims[0];
        form.kw = (size_t)dims[1];
        dims += 2;
    }
    form.ic = (size_t)dims[0];
    form.oc = (size_t)dims[1];
    form.k = (tile > 0 ? (tile + 2) * (tile + 2) : form.kh * form.kw) * (rotated ? form.oc : form.ic);
    form.columns = rotated ? form.ic : form.oc;
    return form;
}

static size_t packed_size(const struct kernels *kernels, const struct shape *kernel, size_t tile,
                          enum product product) {
    const struct form form = form_of(kernel, tile, product);
    return kernels_packed_size(kernels, form.k, form.columns);
}

static void pack(const struct kernels *kernels, const struct shape *kernel, size_t tile, enum product product,
                 const real *weights, real *packed) {
    const struct form form = form_of(kernel, tile, product);
    const bool rotated = product == PRODUCT_DIFF_SRC;
    if (tile > 0 && rotated) kernels->winograd.pack_rotated(tile, weights, form.ic, form.oc, packed);
    else if (tile > 0) kernels->winograd.pack(tile, weights, form.ic, form.oc, packed);
    else if (rotated) kernels->pack_rotated(weights, form.kh, form.kw, form.ic, form.oc, packed);
    else kernels->pack(weights, form.k, form.columns, packed);
}

/* The columns of packed weights are output channels, transformed or not. */
static void scale(const struct kernels *kernels, const struct shape *kernel, size_t tile, const real *by,
                  real *packed) {
    const struct form form = form_of(kernel, tile, PRODUCT_FORWARD);
    const size_t panel = kernels->tile_columns;
    for (size_t first = 0; first < form.oc; first += panel) {
        const size_t count = form.oc - first < panel ? form.oc - first : panel;
        for (size_t row = 0; row < form.k; row++) {
            real *line = packed + first * form.k + row * panel;
            for (size_t j = 0; j < count; j++)
                line[j] *= by[first + j];
        }
    }
}

const struct packing conv2d_packing = {.size = packed_size, .pack = pack, .scale = scale};

/* --- the forward pass --- */

struct conv_shape plan_conv_shape(const struct planner *planner, size_t operation, struct view src,
                                  struct extent extent, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const bool pointwise = o->kind == OPERATION_DENSE;
    const struct extent out = shape_extent(&o->shape);
    return (struct conv_shape){.ih = extent.h,
                               .iw = extent.w,
                               .ic = extent.c,
                               .oh = out.h,
                               .ow = out.w,
                               .oc = out.c,
                               .kh = pointwise ? 1 : o->window.size[0],
                               .kw = pointwise ? 1 : o->window.size[1],
                               .sh = pointwise ? 1 : o->window.strides[0],
                               .sw = pointwise ? 1 : o->window.strides[1],
                               .src_row_stride = src.row_stride,
                               .dst_row_stride = dst.row_stride};
}

ocellus_status plan_conv2d(struct planner *planner, size_t operation, int norm, struct view add, bool relu,
                           struct view dst) {
    struct view src;
    struct extent extent;
    TRY(plan_padded_source(planner, operation, 0, &src, &extent));
    struct task task = plan_task(&task_conv2d, operation, src, dst);
    task.src2 = add;
    task.relu = relu;
    task.shape.conv = plan_conv_shape(planner, operation, src, extent, dst);
    planner->plan->folded[operation] = norm;
    return plan_add_task(planner, task);
}
