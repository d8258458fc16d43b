/* SPDX-License-Identifier: MIT */
/* The picture files that a path stands for. */
#ifndef DATA_PICTURE_FILES_H
#define DATA_PICTURE_FILES_H

#include "base/files.h"

/* What was met on the way. Which of the last three members is set says what is to be done with it; none: classify it. */
struct picture_file {
    const char *path;
    ocellus_status status;   /* of what could not be looked into; the kept message says why */
    const char *passed_over; /* a file that is no picture: its kind ("text"), for a count */
    bool repeated;           /* a folder that was read already: a link leads back to it */
    const char *unsupported; /* beside "classify it", which will fail: the kind of what is in a folder under a picture's
                                name or form, for a count; else NULL */
};

/* Folders, by what they are and not by their names: {0} before the first; free with picture_places_free(). */
struct picture_places {
    struct picture_place *slots; /* [capacity], a power of two, at most half of them taken */
    size_t count, capacity;
};
/* *known: the folder was there already. OCELLUS_IO where `path` cannot be looked at, or is no folder. */
ocellus_status picture_places_add(struct picture_places *places, const char *path, bool *known);
void picture_places_free(struct picture_places *places);

/* Visits the file `path`, or the files of a folder in byte order, and those of the folders in it, each folder once however
 * many links lead to it. Contents decide, not names, about files in a folder: PNG and JPEG are to be classified; so are
 * pictures of other forms and whatever has a picture's name, so that their fault is told; other files and hidden ones (a
 * name that starts with a dot; a folder with all in it) are passed over. What cannot be read is visited with its status and the rest goes on; only
 * a visit that fails ends the walk, with its status. The folder `apart` (NULL: none), where results are written, is not
 * looked into. `places` (NULL: none) are folders that were read elsewhere; those that
 * are read here join them, but for `path` itself, which is read in any case. */
ocellus_status picture_files_each(const char *path, const char *apart, struct picture_places *places,
                                  ocellus_status (*visit)(void *context, const struct picture_file *file),
                                  void *context);

#endif
