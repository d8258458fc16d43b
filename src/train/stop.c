/* SPDX-License-Identifier: MIT */
#include "train/stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

void stop_request(struct stop_flag *flag, ocellus_status status) {
    int nothing = OCELLUS_OK;
    atomic_compare_exchange_strong(&flag->status, &nothing, (int)status);
}

ocellus_status stop_requested(const struct stop_flag *flag) {
    return flag ? (ocellus_status)atomic_load(&flag->status) : OCELLUS_OK;
}

/* Signals belong to the process, so this is the one flag that they set. Lock-free atomics are safe in a handler. */
static _Atomic(struct stop_flag *) signal_flag;
static const int signals[2] = {SIGINT, SIGTERM};
static struct sigaction before[2];

static void take_signal(int number) {
    struct stop_flag *flag = atomic_load(&signal_flag);
    if (flag) stop_request(flag, number == SIGINT ? OCELLUS_INTERRUPTED : OCELLUS_TERMINATED);
}

ocellus_status stop_on_signals(struct stop_flag *flag) {
    struct stop_flag *old = atomic_exchange(&signal_flag, flag);
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < 2 && (flag == NULL) != (old == NULL); i++) {
        int result = flag ? sigaction(signals[i], &action, &before[i]) : sigaction(signals[i], &before[i], NULL);
        if (result != 0) return fail_errno(errno, "cannot handle signal %d", signals[i]);
    }
    return OCELLUS_OK;
}
