/* SPDX-License-Identifier: MIT */
/* System calls that a signal interrupts. */
#ifndef BASE_RETRY_H
#define BASE_RETRY_H

#include <errno.h>

/* The value of a call that says -1 and EINTR when a signal came first: it is made again until it says something else. Every
 * system call on files is made through it, as on network and user-space file systems any of them may be interrupted; but for
 * close(), which has closed the file by then. */
#define RETRY(call)                                                                                                    \
    __extension__({                                                                                                    \
        __typeof__(call) retry_result_;                                                                                \
        do                                                                                                             \
            retry_result_ = (call);                                                                                    \
        while (retry_result_ == -1 && errno == EINTR);                                                                 \
        retry_result_;                                                                                                 \
    })

#endif
