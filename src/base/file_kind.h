/* SPDX-License-Identifier: MIT */
/* What a file is, told by its first bytes, never by its name: so that whoever expects another says what was given. */
#ifndef BASE_FILE_KIND_H
#define BASE_FILE_KIND_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* The formats that something here reads, or that decide which reader does. */
enum file_format {
    FILE_FORMAT_UNKNOWN, /* none of those in the table, and no text: perhaps a damaged file of any format */
    FILE_FORMAT_OTHER,   /* known by name, and read nowhere */
    FILE_FORMAT_SAFETENSORS,
    FILE_FORMAT_HDF5,
    FILE_FORMAT_PICKLE,
    FILE_FORMAT_TFJS,  /* model.json, or the folder that holds it */
    FILE_FORMAT_KERAS, /* a .keras archive */
    FILE_FORMAT_JSON,  /* that does not begin as any known: model.json may, whose manifest stands far from its start */
    FILE_FORMAT_PNG,
    FILE_FORMAT_JPEG,
    FILE_FORMAT_WEBP,
    FILE_FORMAT_HEIC
};
struct file_kind {
    const char *article, *name; /* "a", "GIF"; "", "text"; static */
    enum file_format format;
    bool picture; /* of whatever form */
};

#define FILE_KIND_TFJS_NAME "model.json" /* what makes a folder that of a TensorFlow.js model */
enum { FILE_KIND_BYTES = 4096 };         /* more tell nothing more */
struct file_kind file_kind_of(const unsigned char *bytes, size_t size);
/* Of a regular file, or of a folder, whose members tell its kind. */
ocellus_status file_kind_read(const char *path, struct file_kind *kind);
/* "PATH: is a GIF (expected EXPECTED)"; OCELLUS_BAD_CONTENT. */
ocellus_status file_kind_refuse(const char *path, const struct file_kind *kind, const char *expected);

#endif
