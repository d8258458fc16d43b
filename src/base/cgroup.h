/* SPDX-License-Identifier: MIT */
/* The limits of control groups (containers). */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stddef.h>

/* Processors the quota allows, rounded up: the smallest of this process's groups and all above them, v1 or v2. 0 when
 * there is no limit. `membership` is /proc/self/cgroup and `mount` is /sys/fs/cgroup, but for tests. */
size_t cgroup_processors(const char *membership, const char *mount);

/* Bytes that they may still take, likewise; idle caches of files, which are given away when asked for, do not count as taken. */
size_t cgroup_memory(const char *membership, const char *mount);

#endif
