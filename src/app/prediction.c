/* SPDX-License-Identifier: MIT */
#include "app/prediction.h"

#include "base/memory.h"
#include "data/image.h"
#include "data/image_file.h"
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
    const struct shape *input = graph_input_shape(network->graph); /* (h, w, c) */
    if (input->rank == 3 && view_has_channels(3, (size_t)input->dims[2])) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: the network does not take images", network->path);
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
    const struct shape *input = graph_input_shape(network->graph); /* (h, w, c) */
    const size_t classes = shape_size(graph_output_shape(network->graph));
    const struct view_form form = batch_view_form(network->graph);
    const struct pixel_transform transform = batch_transform(network->graph);
    struct image image = {0};
    struct view_room room = {0};
    const uint8_t *view;
    TRY(image_read(path, &image));
    const struct picture picture = {
        .height = image.height, .width = image.width, .channels = 3, .pixels = image.pixels};
    ocellus_status status = view_make(&form, &picture, &room, &view);
    if (status == OCELLUS_OK)
        batch_fill_image(view, shape_size(input), form.channels, &transform, engine_input(network->engine, 0));
    view_room_free(&room);
    image_free(&image);
    if (status != OCELLUS_OK) return status;
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
