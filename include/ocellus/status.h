/* SPDX-License-Identifier: MIT */
/* Status: what every call of Ocellus answers. The numbers are the exit codes of the program too. */
#ifndef OCELLUS_STATUS_H
#define OCELLUS_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ocellus_status {
    OCELLUS_OK = 0,
    OCELLUS_ERROR = 1,         /* any failure that has no class of its own */
    OCELLUS_USAGE = 2,         /* a wrong argument, flag, recipe or an existing run folder */
    OCELLUS_BAD_CONTENT = 3,   /* data, an image or a model file that is not what it should be */
    OCELLUS_IO = 4,            /* input, output, network, a missing helper program, or memory */
    OCELLUS_DIVERGED = 5,      /* a loss, a weight or a network's output became NaN or infinite */
    OCELLUS_IN_USE = 6,        /* the run folder belongs to a live process, or the object to another call */
    OCELLUS_STOPPED = 75,      /* stopped as planned; the run can be resumed */
    OCELLUS_HANGUP = 129,      /* stopped by SIGHUP (the terminal is gone) after a saved checkpoint */
    OCELLUS_INTERRUPTED = 130, /* stopped by SIGINT after a saved checkpoint */
    OCELLUS_TERMINATED = 143   /* stopped by SIGTERM after a saved checkpoint */
} ocellus_status;

#ifdef __cplusplus
}
#endif

#endif
