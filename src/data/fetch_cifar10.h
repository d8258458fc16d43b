/* SPDX-License-Identifier: MIT */
/* Fetching CIFAR-10. */
#ifndef DATA_FETCH_CIFAR10_H
#define DATA_FETCH_CIFAR10_H

#include "data/fetch.h"

/* Leaves the six verified .bin files in the cache. `from`: a folder of them, the official tar.gz, or the mirror's. */
ocellus_status fetch_cifar10(const struct fetch_options *options);

#endif
