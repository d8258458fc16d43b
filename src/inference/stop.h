/* SPDX-License-Identifier: MIT */
/* Asking a long call to stop. The flag is set from a signal handler or another thread and is looked at between steps. */
#ifndef INFERENCE_STOP_H
#define INFERENCE_STOP_H

#include "base/status.h"

#include <stdatomic.h>

/* 0 while nothing was asked, else the status to return: a status of stopping. */
struct stop_flag {
    atomic_int status;
};

/* The first request counts; later ones change nothing. Safe in a signal handler. */
void stop_request(struct stop_flag *flag, ocellus_status status);
/* OCELLUS_OK when nothing was asked (also for NULL). */
ocellus_status stop_requested(const struct stop_flag *flag);
/* From now on SIGINT, SIGTERM and SIGHUP set this flag and do nothing else, as often as they come; a SIGHUP that was ignored
 * stays so (nohup). NULL restores what the process did before. */
ocellus_status stop_on_signals(struct stop_flag *flag);

#endif
