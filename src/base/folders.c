/* SPDX-License-Identifier: MIT */
/* Paths and folders. */
#include "base/folders.h"

#include "base/memory.h"
#include "base/retry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

ocellus_status path_join(char out[FILE_PATH_SIZE], const char *a, const char *b) {
    size_t length = strlen(a);
    bool alone = length == 0 || b[0] == '/';
    const char *slash = alone || a[length - 1] == '/' ? "" : "/";
    int size = snprintf(out, FILE_PATH_SIZE, "%s%s%s", alone ? "" : a, slash, b);
    if (size >= 0 && size < FILE_PATH_SIZE) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%.80s...: the path is too long (expected fewer than %d bytes)", alone ? b : a,
                FILE_PATH_SIZE);
}

ocellus_status path_look(const char *path, enum path_kind *kind) {
    struct stat about;
    *kind = PATH_NONE;
    if (RETRY(stat(path, &about)) == 0) *kind = S_ISDIR(about.st_mode) ? PATH_FOLDER : PATH_FILE;
    else if (errno != ENOENT && errno != ENOTDIR) return fail_errno(errno, "%s: cannot be looked at", path);
    return OCELLUS_OK;
}

ocellus_status path_inside(char out[FILE_PATH_SIZE], const char *folder, const char *name) {
    struct stat about;
    TRY(path_join(out, folder, name));
    for (char *end = out + strlen(out) - strlen(name); *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char kept = *end;
        *end = '\0';
        if (lstat(out, &about) == 0 && S_ISLNK(about.st_mode))
            return fail(OCELLUS_USAGE, "%s: is a symbolic link (expected one of the folder's own files)", out);
        *end = kept;
    }
    return OCELLUS_OK;
}

bool path_exists(const char *path) {
    return RETRY(access(path, F_OK)) == 0;
}

bool path_is_folder(const char *path) {
    struct stat about;
    return RETRY(stat(path, &about)) == 0 && S_ISDIR(about.st_mode);
}

const char *path_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static ocellus_status make_one(const char *path) {
    if (RETRY(mkdir(path, 0777)) == 0) return OCELLUS_OK;
    int error = errno;
    if (path_is_folder(path)) return OCELLUS_OK;
    return fail_errno(error, "%s: cannot make the folder", path);
}

ocellus_status folder_make(const char *path) {
    char part[FILE_PATH_SIZE];
    TRY(path_join(part, "", path));
    if (!*path) return fail(OCELLUS_USAGE, "\"\": is no name of a folder");
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        TRY(make_one(part));
        *slash = '/';
    }
    return make_one(part);
}

static ocellus_status empty_folder(int parent, const char *name, const char *path);

/* `name` in the folder `parent`; `path` is for messages: of the folder that was asked for. */
static ocellus_status remove_entry(int parent, const char *name, const char *path) {
    if (RETRY(unlinkat(parent, name, 0)) == 0) return OCELLUS_OK;
    /* Linux says EISDIR for a folder; POSIX allows EPERM. */
    if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "%s: cannot remove %s", path, name);
    TRY(empty_folder(parent, name, path));
    if (RETRY(unlinkat(parent, name, AT_REMOVEDIR)) == 0) return OCELLUS_OK;
    return fail_errno(errno, "%s: cannot remove %s", path, name);
}

static ocellus_status empty_folder(int parent, const char *name, const char *path) {
    int file = RETRY(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (file < 0) return fail_errno(errno, "%s: cannot remove %s", path, name);
    DIR *folder = fdopendir(file);
    if (!folder) {
        int error = errno;
        close(file);
        return fail_errno(error, "%s: cannot remove %s", path, name);
    }
    ocellus_status status = OCELLUS_OK;
    struct dirent *entry;
    while (status == OCELLUS_OK && (errno = 0, entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        status = remove_entry(file, entry->d_name, path);
    }
    if (status == OCELLUS_OK && errno) status = fail_errno(errno, "%s: cannot remove %s", path, name);
    closedir(folder);
    return status;
}

ocellus_status folder_remove(const char *path) {
    char bare[FILE_PATH_SIZE];
    TRY(path_join(bare, "", path));
    /* A slash at the end would have a link followed. */
    for (size_t end = strlen(bare); end > 1 && bare[end - 1] == '/'; end--)
        bare[end - 1] = '\0';
    TRY(empty_folder(AT_FDCWD, bare, bare));
    return RETRY(rmdir(bare)) == 0 ? OCELLUS_OK : fail_errno(errno, "%s: cannot be removed", bare);
}

static const char temporary_begin[] = ".ocellus-", temporary_end[] = ".tmp";

bool path_is_temporary(const char *name) {
    size_t length = strlen(name), end = sizeof temporary_end - 1;
    return strncmp(name, temporary_begin, sizeof temporary_begin - 1) == 0 && length > end &&
           strcmp(name + length - end, temporary_end) == 0;
}

ocellus_status folder_make_temporary(const char *parent, char path[FILE_PATH_SIZE], int *lock) {
    char name[64];
    int error = EEXIST;
    for (unsigned i = 0; error == EEXIST; i++) {
        snprintf(name, sizeof name, "%s%ld-folder-%u%s", temporary_begin, (long)getpid(), i, temporary_end);
        TRY(path_join(path, parent, name));
        error = mkdir(path, 0700) == 0 ? 0 : errno;
    }
    if (error) return fail_errno(error, "%s: cannot make a folder in it", parent);
    *lock = RETRY(open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (*lock >= 0) (void)!RETRY(flock(*lock, LOCK_EX | LOCK_NB));
    return OCELLUS_OK;
}

/* Removes it unless its maker holds its lock, which the kernel gives back however a process ends. */
static ocellus_status sweep_one(int folder, const char *name, const char *path) {
    struct stat about;
    if (RETRY(fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW)) != 0)
        return errno == ENOENT ? OCELLUS_OK : fail_errno(errno, "%s/%s: cannot be looked at", path, name);
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return OCELLUS_OK;
    int way = S_ISDIR(about.st_mode) ? O_RDONLY | O_DIRECTORY : O_RDWR;
    int file = RETRY(openat(folder, name, way | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file < 0) return errno == ENOENT ? OCELLUS_OK : fail_errno(errno, "%s/%s: cannot be opened", path, name);
    ocellus_status status = OCELLUS_OK;
    if (RETRY(flock(file, LOCK_EX | LOCK_NB)) == 0) status = remove_entry(folder, name, path);
    else if (errno != EWOULDBLOCK) status = fail_errno(errno, "%s/%s: cannot be locked", path, name);
    close(file);
    return status;
}

ocellus_status temporaries_sweep(const char *path) {
    char **names = NULL;
    size_t count = 0;
    TRY(folder_names(path, &names, &count));
    ocellus_status status = OCELLUS_OK;
    int folder = RETRY(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder < 0) status = fail_errno(errno, "%s: cannot be opened", path);
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++)
        if (path_is_temporary(names[i])) status = sweep_one(folder, names[i], path);
    if (folder >= 0) close(folder);
    names_free(names);
    return status;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static ocellus_status collect_names(const char *path, DIR *folder, char ***names, size_t *count) {
    size_t capacity = 0;
    struct dirent *entry;
    while ((errno = 0, entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        TRY(memory_grow((void **)names, &capacity, *count + 2, sizeof **names));
        (*names)[*count] = strdup(entry->d_name);
        if (!(*names)[*count]) return fail(OCELLUS_IO, "%s: no memory for the names in it", path);
        (*names)[++*count] = NULL;
    }
    if (errno) return fail_errno(errno, "%s: cannot be read", path);
    return memory_grow((void **)names, &capacity, *count + 1, sizeof **names);
}

ocellus_status folder_names(const char *path, char ***names, size_t *count) {
    int file = RETRY(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR *folder = file < 0 ? NULL : fdopendir(file);
    if (!folder) {
        int error = errno;
        if (file >= 0) close(file);
        return fail_errno(error, "%s: cannot be opened", path);
    }
    char **collected = NULL;
    size_t collected_count = 0;
    ocellus_status status = collect_names(path, folder, &collected, &collected_count);
    closedir(folder);
    if (status != OCELLUS_OK) {
        names_free(collected);
        return status;
    }
    collected[collected_count] = NULL;
    qsort(collected, collected_count, sizeof *collected, compare_names);
    *names = collected;
    *count = collected_count;
    return OCELLUS_OK;
}

void names_free(char **names) {
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
}

ocellus_status folder_cache(char out[FILE_PATH_SIZE]) {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    /* The XDG specification has relative paths ignored. */
    if (cache && cache[0] == '/') TRY(path_join(out, cache, "ocellus"));
    else if (home && home[0] == '/') TRY(path_join(out, home, ".cache/ocellus"));
    else return fail(OCELLUS_USAGE, "no cache folder: neither XDG_CACHE_HOME nor HOME is an absolute path");
    return folder_make(out);
}
