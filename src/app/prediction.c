/* SPDX-License-Identifier: MIT */
#include "app/prediction.h"

#include "base/memory.h"
#include "data/image.h"
#include "data/image_file.h"
#include "data/resize.h"
#include "inference/predict.h"

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

/* The probabilities of the image in the engine. */
static ocellus_status run_image(struct engine *engine, const char *path, size_t classes, float *probabilities) {
    TRY(engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.n = 1}));
    TRY(engine_read(engine, ENGINE_LOGITS, probabilities, classes));
    if (predict_first_nonfinite(probabilities, 1, classes) < 1)
        return fail(OCELLUS_DIVERGED, "%s: the network's output is not finite", path);
    return engine_read(engine, ENGINE_PROBABILITIES, probabilities, classes);
}

ocellus_status prediction_run(const struct network *network, const char *path, size_t top,
                              struct prediction_guess *guesses) {
    const struct shape *input = graph_input_shape(network->graph); /* (h, w, 3) */
    const size_t classes = shape_size(graph_output_shape(network->graph));
    const size_t height = (size_t)input->dims[0], width = (size_t)input->dims[1];
    struct image image = {0}, resized = {0};
    TRY(image_read(path, &image));
    ocellus_status status = image_resize(&image, width, height, &resized);
    image_free(&image);
    if (status != OCELLUS_OK) return status;
    const struct pixel_transform transform = batch_transform(network->graph);
    batch_fill_image(resized.pixels, shape_size(input), 3, &transform, engine_input(network->engine, 0));
    image_free(&resized);
    float *values = memory_allocate(classes, sizeof *values);
    if (!values) return OCELLUS_IO;
    status = run_image(network->engine, path, classes, values);
    if (status == OCELLUS_OK) choose_guesses(values, classes, top, guesses);
    memory_free(values);
    return status;
}

const char *prediction_class_name(const struct network *network, size_t class_index, char room[24]) {
    if (network->graph->class_names) return network->graph->class_names[class_index];
    snprintf(room, 24, "%zu", class_index);
    return room;
}
