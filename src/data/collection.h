/* SPDX-License-Identifier: MIT */
/* Picture files with their classes: what a folder or a list says there is, before any is opened. */
#ifndef DATA_COLLECTION_H
#define DATA_COLLECTION_H

#include "base/folders.h"
#include "base/text.h"

#include <stdint.h>

/* What a picture is for. */
enum picture_part { PICTURE_PART_NONE, PICTURE_PART_TRAIN, PICTURE_PART_VALIDATION, PICTURE_PART_TEST, PICTURE_PARTS };
/* "" for none, "train", "validation", "test": in files and messages. */
extern const char *const picture_part_names[PICTURE_PARTS];
/* Also "training", "val", "valid", "testing", in capitals too: as people call folders. False for another word. */
bool picture_part_from_name(const char *name, enum picture_part *part);

/* One picture. The texts are offsets in the collection's `texts`; 0 is "". */
struct collection_entry {
    size_t path; /* relative to the root */
    size_t class_name, group;
    uint32_t line;  /* of a list, from 1 */
    uint16_t label; /* the place of its class; known once the collection is complete */
    uint8_t given;  /* enum picture_part: what folder or list says it is for */
};

/* How classes are put in order: by their bytes, or by their numbers, which they must all be. */
enum collection_order { COLLECTION_BY_BYTES, COLLECTION_BY_NUMBER };

/* Files that were met and are no pictures, by kind. */
struct collection_junk {
    const char *kind; /* "text", "hidden"; static */
    size_t count;
};

enum { COLLECTION_MOST_JUNK = 64, COLLECTION_MOST_CLASSES = UINT16_MAX + 1, COLLECTION_NAME_SIZE = 128 };

struct collection {
    char name[COLLECTION_NAME_SIZE]; /* for people and records: the folder's or the list's, without its path */
    char root[FILE_PATH_SIZE];       /* where paths begin */
    struct collection_entry *entries;
    size_t count, capacity;
    struct text texts;
    enum collection_order order; /* once it is complete */
    size_t classes;
    char **class_names; /* [classes], as they may be shown: valid UTF-8 in one line */
    struct collection_junk junk[COLLECTION_MOST_JUNK];
    size_t junk_kinds;
};

/* {0} is empty. Named after `path`: the last part of it, or of what it leads to where that is "." or "..". */
ocellus_status collection_set_name(struct collection *collection, const char *path);
/* Keeps a text and gives its offset. */
ocellus_status collection_add_text(struct collection *collection, const char *text, size_t *offset);
ocellus_status collection_add(struct collection *collection, const struct collection_entry *entry);
void collection_count_junk(struct collection *collection, const char *kind); /* `kind` must stay valid */

/* When all is added: puts entries in the order of their paths' bytes, finds the classes and gives each entry its label.
 * OCELLUS_BAD_CONTENT without pictures, with one class alone, with more than COLLECTION_MOST_CLASSES, or with two whose names
 * differ by capitals only. */
ocellus_status collection_complete(struct collection *collection, enum collection_order order);
/* Of a complete one: leaves the entries out that are not marked in keep[count], and the classes that have none then. */
ocellus_status collection_keep(struct collection *collection, const uint8_t *keep);
void collection_free(struct collection *collection);

/* OCELLUS_BAD_CONTENT, naming the line of `source`, for a path that is empty, absolute or too long. */
ocellus_status collection_check_path(const char *path, const char *source, size_t line);

const char *collection_path(const struct collection *collection, size_t entry);
const char *collection_group(const struct collection *collection, size_t entry); /* "" without */
/* The place of the entry with that path; SIZE_MAX where there is none. The collection must be complete. */
size_t collection_find(const struct collection *collection, const char *path);

#endif
