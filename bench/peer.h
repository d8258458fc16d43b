/* SPDX-License-Identifier: MIT */
/* A contender: a program that stays up and runs its work when told to (the protocol is in answer.h). */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "base/status.h"

#include <stdio.h>
#include <sys/types.h>

enum { PEER_MOST_WORDS = 8 };

/* What to start: argv with NULL behind it, and "NAME=VALUE" for its environment alone, NULL behind them. */
struct peer_command {
    const char *argv[PEER_MOST_WORDS];
    const char *const *environment;
};

struct peer {
    char name[64];            /* for messages: the program and its first words */
    char about[128];          /* what it says about itself: name and version */
    double parameters, flops; /* as it says; 0 when it does not know */
    size_t times;             /* runs of one turn; 0 until calibrated */
    double rate;              /* runs a second when it was calibrated */
    pid_t pid;                /* 0: not up */
    FILE *commands, *answers;
};

/* Starts it and waits until it is prepared. A failure says which program; its own words are on stderr. */
ocellus_status peer_start(struct peer *peer, const struct peer_command *command);
/* Seconds that `times` runs of a case take. */
ocellus_status peer_go(struct peer *peer, size_t which, size_t times, double *seconds);
/* Warms up, then finds how many runs take about `turn` seconds (peer->times, peer->rate). */
ocellus_status peer_calibrate(struct peer *peer, size_t which, double turn);
/* The most memory it has had so far (VmHWM), bytes; 0 when unknown. */
double peer_peak_bytes(const struct peer *peer);
/* Ends it; nothing happens to one that is not up. */
void peer_stop(struct peer *peer);

/* Runs a program to its end, its output thrown away; *seconds (NULL: not wanted) from start to end. Fails unless it
 * exits with 0. */
ocellus_status peer_run_once(const struct peer_command *command, double *seconds);

#endif
