/* SPDX-License-Identifier: MIT */
#include "base/monitor.h"

#include "base/memory.h"

#include <pthread.h>

struct monitor {
    pthread_mutex_t mutex;
    pthread_cond_t bell;
};

ocellus_status monitor_create(struct monitor **out) {
    struct monitor *monitor = memory_allocate(1, sizeof *monitor);
    if (!monitor) return OCELLUS_IO;
    int error = pthread_mutex_init(&monitor->mutex, NULL);
    if (!error) {
        error = pthread_cond_init(&monitor->bell, NULL);
        if (error) pthread_mutex_destroy(&monitor->mutex);
    }
    if (!error) {
        *out = monitor;
        return OCELLUS_OK;
    }
    memory_free(monitor);
    return fail_errno(error, "threads: cannot make a lock");
}

void monitor_free(struct monitor *monitor) {
    if (!monitor) return;
    pthread_cond_destroy(&monitor->bell);
    pthread_mutex_destroy(&monitor->mutex);
    memory_free(monitor);
}

void monitor_enter(struct monitor *monitor) {
    pthread_mutex_lock(&monitor->mutex);
}
void monitor_leave(struct monitor *monitor) {
    pthread_mutex_unlock(&monitor->mutex);
}
void monitor_wait(struct monitor *monitor) {
    pthread_cond_wait(&monitor->bell, &monitor->mutex);
}
void monitor_ring(struct monitor *monitor) {
    pthread_cond_broadcast(&monitor->bell);
}
