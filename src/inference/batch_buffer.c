/* SPDX-License-Identifier: MIT */
#include "inference/batch_buffer.h"

#include "base/memory.h"

struct pixel_transform batch_transform(const struct graph *graph) {
    if (graph->preprocessing == PREPROCESSING_CAFFE) {
        return (struct pixel_transform){.swap = true, .scale = 1, .offset = {103.939f, 116.779f, 123.68f}};
    }
    return (struct pixel_transform){.scale = graph->preprocessing == PREPROCESSING_NONE ? 1.0f : 1.0f / 255.0f};
}

struct view_form batch_view_form(const struct graph *graph) {
    const struct shape *input = graph_input_shape(graph); /* (h, w, c) */
    return (struct view_form){.height = (size_t)input->dims[0],
                              .width = (size_t)input->dims[1],
                              .channels = (size_t)input->dims[2],
                              .resize = graph->resize,
                              .jpeg_scaled = graph->jpeg_scaled};
}

ocellus_status batch_check(const struct graph *graph, const struct source *source) {
    const struct shape *input = graph_input_shape(graph);
    char wanted[SHAPE_TEXT_SIZE];
    if (source->channels > 0 && (input->rank != 3 || !view_has_channels(source->channels, (size_t)input->dims[2]))) {
        shape_text(input, false, wanted);
        return fail(OCELLUS_BAD_CONTENT, "%s: images do not fit the input of %s (expected %s, got %zu channel%s)",
                    source->name, graph->name, wanted, source->channels, source->channels == 1 ? "" : "s");
    }
    size_t classes = shape_size(graph_output_shape(graph));
    if (classes != source->classes) {
        return fail(OCELLUS_BAD_CONTENT, "%s: classes do not fit the output of %s (expected %zu, got %zu)",
                    source->name, graph->name, classes, source->classes);
    }
    return OCELLUS_OK;
}

ocellus_status batch_buffer_create(const struct graph *graph, size_t batch_size, struct batch_buffer *buffer) {
    const struct shape *input = graph_input_shape(graph);
    *buffer = (struct batch_buffer){0};
    if (input->rank != 3 || input->dims[2] < 1 || input->dims[2] > PIXEL_MOST_CHANNELS) {
        char got[SHAPE_TEXT_SIZE];
        shape_text(input, false, got);
        return fail(OCELLUS_BAD_CONTENT, "%s: input: not for images (expected (height, width, 1 to %d), got %s)",
                    graph->name, PIXEL_MOST_CHANNELS, got);
    }
    *buffer = (struct batch_buffer){.batch_size = batch_size,
                                    .form = {.view = batch_view_form(graph), .transform = batch_transform(graph)}};
    buffer->labels = memory_allocate(batch_size, sizeof *buffer->labels);
    return buffer->labels ? OCELLUS_OK : OCELLUS_IO;
}

void batch_buffer_free(struct batch_buffer *buffer) {
    memory_free(buffer->labels);
    batch_room_free(&buffer->room);
    *buffer = (struct batch_buffer){0};
}

ocellus_status batch_buffer_fill(struct batch_buffer *buffer, const struct image_set *set, size_t first, size_t n,
                                 float *dst) {
    return batch_fill(set, first, n, &buffer->form, &buffer->room, dst, buffer->labels);
}
