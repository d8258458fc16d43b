/* SPDX-License-Identifier: MIT */
/* Fetching without a network: what --from refuses, and that nothing refused or left behind is ever used. */
#include "base/files.h"
#include "base/folders.h"
#include "base/log.h"
#include "data/cifar10.h"
#include "data/fetch_cifar10.h"
#include "data/fetch_resnet50.h"
#include "data/resnet50.h"
#include "temporary.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#ifdef OCELLUS_ARCHIVES
#include <archive.h>
#include <archive_entry.h>
#endif

enum { FILE_SIZE = 30730000 };

/* The test's folder is the user's cache too. */
static int cache_setup(void **state) {
    log_set_level(LOG_QUIET);
    if (temporary_setup(state) != 0) return -1;
    return setenv("XDG_CACHE_HOME", *state, 1);
}

typedef ocellus_status fetch_function(const struct fetch_options *options);

/* The fetch fails with these words, and leaves no data and no temporary files. */
static void expect_refusal_of(fetch_function *fetch, const char *lock, const char *from, ocellus_status expected,
                              const char *words, const char *more_words) {
    const struct fetch_options options = {.from = from};
    assert_int_equal(fetch(&options), expected);
    if (!strstr(status_message(), words) || !strstr(status_message(), more_words)) {
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", status_message(), words, more_words);
    }
    char cache[FILE_PATH_SIZE], **names;
    size_t count;
    assert_int_equal(folder_cache(cache), OCELLUS_OK);
    assert_int_equal(folder_names(cache, &names, &count), OCELLUS_OK);
    assert_int_equal(count, 1);
    assert_string_equal(names[0], lock);
    names_free(names);
}

static void expect_refusal(const char *from, ocellus_status expected, const char *words, const char *more_words) {
    expect_refusal_of(fetch_cifar10, "cifar10.lock", from, expected, words, more_words);
}

static void expect_weights_refusal(const char *from, ocellus_status expected, const char *words,
                                   const char *more_words) {
    expect_refusal_of(fetch_resnet50, "resnet50.lock", from, expected, words, more_words);
}

static void write_zeros(const char *path, size_t size) {
    unsigned char *bytes = calloc(size, 1);
    assert_non_null(bytes);
    assert_int_equal(file_write(path, bytes, size), OCELLUS_OK);
    free(bytes);
}

static void test_bad_folders_are_refused(void **state) {
    char folder[FILE_PATH_SIZE];
    assert_int_equal(path_join(folder, *state, "mine"), OCELLUS_OK);
    assert_int_equal(folder_make(folder), OCELLUS_OK);
    expect_refusal(folder, OCELLUS_IO, "mine/data_batch_1.bin", "no such file");
    write_zeros(temporary_path(folder, "data_batch_1.bin"), FILE_SIZE - 1);
    expect_refusal(folder, OCELLUS_BAD_CONTENT, "mine/data_batch_1.bin: size 30729999", "expected 30730000");
    write_zeros(temporary_path(folder, "data_batch_1.bin"), FILE_SIZE);
    expect_refusal(folder, OCELLUS_BAD_CONTENT, "mine/data_batch_1.bin: SHA-256",
                   "expected cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5");
    /* The official archive, unpacked, is a folder in a folder. */
    assert_int_equal(folder_make(temporary_path(folder, "cifar-10-batches-bin")), OCELLUS_OK);
    expect_refusal(folder, OCELLUS_IO, "cifar-10-batches-bin/data_batch_1.bin", "no such file");
}

static void test_bad_weights_are_refused(void **state) {
    char folder[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    assert_int_equal(path_join(folder, *state, "mine"), OCELLUS_OK);
    assert_int_equal(folder_make(folder), OCELLUS_OK);
    expect_weights_refusal(folder, OCELLUS_IO, "mine/model.json", "No such file");
    assert_int_equal(temporary_file(temporary_path(folder, "model.json"), "{}"), 0);
    expect_weights_refusal(folder, OCELLUS_BAD_CONTENT, "mine/model.json: SHA-256",
                           "expected 11e0ca5744e311734bb5117e707beee6030fe9712b4bbb4352b5b3796f7c7a21");
    assert_int_equal(path_join(path, *state, "w.h5"), OCELLUS_OK);
    assert_int_equal(temporary_file(path, "\x89HDF\r\n\x1a\n"), 0);
    expect_weights_refusal(path, OCELLUS_BAD_CONTENT, "w.h5: MD5 2d23fb12",
                           "expected 2cb95161c43110f7111970584f804107");
    expect_weights_refusal("/dev/zero", OCELLUS_BAD_CONTENT, "/dev/zero: is a device or pipe", "regular file");
    expect_weights_refusal(temporary_path(*state, "nowhere"), OCELLUS_IO, "nowhere", "No such file");
    assert_int_equal(resnet50_find(path), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "run `ocellus data fetch resnet50`"));
}

/* A folder that a killed fetch left is removed by the next, never taken for the data. */
static void test_leftovers_are_swept(void **state) {
    char cache[FILE_PATH_SIZE], left[FILE_PATH_SIZE];
    assert_int_equal(folder_cache(cache), OCELLUS_OK);
    assert_int_equal(path_join(left, cache, "cifar10.tmp-1/files"), OCELLUS_OK);
    assert_int_equal(folder_make(left), OCELLUS_OK);
    write_zeros(temporary_path(left, "data_batch_1.bin"), 1000);
    struct source *train, *test;
    assert_int_equal(cifar10_open(NULL, true, &train, &test), OCELLUS_IO);
    expect_refusal(*state, OCELLUS_IO, "data_batch_1.bin", "no such file");
}

/* A fetch waits for another that holds the lock: here the test holds it, and the fetch runs in a child. */
static void test_a_second_fetch_waits(void **state) {
    char cache[FILE_PATH_SIZE];
    assert_int_equal(folder_cache(cache), OCELLUS_OK);
    const int lock = open(temporary_path(cache, "cifar10.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_true(lock >= 0);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    const pid_t child = fork();
    if (child == 0) {
        const struct fetch_options options = {.from = *state};
        _exit((int)fetch_cifar10(&options));
    }
    usleep(200 * 1000);
    int result = 0;
    assert_int_equal(waitpid(child, &result, WNOHANG), 0); /* still waiting */
    assert_int_equal(flock(lock, LOCK_UN), 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), OCELLUS_IO); /* the folder holds no data */
    close(lock);
}

#ifdef OCELLUS_ARCHIVES

struct entry {
    const char *path;
    unsigned type;
    const char *link;
    size_t size;
    size_t bad_at; /* where a byte is 77 instead of 0, when not 0 */
};

static void write_archive(const char *path, const struct entry *entries, size_t count) {
    struct archive *archive = archive_write_new();
    archive_write_add_filter_gzip(archive);
    archive_write_set_format_ustar(archive);
    assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, entries[i].path);
        archive_entry_set_filetype(entry, entries[i].type);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)entries[i].size);
        if (entries[i].type == AE_IFLNK) archive_entry_set_symlink(entry, entries[i].link);
        else if (entries[i].link) archive_entry_set_hardlink(entry, entries[i].link);
        assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
        unsigned char *bytes = calloc(entries[i].size + 1, 1);
        assert_non_null(bytes);
        if (entries[i].bad_at > 0) bytes[entries[i].bad_at] = 77;
        if (entries[i].size > 0) assert_true(archive_write_data(archive, bytes, entries[i].size) > 0);
        free(bytes);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
}

#define BATCH "cifar-10-batches-bin/data_batch_1.bin"

static void test_bad_archives_are_refused(void **state) {
    static const struct {
        struct entry entries[2];
        const char *words;
    } cases[] = {
        {{{BATCH, AE_IFREG, NULL, FILE_SIZE, 0}}, BATCH ": SHA-256"},
        {{{BATCH, AE_IFREG, NULL, FILE_SIZE, 3073 * 4}}, BATCH ": record 4 at byte 12292: label 77 (expected 0 to 9)"},
        {{{BATCH, AE_IFREG, NULL, FILE_SIZE - 1, 0}}, "size 30729999 bytes"},
        {{{BATCH, AE_IFREG, NULL, FILE_SIZE + 1, 0}}, "size 30730001 bytes"},
        {{{BATCH, AE_IFLNK, "/etc/passwd", 0, 0}}, "a link"},
        {{{BATCH, AE_IFREG, "/etc/passwd", 0, 0}}, "a link"},
        {{{"../escaped", AE_IFREG, NULL, 10, 0}, {"/tmp/escaped-ocellus", AE_IFREG, NULL, 10, 0}}, "not the official"},
        {{{"cifar-10-batches-py/data_batch_1", AE_IFREG, NULL, 10, 0}}, "Python version"},
        {{{"cifar-100-binary/train.bin", AE_IFREG, NULL, 10, 0}}, "CIFAR-100"},
        {{{"package/data_batch_1.png", AE_IFREG, NULL, 10, 0}}, "package/data_batch_1.png: damaged PNG"},
        {{{"package/test_lables.json", AE_IFREG, NULL, 10, 0}}, "package/test_lables.json"},
    };
    const char *path = temporary_path(*state, "cifar.tar.gz");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_archive(path, cases[i].entries, cases[i].entries[1].path ? 2 : 1);
        expect_refusal(path, OCELLUS_BAD_CONTENT, "cifar.tar.gz: ", cases[i].words);
    }
    assert_false(path_exists(temporary_path(*state, "escaped")));
    assert_false(path_exists("/tmp/escaped-ocellus"));
}

#define SHARD "package/ResNet50/group1-shard25of25.bin"

static void test_bad_weight_archives_are_refused(void **state) {
    static const struct {
        struct entry entry;
        const char *words;
    } cases[] = {
        {{SHARD, AE_IFREG, NULL, 1883552, 0}, "package/ResNet50/model.json is missing"},
        {{SHARD, AE_IFREG, NULL, 4194305, 0}, "size 4194305 bytes"},
        {{SHARD, AE_IFLNK, "/etc/passwd", 0, 0}, "a link"},
        {{"../model.json", AE_IFREG, NULL, 10, 0}, "package/ResNet50/model.json is missing"},
        {{"package/ResNet50/model.json", AE_IFREG, NULL, 10, 0}, "group1-shard1of25.bin is missing"},
    };
    const char *path = temporary_path(*state, "weights.tgz");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_archive(path, &cases[i].entry, 1);
        expect_weights_refusal(path, OCELLUS_BAD_CONTENT, "weights.tgz: ", cases[i].words);
    }
    static struct entry all[26];
    static char names[26][64];
    for (size_t i = 0; i < 26; i++) {
        if (i == 0) snprintf(names[i], sizeof names[i], "package/ResNet50/model.json");
        else snprintf(names[i], sizeof names[i], "package/ResNet50/group1-shard%zuof25.bin", i);
        all[i] = (struct entry){names[i], AE_IFREG, NULL, 100, 0};
    }
    write_archive(path, all, 26);
    expect_weights_refusal(path, OCELLUS_BAD_CONTENT, "weights.tgz: ", "model.json: SHA-256");
}

static void test_damaged_archives_are_refused(void **state) {
    const char *path = temporary_path(*state, "cifar.tar.gz");
    write_archive(path, &(const struct entry){BATCH, AE_IFREG, NULL, FILE_SIZE, 0}, 1);
    uint64_t size = 0;
    assert_int_equal(file_size(path, &size), OCELLUS_OK);
    assert_int_equal(truncate(path, (off_t)size / 2), 0);
    expect_refusal(path, OCELLUS_BAD_CONTENT, "damaged archive", "cifar.tar.gz");
    assert_int_equal(temporary_file(path, "<html>please log in</html>"), 0);
    expect_refusal(path, OCELLUS_BAD_CONTENT, "damaged archive", "cifar.tar.gz");
    expect_refusal(temporary_path(*state, "nowhere.tar.gz"), OCELLUS_IO, "nowhere.tar.gz", "No such file");
    static struct entry many[65];
    char names[65][16];
    for (size_t i = 0; i < 65; i++) {
        snprintf(names[i], sizeof names[i], "file-%zu", i);
        many[i] = (struct entry){names[i], AE_IFREG, NULL, 1, 0};
    }
    write_archive(path, many, 65);
    expect_refusal(path, OCELLUS_BAD_CONTENT, "more than 64 members", "cifar.tar.gz");
}

static void test_no_source_says_what_to_do(void **state) {
    (void)state;
    const char *search = getenv("PATH");
    char *path = strdup(search ? search : "");
    setenv("PATH", "/nonexistent", 1);              /* no npm */
    setenv("https_proxy", "http://127.0.0.1:1", 1); /* no network */
    expect_refusal(NULL, OCELLUS_IO, "npm is not on PATH", "run `ocellus data fetch cifar10 --from PATH`");
    unsetenv("https_proxy");
    setenv("PATH", path, 1);
    free(path);
}

#else

static void test_no_source_says_what_to_do(void **state) {
    (void)state;
    expect_refusal(NULL, OCELLUS_IO, "this build cannot fetch", "run `ocellus data fetch cifar10 --from PATH`");
}

#endif

#define IN_CACHE(test) cmocka_unit_test_setup_teardown(test, cache_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_CACHE(test_bad_folders_are_refused),
        IN_CACHE(test_leftovers_are_swept),
        IN_CACHE(test_a_second_fetch_waits),
        IN_CACHE(test_bad_weights_are_refused),
#ifdef OCELLUS_ARCHIVES
        IN_CACHE(test_bad_archives_are_refused),
        IN_CACHE(test_damaged_archives_are_refused),
        IN_CACHE(test_bad_weight_archives_are_refused),
#endif
        IN_CACHE(test_no_source_says_what_to_do),
    };
    return cmocka_run_group_tests_name("data/fetch", tests, NULL, NULL);
}
