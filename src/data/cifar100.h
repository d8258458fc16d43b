/* SPDX-License-Identifier: MIT */
/* CIFAR-100's binary form as two sources. */
#ifndef DATA_CIFAR100_H
#define DATA_CIFAR100_H

#include "data/data_parts.h"

#define CIFAR100_NAME "cifar100"

/* Opens train.bin and test.bin in the folder request->path, which must be given: whole records of a coarse label, a fine label
 * and the planes, at most 50,000 and 10,000; without test.bin there are no test pictures. The classes are the 100 fine ones,
 * called by the lines of fine_label_names.txt, or by number (class_names.h). The data is called by its folder: there is no
 * published SHA-256 here to know CIFAR-100 by. Sources as cifar10_open()'s. OCELLUS_USAGE without a path; OCELLUS_IO,
 * OCELLUS_BAD_CONTENT. */
ocellus_status cifar100_open(const struct data_request *request, struct data_parts *parts);

#endif
