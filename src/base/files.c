/* SPDX-License-Identifier: MIT */
/* Reading that never trusts a size, writing that never leaves half a file. */
#include "base/files.h"

#include "base/file_open.h"
#include "base/folders.h"
#include "base/memory.h"
#include "base/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

ocellus_status file_open_regular(const char *path, int *file, uint64_t *size) {
    /* Without O_NONBLOCK, opening a pipe would wait for its writer. */
    int opened = RETRY(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (opened < 0) return fail_errno(errno, "%s: cannot be opened", path);
    struct stat about;
    if (RETRY(fstat(opened, &about)) != 0) {
        int error = errno;
        close(opened);
        return fail_errno(error, "%s: cannot be opened", path);
    }
    if (!S_ISREG(about.st_mode)) {
        close(opened);
        return fail(OCELLUS_BAD_CONTENT, "%s: is %s (expected a regular file)", path,
                    S_ISDIR(about.st_mode) ? "a folder" : "a device or pipe");
    }
    *file = opened;
    *size = (uint64_t)about.st_size;
    return OCELLUS_OK;
}

ocellus_status file_open_in_place(const char *path, int flags, int *file) {
    int opened = RETRY(open(path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0666));
    if (opened < 0) return fail_errno(errno, "%s: cannot be written", path);
    struct stat about;
    int error = RETRY(fstat(opened, &about)) == 0 ? 0 : errno;
    if (!error && S_ISREG(about.st_mode) && about.st_nlink <= 1) {
        *file = opened;
        return OCELLUS_OK;
    }
    close(opened);
    if (error) return fail_errno(error, "%s: cannot be written", path);
    return fail(OCELLUS_USAGE, "%s: %s (expected a regular file of that one name, to write into it)", path,
                S_ISREG(about.st_mode) ? "has other names too (hard links)" : "is a device or pipe");
}

ocellus_status file_size(const char *path, uint64_t *size) {
    int file;
    TRY(file_open_regular(path, &file, size));
    close(file);
    return OCELLUS_OK;
}

ocellus_status file_read_start(const char *path, size_t size, unsigned char *bytes, size_t *got) {
    int file;
    uint64_t whole;
    TRY(file_open_regular(path, &file, &whole));
    ssize_t more = 1;
    for (*got = 0; *got < size && more > 0; *got += more > 0 ? (size_t)more : 0)
        more = RETRY(read(file, bytes + *got, size - *got));
    int error = more < 0 ? errno : 0;
    close(file);
    return error ? fail_errno(error, "%s: cannot be read", path) : OCELLUS_OK;
}

static ocellus_status too_large(const char *path, uint64_t size, size_t limit) {
    return fail(OCELLUS_BAD_CONTENT, "%s: size: %llu bytes (expected at most %zu)", path, (unsigned long long)size,
                limit);
}

/* Reads to the end. The size told by fstat() is a first guess: files of /proc tell 0, and others may be growing. */
static ocellus_status read_to_end(const char *path, int file, size_t limit, size_t expected, unsigned char **bytes,
                                  size_t *size) {
    size_t used = 0, capacity = 0;
    TRY(memory_grow((void **)bytes, &capacity, expected + 1, 1)); /* one byte more, to see the end, then for the zero */
    for (;;) {
        ssize_t got = RETRY(read(file, *bytes + used, capacity - used));
        if (got < 0) return fail_errno(errno, "%s: cannot be read", path);
        if (got == 0) break;
        used += (size_t)got;
        if (used > limit) return too_large(path, used, limit);
        if (used == capacity) TRY(memory_grow((void **)bytes, &capacity, capacity + 1, 1));
    }
    (*bytes)[used] = '\0';
    *size = used;
    return OCELLUS_OK;
}

/* Whether the whole of the open file is wanted. */
static ocellus_status judge_start(const char *path, int file, file_judge *judge, void *context, size_t *limit) {
    unsigned char start[FILE_START];
    ssize_t got = RETRY(pread(file, start, sizeof start, 0));
    if (got < 0) return fail_errno(errno, "%s: cannot be read", path);
    return judge(context, start, (size_t)got, limit);
}

ocellus_status file_read_judged(const char *path, size_t limit, file_judge *judge, void *context, unsigned char **bytes,
                                size_t *size) {
    int file;
    uint64_t expected;
    unsigned char *read_bytes = NULL;
    TRY(file_open_regular(path, &file, &expected));
    ocellus_status status = judge ? judge_start(path, file, judge, context, &limit) : OCELLUS_OK;
    if (status == OCELLUS_OK && (expected > limit || expected == SIZE_MAX)) status = too_large(path, expected, limit);
    if (status == OCELLUS_OK) status = read_to_end(path, file, limit, (size_t)expected, &read_bytes, size);
    close(file);
    if (status != OCELLUS_OK) free(read_bytes);
    else *bytes = read_bytes;
    return status;
}

ocellus_status file_read(const char *path, size_t limit, unsigned char **bytes, size_t *size) {
    return file_read_judged(path, limit, NULL, NULL, bytes, size);
}

/* The folder of a path, "." when it names none. */
static ocellus_status parent_folder(char out[FILE_PATH_SIZE], const char *path) {
    size_t length = (size_t)(path_base_name(path) - path);
    if (length == 0) return path_join(out, ".", "");
    if (length >= FILE_PATH_SIZE) return fail(OCELLUS_USAGE, "%s: the path is too long", path);
    memcpy(out, path, length);
    out[length] = '\0';
    return OCELLUS_OK;
}

static ocellus_status refuse_special(const char *path) {
    struct stat about;
    if (RETRY(lstat(path, &about)) != 0)
        return errno == ENOENT ? OCELLUS_OK : fail_errno(errno, "%s: cannot be written", path);
    if (S_ISREG(about.st_mode)) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: is %s (expected a regular file or none, to write it)", path,
                S_ISDIR(about.st_mode)   ? "a folder"
                : S_ISLNK(about.st_mode) ? "a symbolic link"
                                         : "a device or pipe");
}

/* A new file in the folder of writer->path, under a name no other process or thread uses. */
static ocellus_status create_temporary(struct file_writer *writer, int *file) {
    static atomic_uint counter;
    char folder[FILE_PATH_SIZE], name[FILE_TEMPORARY_SIZE];
    TRY(parent_folder(folder, writer->path));
    do {
        snprintf(name, sizeof name, ".ocellus-%ld-%u.tmp", (long)getpid(), atomic_fetch_add(&counter, 1));
        TRY(path_join(writer->temporary, folder, name));
        *file = RETRY(open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    } while (*file < 0 && errno == EEXIST);
    if (*file < 0) return fail_errno(errno, "%s: cannot be written", writer->path);
    (void)!RETRY(flock(*file, LOCK_EX | LOCK_NB)); /* tells temporaries_sweep() that its writer lives */
    return OCELLUS_OK;
}

static void remove_temporary(const struct file_writer *writer) {
    (void)!RETRY(unlink(writer->temporary));
}

/* 0 or an errno value. */
static int write_all(int file, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = RETRY(write(file, bytes, size));
        if (written <= 0) return written < 0 ? errno : EIO;
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

/* The C library's own streams drop what they hold when a signal interrupts the writing. */
static ssize_t stream_write(void *context, const char *bytes, size_t size) {
    int error = write_all((int)(intptr_t)context, bytes, size);
    errno = error;
    return error ? 0 : (ssize_t)size;
}

static int stream_close(void *context) {
    return close((int)(intptr_t)context) == 0 || errno == EINTR ? 0 : -1;
}

FILE *file_stream(int file) {
    static const cookie_io_functions_t functions = {.write = stream_write, .close = stream_close};
    FILE *stream = fopencookie((void *)(intptr_t)file, "w", functions);
    if (stream) return stream;
    int error = errno;
    close(file);
    errno = error;
    return NULL;
}

ocellus_status file_writer_begin(struct file_writer *writer, const char *path) {
    *writer = (struct file_writer){0};
    if (!*path_base_name(path)) return fail(OCELLUS_USAGE, "\"%s\": is no name of a file", path);
    TRY(path_join(writer->path, "", path));
    TRY(refuse_special(path));
    TRY(create_temporary(writer, &writer->file));
    writer->stream = file_stream(writer->file);
    if (writer->stream) return OCELLUS_OK;
    int error = errno;
    remove_temporary(writer);
    return fail_errno(error, "%s: cannot be written", path);
}

/* 0 or an errno value. */
static int reserve(int file, uint64_t size) {
    if (size == 0) return 0;
    int error;
    do
        error = posix_fallocate(file, 0, (off_t)size);
    while (error == EINTR);
    return error == EINVAL || error == EOPNOTSUPP ? 0 : error; /* a file system that cannot */
}

ocellus_status file_writer_reserve(struct file_writer *writer, uint64_t size) {
    int error = reserve(writer->file, size);
    return error ? fail_errno(error, "%s: cannot be written", writer->path) : OCELLUS_OK;
}

static ocellus_status flush_folder(const char *path) {
    char folder[FILE_PATH_SIZE];
    TRY(parent_folder(folder, path));
    int file = RETRY(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (file < 0) return fail_errno(errno, "%s: cannot be opened to flush it to disk", folder);
    int error = RETRY(fsync(file)) == 0 ? 0 : errno;
    close(file);
    /* EINVAL: a file system that cannot flush folders. */
    return error && error != EINVAL ? fail_errno(error, "%s: cannot be flushed to disk", folder) : OCELLUS_OK;
}

/* 0 or the errno value of the first step that failed; the stream is closed in any case. */
static int close_flushed(FILE *stream, int file) {
    bool failed_before = ferror(stream); /* what is left in the buffer most often fails again, and says why */
    int error = fflush(stream) == 0 ? 0 : errno;
    if (!error && failed_before) error = EIO;
    if (!error && RETRY(fsync(file)) != 0) error = errno;
    if (fclose(stream) != 0 && !error) error = errno;
    return error;
}

ocellus_status file_move(const char *from, const char *to) {
    TRY(refuse_special(to));
    return rename(from, to) == 0 ? OCELLUS_OK : fail_errno(errno, "%s: cannot be written", to);
}

ocellus_status file_writer_commit(struct file_writer *writer) {
    int error = close_flushed(writer->stream, writer->file);
    writer->stream = NULL;
    if (!error && RETRY(rename(writer->temporary, writer->path)) != 0) error = errno;
    if (!error) return flush_folder(writer->path);
    remove_temporary(writer);
    return fail_errno(error, "%s: cannot be written", writer->path);
}

void file_writer_discard(struct file_writer *writer) {
    if (!writer->stream) return;
    fclose(writer->stream);
    writer->stream = NULL;
    remove_temporary(writer);
}

ocellus_status file_write(const char *path, const void *bytes, size_t size) {
    struct file_writer writer;
    TRY(file_writer_begin(&writer, path));
    int error = reserve(writer.file, size); /* finds a full disk before anything is written */
    if (!error) error = write_all(writer.file, bytes, size);
    if (!error) return file_writer_commit(&writer);
    file_writer_discard(&writer);
    return fail_errno(error, "%s: cannot be written", path);
}
