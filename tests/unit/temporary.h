/* SPDX-License-Identifier: MIT */
/* For tests: a folder of their own, and small files in it. */
#ifndef TESTS_UNIT_TEMPORARY_H
#define TESTS_UNIT_TEMPORARY_H

#include "base/files.h"
#include "base/folders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fixtures for cmocka: *state is the path of a new folder, removed with all in it by the teardown. */
static inline int temporary_setup(void **state) {
    const char *parent = getenv("TMPDIR");
    char *path = malloc(FILE_PATH_SIZE);
    if (!path) return -1;
    snprintf(path, FILE_PATH_SIZE, "%s/ocellus-test-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(path)) {
        free(path);
        return -1;
    }
    *state = path;
    return 0;
}

static inline int temporary_teardown(void **state) {
    ocellus_status status = folder_remove(*state);
    free(*state);
    return status == OCELLUS_OK ? 0 : -1;
}

/* folder/name in a buffer that the next call but three reuses. */
static inline const char *temporary_path(const char *folder, const char *name) {
    static char paths[4][FILE_PATH_SIZE];
    static unsigned next;
    char *path = paths[next++ % 4];
    return path_join(path, folder, name) == OCELLUS_OK ? path : NULL;
}

static inline int temporary_file(const char *path, const char *content) {
    FILE *stream = fopen(path, "w");
    if (!stream) return -1;
    fputs(content, stream);
    return fclose(stream);
}

#endif
