/* SPDX-License-Identifier: MIT */
#include "data/collection_source.h"

#include "base/memory.h"
#include "data/image_file.h"

#include <stdatomic.h>
#include <stdio.h>

struct shared_collection {
    atomic_size_t users;
    struct collection collection;
};

struct collection_source {
    struct source source;
    struct shared_collection *shared;
    uint32_t *items; /* [count] entries; NULL: all */
};

ocellus_status shared_collection_create(struct collection *collection, struct shared_collection **shared) {
    *shared = memory_allocate(1, sizeof **shared);
    if (*shared) {
        atomic_init(&(*shared)->users, 1);
        (*shared)->collection = *collection;
        *collection = (struct collection){0};
    }
    collection_free(collection);
    return *shared ? OCELLUS_OK : OCELLUS_IO;
}

void shared_collection_release(struct shared_collection *shared) {
    if (!shared || atomic_fetch_sub(&shared->users, 1) > 1) return;
    collection_free(&shared->collection);
    memory_free(shared);
}

const struct collection *shared_collection_get(const struct shared_collection *shared) {
    return &shared->collection;
}

static const struct collection *collection_of(const struct source *source) {
    return &((const struct collection_source *)source)->shared->collection;
}

static size_t entry_of(const struct source *source, size_t index) {
    const uint32_t *items = ((const struct collection_source *)source)->items;
    return items ? items[index] : index;
}

static ocellus_status read_file(const struct source *source, size_t index, const struct picture_wish *wish,
                                struct picture *picture) {
    (void)wish;
    const struct collection *collection = collection_of(source);
    char path[FILE_PATH_SIZE];
    struct image image;
    TRY(path_join(path, collection->root, collection_path(collection, entry_of(source, index))));
    TRY(image_read(path, &image));
    memory_free(picture->room); /* the image's is as good */
    *picture = (struct picture){.height = image.height,
                                .width = image.width,
                                .channels = 3,
                                .pixels = image.pixels,
                                .room = image.pixels,
                                .room_size = image.height * image.width * 3};
    return OCELLUS_OK;
}

static struct target target_of(const struct source *source, size_t index) {
    return (struct target){&collection_of(source)->entries[entry_of(source, index)].label, 1};
}

static const char *name_of(const struct source *source, size_t index) {
    return collection_path(collection_of(source), entry_of(source, index));
}

static void close_source(struct source *source) {
    struct collection_source *opened = (struct collection_source *)source;
    shared_collection_release(opened->shared);
    memory_free(opened->items);
    memory_free(opened);
}

static const struct source_type collection_type = {
    .read = read_file, .target = target_of, .name = name_of, .close = close_source};

ocellus_status collection_source_open(struct shared_collection *shared, const char *split, uint32_t *items,
                                      size_t count, struct source **source) {
    const struct collection *collection = &shared->collection;
    struct collection_source *opened = memory_allocate(1, sizeof *opened);
    *source = NULL;
    if (!opened) {
        memory_free(items);
        return OCELLUS_IO;
    }
    atomic_fetch_add(&shared->users, 1);
    *opened = (struct collection_source){.source = {.type = &collection_type,
                                                    .count = items ? count : collection->count,
                                                    .classes = collection->classes,
                                                    .channels = 3},
                                         .shared = shared,
                                         .items = items};
    snprintf(opened->source.name, sizeof opened->source.name, "%s", collection->name);
    snprintf(opened->source.split, sizeof opened->source.split, "%s", split);
    const ocellus_status status = source_set_class_names(&opened->source, (const char *const *)collection->class_names);
    if (status == OCELLUS_OK) *source = &opened->source;
    else source_close(&opened->source);
    return status;
}
