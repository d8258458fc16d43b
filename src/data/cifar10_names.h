/* SPDX-License-Identifier: MIT */
/* What data in CIFAR-10's layout is called, used inside this folder only. */
#ifndef DATA_CIFAR10_NAMES_H
#define DATA_CIFAR10_NAMES_H

#include "data/source.h"

#include <stdbool.h>

#define CIFAR10_NAME "cifar10"
enum { CIFAR10_CLASSES = 10 };

/* Names both splits and their ten classes: CIFAR-10 when they are the `published` images, else by the folder. */
ocellus_status cifar10_name(const char *folder, bool published, struct source *train, struct source *test);

#endif
