/* SPDX-License-Identifier: MIT */
/* A hash of what a picture looks like. */
#ifndef DATA_NEAR_HASH_H
#define DATA_NEAR_HASH_H

#include "data/source.h"

/* 63 bits that change little when the picture is made smaller, compressed again or changed a bit in brightness: near.h says
 * what "little" is. The same on every machine. A picture of one colour has 0. Reads every pixel once; height, width and
 * channels are at least 1. */
uint64_t near_hash(const struct picture *picture);

#endif
