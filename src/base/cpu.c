/* SPDX-License-Identifier: MIT */
/* What the processor and the operating system together allow. */
#include "base/cpu.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

struct cpu_features cpu_detect(void) {
    struct cpu_features features = {0};
#if defined(__x86_64__)
    /* These builtins also ask XGETBV whether the system saves the registers. */
    __builtin_cpu_init();
    bool fma = __builtin_cpu_supports("fma");
    features.avx2 = fma && __builtin_cpu_supports("avx2");
    features.avx512 = fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    features.neon = true;
#endif
    return features;
}

static char name[128];
static pthread_once_t name_once = PTHREAD_ONCE_INIT;

/* One line of a file of the system, without spaces around it; false when there is none. */
static bool read_line(const char *path, const char *label) {
    FILE *stream = fopen(path, "re");
    if (!stream) return false;
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof line, stream)) {
        const char *value = line;
        if (*label) {
            if (strncmp(line, label, strlen(label)) != 0 || !(value = strchr(line, ':'))) continue;
            value++;
        }
        value += strspn(value, " \t");
        snprintf(name, sizeof name, "%.*s", (int)strcspn(value, "\n"), value);
        found = name[0] != '\0';
    }
    fclose(stream);
    return found;
}

#if defined(__x86_64__)
static bool read_brand(void) {
    unsigned words[13] = {0};
    for (unsigned leaf = 0; leaf < 3; leaf++) {
        unsigned *w = words + 4 * leaf;
        if (!__get_cpuid(0x80000002U + leaf, w, w + 1, w + 2, w + 3)) return false;
    }
    const char *brand = (const char *)words;
    snprintf(name, sizeof name, "%s", brand + strspn(brand, " "));
    for (size_t end = strlen(name); end > 0 && name[end - 1] == ' '; end--)
        name[end - 1] = '\0';
    return name[0] != '\0';
}
#else
static bool read_brand(void) {
    return false;
}
#endif

static void find_name(void) {
    if (read_brand() || read_line("/proc/cpuinfo", "model name") || read_line("/proc/device-tree/model", "")) return;
    snprintf(name, sizeof name, "unknown");
}

const char *cpu_name(void) {
    pthread_once(&name_once, find_name);
    return name;
}
