/* SPDX-License-Identifier: MIT */
/* The limits of control groups. A file that is not there means no limit, so nothing here fails. */
#include "base/cgroup.h"

#include "base/files.h"

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

/* Both numbers are microseconds; 0 where the folder sets no limit. */
static size_t folder_limit(const char *folder) {
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

static size_t tighter(size_t a, size_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The group's folder and each one above it up to the mount. In a container the group's own path may not be visible
 * below the mount, whose root then is that group: so missing folders are passed over. */
static size_t hierarchy_limit(const char *mount, const char *group) {
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

/* Whether "cpu" is among "cpu,cpuacct". */
static bool names_cpu(char *controllers) {
    char *rest = NULL;
    for (char *name = strtok_r(controllers, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
        if (strcmp(name, "cpu") == 0) return true;
    return false;
}

size_t cgroup_processors(const char *membership, const char *mount) {
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
            limit = tighter(limit, hierarchy_limit(mount, group));
            if (path_join(folder, mount, "unified") == OCELLUS_OK)
                limit = tighter(limit, hierarchy_limit(folder, group));
        } else if (names_cpu(controllers) && path_join(folder, mount, "cpu") == OCELLUS_OK) {
            limit = tighter(limit, hierarchy_limit(folder, group));
        }
    }
    fclose(stream);
    return limit;
}

/* Of a limit and what is used of it. */
static bool read_bytes(const char *folder, const char *name, unsigned long long *bytes) {
    char line[64];
    return read_setting(folder, name, line) && sscanf(line, "%llu", bytes) == 1; /* "max" is no number */
}

size_t cgroup_memory(const char *mount) {
    char folder[FILE_PATH_SIZE];
    unsigned long long limit, used;
    bool known = read_bytes(mount, "memory.max", &limit) && read_bytes(mount, "memory.current", &used);
    if (!known && path_join(folder, mount, "memory") == OCELLUS_OK)
        known =
            read_bytes(folder, "memory.limit_in_bytes", &limit) && read_bytes(folder, "memory.usage_in_bytes", &used);
    if (!known || limit >= SIZE_MAX) return SIZE_MAX;
    return limit > used ? (size_t)(limit - used) : 0;
}
