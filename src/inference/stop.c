/* SPDX-License-Identifier: MIT */
#include "inference/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
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
enum { SIGNALS = 3 };
static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction before[SIGNALS];

static void take_signal(int number) {
    struct stop_flag *flag = atomic_load(&signal_flag);
    if (flag) stop_request(flag, (ocellus_status)(128 + number)); /* as a shell says it */
}

static bool stays_ignored(int number) {
    struct sigaction now;
    return number == SIGHUP && sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

ocellus_status stop_on_signals(struct stop_flag *flag) {
    struct stop_flag *old = atomic_exchange(&signal_flag, flag);
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS && (flag == NULL) != (old == NULL); i++) {
        if (stays_ignored(signals[i])) continue;
        int result = flag ? sigaction(signals[i], &action, &before[i]) : sigaction(signals[i], &before[i], NULL);
        if (result != 0) return fail_errno(errno, "cannot handle signal %d", signals[i]);
    }
    return OCELLUS_OK;
}
