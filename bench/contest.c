/* SPDX-License-Identifier: MIT */
#include "contest.h"

#include "../tests/kernels/kernel_test.h"

#include <stdlib.h>
#include <time.h>

enum { PEAK_TIMES = 12 };

struct peak_run {
    const char *row;
    double rates[256]; /* by chunk; a pool has at most 256 workers */
};

static void run_peak(void *context, size_t chunk, size_t worker) {
    struct peak_run *run = context;
    (void)worker;
    double sum = 0;
    for (int i = 0; i < PEAK_TIMES; i++)
        sum += peak_of(run->row);
    run->rates[chunk] = sum / PEAK_TIMES;
}

double machine_peak(const struct settings *settings) {
    struct peak_run run = {.row = settings->row};
    size_t threads = thread_pool_size(settings->pool);
    double sum = 0;
    parallel_for(settings->pool, threads, run_peak, &run);
    for (size_t i = 0; i < threads; i++)
        sum += run.rates[i];
    return sum;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread spread_of(const double *values, size_t count) {
    double sorted[CONTEST_PAIRS];
    for (size_t i = 0; i < count; i++)
        sorted[i] = values[i];
    qsort(sorted, count, sizeof *sorted, compare);
    double median = count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
    return (struct spread){median, sorted[0], sorted[count - 1]};
}

ocellus_status contest_run(const struct settings *settings, struct peer *const *peers, size_t count, size_t which,
                           double turn, struct rounds *rounds) {
    const struct timespec pause = {.tv_nsec = 5000000}; /* so that threads of the last one stop spinning */
    rounds->pairs = settings->pairs;
    for (size_t p = 0; p < count; p++)
        if (peers[p]->times == 0) TRY(peer_calibrate(peers[p], which, turn));
    for (size_t r = 0; r < rounds->pairs; r++) {
        for (size_t p = 0; p < count; p++) {
            double seconds;
            nanosleep(&pause, NULL);
            TRY(peer_go(peers[p], which, peers[p]->times, &seconds));
            rounds->rates[p][r] = (double)peers[p]->times / seconds;
        }
        nanosleep(&pause, NULL);
        rounds->peaks[r] = machine_peak(settings);
    }
    return OCELLUS_OK;
}

struct spread contest_ratio(const struct rounds *rounds, size_t theirs) {
    double ratios[CONTEST_PAIRS];
    for (size_t r = 0; r < rounds->pairs; r++)
        ratios[r] = rounds->rates[0][r] / rounds->rates[theirs][r];
    return spread_of(ratios, rounds->pairs);
}

double contest_share(const struct rounds *rounds, size_t contender, double flops) {
    double shares[CONTEST_PAIRS];
    for (size_t r = 0; r < rounds->pairs; r++)
        shares[r] = rounds->rates[contender][r] * flops / 1e9 / rounds->peaks[r] * 100;
    return spread_of(shares, rounds->pairs).median;
}

double contest_median(const struct rounds *rounds, size_t contender) {
    return spread_of(rounds->rates[contender], rounds->pairs).median;
}
