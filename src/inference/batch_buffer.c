/* SPDX-License-Identifier: MIT */
#include "inference/batch_buffer.h"

#include "base/memory.h"

struct pixel_transform batch_transform(const struct graph *graph) {
    if (graph->preprocessing == PREPROCESSING_CAFFE) {
        return (struct pixel_transform){.swap = true, .scale = 1, .offset = {103.939f, 116.779f, 123.68f}};
    }
    return (struct pixel_transform){.scale = graph->preprocessing == PREPROCESSING_NONE ? 1.0f : 1.0f / 255.0f};
}

ocellus_status batch_check(const struct graph *graph, const struct source *source) {
    const bool alike = source->height > 0 && source->width > 0 && source->channels > 0;
    struct shape image = {3, {(int64_t)source->height, (int64_t)source->width, (int64_t)source->channels}};
    char wanted[96], got[96];
    if (alike && !shape_equal(&image, graph_input_shape(graph))) {
        shape_text(graph_input_shape(graph), false, wanted);
        shape_text(&image, false, got);
        return fail(OCELLUS_BAD_CONTENT, "%s: images do not fit the input of %s (expected %s, got %s)", source->name,
                    graph->name, wanted, got);
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
                                    .form = {.height = (size_t)input->dims[0],
                                             .width = (size_t)input->dims[1],
                                             .channels = (size_t)input->dims[2],
                                             .transform = batch_transform(graph)}};
    buffer->labels = memory_allocate(batch_size, sizeof *buffer->labels);
    return buffer->labels ? OCELLUS_OK : OCELLUS_IO;
}

void batch_buffer_free(struct batch_buffer *buffer) {
    memory_free(buffer->labels);
    picture_free(&buffer->picture);
    *buffer = (struct batch_buffer){0};
}

ocellus_status batch_buffer_fill(struct batch_buffer *buffer, const struct image_set *set, size_t first, size_t n,
                                 float *dst) {
    return batch_fill(set, first, n, &buffer->form, &buffer->picture, dst, buffer->labels);
}
