/* SPDX-License-Identifier: MIT */
#include "data/feature_room.h"

#include "base/folders.h"
#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct kept {
    const char *name; /* of the listing */
    uint64_t bytes;
    struct timespec used;
};

static int compare_ages(const void *a, const void *b) {
    const struct kept *left = a, *right = b;
    if (left->used.tv_sec != right->used.tv_sec) return left->used.tv_sec < right->used.tv_sec ? -1 : 1;
    if (left->used.tv_nsec != right->used.tv_nsec) return left->used.tv_nsec < right->used.tv_nsec ? -1 : 1;
    return strcmp(left->name, right->name);
}

static bool is_feature_file(const char *name) {
    const size_t size = strlen(name), end = strlen(FEATURE_FILE_END);
    return size > end && strcmp(name + size - end, FEATURE_FILE_END) == 0;
}

/* Those that are regular files, the oldest first. */
static ocellus_status look(const char *folder, char *const *names, size_t count, struct kept *kept, size_t *found,
                           uint64_t *bytes) {
    *found = 0;
    *bytes = 0;
    for (size_t i = 0; i < count; i++) {
        char path[FILE_PATH_SIZE];
        struct stat about;
        if (!is_feature_file(names[i])) continue;
        TRY(path_join(path, folder, names[i]));
        if (lstat(path, &about) != 0 || !S_ISREG(about.st_mode)) continue; /* gone meanwhile, or not ours */
        kept[(*found)++] = (struct kept){names[i], (uint64_t)about.st_size, about.st_mtim};
        *bytes += (uint64_t)about.st_size;
    }
    if (*found > 0) qsort(kept, *found, sizeof *kept, compare_ages);
    return OCELLUS_OK;
}

static ocellus_status half_of_disk(const char *folder, uint64_t taken, uint64_t *most) {
    struct statvfs about;
    if (statvfs(folder, &about) != 0) return fail_errno(errno, "%s: cannot be looked at", folder);
    *most = ((uint64_t)about.f_bavail * about.f_frsize + taken) / 2;
    return OCELLUS_OK;
}

static ocellus_status remove_oldest(const char *folder, const struct kept *kept, size_t found, uint64_t bytes,
                                    uint64_t most) {
    for (size_t i = 0; i < found && bytes > most; i++) {
        char path[FILE_PATH_SIZE];
        TRY(path_join(path, folder, kept[i].name));
        if (unlink(path) != 0 && errno != ENOENT) return fail_errno(errno, "%s: cannot be removed", path);
        log_detail("%s: removed, for newer features", path);
        bytes -= kept[i].bytes;
    }
    return OCELLUS_OK;
}

ocellus_status feature_room_make(const char *folder, uint64_t bytes, uint64_t most) {
    char **names = NULL;
    size_t count = 0, found;
    uint64_t taken;
    TRY(temporaries_sweep(folder));
    TRY(folder_names(folder, &names, &count));
    struct kept *kept = memory_allocate(count + 1, sizeof *kept);
    ocellus_status status = kept ? look(folder, names, count, kept, &found, &taken) : OCELLUS_IO;
    if (status == OCELLUS_OK && most == 0) status = half_of_disk(folder, taken, &most);
    if (status == OCELLUS_OK && bytes <= most) status = remove_oldest(folder, kept, found, taken + bytes, most);
    memory_free(kept);
    names_free(names);
    return status;
}
