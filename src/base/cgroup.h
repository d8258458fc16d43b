/* SPDX-License-Identifier: MIT */
/* The processor limit of control groups (containers). */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stddef.h>

/* Processors the quota allows, rounded up: the smallest of this process's groups and all above them, v1 or v2. 0 when
 * there is no limit. `membership` is /proc/self/cgroup and `mount` is /sys/fs/cgroup, but for tests. */
size_t cgroup_processors(const char *membership, const char *mount);

#endif
