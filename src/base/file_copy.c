/* SPDX-License-Identifier: MIT */
#include "base/file_copy.h"

#include "base/file_open.h"
#include "base/files.h"
#include "base/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 8 * 1024, NUMBERS_MOST = 1000000 };

/* The size of the longest beginning of `bytes` that has at most `most` bytes and ends no character in its middle. */
static size_t whole_prefix(const char *bytes, size_t size, size_t most) {
    if (size <= most) return size;
    while (most > 0 && ((unsigned char)bytes[most] & 0xC0) == 0x80)
        most--;
    return most;
}

/* folder/stem-NUMBER.end */
static ocellus_status numbered_path(char path[FILE_PATH_SIZE], const char *folder, const char *name, size_t number) {
    char numbered[NAME_MAX + 1], suffix[32] = "";
    const size_t size = strlen(name);
    const char *end = strrchr(name, '.');
    if (!end || end == name || strlen(end) > NAME_MAX / 2) end = name + size;
    if (number > 1) snprintf(suffix, sizeof suffix, "-%zu", number);
    size_t stem = whole_prefix(name, (size_t)(end - name), NAME_MAX - strlen(suffix) - strlen(end));
    snprintf(numbered, sizeof numbered, "%.*s%s%s", (int)stem, name, suffix, end);
    return path_join(path, folder, numbered);
}

/* The first of those paths, from *number on, that nothing has. */
static ocellus_status find_free(char path[FILE_PATH_SIZE], const char *folder, const char *name, size_t *number) {
    struct stat about;
    for (; *number < NUMBERS_MOST; ++*number) {
        TRY(numbered_path(path, folder, name, *number));
        if (RETRY(lstat(path, &about)) == 0) continue;
        return errno == ENOENT ? OCELLUS_OK : fail_errno(errno, "%s: cannot be written", path);
    }
    return fail(OCELLUS_IO, "%s: there are %d files of that name", path, NUMBERS_MOST);
}

static ocellus_status copy_content(int file, const char *from, FILE *stream, bool *reading) {
    char bytes[PIECE];
    ssize_t got;
    while ((got = RETRY(read(file, bytes, sizeof bytes))) > 0)
        if (fwrite(bytes, 1, (size_t)got, stream) != (size_t)got) return OCELLUS_OK; /* found when it is committed */
    if (got == 0) return OCELLUS_OK;
    *reading = true;
    return fail_errno(errno, "%s: cannot be read", from);
}

/* Takes a name for good: an empty file of it, which the copy then replaces. */
static ocellus_status reserve_name(struct file_writer *writer, const char *folder, const char *name, size_t *number) {
    for (;;) {
        int file = RETRY(open(writer->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
        if (file >= 0) return close(file), OCELLUS_OK;
        if (errno != EEXIST) return fail_errno(errno, "%s: cannot be written", writer->path);
        TRY(find_free(writer->path, folder, name, number));
    }
}

static ocellus_status copy_open(int file, uint64_t size, const char *from, const char *folder, const char *name,
                                char path[FILE_PATH_SIZE], bool *reading) {
    struct file_writer writer;
    size_t number = 1;
    TRY(find_free(path, folder, name, &number));
    TRY(file_writer_begin(&writer, path));
    ocellus_status status = file_writer_reserve(&writer, size);
    if (status == OCELLUS_OK) status = copy_content(file, from, writer.stream, reading);
    if (status == OCELLUS_OK) status = reserve_name(&writer, folder, name, &number);
    if (status != OCELLUS_OK) {
        file_writer_discard(&writer);
        return status;
    }
    memcpy(path, writer.path, FILE_PATH_SIZE);
    status = file_writer_commit(&writer);
    if (status != OCELLUS_OK) (void)!RETRY(unlink(path));
    return status;
}

ocellus_status file_copy_beside(const char *from, const char *folder, const char *name, char path[FILE_PATH_SIZE],
                                bool *reading) {
    int file;
    uint64_t size;
    *reading = true;
    TRY(file_open_regular(from, &file, &size));
    *reading = false;
    ocellus_status status = copy_open(file, size, from, folder, name, path, reading);
    close(file);
    return status;
}
