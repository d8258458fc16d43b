/* SPDX-License-Identifier: MIT */
/* Runs a reader of weight files in a child process: for a format whose library is known to crash on hostile files. */
#ifndef FORMATS_ISOLATED_H
#define FORMATS_ISOLATED_H

#include "formats/named_tensors.h"

#include <stdbool.h>

typedef ocellus_status tensors_reader(const char *path, struct named_tensors *tensors);

/* As reader(path, tensors), but a crash, a hang (ISOLATED_SECONDS of processor time) or an allocation beyond twice the file's size and
 * ISOLATED_BYTES is OCELLUS_BAD_CONTENT here; a process that was killed, as the kernel does where memory is short, is OCELLUS_IO. What comes back is checked: names, shapes, and that all values together
 * are no larger than the file. */
enum { ISOLATED_SECONDS = 60, ISOLATED_BYTES = 256 << 20 };
ocellus_status isolated_read(tensors_reader *reader, const char *path, struct named_tensors *tensors);
/* For the reader, when an allocation inside its library failed: whether it was the machine that had no memory. Else the file
 * asked for more than any sound one needs. */
bool isolated_out_of_memory(void);

#endif
