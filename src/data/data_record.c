/* SPDX-License-Identifier: MIT */
#include "data/data_record.h"

#include "base/files.h"
#include "data/split_file.h"

static ocellus_status write_text(const char *path, struct text *text) {
    const ocellus_status status = text->failed ? OCELLUS_IO : file_write(path, text->bytes, text->size);
    text_free(text);
    return status;
}

ocellus_status data_record_write(const struct shared_collection *pictures, const char *path) {
    const struct collection *collection = shared_collection_get(pictures);
    const struct survey *survey = shared_collection_survey(pictures);
    struct text text = {0};
    text_append(&text, "path,pixels,class,split\n");
    for (size_t i = 0; i < collection->count; i++) {
        const enum picture_part part = shared_collection_part(pictures, i);
        if (part == PICTURE_PART_NONE) continue;
        split_file_append(&text, collection_path(collection, i), survey->facts[i].pixels,
                          collection->class_names[collection->entries[i].label], part);
    }
    return write_text(path, &text);
}

ocellus_status data_record_write_aside(const struct shared_collection *pictures, const char *path) {
    const struct collection *collection = shared_collection_get(pictures);
    struct text text = {0};
    for (size_t i = 0; i < collection->count; i++) {
        const char *reason = shared_collection_reason(pictures, i);
        if (!reason) continue;
        if (text.size == 0) text_append(&text, "path,reason\n");
        text_append_csv(&text, collection_path(collection, i));
        text_append(&text, ",");
        text_append_csv(&text, reason);
        text_append(&text, "\n");
    }
    return text.size > 0 ? write_text(path, &text) : OCELLUS_OK;
}
