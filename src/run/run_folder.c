/* SPDX-License-Identifier: MIT */
/* Making, finding and locking a run's folder. The lock is an flock on the file `lock`: the kernel gives it back however
 * the process ends, so a stale file never blocks anybody. */
#include "run/run_folder.h"

#include "base/file_kind.h"
#include "base/folders.h"
#include "base/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

ocellus_status run_folder_default(const char *model, char out[FILE_PATH_SIZE]) {
    time_t now = time(NULL);
    struct tm local;
    char stamp[32];
    if (!localtime_r(&now, &local) || strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local) == 0) {
        return fail(OCELLUS_ERROR, "run folder: cannot tell the date");
    }
    TRY(folder_make("runs"));
    for (unsigned count = 1;; count++) {
        char number[16] = "";
        if (count > 1) snprintf(number, sizeof number, "-%u", count);
        int length = snprintf(out, FILE_PATH_SIZE, "runs/%s-%s%s", model, stamp, number);
        if (length < 0 || length >= FILE_PATH_SIZE)
            return fail(OCELLUS_USAGE, "run folder: name of the model is too long");
        /* Made at once: of several that begin within a second, each gets its own. */
        if (mkdir(out, 0777) == 0) return OCELLUS_OK;
        if (errno != EEXIST) return fail_errno(errno, "%s: cannot make the run folder", out);
    }
}

ocellus_status run_folder_file(const struct run_folder *run, const char *name, char out[FILE_PATH_SIZE]) {
    return path_inside(out, run->path, name);
}

bool run_folder_is_run(const char *path) {
    char recipe[FILE_PATH_SIZE];
    return path_join(recipe, path, RUN_RECIPE) == OCELLUS_OK && path_exists(recipe);
}

/* The longest name below a run folder, with the slash before it: a temporary file in checkpoint/. */
enum { LONGEST_NAME = sizeof "/" RUN_CHECKPOINTS "/" + FILE_TEMPORARY_SIZE };

/* Stores the path without slashes at its end. A run must not find out at its first save that its names do not fit. */
static ocellus_status set_path(struct run_folder *run, const char *path) {
    run->lock = -1;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length == 0) return fail(OCELLUS_USAGE, "run folder: empty path");
    if (length + LONGEST_NAME > FILE_PATH_SIZE)
        return fail(OCELLUS_USAGE,
                    "%.80s...: the path of a run folder is too long (expected at most %d bytes, got %zu)", path,
                    FILE_PATH_SIZE - LONGEST_NAME, length);
    memcpy(run->path, path, length);
    run->path[length] = '\0';
    return OCELLUS_OK;
}

static ocellus_status fail_in_use(const struct run_folder *run, int lock) {
    char holder[32] = "";
    ssize_t got = RETRY(pread(lock, holder, sizeof holder - 1, 0));
    uint64_t pid = 0;
    if (got > 0) holder[strcspn(holder, "\n")] = '\0';
    if (got > 0 && text_to_unsigned(holder, &pid)) {
        return fail(OCELLUS_IN_USE, "%s: run folder is in use by process %" PRIu64, run->path, pid);
    }
    return fail(OCELLUS_IN_USE, "%s: run folder is in use by another process", run->path);
}

static ocellus_status take_lock(struct run_folder *run) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(run, RUN_LOCK, path));
    int lock;
    TRY(file_open_in_place(path, O_RDWR, &lock));
    if (RETRY(flock(lock, LOCK_EX | LOCK_NB)) != 0) {
        int error = errno;
        ocellus_status status =
            error == EWOULDBLOCK ? fail_in_use(run, lock) : fail_errno(error, "%s: cannot lock", path);
        close(lock);
        return status;
    }
    char holder[32];
    int length = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
    if (RETRY(ftruncate(lock, 0)) != 0 || RETRY(pwrite(lock, holder, (size_t)length, 0)) != length) {
        ocellus_status status = fail_errno(errno, "%s: cannot write the lock", path);
        close(lock);
        return status;
    }
    run->lock = lock;
    return OCELLUS_OK;
}

/* What saves left that were killed, which may be as large as a checkpoint. */
static ocellus_status sweep(const struct run_folder *run) {
    static const char *const folders[] = {"", RUN_CHECKPOINTS, RUN_FIGURES};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[FILE_PATH_SIZE];
        TRY(run_folder_file(run, folders[i], path));
        enum path_kind kind;
        TRY(path_look(path, &kind));
        if (kind == PATH_FOLDER) TRY(temporaries_sweep(path));
    }
    return OCELLUS_OK;
}

static ocellus_status take_lock_and_sweep(struct run_folder *run) {
    TRY(take_lock(run));
    ocellus_status status = sweep(run);
    if (status != OCELLUS_OK) run_folder_close(run);
    return status;
}

ocellus_status run_folder_is_free(const char *path, bool *is_free) {
    /* What a training leaves that was ended before it wrote its recipe, with which a run begins. */
    static const char *const before[] = {RUN_LOCK,   RUN_LOG,      RUN_ENVIRONMENT, RUN_SUMMARY,
                                         RUN_CHOICE, RUN_PICTURES, RUN_ASIDE};
    struct stat about;
    *is_free = false;
    if (RETRY(lstat(path, &about)) != 0) {
        *is_free = errno == ENOENT;
        return *is_free ? OCELLUS_OK : fail_errno(errno, "%s: cannot be looked at", path);
    }
    char **names = NULL;
    size_t count = 0, known = 0;
    if (!S_ISDIR(about.st_mode)) return OCELLUS_OK;
    TRY(folder_names(path, &names, &count));
    for (size_t i = 0; i < count; i++) {
        bool is_known = path_is_temporary(names[i]);
        for (size_t k = 0; k < sizeof before / sizeof *before; k++)
            is_known = is_known || strcmp(names[i], before[k]) == 0;
        known += is_known;
    }
    names_free(names);
    *is_free = known == count;
    return OCELLUS_OK;
}

static ocellus_status fail_exists(const struct run_folder *run) {
    return fail(OCELLUS_USAGE, "%s: exists already (a run is never overwritten; resume it or choose another path)",
                run->path);
}

ocellus_status run_folder_create(struct run_folder *run, const char *path) {
    TRY(set_path(run, path));
    char parent[FILE_PATH_SIZE];
    memcpy(parent, run->path, sizeof parent);
    char *slash = strrchr(parent, '/');
    if (slash && slash != parent) {
        *slash = '\0';
        TRY(folder_make(parent));
    }
    if (RETRY(mkdir(run->path, 0777)) != 0 && errno != EEXIST)
        return fail_errno(errno, "%s: cannot make the run folder", run->path);
    /* The lock decides, so that of two processes that start at once only one gets the folder. */
    bool is_free;
    TRY(run_folder_is_free(run->path, &is_free));
    if (!is_free) return fail_exists(run);
    TRY(take_lock_and_sweep(run));
    ocellus_status status = run_folder_is_free(run->path, &is_free);
    if (status == OCELLUS_OK && !is_free) status = fail_exists(run);
    if (status != OCELLUS_OK) run_folder_close(run);
    return status;
}

/* Where a run is expected stands a file. A model file of a run is most likely meant for the run that it lies in. */
static ocellus_status fail_is_file(const char *path) {
    char folder[FILE_PATH_SIZE];
    size_t length = (size_t)(path_base_name(path) - path);
    memcpy(folder, path, length);
    folder[length > 1 ? length - 1 : length] = '\0'; /* without the slash */
    const char *run = length > 0 ? folder : ".";
    bool in_run = run_folder_is_run(run);
    struct file_kind kind;
    TRY(file_kind_read(path, &kind));
    return fail(OCELLUS_USAGE, "%s: is %s%s%s (expected a run folder%s%s%s)", path, kind.article,
                *kind.article ? " " : "", kind.name, in_run ? "; did you mean " : "", in_run ? run : "",
                in_run ? "?" : "");
}

ocellus_status run_folder_open(struct run_folder *run, const char *path) {
    TRY(set_path(run, path));
    enum path_kind kind;
    char recipe[FILE_PATH_SIZE];
    TRY(path_look(run->path, &kind));
    if (kind == PATH_NONE) return fail(OCELLUS_USAGE, "%s: no such run folder", run->path);
    if (kind != PATH_FOLDER) return fail_is_file(run->path);
    TRY(run_folder_file(run, RUN_RECIPE, recipe));
    TRY(path_look(recipe, &kind));
    if (kind != PATH_NONE) return OCELLUS_OK;
    TRY(run_folder_file(run, RUN_LOCK, recipe));
    bool is_free;
    TRY(run_folder_is_free(run->path, &is_free));
    if (path_exists(recipe) && is_free)
        return fail(OCELLUS_USAGE, "%s: not a run folder (no %s); its training ended before it began: begin it again",
                    run->path, RUN_RECIPE);
    struct file_kind folder;
    TRY(file_kind_read(run->path, &folder));
    return fail(OCELLUS_USAGE, "%s: not a run folder (%s %s, no %s)", run->path, folder.article, folder.name,
                RUN_RECIPE);
}

ocellus_status run_folder_open_locked(struct run_folder *run, const char *path) {
    TRY(run_folder_open(run, path));
    return take_lock_and_sweep(run);
}

void run_folder_close(struct run_folder *run) {
    if (run->lock < 0) return;
    /* Emptied, not removed: removing would let a third process lock a new file while a second one waits on this one. */
    (void)!RETRY(ftruncate(run->lock, 0));
    close(run->lock);
    run->lock = -1;
}
