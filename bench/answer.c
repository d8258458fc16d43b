/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdio.h>
#include <time.h>

double wall_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int answer_all(size_t parameters, double flops, const char *about, double (*go)(void *, size_t, size_t),
               void *context) {
    printf("ready parameters=%zu flops=%.0f about %s\n", parameters, flops, about);
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        size_t which, times;
        if (sscanf(line, "go %zu %zu", &which, &times) != 2) {
            fprintf(stderr, "expected \"go CASE TIMES\", got: %s", line);
            return 2;
        }
        printf("%.9f\n", go(context, which, times));
        fflush(stdout);
    }
    return 0;
}
