/* SPDX-License-Identifier: MIT */
/* A contender's side of the protocol, by lines: once prepared it writes "ready parameters=N flops=F about TEXT" (flops of
 * one run), then answers each "go CASE TIMES" with the seconds that TIMES runs took. It ends with its input. */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stddef.h>

/* Monotonic, of the wall. */
double wall_seconds(void);

/* go(context, case, times) returns the seconds; what a case needs to be prepared is not counted. */
int answer_all(size_t parameters, double flops, const char *about, double (*go)(void *, size_t, size_t), void *context);

#endif
