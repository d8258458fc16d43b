/* SPDX-License-Identifier: MIT */
/* Pictures sorted into a folder for each class. */
#ifndef APP_CLASS_FOLDERS_H
#define APP_CLASS_FOLDERS_H

#include "base/folders.h"
#include "model/graph.h"

/* DIR/CLASS/... A class's folder has its name where a folder can be called so; else "/" and what a terminal would obey are
 * "_" in it, a number is added where another class's folder is called the same, and a name too long is cut. */
struct class_folders {
    char path[FILE_PATH_SIZE];
    char **names;     /* [classes], owned */
    size_t *pictures; /* [classes] copied, owned */
    size_t classes;
};

/* Makes DIR where it is missing; the classes' own folders are made when the first picture comes. */
ocellus_status class_folders_open(struct class_folders *folders, const char *path, const struct graph *graph);
/* Copies a picture, whose name may be taken: see base/file_copy.h, also for *reading. */
ocellus_status class_folders_add(struct class_folders *folders, size_t class_index, const char *picture, bool *reading);
void class_folders_close(struct class_folders *folders);

#endif
