/* SPDX-License-Identifier: MIT */
/* idx, the form of MNIST's files: arrays of bytes behind a big-endian header, plain or packed by gzip. */
#ifndef DATA_IDX_H
#define DATA_IDX_H

#include "base/sha256.h"
#include "data/data_parts.h"

#define IDX_NAME "idx"

enum { IDX_MOST_DIMS = 4 };
struct idx_array {
    unsigned char *bytes; /* of the whole file, unpacked; owned: free() */
    size_t size;
    const unsigned char *values; /* [dims[0]]...[dims[rank - 1]] */
    size_t rank, dims[IDX_MOST_DIMS];
};
/* The header of `size` bytes that are all of the file: 8-bit values, 1 to 4 dimensions, none 0, and exactly the values that they
 * say. array->bytes and size are left alone. `source` names it; OCELLUS_BAD_CONTENT. */
ocellus_status idx_parse(const unsigned char *bytes, size_t size, const char *source, struct idx_array *array);
/* Reads such a file, by its content plain or packed; sha256 (may be NULL) is that of the unpacked bytes. On failure nothing needs to
 * be freed. */
ocellus_status idx_read(const char *path, struct idx_array *array, char sha256[SHA256_TEXT_SIZE]);

/* The four files of a data set, in this order. */
enum idx_file { IDX_TRAIN_IMAGES, IDX_TRAIN_LABELS, IDX_TEST_IMAGES, IDX_TEST_LABELS, IDX_FILES };
/* Opens the files of a folder as sources in memory whose classes have no names and as many as there are labels: those whose
 * names hold "train", or "t10k" or "test", then "image" or "label", and "idx" or "ubyte"; of a plain and a packed one the
 * plain. Images are of one channel, or, with a fourth dimension, of 1 or 3. Without test files there are no test pictures.
 * hashes[IDX_FILES] (may be NULL) as idx_read()'s, "" for none. A file twice, of a pair only one, and counts that differ are
 * OCELLUS_BAD_CONTENT. On failure nothing needs to be closed. */
ocellus_status idx_open_files(const char *folder, struct data_parts *parts, char (*hashes)[SHA256_TEXT_SIZE]);

/* The data set: request->path, which must be given. It is called by its folder, and its classes by the lines of class_names.txt, or by
 * number (class_names.h). */
ocellus_status idx_open(const struct data_request *request, struct data_parts *parts);

#endif
