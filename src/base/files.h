/* SPDX-License-Identifier: MIT */
/* Files and paths. Reading never trusts a size, writing never leaves half a file. */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/folders.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Reads a whole regular file of at most `limit` bytes (a device, pipe or folder is refused without blocking, a larger
 * file before anything is allocated). *bytes has one extra zero byte; free with free(). */
ocellus_status file_read(const char *path, size_t limit, unsigned char **bytes, size_t *size);
/* The same for a file that may be anything: `judge` sees its first bytes, at most FILE_START, and where it fails no more is
 * read. It may lower *limit, which is then what holds. The file is opened once. */
enum { FILE_START = 4096 };
typedef ocellus_status file_judge(void *context, const unsigned char *start, size_t size, size_t *limit);
ocellus_status file_read_judged(const char *path, size_t limit, file_judge *judge, void *context, unsigned char **bytes,
                                size_t *size);
/* The first bytes of a regular file, at most `size` of them; *got counts them. */
ocellus_status file_read_start(const char *path, size_t size, unsigned char *bytes, size_t *got);
/* Size of a regular file. */
ocellus_status file_size(const char *path, uint64_t *size);

/* The longest name of a temporary file, beside what it becomes, and its zero. */
enum { FILE_TEMPORARY_SIZE = 48 };

/* Opens a file that is written where it lies, made when missing: `flags` are O_RDWR or O_WRONLY, with O_APPEND or without.
 * Never through a link, nor into a device, a pipe or a file that has another name elsewhere (OCELLUS_USAGE). */
ocellus_status file_open_in_place(const char *path, int flags, int *file);
/* Renames a file in the same file system; refuses what file_write() refuses. */
ocellus_status file_move(const char *from, const char *to);

/* Replaces `path` by the bytes, or leaves it as it was: a temporary file in the same folder (O_EXCL), space reserved
 * first, written, flushed to disk, renamed, the folder flushed. The temporary file is removed on failure. A path that
 * exists and is no regular file (a device, a pipe, a link) is refused with OCELLUS_USAGE. */
ocellus_status file_write(const char *path, const void *bytes, size_t size);

/* A stream that appends to the descriptor `file` and closes it in the end, and that a signal cannot make lose what is in
 * its buffer. NULL, with `file` closed, when there is none to have (errno says why). */
FILE *file_stream(int file);

/* The same in steps, for content that is made piece by piece. After begin, either commit or discard. */
struct file_writer {
    FILE *stream; /* write here; errors are found by file_writer_commit() */
    int file;     /* below the stream, which owns it */
    char path[FILE_PATH_SIZE];
    char temporary[FILE_PATH_SIZE];
};
ocellus_status file_writer_begin(struct file_writer *writer, const char *path);
/* Reserves room for the whole content, so that a full disk is found before anything is written and is named as such. `size`
 * must be what will be written, exactly. After a failure, discard. */
ocellus_status file_writer_reserve(struct file_writer *writer, uint64_t size);
ocellus_status file_writer_commit(struct file_writer *writer);
void file_writer_discard(struct file_writer *writer);

#endif
