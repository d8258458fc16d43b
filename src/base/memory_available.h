/* SPDX-License-Identifier: MIT */
/* How much memory there is to ask for. */
#ifndef BASE_MEMORY_AVAILABLE_H
#define BASE_MEMORY_AVAILABLE_H

#include <stddef.h>

/* Bytes that this process may still use without driving the machine into its swap: what /proc/meminfo calls available, or
 * what is left of the control group's limit if that is less. SIZE_MAX where neither is told. */
size_t memory_available(void);

#endif
