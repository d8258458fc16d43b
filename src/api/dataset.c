/* SPDX-License-Identifier: MIT */
/* The public API: version, messages, data. */
#include "api/handles.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "data/cifar10.h"
#include "data/memory_source.h"

#include <stdio.h>
#include <string.h>

const char *ocellus_version(void) {
    return OCELLUS_VERSION;
}

const char *ocellus_message(void) {
    return status_message();
}

/* A handle of a source, which it takes over in any case. */
static ocellus_status wrap(struct source *source, ocellus_dataset **dataset) {
    ocellus_dataset *made = memory_allocate(1, sizeof *made);
    if (!made) {
        source_close(source);
        return OCELLUS_IO;
    }
    made->source = source;
    *dataset = made;
    return OCELLUS_OK;
}

ocellus_status ocellus_cifar10_load(const char *folder, ocellus_dataset **train, ocellus_dataset **test) {
    if (!train || !test) return fail(OCELLUS_USAGE, "ocellus_cifar10_load: train and test must not be NULL");
    struct source *sources[2];
    ocellus_dataset *first = NULL, *second = NULL;
    TRY(cifar10_open(folder, !folder, &sources[0], &sources[1]));
    ocellus_status status = wrap(sources[0], &first);
    if (status == OCELLUS_OK) status = wrap(sources[1], &second);
    else source_close(sources[1]);
    if (status != OCELLUS_OK) {
        ocellus_dataset_free(first);
        return status;
    }
    *train = first;
    *test = second;
    return OCELLUS_OK;
}

/* Classes without a name are called by their numbers. */
static ocellus_status number_classes(struct source *source) {
    char(*numbers)[8] = memory_allocate(source->classes, sizeof *numbers); /* below 65,536 */
    const char **names = memory_allocate(source->classes, sizeof *names);
    ocellus_status status = numbers && names ? OCELLUS_OK : OCELLUS_IO;
    for (size_t i = 0; i < source->classes && status == OCELLUS_OK; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%u", (unsigned)(uint16_t)i);
        names[i] = numbers[i];
    }
    if (status == OCELLUS_OK) status = source_set_class_names(source, names);
    memory_free(numbers);
    memory_free(names);
    return status;
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
    struct memory_pictures pictures = {
        .count = count, .height = height, .width = width, .channels = 3, .classes = classes};
    struct source *source = NULL;
    TRY(memory_pictures_create(&pictures));
    memcpy(pictures.pixels, pixels, all);
    memcpy(pictures.labels, labels, count * sizeof *labels);
    TRY(memory_source_open("own images", "", &pictures, &source));
    const ocellus_status status = number_classes(source);
    if (status == OCELLUS_OK) return wrap(source, dataset);
    source_close(source);
    return status;
}

void ocellus_dataset_free(ocellus_dataset *dataset) {
    if (!dataset) return;
    source_close(dataset->source);
    memory_free(dataset);
}

size_t ocellus_dataset_count(const ocellus_dataset *dataset) {
    return dataset ? dataset->source->count : 0;
}
