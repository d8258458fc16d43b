/* SPDX-License-Identifier: MIT */
/* Threads beside the pool's, for work that is made ahead while the pool computes. They give way to it: on Linux they are
 * nicer than their process, so that what the pool wants comes first and they have what it leaves. */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include "base/status.h"

#include <stddef.h>

struct crew;

/* As many as this process may use processors, as far as a crew may have them. */
size_t crew_usual_size(void);

/* Starts `threads` threads, at most 256, each of which calls body(context, worker) once, with worker in [0, threads): a loop
 * that waits for work (monitor.h) and returns when it is told to. They have 256 KB of stack, float_mode_set()'s mode, and get no
 * signals. OCELLUS_IO when one cannot be started: `end` has been called then and those that were are gone. */
ocellus_status crew_start(size_t threads, void (*body)(void *context, size_t worker), void (*end)(void *context),
                          void *context, struct crew **crew);
/* Calls `end`, which tells the bodies to return, and waits until they have. NULL is accepted. */
void crew_end(struct crew *crew);

#endif
