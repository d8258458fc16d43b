/* SPDX-License-Identifier: MIT */
#include "base/crew.h"

#include "base/memory.h"
#include "base/thread_start.h"
#include "base/threads.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A tenth of a processor where another wants all of it: little enough for the pool, enough that nobody waits for ever for a
 * picture that such a thread has begun. */
enum { CREW_MOST = 256, CREW_NICE = 10 };

struct crew {
    void (*body)(void *context, size_t worker);
    void (*end)(void *context);
    void *context;
    size_t size;
    struct member {
        struct crew *crew;
        size_t index;
        pthread_t thread;
    } members[CREW_MOST];
};

size_t crew_usual_size(void) {
    const size_t available = threads_available();
    return available < CREW_MOST ? available : CREW_MOST;
}

static void *work(void *argument) {
    struct member *self = argument;
    const id_t thread = (id_t)syscall(SYS_gettid);
    const int before = getpriority(PRIO_PROCESS, thread);
    (void)setpriority(PRIO_PROCESS, thread, before + CREW_NICE); /* refused or not: only the speed is at stake */
    float_mode_set();
    self->crew->body(self->crew->context, self->index);
    return NULL;
}

ocellus_status crew_start(size_t threads, void (*body)(void *context, size_t worker), void (*end)(void *context),
                          void *context, struct crew **crew) {
    if (threads > CREW_MOST) return fail(OCELLUS_USAGE, "threads: %zu (expected 1 to %d)", threads, CREW_MOST);
    struct crew *made = memory_allocate(1, sizeof *made);
    if (!made) return OCELLUS_IO;
    *made = (struct crew){.body = body, .end = end, .context = context};
    for (; made->size < threads; made->size++) {
        struct member *member = &made->members[made->size];
        *member = (struct member){.crew = made, .index = made->size};
        const int error = thread_start(&member->thread, work, member);
        if (!error) continue;
        const ocellus_status status =
            fail_errno(error, "threads: cannot start thread %zu of %zu", made->size + 1, threads);
        crew_end(made);
        return status;
    }
    *crew = made;
    return OCELLUS_OK;
}

void crew_end(struct crew *crew) {
    if (!crew) return;
    crew->end(crew->context);
    for (size_t i = 0; i < crew->size; i++)
        pthread_join(crew->members[i].thread, NULL);
    memory_free(crew);
}
