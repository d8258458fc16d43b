/* SPDX-License-Identifier: MIT */
/* Where fetched things lie. */
#ifndef DATA_CACHE_H
#define DATA_CACHE_H

#include "base/folders.h"

/* The cache folder of a fetched thing ("cifar10"), whether or not it is there. */
ocellus_status cache_folder(const char *name, char out[FILE_PATH_SIZE]);

#endif
