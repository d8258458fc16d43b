/* SPDX-License-Identifier: MIT */
#include "data/own_data.h"

#include "base/log.h"
#include "base/memory.h"
#include "data/collection_source.h"
#include "data/folder.h"

/* "passed over: 3 text, 1 hidden". */
static void tell_junk(const struct collection *collection) {
    struct text line = {0};
    for (size_t i = 0; i < collection->junk_kinds; i++)
        text_append(&line, "%s%zu %s", i ? ", " : "", collection->junk[i].count, collection->junk[i].kind);
    if (line.size > 0 && !line.failed) log_info("%s: passed over: %s", collection->name, line.bytes);
    text_free(&line);
}

/* The entries for the part as a source; none: NULL. */
static ocellus_status open_part(struct shared_collection *shared, const uint8_t *parts, enum picture_part part,
                                struct source **source) {
    const size_t all = shared_collection_get(shared)->count;
    size_t count = 0;
    for (size_t i = 0; i < all; i++)
        count += parts[i] == part;
    if (count == 0) return OCELLUS_OK;
    uint32_t *items = memory_allocate(count, sizeof *items);
    if (!items) return OCELLUS_IO;
    for (size_t i = 0, next = 0; i < all; i++)
        if (parts[i] == part) items[next++] = (uint32_t)i;
    return collection_source_open(shared, picture_part_names[part], items, count, source);
}

static ocellus_status open_parts(struct shared_collection *shared, const uint8_t *given, struct data_parts *parts) {
    TRY(open_part(shared, given, PICTURE_PART_TRAIN, &parts->train));
    TRY(open_part(shared, given, PICTURE_PART_VALIDATION, &parts->validation));
    TRY(open_part(shared, given, PICTURE_PART_TEST, &parts->test));
    if (parts->train) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: no picture is to train on", shared_collection_get(shared)->name);
}

static ocellus_status open_collection(struct collection *collection, struct data_parts *parts) {
    struct shared_collection *shared;
    tell_junk(collection);
    TRY(shared_collection_create(collection, &shared));
    const struct collection *kept = shared_collection_get(shared);
    uint8_t *given = memory_allocate(kept->count, sizeof *given);
    ocellus_status status = given ? OCELLUS_OK : OCELLUS_IO;
    for (size_t i = 0; given && i < kept->count; i++)
        given[i] = kept->entries[i].given ? kept->entries[i].given : PICTURE_PART_TRAIN;
    if (status == OCELLUS_OK) status = open_parts(shared, given, parts);
    if (status != OCELLUS_OK) data_parts_close(parts);
    memory_free(given);
    shared_collection_release(shared);
    return status;
}

ocellus_status own_data_open_folder(const struct data_request *request, struct data_parts *parts) {
    struct collection collection;
    if (!request->path || !*request->path)
        return fail(OCELLUS_USAGE, "folder: expected the path of a folder of pictures (--data-path)");
    TRY(collection_open_folder(request->path, &collection));
    return open_collection(&collection, parts);
}
