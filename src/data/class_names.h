/* SPDX-License-Identifier: MIT */
/* Names of classes from a text file beside the data, a line a class. */
#ifndef DATA_CLASS_NAMES_H
#define DATA_CLASS_NAMES_H

#include "data/data_parts.h"

enum { CLASS_NAME_SIZE = 65 };

struct class_names {
    char (*of)[CLASS_NAME_SIZE]; /* [room]; free with class_names_free() */
    size_t count, room;
};
/* Room for as many names as there may be, and no name yet. */
ocellus_status class_names_create(size_t room, struct class_names *names);
void class_names_free(struct class_names *names);

/* Takes the lines of FOLDER/FILE when it is there and sound: UTF-8, each name once, at most 64 bytes, no more lines than there is
 * room for and at least one for each of the `used` classes. Else there are no names; the log says why. */
ocellus_status class_names_read(struct class_names *names, const char *folder, const char *file, size_t used);
/* Calls what has no name by its number, so that there are `classes` names. */
void class_names_number(struct class_names *names, size_t classes);
/* One more than the highest label. */
size_t class_names_used(const struct source *source);
/* Gives a source its classes and their names. */
ocellus_status class_names_set(const struct class_names *names, struct source *source);

/* Both parts at once: named after the folder, and their classes by FOLDER/FILE or number: as many as the file has lines, at least
 * those in use and `least`; at most `most`. */
ocellus_status class_names_give(const char *folder, const char *file, const char *layout, size_t least, size_t most,
                                struct data_parts *parts);

/* What data is called by the folder it lies in: "photos (CIFAR-10's layout)"; its own name, not the way to it. */
void data_name_after_folder(const char *folder, const char *layout, char name[SOURCE_NAME_SIZE]);

#endif
