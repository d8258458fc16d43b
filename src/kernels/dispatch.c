/* SPDX-License-Identifier: MIT */
/* Fills the table of kernels once, from the reference upward, and picks a row of it. */
#include "base/cpu.h"
#include "kernels/reference.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3 }; /* at most, on any architecture */

static struct kernels rows[ROWS];
static const struct kernels *available[ROWS + 1]; /* worst first, then NULL */
static pthread_once_t filled = PTHREAD_ONCE_INIT;

static struct kernels *new_row(size_t *count) {
    rows[*count] = kernels_reference;
    rows[*count].winograd = kernels_winograd_reference;
    available[*count] = &rows[*count];
    return &rows[(*count)++];
}

static void fill(void) {
    size_t count = 0;
    new_row(&count);
#ifndef OCELLUS_REAL_DOUBLE
    struct cpu_features cpu = cpu_detect();
    (void)cpu;
#if defined(__x86_64__)
    if (cpu.avx2) kernels_fill_avx2(new_row(&count));
    if (cpu.avx512) kernels_fill_avx512(new_row(&count));
#elif defined(__aarch64__)
    if (cpu.neon) kernels_fill_neon(new_row(&count));
#endif
#endif
}

const struct kernels *const *kernels_available(void) {
    pthread_once(&filled, fill);
    return available;
}

const struct kernels *kernels_select(const char **why) {
    static const char *const known[] = {"ref", "avx2", "avx512", "neon"};
    const struct kernels *best = NULL;
    const char *wanted = getenv("OCELLUS_CPU");
    if (wanted && !*wanted) wanted = NULL;
    for (const struct kernels *const *row = kernels_available(); *row; row++) {
        if (!wanted || strcmp((*row)->name, wanted) == 0) best = *row;
    }
    if (best || !why) return best;
    *why = "OCELLUS_CPU names no kernels (expected ref, avx2, avx512 or neon)";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i], wanted) == 0) *why = "OCELLUS_CPU names kernels that this machine cannot run";
    }
    return NULL;
}
