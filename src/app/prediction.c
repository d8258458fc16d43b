/* SPDX-License-Identifier: MIT */
#include "app/prediction.h"

#include "base/memory.h"
#include "data/image.h"
#include "train/predict.h"

#include <stdio.h>
#include <string.h>

/* The `top` largest of probabilities[count], the first among equals first. */
static void choose_guesses(const float *probabilities, size_t count, size_t top, struct prediction_guess *guesses) {
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        size_t place = filled;
        while (place > 0 && probabilities[i] > guesses[place - 1].probability)
            place--;
        if (place >= top) continue;
        if (filled < top) filled++;
        memmove(guesses + place + 1, guesses + place, (filled - place - 1) * sizeof *guesses);
        guesses[place] = (struct prediction_guess){i, probabilities[i]};
    }
}

ocellus_status prediction_check(const struct network *network) {
    const struct shape *input = graph_input_shape(network->graph); /* (h, w, 3) */
    if (input->rank == 3 && input->dims[2] == 3) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: the network does not take colour images", network->path);
}

ocellus_status prediction_run(const struct network *network, const char *path, size_t top,
                              struct prediction_guess *guesses) {
    const struct shape *input = graph_input_shape(network->graph); /* (h, w, 3) */
    const size_t classes = shape_size(graph_output_shape(network->graph));
    size_t height = (size_t)input->dims[0], width = (size_t)input->dims[1], values = shape_size(input);
    struct image image = {0}, resized = {0};
    TRY(image_read(path, &image));
    ocellus_status status = image_resize(&image, width, height, &resized);
    image_free(&image);
    if (status != OCELLUS_OK) return status;
    float *src = memory_allocate(values, sizeof *src);
    if (src) {
        struct pixel_transform transform = predict_transform(network->graph);
        batch_fill_image(resized.pixels, values, 3, &transform, src);
        status = engine_forward(network->engine, ENGINE_INFERENCE, src, 1);
    } else {
        status = OCELLUS_IO;
    }
    if (status == OCELLUS_OK && predict_first_nonfinite(engine_logits(network->engine), 1, classes) < 1)
        status = fail(OCELLUS_DIVERGED, "%s: the network's output is not finite", path);
    if (status == OCELLUS_OK) choose_guesses(engine_probabilities(network->engine), classes, top, guesses);
    memory_free(src);
    image_free(&resized);
    return status;
}

const char *prediction_class_name(const struct network *network, size_t class_index, char room[24]) {
    if (network->graph->class_names) return network->graph->class_names[class_index];
    snprintf(room, 24, "%zu", class_index);
    return room;
}
