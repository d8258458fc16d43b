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

/* --- the queue as a source --- */

/* What became of a file: a source tells its readers, but these names are to be told as they were given. */
struct outcome {
    ocellus_status status;
    char message[STATUS_MESSAGE_SIZE];
};

struct path_source {
    struct source source;
    char *const *paths;
    struct outcome *outcomes; /* [count]; each written by who reads its picture */
};

static ocellus_status read_path(const struct source *source, size_t index, const struct picture_wish *wish,
                                struct picture *picture) {
    const struct path_source *paths = (const struct path_source *)source;
    struct outcome *outcome = &paths->outcomes[index];
    struct image image = {0};
    uint8_t *pixels;
    outcome->status = image_read_wish(paths->paths[index], wish, &image);
    if (outcome->status == OCELLUS_OK) {
        picture_free(picture);
        *picture = (struct picture){.height = image.height,
                                    .width = image.width,
                                    .channels = 3,
                                    .pixels = image.pixels,
                                    .room = image.pixels,
                                    .room_size = image.height * image.width * 3};
        return OCELLUS_OK;
    }
    snprintf(outcome->message, sizeof outcome->message, "%s", status_message());
    TRY(picture_make_room(picture, 1, 1, 3, &pixels)); /* the network is not shown it */
    memset(pixels, 0, 3);
    return OCELLUS_OK;
}

static struct target no_target(const struct source *source, size_t index) {
    static const uint16_t class = 0;
    (void)source, (void)index;
    return (struct target){&class, 1};
}

static const struct source_type path_type = {.read = read_path, .target = no_target};

/* --- classifying --- */

struct work {
    const struct prediction_queue *queue;
    struct path_source paths;
    struct loader *loader;
    float *probabilities; /* [classes] */
    size_t classes;
};

static ocellus_status classify(const struct work *work, size_t index) {
    struct prediction_guess guesses[PREDICTION_MOST_GUESSES];
    const struct prediction_queue *queue = work->queue;
    const struct outcome *outcome = &work->paths.outcomes[index];
    const char *path = queue->paths[index];
    struct loader_batch batch;
    ocellus_status status = loader_batch(work->loader, 0, index, engine_input(queue->network->engine, 0), &batch);
    if (status == OCELLUS_OK && outcome->status != OCELLUS_OK) status = fail(outcome->status, "%s", outcome->message);
    if (status == OCELLUS_OK) status = run_image(queue->network->engine, path, work->classes, work->probabilities);
    if (status == OCELLUS_OK) choose_guesses(work->probabilities, work->classes, queue->top, guesses);
    return queue->visit(queue->context, path, status, guesses);
}

static ocellus_status open_work(struct work *work) {
    const struct network *network = work->queue->network;
    const struct pixel_form form = {batch_view_form(network->graph), batch_transform(network->graph)};
    const struct loader_options options = {.set = image_set_all(&work->paths.source),
                                           .images = work->queue->count,
                                           .epochs = 1,
                                           .batch_size = 1,
                                           .form = &form,
                                           .pool = engine_pool(network->engine),
                                           .limits.threads = work->queue->count == 1 ? LOADER_NO_THREADS : 0};
    work->classes = shape_size(graph_output_shape(network->graph));
    work->probabilities = memory_allocate(work->classes, sizeof *work->probabilities);
    work->paths.outcomes = memory_allocate(work->queue->count, sizeof *work->paths.outcomes);
    if (!work->probabilities || !work->paths.outcomes) return OCELLUS_IO;
    return loader_open(&options, &work->loader);
}

ocellus_status prediction_queue_run(struct prediction_queue *queue) {
    struct work work = {
        .queue = queue,
        .paths = {.source = {.type = &path_type, .name = "pictures", .count = queue->count, .classes = 1},
                  .paths = queue->paths}};
    if (queue->count == 0) return OCELLUS_OK;
    ocellus_status status = open_work(&work);
    for (size_t i = 0; i < queue->count && status == OCELLUS_OK; i++)
        status = classify(&work, i);
    loader_close(work.loader);
    memory_free(work.probabilities);
    memory_free(work.paths.outcomes);
    prediction_queue_free(queue);
    return status;
}

ocellus_status prediction_queue_add(struct prediction_queue *queue, const char *path) {
    char *copy = memory_copy_text(path);
    if (!copy) return OCELLUS_IO;
    queue->paths[queue->count++] = copy;
    return queue->count == PREDICTION_QUEUE ? prediction_queue_run(queue) : OCELLUS_OK;
}

void prediction_queue_free(struct prediction_queue *queue) {
    while (queue->count > 0)
        memory_free(queue->paths[--queue->count]);
}

const char *prediction_class_name(const struct network *network, size_t class_index, char room[24]) {
    if (network->graph->class_names) return network->graph->class_names[class_index];
    snprintf(room, 24, "%zu", class_index);
    return room;
}
