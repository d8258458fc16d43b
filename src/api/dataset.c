/* SPDX-License-Identifier: MIT */
/* The public API: version, messages, data. */
#include "api/handles.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <stdio.h>
#include <string.h>

const char *ocellus_version(void) {
    return OCELLUS_VERSION;
}

const char *ocellus_message(void) {
    return status_message();
}

ocellus_status ocellus_cifar10_load(const char *folder, ocellus_dataset **train, ocellus_dataset **test) {
    if (!train || !test) return fail(OCELLUS_USAGE, "ocellus_cifar10_load: train and test must not be NULL");
    ocellus_dataset *sets[2] = {memory_allocate(1, sizeof *sets[0]), memory_allocate(1, sizeof *sets[0])};
    ocellus_status status =
        sets[0] && sets[1] ? cifar10_load(folder, !folder, &sets[0]->data, &sets[1]->data) : OCELLUS_IO;
    if (status != OCELLUS_OK) {
        memory_free(sets[0]);
        memory_free(sets[1]);
        return status;
    }
    *train = sets[0];
    *test = sets[1];
    return OCELLUS_OK;
}

/* Copies what the caller has; on failure what was made so far stays in `data`, for dataset_free(). */
static ocellus_status copy_images(struct dataset *data, size_t image_size, const uint8_t *pixels,
                                  const uint16_t *labels) {
    data->pixels = memory_allocate(data->count, image_size);
    data->labels = memory_allocate(data->count, sizeof *data->labels);
    data->class_names = memory_allocate(data->classes, sizeof *data->class_names);
    if (!data->pixels || !data->labels || !data->class_names) return OCELLUS_IO;
    memcpy(data->pixels, pixels, data->count * image_size);
    memcpy(data->labels, labels, data->count * sizeof *labels);
    for (size_t i = 0; i < data->classes; i++) {
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        data->class_names[i] = memory_copy_text(name);
        if (!data->class_names[i]) return OCELLUS_IO;
    }
    return OCELLUS_OK;
}

ocellus_status ocellus_dataset_create(size_t count, size_t height, size_t width, size_t classes, const uint8_t *pixels,
                                      const uint16_t *labels, ocellus_dataset **dataset) {
    if (!pixels || !labels || !dataset) return fail(OCELLUS_USAGE, "ocellus_dataset_create: NULL is not accepted");
    enum { MOST_CLASSES = UINT16_MAX + 1 }; /* more have no label */
    size_t image_size, all;
    if (classes > MOST_CLASSES)
        return fail(OCELLUS_USAGE, "ocellus_dataset_create: %zu classes (expected 1 to %d)", classes, MOST_CLASSES);
    if (count == 0 || classes == 0 || !size_multiply(height, width, &image_size) || image_size == 0 ||
        !size_multiply(image_size, 3, &image_size) || !size_multiply(image_size, count, &all))
        return fail(OCELLUS_USAGE, "ocellus_dataset_create: sizes must be at least 1 and fit in memory");
    for (size_t i = 0; i < count; i++)
        if (labels[i] >= classes)
            return fail(OCELLUS_BAD_CONTENT, "image %zu: label %u (expected less than %zu)", i, labels[i], classes);
    ocellus_dataset *made = memory_allocate(1, sizeof *made);
    if (!made) return OCELLUS_IO;
    made->data = (struct dataset){
        .name = "own images", .count = count, .height = height, .width = width, .channels = 3, .classes = classes};
    ocellus_status status = copy_images(&made->data, image_size, pixels, labels);
    if (status != OCELLUS_OK) {
        ocellus_dataset_free(made);
        return status;
    }
    *dataset = made;
    return OCELLUS_OK;
}

void ocellus_dataset_free(ocellus_dataset *dataset) {
    if (!dataset) return;
    dataset_free(&dataset->data);
    memory_free(dataset);
}

size_t ocellus_dataset_count(const ocellus_dataset *dataset) {
    return dataset ? dataset->data.count : 0;
}
