/* SPDX-License-Identifier: MIT */
#include "app/data_augmented.h"

#include "app/start.h"
#include "app/training.h"
#include "base/memory.h"
#include "data/image_file.h"
#include "data/loader.h"
#include "data/preview.h"
#include "inference/batch_buffer.h"
#include "train/plan.h"

#include <stdio.h>

enum { EPOCHS_MOST = 1000000 }; /* as many as a recipe may have */
enum { PICTURES = DATA_AUGMENTED_ROWS * DATA_AUGMENTED_COLUMNS, SCALE = 3, LABEL_SIZE = 160 };

/* What is drawn. */
struct shown {
    size_t count;
    struct image images[PICTURES];
    char labels[PICTURES][LABEL_SIZE];
};

/* The network's numbers as pixels: what pixel_transform says, backwards. A grey picture gets three equal channels. */
static void turn_back(const float *values, const struct pixel_form *form, struct image *image) {
    const struct pixel_transform *transform = &form->transform;
    const size_t channels = form->view.channels;
    for (size_t i = 0; i < image->height * image->width; i++) {
        for (size_t c = 0; c < 3; c++) {
            const size_t from = channels < 3 ? 0 : transform->swap ? channels - 1 - c : c;
            const float pixel = (values[i * channels + from] + transform->offset[from]) / transform->scale + 0.5f;
            image->pixels[3 * i + c] = pixel < 0 ? 0 : pixel > 255 ? 255 : (uint8_t)pixel;
        }
    }
}

/* "cat", or the classes of a mixed picture, the larger share first, with their shares: "cat 0.71", "dog 0.29". */
static void write_label(const struct source *source, const struct loader_batch *batch, size_t i, char *label) {
    const float *shares = batch->shares ? batch->shares + i * source->classes : NULL;
    size_t first = shares ? 0 : (size_t)batch->labels[i], second = source->classes;
    for (size_t c = 1; shares && c < source->classes; c++)
        if (shares[c] > shares[first]) first = c;
    for (size_t c = 0; shares && c < source->classes; c++)
        if (c != first && shares[c] > 0) second = c;
    if (second == source->classes) snprintf(label, LABEL_SIZE, "%.*s", LABEL_SIZE / 3, source->class_names[first]);
    else
        snprintf(label, LABEL_SIZE, "%.*s %.2f\n%.*s %.2f", LABEL_SIZE / 3, source->class_names[first],
                 (double)shares[first], LABEL_SIZE / 3, source->class_names[second], (double)shares[second]);
}

static ocellus_status show_batch(const struct train_sets *sets, const struct pixel_form *form,
                                 const struct loader_batch *batch, const float *values, struct shown *shown) {
    const size_t size = form->view.height * form->view.width * form->view.channels;
    for (size_t i = 0; i < batch->n; i++) {
        TRY(image_create(form->view.width, form->view.height, &shown->images[i]));
        shown->count++;
        turn_back(values + i * size, form, &shown->images[i]);
        write_label(sets->train_data, batch, i, shown->labels[i]);
    }
    return OCELLUS_OK;
}

/* As the trainer opens it, but for the size of the batch, of which no bit depends. */
static ocellus_status load(const struct recipe *recipe, const struct train_sets *sets, const struct pixel_form *form,
                           uint32_t epoch, struct shown *shown) {
    const struct augmentation augmentation = train_augmentation(recipe);
    struct train_plan plan;
    TRY(train_plan_make(recipe, sets, &plan));
    const size_t images = (size_t)plan.images_per_epoch, count = images < PICTURES ? images : PICTURES;
    const struct loader_options options = {.set = sets->train,
                                           .images = images,
                                           .epochs = (uint64_t)epoch + 1,
                                           .shuffled = true,
                                           .seed = recipe->seed,
                                           .batch_size = count,
                                           .form = form,
                                           .augmentation = &augmentation,
                                           .views = recipe->views};
    struct loader *loader = NULL;
    struct loader_batch batch;
    float *values = memory_allocate(count * form->view.height * form->view.width, form->view.channels * sizeof *values);
    if (!values) return OCELLUS_IO;
    ocellus_status status = loader_open(&options, &loader);
    if (status == OCELLUS_OK) status = loader_batch(loader, epoch, 0, values, &batch);
    if (status == OCELLUS_OK) status = show_batch(sets, form, &batch, values, shown);
    loader_close(loader);
    memory_free(values);
    return status;
}

static ocellus_status write_grid(const struct shown *shown, size_t side, const char *folder) {
    const char *names[PICTURES];
    char path[FILE_PATH_SIZE];
    struct image grid = {0};
    for (size_t i = 0; i < shown->count; i++)
        names[i] = shown->labels[i];
    const size_t columns = shown->count < DATA_AUGMENTED_COLUMNS ? shown->count : DATA_AUGMENTED_COLUMNS;
    TRY(folder_make(folder));
    TRY(path_join(path, folder, DATA_AUGMENTED));
    ocellus_status status =
        preview_draw(shown->images, names, shown->count, columns, side * SCALE > PREVIEW_SIDE ? 1 : SCALE, &grid);
    if (status == OCELLUS_OK) status = image_write_png(path, &grid);
    image_free(&grid);
    return status;
}

static ocellus_status draw(const struct recipe *recipe, const struct train_sets *sets, const struct graph *graph,
                           uint32_t epoch, const char *folder) {
    struct batch_buffer buffer;
    TRY(batch_check(graph, sets->train_data));
    TRY(batch_buffer_create(graph, 1, &buffer));
    struct shown *shown = memory_allocate(1, sizeof *shown);
    ocellus_status status = shown ? load(recipe, sets, &buffer.form, epoch, shown) : OCELLUS_IO;
    if (status == OCELLUS_OK) {
        const struct view_form *view = &buffer.form.view;
        status = write_grid(shown, view->height > view->width ? view->height : view->width, folder);
    }
    for (size_t i = 0; shown && i < shown->count; i++)
        image_free(&shown->images[i]);
    memory_free(shown);
    batch_buffer_free(&buffer);
    return status;
}

ocellus_status data_augmented_draw(const struct recipe *recipe, const struct data_parts *parts, size_t epoch,
                                   const char *folder) {
    struct train_sets sets = {0};
    struct start start = {0};
    TRY(recipe_check(recipe));
    if (epoch >= EPOCHS_MOST)
        return fail(OCELLUS_USAGE, "augmented: epoch %zu (expected 1 to %d)", epoch + 1, EPOCHS_MOST);
    ocellus_status status = train_sets_create(recipe, parts->train, parts->validation, parts->test, &sets);
    if (status == OCELLUS_OK) status = training_make_graph(recipe, recipe->model_name, sets.train_data, NULL, &start);
    if (status == OCELLUS_OK) status = draw(recipe, &sets, start.graph, (uint32_t)epoch, folder);
    start_free(&start);
    train_sets_free(&sets);
    return status;
}
