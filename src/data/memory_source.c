/* SPDX-License-Identifier: MIT */
#include "data/memory_source.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <stdio.h>

struct memory_source {
    struct source source;
    struct memory_pictures pictures;
};

ocellus_status memory_pictures_create(struct memory_pictures *pictures) {
    size_t size;
    if (!size_multiply(pictures->height, pictures->width, &size) || !size_multiply(size, pictures->channels, &size))
        return fail(OCELLUS_IO, "%zu x %zu pixels are too many", pictures->width, pictures->height);
    pictures->pixels = memory_allocate(pictures->count, size);
    pictures->labels = pictures->pixels ? memory_allocate(pictures->count, sizeof *pictures->labels) : NULL;
    if (pictures->labels) return OCELLUS_OK;
    memory_pictures_free(pictures);
    return OCELLUS_IO;
}

void memory_pictures_free(struct memory_pictures *pictures) {
    memory_free(pictures->pixels);
    memory_free(pictures->labels);
    *pictures = (struct memory_pictures){0};
}

static const struct memory_pictures *pictures_of(const struct source *source) {
    return &((const struct memory_source *)source)->pictures;
}

static ocellus_status lend(const struct source *source, size_t index, const struct picture_wish *wish,
                           struct picture *picture) {
    (void)wish;
    const struct memory_pictures *pictures = pictures_of(source);
    picture->height = pictures->height;
    picture->width = pictures->width;
    picture->channels = pictures->channels;
    picture->pixels = pictures->pixels + index * pictures->height * pictures->width * pictures->channels;
    return OCELLUS_OK;
}

static struct target target_of(const struct source *source, size_t index) {
    return (struct target){pictures_of(source)->labels + index, 1};
}

static void close_memory(struct source *source) {
    struct memory_source *memory = (struct memory_source *)source;
    memory_pictures_free(&memory->pictures);
    memory_free(memory);
}

static const struct source_type memory_type = {.lends = true, .read = lend, .target = target_of, .close = close_memory};

ocellus_status memory_source_open(const char *name, const char *split, struct memory_pictures *pictures,
                                  struct source **source) {
    struct memory_source *memory = memory_allocate(1, sizeof *memory);
    if (!memory) {
        memory_pictures_free(pictures);
        return OCELLUS_IO;
    }
    *memory = (struct memory_source){.source = {.type = &memory_type,
                                                .count = pictures->count,
                                                .classes = pictures->classes,
                                                .height = pictures->height,
                                                .width = pictures->width,
                                                .channels = pictures->channels},
                                     .pictures = *pictures};
    *pictures = (struct memory_pictures){0};
    snprintf(memory->source.name, sizeof memory->source.name, "%s", name);
    snprintf(memory->source.split, sizeof memory->source.split, "%s", split);
    *source = &memory->source;
    return OCELLUS_OK;
}
