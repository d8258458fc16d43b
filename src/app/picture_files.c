/* SPDX-License-Identifier: MIT */
#include "app/picture_files.h"

#include "base/folders.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/image.h"
#include "data/image_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* A folder by what it is, not by its name. */
struct place {
    dev_t device;
    ino_t inode;
};

struct walk {
    ocellus_status (*visit)(void *context, const struct picture_file *file);
    void *context;
    struct place *seen; /* [count] folders */
    size_t count, capacity;
    char path[FILE_PATH_SIZE]; /* where the walk is: one for all levels, so that a level costs little stack */
};

static bool is_picture_name(const char *name) {
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    return false;
}

static ocellus_status visit_failed(struct walk *walk, const char *path, ocellus_status status) {
    return walk->visit(walk->context, &(struct picture_file){.path = path, .status = status});
}

/* The file at walk->path, met in a folder. */
static ocellus_status visit_file(struct walk *walk, bool regular) {
    const char *name = path_base_name(walk->path);
    struct picture_file file = {.path = walk->path};
    struct file_kind kind = {0};
    if (name[0] == '.') {
        file.passed_over = "hidden";
    } else if (!regular) {
        if (!is_picture_name(name)) file.passed_over = "device or pipe";
    } else {
        ocellus_status status = file_kind_read(walk->path, &kind);
        if (status != OCELLUS_OK) return visit_failed(walk, walk->path, status);
        const bool readable = image_is_readable(&kind);
        if (!readable && !kind.picture && !is_picture_name(name)) file.passed_over = kind.name;
        else if (!readable) file.unsupported = kind.name;
    }
    return walk->visit(walk->context, &file);
}

static ocellus_status remember(struct walk *walk, const struct stat *about, bool *repeated) {
    struct place place = {about->st_dev, about->st_ino};
    *repeated = false;
    for (size_t i = 0; i < walk->count && !*repeated; i++)
        *repeated = walk->seen[i].device == place.device && walk->seen[i].inode == place.inode;
    if (*repeated) return OCELLUS_OK;
    TRY(memory_grow((void **)&walk->seen, &walk->capacity, walk->count + 1, sizeof *walk->seen));
    walk->seen[walk->count++] = place;
    return OCELLUS_OK;
}

static ocellus_status visit_entry(struct walk *walk, size_t length, const char *name);

/* The folder at walk->path, whose length is given. */
static ocellus_status visit_folder(struct walk *walk, size_t length, const struct stat *about) {
    bool repeated;
    char **names = NULL;
    size_t count = 0;
    ocellus_status status = remember(walk, about, &repeated);
    if (status == OCELLUS_OK && repeated)
        return walk->visit(walk->context, &(struct picture_file){.path = walk->path, .repeated = true});
    if (status == OCELLUS_OK) status = folder_names(walk->path, &names, &count);
    if (status != OCELLUS_OK) return visit_failed(walk, walk->path, status);
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        status = visit_entry(walk, length, names[i]);
        walk->path[length] = '\0';
    }
    names_free(names);
    return status;
}

/* `name` in the folder that is the first `length` bytes of walk->path. */
static ocellus_status visit_entry(struct walk *walk, size_t length, const char *name) {
    const char *slash = length > 0 && walk->path[length - 1] == '/' ? "" : "/";
    size_t longer = length + strlen(slash) + strlen(name);
    if (longer >= FILE_PATH_SIZE) {
        struct text whole = {0};
        text_append(&whole, "%s%s%s", walk->path, slash, name);
        ocellus_status status = fail(OCELLUS_IO, "%s: the path is too long (expected fewer than %d bytes)",
                                     whole.failed ? name : whole.bytes, FILE_PATH_SIZE);
        status = visit_failed(walk, whole.failed ? name : whole.bytes, status);
        text_free(&whole);
        return status;
    }
    memcpy(walk->path + length, slash, strlen(slash));
    memcpy(walk->path + longer - strlen(name), name, strlen(name) + 1);
    struct stat about;
    if (stat(walk->path, &about) == 0)
        return S_ISDIR(about.st_mode) ? visit_folder(walk, longer, &about) : visit_file(walk, S_ISREG(about.st_mode));
    if (name[0] == '.') return visit_file(walk, false);
    return visit_failed(walk, walk->path, fail_errno(errno, "%s: cannot be opened", walk->path));
}

ocellus_status picture_files_each(const char *path,
                                  ocellus_status (*visit)(void *context, const struct picture_file *file),
                                  void *context) {
    struct stat about;
    size_t length = strlen(path);
    if (length >= FILE_PATH_SIZE || stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return visit(context, &(struct picture_file){.path = path});
    struct walk walk = {.visit = visit, .context = context};
    memcpy(walk.path, path, length + 1);
    ocellus_status status = visit_folder(&walk, length, &about);
    free(walk.seen);
    return status;
}
