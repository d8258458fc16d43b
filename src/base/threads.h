/* SPDX-License-Identifier: MIT */
/* The thread pool: the only place where threads live. Kernels are serial over ranges; whoever runs them says
 * parallel_for(). Results must never depend on which thread took which chunk. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct thread_pool;

/* Processors this process may use: the affinity mask and the cgroup limit (v1 and v2) both count. At least 1. */
size_t threads_available(void);

/* A pool of `threads` workers, the caller counted as worker 0; 0 means threads_available(). At most 256.
 * Workers wait by spinning briefly, then sleep. Workers have 256 KB of stack each and the
 * floating-point mode of float_mode_set(). */
ocellus_status thread_pool_create(size_t threads, struct thread_pool **pool);
void thread_pool_destroy(struct thread_pool *pool);
size_t thread_pool_size(const struct thread_pool *pool);

/* While a guest is there, threads of one's own that want the processors too, nobody in the pool waits by spinning. Calls are
 * counted, and cost an addition each. */
void thread_pool_guest_comes(struct thread_pool *pool);
void thread_pool_guest_leaves(struct thread_pool *pool);

/* Calls body(context, chunk, worker) once for each chunk in [0, chunks), worker in [0, thread_pool_size()); returns
 * when all are done. Chunks are handed out in ascending order, so larger work goes first. Allocates nothing. The caller
 * has float_mode_set()'s mode for the job.
 *
 * Any number of threads may call it on one pool: the first has the workers, and who comes while they are busy, be it from
 * inside a body, runs all chunks of its job on its own thread, as worker 0. So scratch that is kept by worker belongs to a
 * job's own context: what two jobs share, or a job and one inside it, may be written by worker 0 of both at once. */
void parallel_for(struct thread_pool *pool, size_t chunks, void (*body)(void *context, size_t chunk, size_t worker),
                  void *context);

/* The floating-point mode in which all of Ocellus computes, so that bits never depend on the thread: round to nearest, no
 * traps, subnormals flushed to zero in and out (where the processor can: a network whose units die makes subnormals that
 * cost a hundred cycles each). Workers have it for good; a caller's thread is its host's, so whoever computes on it sets
 * the mode, and gives back what was there, exception flags too, before returning to the host. May be nested. */
struct float_mode {
    uint64_t control;
    uint16_t x87; /* x86 only: its older unit's, which the C library heeds when it converts decimals */
};
struct float_mode float_mode_set(void); /* returns what was there */
void float_mode_restore(struct float_mode before);

#endif
