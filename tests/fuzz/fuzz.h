/* SPDX-License-Identifier: MIT */
/* For harnesses: each file of this folder is one, NAME.c, of one reader. libFuzzer calls LLVMFuzzerTestOneInput() with bytes that it
 * changes towards code not run yet; whatever they are, a reader gives its result or a failure, and no sanitizer has a word to
 * say. What it gives is freed. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/log.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a file in memory, for readers that take a path; the same path each time. */
static inline const char *fuzz_file(const uint8_t *data, size_t size) {
    static int file = -1;
    static char path[64];
    if (file < 0) file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return path;
}

/* So that what was read is looked at by the sanitizers. */
static inline void fuzz_use(const void *bytes, size_t size) {
    static volatile unsigned sum;
    for (size_t i = 0; i < size; i++)
        sum = sum + ((const unsigned char *)bytes)[i];
}

#endif
