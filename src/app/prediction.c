/* SPDX-License-Identifier: MIT */
#include "app/prediction.h"

#include "base/memory.h"
#include "data/image.h"
#include "train/predict.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FOLDER_DEPTH = 16 }; /* deeper means a mistake, such as a link back */

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

ocellus_status prediction_run(const struct network *network, const char *path, size_t top,
                              struct prediction_guess *guesses) {
    const struct shape *input = graph_input_shape(network->graph); /* (h, w, 3) */
    if (input->rank != 3 || input->dims[2] != 3)
        return fail(OCELLUS_USAGE, "%s: the network does not take colour images", network->path);
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
    if (status == OCELLUS_OK)
        choose_guesses(engine_probabilities(network->engine), shape_size(graph_output_shape(network->graph)), top,
                       guesses);
    memory_free(src);
    image_free(&resized);
    return status;
}

const char *prediction_class_name(const struct network *network, size_t class_index, char room[24]) {
    if (network->graph->class_names) return network->graph->class_names[class_index];
    snprintf(room, 24, "%zu", class_index);
    return room;
}

static bool is_image_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && name[0] != '.' &&
           (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0);
}

static ocellus_status visit_folder(const char *path, int depth, ocellus_status (*visit)(void *, const char *),
                                   void *context) {
    if (depth > FOLDER_DEPTH) return fail(OCELLUS_USAGE, "%s: folders lie too deep (more than %d)", path, FOLDER_DEPTH);
    char **names = NULL;
    size_t count = 0;
    TRY(folder_names(path, &names, &count));
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        char file[FILE_PATH_SIZE];
        status = path_join(file, path, names[i]);
        if (status != OCELLUS_OK) break;
        if (path_is_folder(file)) status = visit_folder(file, depth + 1, visit, context);
        else if (is_image_name(names[i])) status = visit(context, file);
    }
    names_free(names);
    return status;
}

ocellus_status prediction_each_file(const char *path, ocellus_status (*visit)(void *context, const char *file),
                                    void *context) {
    return path_is_folder(path) ? visit_folder(path, 0, visit, context) : visit(context, path);
}
