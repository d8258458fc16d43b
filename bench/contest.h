/* SPDX-License-Identifier: MIT */
/* Contenders run by turns, and what is said about it: every rate stands beside the peak measured in the same round. */
#ifndef BENCH_CONTEST_H
#define BENCH_CONTEST_H

#include "base/text.h"
#include "base/threads.h"
#include "peer.h"

enum { CONTEST_PEERS = 4, CONTEST_PAIRS = 99 };

struct settings {
    size_t pairs, threads, batch; /* batch: of ResNet50's layers and training */
    double turn;                  /* seconds of one contender's turn */
    const char *isa;              /* "native" or "avx2" */
    const char *row;              /* our kernels' name, for the peak */
    struct thread_pool *pool;     /* for the peak */
};

/* values[r] of each round, and what counts of them. */
struct spread {
    double median, least, most;
};
struct spread spread_of(const double *values, size_t count);

/* Runs a second, by contender and round; 0 is ours. And the machine's FMA peak of the round, GFLOP/s. */
struct rounds {
    size_t pairs;
    double rates[CONTEST_PEERS][CONTEST_PAIRS];
    double peaks[CONTEST_PAIRS];
};

/* Runs case `which` by turns, settings->pairs rounds; contenders that are not calibrated are so first. */
ocellus_status contest_run(const struct settings *settings, struct peer *const *peers, size_t count, size_t which,
                           double turn, struct rounds *rounds);
/* Ours over theirs, round by round. */
struct spread contest_ratio(const struct rounds *rounds, size_t theirs);
/* The part of the peak that `flops` a run come to, in percent. */
double contest_share(const struct rounds *rounds, size_t contender, double flops);
double contest_median(const struct rounds *rounds, size_t contender);

/* The independent fused multiply-adds that all threads do together, GFLOP/s, in about 20 ms. */
double machine_peak(const struct settings *settings);

#endif
