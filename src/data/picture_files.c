/* SPDX-License-Identifier: MIT */
#include "data/picture_files.h"

#include "base/folders.h"
#include "base/memory.h"
#include "base/retry.h"
#include "base/text.h"
#include "data/image.h"
#include "data/image_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct picture_place {
    dev_t device;
    ino_t inode;
    bool taken;
};

struct walk {
    ocellus_status (*visit)(void *context, const struct picture_file *file);
    void *context;
    struct picture_places *places;
    const struct stat *apart;  /* a folder that is not looked into; NULL: none */
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

/* Where the place stands, or would. */
static struct picture_place *find_slot(const struct picture_places *places, dev_t device, ino_t inode) {
    const uint64_t mixed = ((uint64_t)inode ^ (uint64_t)device << 40) * 0x9e3779b97f4a7c15U;
    for (size_t i = (size_t)(mixed >> 32);; i++) {
        struct picture_place *slot = &places->slots[i & (places->capacity - 1)];
        if (!slot->taken || (slot->device == device && slot->inode == inode)) return slot;
    }
}

static ocellus_status make_room(struct picture_places *places) {
    struct picture_places larger = {.count = places->count, .capacity = places->capacity ? 2 * places->capacity : 64};
    if (2 * (places->count + 1) <= places->capacity) return OCELLUS_OK;
    larger.slots = memory_allocate(larger.capacity, sizeof *larger.slots);
    if (!larger.slots) return OCELLUS_IO;
    for (size_t i = 0; i < places->capacity; i++) {
        const struct picture_place *slot = &places->slots[i];
        if (slot->taken) *find_slot(&larger, slot->device, slot->inode) = *slot;
    }
    memory_free(places->slots);
    *places = larger;
    return OCELLUS_OK;
}

static ocellus_status add_place(struct picture_places *places, const struct stat *about, bool *known) {
    TRY(make_room(places));
    struct picture_place *slot = find_slot(places, about->st_dev, about->st_ino);
    *known = slot->taken;
    if (!*known) places->count++;
    *slot = (struct picture_place){about->st_dev, about->st_ino, true};
    return OCELLUS_OK;
}

ocellus_status picture_places_add(struct picture_places *places, const char *path, bool *known) {
    struct stat about;
    if (RETRY(stat(path, &about)) != 0) return fail_errno(errno, "%s: cannot be opened", path);
    if (!S_ISDIR(about.st_mode)) return fail(OCELLUS_IO, "%s: is no folder", path);
    return add_place(places, &about, known);
}

void picture_places_free(struct picture_places *places) {
    memory_free(places->slots);
    *places = (struct picture_places){0};
}

static ocellus_status visit_entry(struct walk *walk, size_t length, const char *name);

/* The folder at walk->path, whose length is given. */
static ocellus_status visit_folder(struct walk *walk, size_t length) {
    char **names = NULL;
    size_t count = 0;
    ocellus_status status = folder_names(walk->path, &names, &count);
    if (status != OCELLUS_OK) return visit_failed(walk, walk->path, status);
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        status = visit_entry(walk, length, names[i]);
        walk->path[length] = '\0';
    }
    names_free(names);
    return status;
}

static bool is_apart(const struct walk *walk, const struct stat *about) {
    return walk->apart && walk->apart->st_dev == about->st_dev && walk->apart->st_ino == about->st_ino;
}

/* The same of one that was met on the way. */
static ocellus_status visit_folder_once(struct walk *walk, size_t length, const struct stat *about) {
    bool repeated;
    if (is_apart(walk, about)) return OCELLUS_OK;
    TRY(add_place(walk->places, about, &repeated));
    if (!repeated) return visit_folder(walk, length);
    return walk->visit(walk->context, &(struct picture_file){.path = walk->path, .repeated = true});
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
    if (name[0] == '.') return visit_file(walk, false); /* a folder too */
    if (RETRY(stat(walk->path, &about)) == 0)
        return S_ISDIR(about.st_mode) ? visit_folder_once(walk, longer, &about)
                                      : visit_file(walk, S_ISREG(about.st_mode));
    return visit_failed(walk, walk->path, fail_errno(errno, "%s: cannot be opened", walk->path));
}

ocellus_status picture_files_each(const char *path, const char *apart, struct picture_places *places,
                                  ocellus_status (*visit)(void *context, const struct picture_file *file),
                                  void *context) {
    struct stat about;
    size_t length = strlen(path);
    const bool there = length < FILE_PATH_SIZE && RETRY(stat(path, &about)) == 0;
    if (!there && length < FILE_PATH_SIZE && errno != ENOENT && errno != ENOTDIR) { /* perhaps a folder */
        const ocellus_status status = fail_errno(errno, "%s: cannot be opened", path);
        return visit(context, &(struct picture_file){.path = path, .status = status});
    }
    if (!there || !S_ISDIR(about.st_mode)) return visit(context, &(struct picture_file){.path = path});
    struct stat about_apart;
    struct picture_places own = {0};
    struct walk walk = {.visit = visit, .context = context, .places = places ? places : &own};
    memcpy(walk.path, path, length + 1);
    if (apart && RETRY(stat(apart, &about_apart)) == 0) walk.apart = &about_apart;
    if (is_apart(&walk, &about)) return OCELLUS_OK;
    bool known;
    ocellus_status status = add_place(walk.places, &about, &known);
    if (status == OCELLUS_OK) status = visit_folder(&walk, length);
    picture_places_free(&own);
    return status;
}
