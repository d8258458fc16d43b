/* SPDX-License-Identifier: MIT */
/* Runs a reader of weight files in a child process: for a format whose library is known to crash on hostile files. */
#ifndef FORMATS_ISOLATED_H
#define FORMATS_ISOLATED_H

#include "formats/network_file.h"

#include <stdbool.h>

enum { ISOLATED_TEXTS = 2, ISOLATED_TEXT_LIMIT = 16 << 20 /* bytes */ };
struct isolated_result {
    struct named_tensors tensors;
    char *texts[ISOLATED_TEXTS]; /* whatever the reader found; NULL: nothing. From malloc() */
};
void isolated_result_free(struct isolated_result *result);

typedef ocellus_status isolated_reader(const struct file_content *content, struct isolated_result *result);

/* Bytes that the values of a file of `size` may take in memory: more than they take in the file where they are packed, but not
 * without bound. */
uint64_t isolated_values_limit(uint64_t size);

/* As reader(content, result), but a crash, a hang (ISOLATED_SECONDS of processor time) or an allocation beyond twice what file and
 * values may take and ISOLATED_BYTES is OCELLUS_BAD_CONTENT here; a process that was killed, as the kernel does where memory is
 * short, is OCELLUS_IO. What comes back is checked: names, shapes, and that texts and values are within their limits. */
enum { ISOLATED_SECONDS = 60, ISOLATED_BYTES = 256 << 20 };
ocellus_status isolated_read(isolated_reader *reader, const struct file_content *content,
                             struct isolated_result *result);
/* For the reader, when an allocation inside its library failed: whether it was the machine that had no memory. Else the file
 * asked for more than any sound one needs. */
bool isolated_out_of_memory(void);

#endif
