/* SPDX-License-Identifier: MIT */
#include "data/folder.h"

#include "base/memory.h"
#include "data/picture_files.h"

#include <stdlib.h>
#include <string.h>

/* Names of folders in a folder. Owned by whoever listed them. */
struct folder_list {
    char **names; /* NULL at the end */
    size_t count;
    size_t *found; /* [count] pictures in them, once they were walked through */
};

static void list_free(struct folder_list *list) {
    names_free(list->names);
    memory_free(list->found);
}

struct walk {
    struct collection *collection;
    struct picture_places places;
    size_t root_size; /* of what stands before a relative path, with its slash */
    /* of the folder that is walked through */
    size_t class_name;
    enum picture_part part;
    size_t *found;
};

static bool is_passed_over(const char *name) {
    return name[0] == '.' || strcmp(name, "__MACOSX") == 0; /* beside what a Mac packed */
}

/* The folders of classes, or parts, in `path`; *list is {0} before. Files there belong to no class. */
static ocellus_status list_folders(struct collection *collection, const char *path, struct folder_list *list) {
    char **names = NULL;
    size_t count = 0;
    TRY(folder_names(path, &names, &count));
    for (size_t i = 0; i < count; i++) {
        char inside[FILE_PATH_SIZE];
        enum path_kind kind = PATH_NONE;
        ocellus_status status = path_join(inside, path, names[i]);
        if (status == OCELLUS_OK && !is_passed_over(names[i])) status = path_look(inside, &kind);
        if (status != OCELLUS_OK) {
            names_free(names);
            return status;
        }
        if (strcmp(names[i], FOLDER_SPLIT_FILE) == 0) continue;
        if (kind == PATH_FOLDER) {
            char *name = names[i];
            names[i] = names[list->count];
            names[list->count++] = name; /* the rest stays behind them, to be freed with them */
        } else {
            collection_count_junk(collection, kind == PATH_FILE ? "outside of any class" : "hidden");
        }
    }
    list->names = names;
    list->found = memory_allocate(list->count + 1, sizeof *list->found);
    return list->found ? OCELLUS_OK : OCELLUS_IO;
}

/* Nothing is where a link leads: that is no failure of the machine. */
static ocellus_status visit_failed(struct collection *collection, const struct picture_file *file) {
    enum path_kind kind;
    const ocellus_status status = file->status;
    if (!path_exists(file->path)) {
        TRY(path_look(file->path, &kind));
        collection_count_junk(collection, "broken link");
        return OCELLUS_OK;
    }
    return status;
}

static ocellus_status visit(void *context, const struct picture_file *file) {
    struct walk *walk = context;
    struct collection *collection = walk->collection;
    if (file->status != OCELLUS_OK) return visit_failed(collection, file);
    if (file->repeated || file->passed_over) {
        collection_count_junk(collection, file->repeated ? "folder read already" : file->passed_over);
        return OCELLUS_OK;
    }
    struct collection_entry entry = {.class_name = walk->class_name, .given = (uint8_t)walk->part};
    TRY(collection_add_text(collection, file->path + walk->root_size, &entry.path));
    ++*walk->found;
    return collection_add(collection, &entry);
}

static ocellus_status fail_empty(const struct collection *collection, const char *class_name) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: the class has no pictures (put some in, or remove the folder)",
                collection->name, class_name);
}

/* The classes in root/part ("" for the root itself). */
static ocellus_status walk_classes(struct walk *walk, const char *part, struct folder_list *classes) {
    char folder[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    TRY(path_join(folder, walk->collection->root, part));
    for (size_t i = 0; i < classes->count; i++) {
        TRY(collection_add_text(walk->collection, classes->names[i], &walk->class_name));
        TRY(path_join(path, folder, classes->names[i]));
        walk->found = &classes->found[i];
        TRY(picture_files_each(path, NULL, &walk->places, visit, walk));
        if (classes->found[i] == 0 && !*part) return fail_empty(walk->collection, classes->names[i]);
    }
    return OCELLUS_OK;
}

/* Before any is walked through: a link from one class into another's folder shows nothing of it. */
static ocellus_status know_folders(struct walk *walk, const char *part, const struct folder_list *list) {
    char folder[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    bool known;
    TRY(path_join(folder, walk->collection->root, part));
    TRY(picture_places_add(&walk->places, folder, &known));
    for (size_t i = 0; i < list->count; i++) {
        TRY(path_join(path, folder, list->names[i]));
        TRY(picture_places_add(&walk->places, path, &known));
        if (known)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s%s%s: is a link to a folder that another class or part is",
                        walk->collection->name, part, *part ? "/" : "", list->names[i]);
    }
    return OCELLUS_OK;
}

/* Whether the folders at the top are parts. */
static ocellus_status find_layout(const struct collection *collection, const struct folder_list *top, bool *parts) {
    size_t named[PICTURE_PARTS] = {0}, all = 0;
    const char *other = NULL;
    for (size_t i = 0; i < top->count; i++) {
        enum picture_part part;
        if (picture_part_from_name(top->names[i], &part)) named[part]++, all++;
        else other = top->names[i];
    }
    *parts = all > 0 && !other;
    const bool several = named[PICTURE_PART_TRAIN] > 0 && all > named[PICTURE_PART_TRAIN];
    if (several && other)
        return fail(OCELLUS_BAD_CONTENT, "%s: train and test stand beside a folder that is no part (%s)",
                    collection->name, other);
    if (*parts && named[PICTURE_PART_TRAIN] == 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: there is %s and no train", collection->name, top->names[0]);
    return OCELLUS_OK;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A class that has a folder in some part must have a picture in some part. */
static ocellus_status check_empty(const struct collection *collection, const struct folder_list *lists, size_t count,
                                  const struct folder_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        size_t found = list->found[i];
        for (size_t other = 0; other < count && found == 0; other++) {
            char **name = bsearch(&list->names[i], lists[other].names, lists[other].count, sizeof *lists[other].names,
                                  compare_names);
            if (name) found = lists[other].found[name - lists[other].names];
        }
        if (found == 0) return fail_empty(collection, list->names[i]);
    }
    return OCELLUS_OK;
}

static ocellus_status fail_without_folders(const struct collection *collection, const char *part, const char *slash) {
    return fail(OCELLUS_BAD_CONTENT, "%s: there are no folders in %s%s (expected one for each class)", collection->name,
                *part ? part : "it", slash);
}

static ocellus_status list_parts(struct walk *walk, const struct folder_list *top, struct folder_list *classes) {
    TRY(know_folders(walk, "", top));
    for (size_t i = 0; i < top->count; i++) {
        char path[FILE_PATH_SIZE];
        TRY(path_join(path, walk->collection->root, top->names[i]));
        TRY(list_folders(walk->collection, path, &classes[i]));
        if (classes[i].count == 0) return fail_without_folders(walk->collection, top->names[i], "/");
        TRY(know_folders(walk, top->names[i], &classes[i]));
    }
    return OCELLUS_OK;
}

static ocellus_status walk_parts(struct walk *walk, const struct folder_list *top) {
    struct folder_list *classes = memory_allocate(top->count, sizeof *classes);
    if (!classes) return OCELLUS_IO;
    ocellus_status status = list_parts(walk, top, classes);
    for (size_t i = 0; i < top->count && status == OCELLUS_OK; i++) {
        picture_part_from_name(top->names[i], &walk->part);
        status = walk_classes(walk, top->names[i], &classes[i]);
    }
    for (size_t i = 0; i < top->count && status == OCELLUS_OK; i++)
        status = check_empty(walk->collection, classes, top->count, &classes[i]);
    for (size_t i = 0; i < top->count; i++)
        list_free(&classes[i]);
    memory_free(classes);
    return status;
}

static ocellus_status walk_listed(struct walk *walk, struct folder_list *top) {
    bool parts;
    TRY(list_folders(walk->collection, walk->collection->root, top));
    if (top->count == 0) return fail_without_folders(walk->collection, "", "");
    TRY(find_layout(walk->collection, top, &parts));
    if (parts) return walk_parts(walk, top);
    TRY(know_folders(walk, "", top));
    return walk_classes(walk, "", top);
}

static ocellus_status walk_root(struct walk *walk) {
    struct folder_list top = {0};
    const ocellus_status status = walk_listed(walk, &top);
    list_free(&top);
    return status;
}

ocellus_status collection_open_folder(const char *path, struct collection *collection) {
    enum path_kind kind;
    *collection = (struct collection){0};
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return fail(OCELLUS_IO, "%s: there is no such folder", path);
    if (kind != PATH_FOLDER)
        return fail(OCELLUS_BAD_CONTENT, "%s: is no folder (a list of pictures is opened as such: --data list)", path);
    struct walk walk = {.collection = collection};
    ocellus_status status = collection_set_name(collection, path);
    if (status == OCELLUS_OK) status = path_join(collection->root, "", path);
    walk.root_size = strlen(collection->root);
    if (walk.root_size > 0 && collection->root[walk.root_size - 1] != '/') walk.root_size++;
    if (status == OCELLUS_OK) status = walk_root(&walk);
    picture_places_free(&walk.places);
    if (status == OCELLUS_OK) status = collection_complete(collection, COLLECTION_BY_BYTES);
    if (status != OCELLUS_OK) collection_free(collection);
    return status;
}
