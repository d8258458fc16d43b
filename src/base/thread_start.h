/* SPDX-License-Identifier: MIT */
/* Starting a thread as all of ours are, used inside this folder only. */
#ifndef BASE_THREAD_START_H
#define BASE_THREAD_START_H

#include <pthread.h>

enum { THREAD_STACK_BYTES = 256 * 1024 };

/* Signals are for the program's own threads, so these block all of them. Their stack is stated, not the limit that the
 * process was started with. Returns an errno value, 0 for success. */
int thread_start(pthread_t *thread, void *(*work)(void *), void *argument);

#endif
