/* SPDX-License-Identifier: MIT */
#include "app/class_folders.h"

#include "base/file_copy.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 200 }; /* bytes: a number fits behind it, whatever the file system */

/* A name from anywhere, as that of a folder. */
static void folder_name(const char *raw, char out[NAME_MOST + 1]) {
    size_t used = 0, left = strlen(raw);
    while (left > 0) {
        size_t length = utf8_length(raw, left);
        const bool bad = length == 0 || *raw == '/' || utf8_is_unsafe(raw, length);
        const size_t size = bad ? 1 : length;
        if (used + size > NAME_MOST) break;
        memcpy(out + used, bad ? "_" : raw, size);
        used += size;
        length = length ? length : 1;
        raw += length;
        left -= length;
    }
    out[used] = '\0';
    if (used == 0) memcpy(out, "_", 2);
    if (out[0] == '.') out[0] = '_'; /* ".", "..", and what would be hidden */
}

static bool name_is_taken(const struct class_folders *folders, const char *name) {
    for (size_t i = 0; i < folders->classes; i++)
        if (folders->names[i] && strcmp(folders->names[i], name) == 0) return true;
    return false;
}

/* Those that stay as they are come first, so that no other takes their name. */
static ocellus_status name_folders(struct class_folders *folders, const struct graph *graph) {
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < folders->classes; i++) {
            char number[24], name[NAME_MOST + 32];
            snprintf(number, sizeof number, "%zu", i);
            const char *raw = graph->class_names ? graph->class_names[i] : number;
            folder_name(raw, name);
            if (folders->names[i] || (strcmp(raw, name) == 0) != (pass == 0)) continue;
            const size_t size = strlen(name);
            for (unsigned more = 2; name_is_taken(folders, name); more++)
                snprintf(name + size, sizeof name - size, "-%u", more);
            folders->names[i] = memory_copy_text(name);
            if (!folders->names[i]) return OCELLUS_IO;
        }
    return OCELLUS_OK;
}

ocellus_status class_folders_open(struct class_folders *folders, const char *path, const struct graph *graph) {
    *folders = (struct class_folders){.classes = shape_size(graph_output_shape(graph))};
    TRY(path_join(folders->path, path, ""));
    folders->names = memory_allocate(folders->classes, sizeof *folders->names);
    folders->pictures = memory_allocate(folders->classes, sizeof *folders->pictures);
    ocellus_status status = folders->names && folders->pictures ? OCELLUS_OK : OCELLUS_IO;
    if (status == OCELLUS_OK) status = name_folders(folders, graph);
    if (status == OCELLUS_OK) status = folder_make(path);
    if (status != OCELLUS_OK) class_folders_close(folders);
    return status;
}

ocellus_status class_folders_add(struct class_folders *folders, size_t class_index, const char *picture,
                                 bool *reading) {
    char folder[FILE_PATH_SIZE], copy[FILE_PATH_SIZE];
    *reading = false;
    TRY(path_join(folder, folders->path, folders->names[class_index]));
    if (folders->pictures[class_index] == 0) {
        TRY(folder_make(folder));
        TRY(temporaries_sweep(folder)); /* of one that was killed */
    }
    TRY(file_copy_beside(picture, folder, path_base_name(picture), copy, reading));
    folders->pictures[class_index]++;
    return OCELLUS_OK;
}

void class_folders_close(struct class_folders *folders) {
    for (size_t i = 0; folders->names && i < folders->classes; i++)
        memory_free(folders->names[i]);
    memory_free(folders->names);
    memory_free(folders->pictures);
    *folders = (struct class_folders){0};
}
