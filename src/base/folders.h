/* SPDX-License-Identifier: MIT */
/* Paths and folders. */
#ifndef BASE_FOLDERS_H
#define BASE_FOLDERS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { FILE_PATH_SIZE = 4096 };

/* out = a + "/" + b (b alone when it is absolute or a is ""). OCELLUS_USAGE when it does not fit in FILE_PATH_SIZE. */
ocellus_status path_join(char out[FILE_PATH_SIZE], const char *a, const char *b);
/* The same for a file of a folder that may come from anywhere: OCELLUS_USAGE where a part of `name` is a symbolic link, which
 * may lead out of the folder. */
ocellus_status path_inside(char out[FILE_PATH_SIZE], const char *folder, const char *name);
/* What there is of that name, links followed. Fails where that cannot be told: no permission, a broken disk, no memory. */
enum path_kind { PATH_NONE, PATH_FOLDER, PATH_FILE }; /* a device or pipe counts as PATH_FILE */
ocellus_status path_look(const char *path, enum path_kind *kind);
/* The same where failing and absent come to the same: for hints and messages, never to decide what a run holds. */
bool path_exists(const char *path);
bool path_is_folder(const char *path);
/* The part after the last slash; points into path. */
const char *path_base_name(const char *path);
/* mkdir -p. */
ocellus_status folder_make(const char *path);
/* Removes a folder and all in it, never following links. */
ocellus_status folder_remove(const char *path);
/* The names in a folder in byte order, without "." and "..", as a NULL-terminated array; free with names_free(). */
ocellus_status folder_names(const char *path, char ***names, size_t *count);
void names_free(char **names);
/* A new folder in `parent` for work that is thrown away, told from what a killed process left as file_write()'s temporary
 * files are; `lock` is to be closed after folder_remove(). */
ocellus_status folder_make_temporary(const char *parent, char path[FILE_PATH_SIZE], int *lock);
/* Whether a name is that of such a folder or of a temporary file of file_write(). */
bool path_is_temporary(const char *name);
/* Removes those in `folder` whose process does not live any more. */
ocellus_status temporaries_sweep(const char *folder);
/* $XDG_CACHE_HOME/ocellus, else ~/.cache/ocellus; made when missing. */
ocellus_status folder_cache(char out[FILE_PATH_SIZE]);

#endif
