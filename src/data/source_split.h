/* SPDX-License-Identifier: MIT */
/* Holding pictures of a source out, class by class. */
#ifndef DATA_SOURCE_SPLIT_H
#define DATA_SOURCE_SPLIT_H

#include "data/source.h"

/* Splits 0..count-1 into a training part and `held_out` images of equal classes (as far as it divides), a pure function
 * of the seed. Both lists ascend; free each with free(). OCELLUS_USAGE unless held_out < count. */
ocellus_status source_split(const struct source *source, size_t held_out, uint64_t seed, size_t **train,
                            size_t *train_count, size_t **held, size_t *held_count);

#endif
