/* SPDX-License-Identifier: MIT */
/* What a part of a network makes of the pictures of a set, kept in a file: so many values for each picture and view of it. What
 * decides the values is told by a key; a file of another key, or a damaged one, is not there. Little-endian floats.
 *
 *     "OCELLUSF", the key (64), count, values, views (8 each), then [views][count][values], then SHA-256 of all before it (64) */
#ifndef DATA_FEATURE_STORE_H
#define DATA_FEATURE_STORE_H

#include "base/files.h"
#include "base/sha256.h"

struct feature_form {
    char key[SHA256_TEXT_SIZE];
    size_t count, values, views; /* pictures of the set; values of a view; at least 1 each */
};
/* Bytes of the whole file. OCELLUS_USAGE where they cannot be counted. */
ocellus_status feature_form_bytes(const struct feature_form *form, uint64_t *bytes);

struct feature_store;
/* Opens the file and reads it through once, to see that it is whole. *store is NULL when there is none of that form, and where it
 * is damaged, which is told. OCELLUS_IO when it cannot be read. */
ocellus_status feature_store_open(const char *path, const struct feature_form *form, struct feature_store **store);
void feature_store_close(struct feature_store *store); /* NULL is accepted */
const struct feature_form *feature_store_form(const struct feature_store *store);
/* The values of a view of the picture at `position` of the set. Any number of threads. OCELLUS_IO, naming the file. */
ocellus_status feature_store_read(const struct feature_store *store, size_t position, size_t view, float *dst);

/* Writes one: all values, in the file's order, in pieces. It is there when it is committed, else it never was. */
struct feature_writer {
    struct file_writer file;
    struct sha256 hash;
};
/* Room on the disk is taken first: OCELLUS_IO, with the size, where there is none. */
ocellus_status feature_writer_begin(struct feature_writer *writer, const char *path, const struct feature_form *form);
void feature_writer_add(struct feature_writer *writer, const float *values, size_t count);
ocellus_status feature_writer_commit(struct feature_writer *writer);
void feature_writer_discard(struct feature_writer *writer);

#endif
