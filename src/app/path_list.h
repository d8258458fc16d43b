/* SPDX-License-Identifier: MIT */
/* Paths read from a pipe, a terminal or a file, one after another. */
#ifndef APP_PATH_LIST_H
#define APP_PATH_LIST_H

#include "base/folders.h"
#include "inference/stop.h"

struct path_list {
    int file;                     /* a descriptor; 0: standard input */
    char end;                     /* what ends a path: '\n' or '\0' */
    const struct stop_flag *stop; /* asked while nothing comes; NULL: never */
    size_t used, size;            /* of what was read and not yet taken */
    char bytes[16 * 1024];
};

/* The next path that is not empty; *path is "" at the end. One that no path can be (longer than FILE_PATH_SIZE - 1, or with a
 * zero byte in a line) is OCELLUS_BAD_CONTENT, and the next call goes on after it. OCELLUS_IO: it cannot be read on. The flag's
 * status where it was asked to stop. */
ocellus_status path_list_next(struct path_list *list, char path[FILE_PATH_SIZE]);
/* Whether a whole path was read and not yet taken: the next call waits for nobody. */
bool path_list_has_next(const struct path_list *list);

#endif
