/* SPDX-License-Identifier: MIT */
/* Files and paths. Reading never trusts a size, writing never leaves half a file. */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FILE_PATH_SIZE = 4096 };

/* out = a + "/" + b (b alone when it is absolute or a is ""). OCELLUS_USAGE when it does not fit in FILE_PATH_SIZE. */
ocellus_status path_join(char out[FILE_PATH_SIZE], const char *a, const char *b);
/* The same for a file of a folder that may come from anywhere: OCELLUS_USAGE where a part of `name` is a symbolic link, which
 * may lead out of the folder. */
ocellus_status path_inside(char out[FILE_PATH_SIZE], const char *folder, const char *name);
/* What there is of that name, links followed. Fails where that cannot be told: no permission, a broken disk, no memory. */
enum path_kind { PATH_NONE, PATH_FOLDER, PATH_FILE }; /* a device or pipe counts as PATH_FILE */
ocellus_status path_look(const char *path, enum path_kind *kind);
/* The same where failing and absent come to the same: for hints and messages, never to decide what a run holds. */
bool path_exists(const char *path);
bool path_is_folder(const char *path);
/* The part after the last slash; points into path. */
const char *path_base_name(const char *path);
/* mkdir -p. */
ocellus_status folder_make(const char *path);
/* Removes a folder and all in it, never following links. */
ocellus_status folder_remove(const char *path);
/* The names in a folder in byte order, without "." and "..", as a NULL-terminated array; free with names_free(). */
ocellus_status folder_names(const char *path, char ***names, size_t *count);
void names_free(char **names);
/* A new folder in `parent` for work that is thrown away, told from what a killed process left as file_write()'s temporary
 * files are; `lock` is to be closed after folder_remove(). */
ocellus_status folder_make_temporary(const char *parent, char path[FILE_PATH_SIZE], int *lock);
/* Whether a name is that of such a folder or of a temporary file of file_write(). */
bool path_is_temporary(const char *name);
/* Removes those in `folder` whose process does not live any more. */
ocellus_status temporaries_sweep(const char *folder);
/* $XDG_CACHE_HOME/ocellus, else ~/.cache/ocellus; made when missing. */
ocellus_status folder_cache(char out[FILE_PATH_SIZE]);

/* Reads a whole regular file of at most `limit` bytes (a device, pipe or folder is refused without blocking, a larger
 * file before anything is allocated). *bytes has one extra zero byte; free with free(). */
ocellus_status file_read(const char *path, size_t limit, unsigned char **bytes, size_t *size);
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

/* SHA-256 as 64 lower-case hex digits and a zero. Nothing is allocated, so that a hash cannot fail; only reading can. */
enum { SHA256_TEXT_SIZE = 65 };
void sha256_bytes(const void *bytes, size_t size, char text[SHA256_TEXT_SIZE]);
ocellus_status sha256_file(const char *path, char text[SHA256_TEXT_SIZE]);
/* Piece by piece. */
struct sha256 {
    uint64_t state[14]; /* libcrypto's, whose headers base keeps to itself */
};
void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t size);
void sha256_end(struct sha256 *hash, char text[SHA256_TEXT_SIZE]);

/* MD5 as 32 hex digits, only for files whose publisher gives nothing better. */
enum { MD5_TEXT_SIZE = 33 };
void md5_bytes(const void *bytes, size_t size, char text[MD5_TEXT_SIZE]);

#endif
