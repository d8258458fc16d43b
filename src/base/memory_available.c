/* SPDX-License-Identifier: MIT */
/* How much memory there is to ask for, by the system and by control groups. */
#include "base/memory_available.h"

#include "base/cgroup.h"

#include <stdint.h>
#include <stdio.h>

size_t memory_available(void) {
    char line[128];
    size_t available = SIZE_MAX, kilobytes;
    FILE *stream = fopen("/proc/meminfo", "re");
    while (stream && fgets(line, sizeof line, stream)) {
        if (sscanf(line, "MemAvailable: %zu kB", &kilobytes) == 1) available = kilobytes * 1024;
    }
    if (stream) fclose(stream);
    const size_t group = cgroup_memory("/proc/self/cgroup", "/sys/fs/cgroup");
    return group > 0 && group < available ? group : available;
}
