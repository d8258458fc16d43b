/* SPDX-License-Identifier: MIT */
#include "app/path_list.h"

#include "base/retry.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum {
    MILLISECONDS = 200
}; /* between looks at the flag: a signal that comes just before poll() would be slept through */

/* More bytes; list->size 0 at the end. */
static ocellus_status fill(struct path_list *list) {
    struct pollfd wait = {.fd = list->file, .events = POLLIN};
    list->used = list->size = 0;
    for (;;) {
        TRY(stop_requested(list->stop));
        if (poll(&wait, 1, MILLISECONDS) > 0) break;
    }
    ssize_t got = RETRY(read(list->file, list->bytes, sizeof list->bytes));
    if (got < 0) return fail_errno(errno, "the list of paths cannot be read");
    list->size = (size_t)got;
    return OCELLUS_OK;
}

/* The bytes up to the next end, or to the end of all (*ended); what does not fit is counted and lost. */
static ocellus_status take(struct path_list *list, char path[FILE_PATH_SIZE], size_t *size, bool *ended) {
    *size = 0;
    for (*ended = false;;) {
        if (list->used == list->size) TRY(fill(list));
        if (list->size == 0) return *ended = true, OCELLUS_OK;
        char byte = list->bytes[list->used++];
        if (byte == list->end) return OCELLUS_OK;
        if (*size < FILE_PATH_SIZE) path[*size] = byte;
        ++*size;
    }
}

bool path_list_has_next(const struct path_list *list) {
    return list->used < list->size && memchr(list->bytes + list->used, list->end, list->size - list->used);
}

ocellus_status path_list_next(struct path_list *list, char path[FILE_PATH_SIZE]) {
    size_t size = 0;
    for (bool ended = false; size == 0 && !ended;)
        TRY(take(list, path, &size, &ended));
    if (size >= FILE_PATH_SIZE) {
        path[32] = '\0';
        return fail(OCELLUS_BAD_CONTENT, "list of paths: %s...: is longer than a path (expected fewer than %d bytes)",
                    path, FILE_PATH_SIZE);
    }
    path[size] = '\0';
    if (strlen(path) < size)
        return fail(OCELLUS_BAD_CONTENT,
                    "list of paths: %s: is followed by a zero byte (paths that end with one: --null)", path);
    return OCELLUS_OK;
}
