/* SPDX-License-Identifier: MIT */
/* A lock with a bell: what several threads change or wait for, they do inside it. */
#ifndef BASE_MONITOR_H
#define BASE_MONITOR_H

#include "base/status.h"

struct monitor;

/* OCELLUS_IO when the system has no more of them. */
ocellus_status monitor_create(struct monitor **monitor);
void monitor_free(struct monitor *monitor); /* NULL is accepted; nobody may be inside */

/* One thread at a time is between enter and leave; not to be entered twice. */
void monitor_enter(struct monitor *monitor);
void monitor_leave(struct monitor *monitor);
/* From inside: leaves until somebody rings, at times for nothing, and enters again. */
void monitor_wait(struct monitor *monitor);
void monitor_ring(struct monitor *monitor);

#endif
