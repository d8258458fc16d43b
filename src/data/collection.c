/* SPDX-License-Identifier: MIT */
#include "data/collection.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const picture_part_names[PICTURE_PARTS] = {"", "train", "validation", "test"};

bool picture_part_from_name(const char *name, enum picture_part *part) {
    static const struct {
        const char *name;
        enum picture_part part;
    } names[] = {
        {"train", PICTURE_PART_TRAIN},      {"training", PICTURE_PART_TRAIN},        {"val", PICTURE_PART_VALIDATION},
        {"valid", PICTURE_PART_VALIDATION}, {"validation", PICTURE_PART_VALIDATION}, {"test", PICTURE_PART_TEST},
        {"testing", PICTURE_PART_TEST},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (text_compare_letters(name, names[i].name) != 0) continue;
        *part = names[i].part;
        return true;
    }
    return false;
}

ocellus_status collection_set_name(struct collection *collection, const char *path) {
    char whole[FILE_PATH_SIZE];
    size_t size = strlen(path);
    if (size >= FILE_PATH_SIZE) return fail(OCELLUS_USAGE, "%s: the path is too long", path);
    memcpy(whole, path, size + 1);
    while (size > 1 && whole[size - 1] == '/')
        whole[--size] = '\0';
    const char *name = path_base_name(whole);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        char *real = realpath(path, NULL);
        if (!real) return fail_errno(errno, "%s: cannot be opened", path);
        utf8_escape(path_base_name(real), collection->name, sizeof collection->name);
        free(real);
    } else {
        utf8_escape(name, collection->name, sizeof collection->name);
    }
    return OCELLUS_OK;
}

ocellus_status collection_add_text(struct collection *collection, const char *text, size_t *offset) {
    struct text *texts = &collection->texts;
    if (texts->size == 0) text_append_bytes(texts, "", 1); /* offset 0 */
    *offset = *text ? texts->size : 0;
    if (*text) text_append_bytes(texts, text, strlen(text) + 1);
    return texts->failed ? fail(OCELLUS_IO, "%s: not enough memory", collection->name) : OCELLUS_OK;
}

ocellus_status collection_add(struct collection *collection, const struct collection_entry *entry) {
    enum { MOST = INT32_MAX }; /* entries are counted in 32 bits */
    if (collection->count >= MOST)
        return fail(OCELLUS_BAD_CONTENT, "%s: more than %d pictures", collection->name, MOST);
    TRY(memory_grow((void **)&collection->entries, &collection->capacity, collection->count + 1,
                    sizeof *collection->entries));
    collection->entries[collection->count++] = *entry;
    return OCELLUS_OK;
}

void collection_count_junk(struct collection *collection, const char *kind) {
    size_t i = 0;
    while (i < collection->junk_kinds && strcmp(collection->junk[i].kind, kind) != 0)
        i++;
    if (i == COLLECTION_MOST_JUNK) i--; /* more kinds than file_kind.c knows */
    if (i == collection->junk_kinds) collection->junk[collection->junk_kinds++] = (struct collection_junk){kind, 0};
    collection->junk[i].count++;
}

ocellus_status collection_check_path(const char *path, const char *source, size_t line) {
    const char *wrong = !*path                               ? "is empty"
                        : *path == '/'                       ? "is absolute (expected one that begins beside the list)"
                        : strlen(path) >= FILE_PATH_SIZE / 2 ? "is too long"
                                                             : NULL;
    if (!wrong) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: path: %s%s%s", source, line, wrong, *path ? ": " : "", path);
}

const char *collection_path(const struct collection *collection, size_t entry) {
    return collection->texts.bytes + collection->entries[entry].path;
}

const char *collection_group(const struct collection *collection, size_t entry) {
    return collection->texts.bytes + collection->entries[entry].group;
}

size_t collection_find(const struct collection *collection, const char *path) {
    size_t first = 0, last = collection->count;
    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        const int order = strcmp(path, collection_path(collection, middle));
        if (order == 0) return middle;
        if (order < 0) last = middle;
        else first = middle + 1;
    }
    return SIZE_MAX;
}

static void free_classes(struct collection *collection) {
    for (size_t i = 0; collection->class_names && i < collection->classes; i++)
        memory_free(collection->class_names[i]);
    memory_free(collection->class_names);
    collection->class_names = NULL;
    collection->classes = 0;
}

void collection_free(struct collection *collection) {
    free_classes(collection);
    free(collection->entries);
    text_free(&collection->texts);
    *collection = (struct collection){0};
}

/* --- order and classes --- */

static int compare_paths(const void *a, const void *b, void *texts) {
    return strcmp((const char *)texts + ((const struct collection_entry *)a)->path,
                  (const char *)texts + ((const struct collection_entry *)b)->path);
}

/* A class while they are put in order. */
struct class_name {
    const char *raw;
    uint64_t number; /* for COLLECTION_BY_NUMBER */
};

static int compare_classes(const void *a, const void *b) {
    const struct class_name *left = a, *right = b;
    if (left->number != right->number) return left->number < right->number ? -1 : 1;
    return strcmp(left->raw, right->raw);
}

static int compare_classes_folded(const void *a, const void *b) {
    return text_compare_letters(((const struct class_name *)a)->raw, ((const struct class_name *)b)->raw);
}

/* Each class once, in order; names[count] becomes names[*classes]. */
static void keep_each_once(struct class_name *names, size_t count, size_t *classes) {
    qsort(names, count, sizeof *names, compare_classes);
    *classes = 0;
    for (size_t i = 0; i < count; i++)
        if (*classes == 0 || strcmp(names[i].raw, names[*classes - 1].raw) != 0) names[(*classes)++] = names[i];
}

static ocellus_status refuse_few_or_many(const struct collection *collection, const struct class_name *names,
                                         size_t classes) {
    if (classes == 1)
        return fail(OCELLUS_BAD_CONTENT, "%s: there is one class alone (%s); two or more are needed to tell apart",
                    collection->name, names[0].raw);
    if (classes > COLLECTION_MOST_CLASSES)
        return fail(OCELLUS_BAD_CONTENT, "%s: %zu classes (expected at most %d)", collection->name, classes,
                    COLLECTION_MOST_CLASSES);
    return OCELLUS_OK;
}

/* Half of the file systems would take the two for one. */
static ocellus_status refuse_capitals(const struct collection *collection, const struct class_name *names,
                                      size_t classes) {
    struct class_name *folded = memory_allocate(classes, sizeof *folded);
    if (!folded) return OCELLUS_IO;
    memcpy(folded, names, classes * sizeof *folded);
    qsort(folded, classes, sizeof *folded, compare_classes_folded);
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 1; i < classes && status == OCELLUS_OK; i++)
        if (text_compare_letters(folded[i - 1].raw, folded[i].raw) == 0)
            status = fail(OCELLUS_BAD_CONTENT, "%s: the classes %s and %s differ by capitals only; give them one name",
                          collection->name, folded[i - 1].raw, folded[i].raw);
    memory_free(folded);
    return status;
}

/* As they may be shown, and still each another. */
static ocellus_status show_classes(struct collection *collection, const struct class_name *names, size_t classes) {
    collection->class_names = memory_allocate(classes, sizeof *collection->class_names);
    if (!collection->class_names) return OCELLUS_IO;
    collection->classes = classes;
    for (size_t i = 0; i < classes; i++) {
        const size_t size = 4 * strlen(names[i].raw) + 1;
        collection->class_names[i] = memory_allocate(size, 1);
        if (!collection->class_names[i]) return OCELLUS_IO;
        utf8_escape(names[i].raw, collection->class_names[i], size);
    }
    return OCELLUS_OK;
}

static void give_labels(struct collection *collection, const struct class_name *names, enum collection_order order) {
    size_t known_offset = SIZE_MAX;
    uint16_t known = 0; /* files of a class often follow each other */
    for (size_t i = 0; i < collection->count; i++) {
        struct collection_entry *entry = &collection->entries[i];
        if (entry->class_name != known_offset) {
            struct class_name key = {.raw = collection->texts.bytes + entry->class_name};
            if (order == COLLECTION_BY_NUMBER) text_to_unsigned(key.raw, &key.number);
            const struct class_name *found = bsearch(&key, names, collection->classes, sizeof *names, compare_classes);
            known = (uint16_t)(found - names);
            known_offset = entry->class_name;
        }
        entry->label = known;
    }
}

static ocellus_status find_classes(struct collection *collection, struct class_name *names,
                                   enum collection_order order) {
    size_t count = 0, classes;
    for (size_t i = 0; i < collection->count; i++) {
        if (i > 0 && collection->entries[i].class_name == collection->entries[i - 1].class_name) continue;
        names[count] = (struct class_name){.raw = collection->texts.bytes + collection->entries[i].class_name};
        if (order == COLLECTION_BY_NUMBER && !text_to_unsigned(names[count].raw, &names[count].number))
            return fail(OCELLUS_BAD_CONTENT, "%s: a class is no number (%s)", collection->name, names[count].raw);
        count++;
    }
    keep_each_once(names, count, &classes);
    TRY(refuse_few_or_many(collection, names, classes));
    TRY(refuse_capitals(collection, names, classes));
    TRY(show_classes(collection, names, classes));
    give_labels(collection, names, order);
    return OCELLUS_OK;
}

static ocellus_status find_in_order(struct collection *collection, enum collection_order order) {
    if (collection->count == 0) return fail(OCELLUS_BAD_CONTENT, "%s: there are no pictures", collection->name);
    struct class_name *names = memory_allocate(collection->count, sizeof *names);
    if (!names) return OCELLUS_IO;
    const ocellus_status status = find_classes(collection, names, order);
    memory_free(names);
    return status;
}

ocellus_status collection_complete(struct collection *collection, enum collection_order order) {
    collection->order = (int)order;
    if (collection->count > 0)
        qsort_r(collection->entries, collection->count, sizeof *collection->entries, compare_paths,
                collection->texts.bytes);
    return find_in_order(collection, order);
}

ocellus_status collection_keep(struct collection *collection, const uint8_t *keep) {
    size_t kept = 0;
    for (size_t i = 0; i < collection->count; i++)
        if (keep[i]) collection->entries[kept++] = collection->entries[i];
    collection->count = kept;
    free_classes(collection);
    return find_in_order(collection, collection->order);
}
