/* SPDX-License-Identifier: MIT */
/* The limits of control groups. A file that is not there means no limit, so nothing here fails. */
#include "base/cgroup.h"

#include "base/files.h"
#include "base/folders.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first line of mount/group/name in `line`; false when there is none. */
static bool read_setting(const char *folder, const char *name, char line[64]) {
    char path[FILE_PATH_SIZE];
    if (path_join(path, folder, name) != OCELLUS_OK) return false;
    FILE *stream = fopen(path, "re");
    if (!stream) return false;
    bool found = fgets(line, 64, stream) != NULL;
    fclose(stream);
    return found;
}

/* Processors of one group. Both numbers are microseconds; 0 where the folder sets no limit. */
static size_t folder_processors(const char *folder) {
    char line[64];
    long long quota = 0, period = 0;
    if (read_setting(folder, "cpu.max", line)) {
        if (sscanf(line, "%lld %lld", &quota, &period) != 2) return 0; /* "max 100000" */
    } else {
        if (!read_setting(folder, "cpu.cfs_quota_us", line) || sscanf(line, "%lld", &quota) != 1) return 0;
        if (!read_setting(folder, "cpu.cfs_period_us", line) || sscanf(line, "%lld", &period) != 1) return 0;
    }
    if (quota <= 0 || period <= 0) return 0; /* v1 says -1 for no limit */
    return (size_t)(quota / period + (quota % period != 0));
}

static bool read_bytes(const char *folder, const char *name, unsigned long long *bytes) {
    char line[64];
    return read_setting(folder, name, line) && sscanf(line, "%llu", bytes) == 1; /* "max" is no number */
}

/* Cached files that nobody has used of late: the kernel counts them as used, and gives them away when asked. */
static unsigned long long idle_cache(const char *folder) {
    char path[FILE_PATH_SIZE], line[128];
    unsigned long long idle = 0, all = 0;
    if (path_join(path, folder, "memory.stat") != OCELLUS_OK) return 0;
    FILE *stream = fopen(path, "re");
    while (stream && fgets(line, sizeof line, stream)) {
        (void)!sscanf(line, "inactive_file %llu", &idle);
        (void)!sscanf(line, "total_inactive_file %llu", &all); /* version 1: of the groups below too */
    }
    if (stream) fclose(stream);
    return all > idle ? all : idle;
}

/* Bytes that one group may still take, at least 1; 0 where the folder sets no limit. */
static size_t folder_memory(const char *folder) {
    unsigned long long limit, used;
    bool known = read_bytes(folder, "memory.max", &limit) && read_bytes(folder, "memory.current", &used);
    known = known ||
            (read_bytes(folder, "memory.limit_in_bytes", &limit) && read_bytes(folder, "memory.usage_in_bytes", &used));
    if (!known || limit >= SIZE_MAX / 4) return 0; /* v1 says so for no limit */
    const unsigned long long idle = idle_cache(folder);
    used = used > idle ? used - idle : 0;
    return limit > used ? (size_t)(limit - used) : 1;
}

static size_t tighter(size_t a, size_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The group's folder and each one above it up to the mount. In a container the group's own path may not be visible
 * below the mount, whose root then is that group: so missing folders are passed over. */
static size_t hierarchy_limit(const char *mount, const char *group, size_t (*folder_limit)(const char *folder)) {
    char folder[FILE_PATH_SIZE];
    if (path_join(folder, mount, group + strspn(group, "/")) != OCELLUS_OK) return 0;
    size_t limit = 0, mount_length = strlen(mount);
    for (;;) {
        limit = tighter(limit, folder_limit(folder));
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < mount_length) return limit;
        *slash = '\0';
    }
}

/* Whether "cpu", say, is among "cpu,cpuacct". */
static bool is_among(char *controllers, const char *controller) {
    char *rest = NULL;
    for (char *name = strtok_r(controllers, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
        if (strcmp(name, controller) == 0) return true;
    return false;
}

/* The tightest limit of this process's groups and all above them; 0 without one. */
static size_t find_limit(const char *membership, const char *mount, const char *controller,
                         size_t (*folder_limit)(const char *folder)) {
    FILE *stream = fopen(membership, "re");
    if (!stream) return 0;
    char line[FILE_PATH_SIZE + 128], folder[FILE_PATH_SIZE];
    size_t limit = 0;
    /* "0::/group" is version 2; "4:cpu,cpuacct:/group" is version 1. */
    while (fgets(line, sizeof line, stream)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = '\0';
        controllers++;
        if (!*controllers) {
            limit = tighter(limit, hierarchy_limit(mount, group, folder_limit));
            if (path_join(folder, mount, "unified") == OCELLUS_OK)
                limit = tighter(limit, hierarchy_limit(folder, group, folder_limit));
        } else if (is_among(controllers, controller) && path_join(folder, mount, controller) == OCELLUS_OK) {
            limit = tighter(limit, hierarchy_limit(folder, group, folder_limit));
        }
    }
    fclose(stream);
    return limit;
}

size_t cgroup_processors(const char *membership, const char *mount) {
    return find_limit(membership, mount, "cpu", folder_processors);
}

size_t cgroup_memory(const char *membership, const char *mount) {
    return find_limit(membership, mount, "memory", folder_memory);
}
