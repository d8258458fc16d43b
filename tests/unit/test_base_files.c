/* SPDX-License-Identifier: MIT */
/* Files under duress: full disks, devices, pipes, links, a kill in the middle of a write. */
#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void check_content(const char *path, const char *expected) {
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read(path, 1 << 24, &bytes, &size), OCELLUS_OK);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size + 1); /* with the zero at the end */
    free(bytes);
}

/* No temporary file stays behind. */
static void check_names(const char *folder, const char *expected) {
    char **names, joined[1024] = "";
    size_t count;
    assert_int_equal(folder_names(folder, &names, &count), OCELLUS_OK);
    for (size_t i = 0; i < count; i++)
        sprintf(joined + strlen(joined), "%s ", names[i]);
    assert_null(names[count]);
    names_free(names);
    assert_string_equal(joined, expected);
}

static void test_paths(void **state) {
    (void)state;
    char out[FILE_PATH_SIZE], longest[FILE_PATH_SIZE + 10];
    assert_int_equal(path_join(out, "a", "b"), OCELLUS_OK);
    assert_string_equal(out, "a/b");
    path_join(out, "a/", "b");
    assert_string_equal(out, "a/b");
    path_join(out, "", "b");
    assert_string_equal(out, "b");
    path_join(out, "a", "/b");
    assert_string_equal(out, "/b");
    path_join(out, "/", "b");
    assert_string_equal(out, "/b");
    memset(longest, 'x', sizeof longest);
    longest[FILE_PATH_SIZE - 1] = '\0';
    assert_int_equal(path_join(out, "", longest), OCELLUS_OK);
    assert_int_equal(path_join(out, "a", longest), OCELLUS_USAGE);
    longest[FILE_PATH_SIZE - 1] = 'x';
    longest[FILE_PATH_SIZE] = '\0';
    assert_int_equal(path_join(out, "", longest), OCELLUS_USAGE);
    assert_string_equal(path_base_name("/a/b.c"), "b.c");
    assert_string_equal(path_base_name("b.c"), "b.c");
    assert_string_equal(path_base_name("a/"), "");
}

static void test_folders(void **state) {
    const char *folder = *state;
    assert_int_equal(folder_make(temporary_path(folder, "a/b/c")), OCELLUS_OK);
    assert_int_equal(folder_make(temporary_path(folder, "a/b/c/")), OCELLUS_OK);
    assert_int_equal(folder_make(folder), OCELLUS_OK);
    assert_int_equal(folder_make(""), OCELLUS_USAGE);
    assert_true(path_is_folder(temporary_path(folder, "a/b/c")));
    const char *file = temporary_path(folder, "a/file");
    temporary_file(file, "x");
    assert_true(path_exists(file));
    assert_false(path_is_folder(file));
    assert_false(path_exists(temporary_path(folder, "none")));
    assert_int_equal(folder_make(file), OCELLUS_IO);
    assert_int_equal(folder_make(temporary_path(folder, "a/file/x")), OCELLUS_IO);
    temporary_file(temporary_path(folder, "Z"), "");
    temporary_file(temporary_path(folder, ".hidden"), "");
    check_names(folder, ".hidden Z a ");
    check_names(temporary_path(folder, "a/b/c"), "");
    char **names;
    size_t count;
    assert_int_equal(folder_names(temporary_path(folder, "none"), &names, &count), OCELLUS_IO);
    assert_int_equal(folder_names(temporary_path(folder, "Z"), &names, &count), OCELLUS_IO);
}

static void test_remove_follows_no_link(void **state) {
    const char *folder = *state;
    folder_make(temporary_path(folder, "kept"));
    temporary_file(temporary_path(folder, "kept/file"), "x");
    folder_make(temporary_path(folder, "gone/deep/er"));
    temporary_file(temporary_path(folder, "gone/deep/file"), "x");
    assert_int_equal(symlink("../kept", temporary_path(folder, "gone/link")), 0);
    assert_int_equal(symlink("kept", temporary_path(folder, "link")), 0);
    assert_int_equal(mkfifo(temporary_path(folder, "gone/pipe"), 0600), 0);
    assert_int_equal(folder_remove(temporary_path(folder, "gone")), OCELLUS_OK);
    assert_int_equal(folder_remove(temporary_path(folder, "link")), OCELLUS_IO);
    assert_int_equal(folder_remove(temporary_path(folder, "link/")), OCELLUS_IO);
    assert_int_equal(folder_remove(temporary_path(folder, "kept/file")), OCELLUS_IO);
    assert_int_equal(folder_remove(temporary_path(folder, "none")), OCELLUS_IO);
    check_names(folder, "kept link ");
    check_content(temporary_path(folder, "kept/file"), "x");
    folder_make(temporary_path(folder, "slash"));
    assert_int_equal(folder_remove(temporary_path(folder, "slash//")), OCELLUS_OK);
    check_names(folder, "kept link ");
}

static void test_cache_folder(void **state) {
    const char *folder = *state;
    char out[FILE_PATH_SIZE];
    setenv("XDG_CACHE_HOME", temporary_path(folder, "xdg"), 1);
    setenv("HOME", temporary_path(folder, "home"), 1);
    assert_int_equal(folder_cache(out), OCELLUS_OK);
    assert_string_equal(out, temporary_path(folder, "xdg/ocellus"));
    assert_true(path_is_folder(out));
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_int_equal(folder_cache(out), OCELLUS_OK);
    assert_string_equal(out, temporary_path(folder, "home/.cache/ocellus"));
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_int_equal(folder_cache(out), OCELLUS_USAGE);
}

static void test_read(void **state) {
    const char *path = temporary_path(*state, "file");
    unsigned char *bytes = NULL;
    size_t size;
    uint64_t told;
    temporary_file(path, "12345");
    check_content(path, "12345");
    assert_int_equal(file_read(path, 5, &bytes, &size), OCELLUS_OK);
    free(bytes);
    bytes = NULL;
    assert_int_equal(file_read(path, 4, &bytes, &size), OCELLUS_BAD_CONTENT);
    assert_null(bytes);
    assert_non_null(strstr(status_message(), "5 bytes (expected at most 4)"));
    assert_int_equal(file_size(path, &told), OCELLUS_OK);
    assert_int_equal(told, 5);
    temporary_file(path, "");
    check_content(path, "");
    assert_int_equal(file_read(temporary_path(*state, "none"), 9, &bytes, &size), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "No such file"));
    assert_null(bytes);
    /* A file that tells no size. */
    assert_int_equal(file_read("/proc/self/status", 1 << 20, &bytes, &size), OCELLUS_OK);
    assert_in_range(size, 100, 1 << 20);
    free(bytes);
    bytes = NULL;
    assert_int_equal(file_read("/proc/self/status", 10, &bytes, &size), OCELLUS_BAD_CONTENT);
    assert_null(bytes);
}

static void test_larger_file_is_refused_before_anything_is_allocated(void **state) {
    const char *path = temporary_path(*state, "sparse");
    unsigned char *bytes = NULL;
    size_t size;
    temporary_file(path, "");
    assert_int_equal(truncate(path, (off_t)1 << 40), 0); /* a tebibyte, all hole */
    assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OCELLUS_BAD_CONTENT);
    assert_null(bytes);
}

static void test_special_files_are_refused_at_once(void **state) {
    const char *pipe_path = temporary_path(*state, "pipe");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    const char *const special[] = {pipe_path, "/dev/zero", "/dev/null", *state};
    alarm(10); /* a read that waits ends the test */
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        unsigned char *bytes = NULL;
        size_t size;
        uint64_t told;
        char text[SHA256_TEXT_SIZE];
        struct file_writer writer;
        assert_int_equal(file_read(special[i], SIZE_MAX, &bytes, &size), OCELLUS_BAD_CONTENT);
        assert_null(bytes);
        assert_non_null(strstr(status_message(), "expected a regular file"));
        assert_int_equal(file_size(special[i], &told), OCELLUS_BAD_CONTENT);
        assert_int_equal(sha256_file(special[i], text), OCELLUS_BAD_CONTENT);
        assert_int_equal(file_write(special[i], "x", 1), OCELLUS_USAGE);
        assert_int_equal(file_writer_begin(&writer, special[i]), OCELLUS_USAGE);
    }
    alarm(0);
    check_names(*state, "pipe ");
}

static void test_write(void **state) {
    const char *folder = *state, *path = temporary_path(folder, "file");
    assert_int_equal(file_write(path, "first", 5), OCELLUS_OK);
    check_content(path, "first");
    assert_int_equal(file_write(path, "second, longer", 14), OCELLUS_OK);
    check_content(path, "second, longer");
    assert_int_equal(file_write(path, "3", 1), OCELLUS_OK);
    check_content(path, "3");
    assert_int_equal(file_write(path, "", 0), OCELLUS_OK);
    check_content(path, "");
    check_names(folder, "file ");
    assert_int_equal(file_write(temporary_path(folder, "none/file"), "x", 1), OCELLUS_IO);
    assert_int_equal(file_write("", "x", 1), OCELLUS_USAGE);
    assert_int_equal(file_write(temporary_path(folder, "x/"), "x", 1), OCELLUS_USAGE);
    temporary_file(temporary_path(folder, "target"), "kept");
    const char *link = temporary_path(folder, "link");
    assert_int_equal(symlink("target", link), 0);
    assert_int_equal(file_write(link, "x", 1), OCELLUS_USAGE);
    check_content(temporary_path(folder, "target"), "kept");
    check_names(folder, "file link target ");
}

static void test_write_to_a_plain_name(void **state) {
    char before[FILE_PATH_SIZE];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(*state), 0);
    assert_int_equal(file_write("plain", "x", 1), OCELLUS_OK);
    check_names(".", "plain ");
    assert_int_equal(chdir(before), 0);
}

static void test_long_names(void **state) {
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0'; /* as long as a name may be, so nothing can be appended to it */
    assert_int_equal(file_write(temporary_path(*state, name), "x", 1), OCELLUS_OK);
    check_content(temporary_path(*state, name), "x");
}

static void test_permissions_follow_umask(void **state) {
    const char *path = temporary_path(*state, "file");
    mode_t before = umask(027);
    assert_int_equal(file_write(path, "x", 1), OCELLUS_OK);
    umask(before);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
}

static void test_writer(void **state) {
    const char *folder = *state, *path = temporary_path(folder, "file");
    struct file_writer writer;
    temporary_file(path, "old");
    assert_int_equal(file_writer_begin(&writer, path), OCELLUS_OK);
    fprintf(writer.stream, "%s", "new");
    check_content(path, "old");
    assert_int_equal(file_writer_commit(&writer), OCELLUS_OK);
    check_content(path, "new");
    file_writer_discard(&writer); /* after a commit it does nothing */
    check_content(path, "new");
    assert_int_equal(file_writer_begin(&writer, path), OCELLUS_OK);
    fprintf(writer.stream, "%s", "newer");
    file_writer_discard(&writer);
    check_content(path, "new");
    check_names(folder, "file ");
}

static void test_commit_that_cannot_rename(void **state) {
    const char *path = temporary_path(*state, "file");
    struct file_writer writer;
    assert_int_equal(file_writer_begin(&writer, path), OCELLUS_OK);
    assert_int_equal(folder_make(path), OCELLUS_OK); /* in between, somebody makes a folder of that name */
    assert_int_equal(file_writer_commit(&writer), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "file: cannot be written: Is a directory"));
    check_names(*state, "file ");
}

static void test_two_writers_at_once(void **state) {
    const char *path = temporary_path(*state, "file");
    struct file_writer first, second;
    assert_int_equal(file_writer_begin(&first, path), OCELLUS_OK);
    assert_int_equal(file_writer_begin(&second, path), OCELLUS_OK);
    fputs("first", first.stream);
    fputs("second", second.stream);
    assert_int_equal(file_writer_commit(&second), OCELLUS_OK);
    assert_int_equal(file_writer_commit(&first), OCELLUS_OK);
    check_content(path, "first");
    check_names(*state, "file ");
}

/* Writes past what the disk takes, whole and piece by piece: the old content stays, nothing is left behind. */
static void check_disk_full(const char *folder, size_t size, int expected_error) {
    const char *path = temporary_path(folder, "file");
    unsigned char *bytes = calloc(size, 1);
    assert_non_null(bytes);
    assert_int_equal(file_write(path, "old", 3), OCELLUS_OK);
    assert_int_equal(file_write(path, bytes, size), OCELLUS_IO);
    assert_non_null(strstr(status_message(), strerror(expected_error)));
    check_content(path, "old");
    check_names(folder, "file ");
    struct file_writer writer;
    assert_int_equal(file_writer_begin(&writer, path), OCELLUS_OK);
    for (size_t done = 0; done < size; done += 100)
        fwrite(bytes, 1, 100, writer.stream);
    assert_int_equal(file_writer_commit(&writer), OCELLUS_IO);
    assert_non_null(strstr(status_message(), strerror(expected_error)));
    check_content(path, "old");
    check_names(folder, "file ");
    assert_int_equal(file_write(path, "new", 3), OCELLUS_OK);
    check_content(path, "new");
    free(bytes);
}

static void test_file_size_limit(void **state) {
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 10000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    check_disk_full(*state, 50000, EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
}

static void test_full_disk(void **state) {
    if (mount("ocellus-test", *state, "tmpfs", 0, "size=256k") != 0) skip(); /* only root may */
    /* Detached at once and reached through the open folder, it goes away with this process, whatever happens. */
    int folder = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(umount2(*state, MNT_DETACH), 0);
    assert_true(folder >= 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    check_disk_full(path, 1 << 20, ENOSPC);
    close(folder);
}

static void test_folder_without_permission(void **state) {
    uid_t user = geteuid();
    assert_int_equal(chmod(*state, 0555), 0);
    if (user == 0) assert_int_equal(seteuid(65534), 0); /* root may write anywhere */
    ocellus_status status = file_write(temporary_path(*state, "file"), "x", 1);
    if (user == 0) assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(*state, 0700), 0);
    assert_int_equal(status, OCELLUS_IO);
    assert_non_null(strstr(status_message(), "file: cannot be written: Permission denied"));
    check_names(*state, "");
}

enum { SIZE = 300000 };
static unsigned char content[SIZE];

static void write_for_ever(const char *path) {
    for (unsigned i = 0;; i++) {
        memset(content, 'a' + (int)(i % 26), SIZE);
        if (file_write(path, content, SIZE) != OCELLUS_OK) _exit(1);
    }
}

/* A reader at any time, after a kill at any time, finds one whole content or the other. */
static void test_kill_in_the_middle(void **state) {
    const char *path = temporary_path(*state, "file");
    memset(content, 'a', SIZE);
    assert_int_equal(file_write(path, content, SIZE), OCELLUS_OK);
    for (int round = 0; round < 15; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) write_for_ever(path);
        nanosleep(&(struct timespec){.tv_nsec = 1000000 + 700000 * round}, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        unsigned char *bytes;
        size_t size;
        assert_int_equal(file_read(path, SIZE, &bytes, &size), OCELLUS_OK);
        assert_int_equal(size, SIZE);
        for (size_t i = 1; i < SIZE; i++)
            if (bytes[i] != bytes[0]) fail_msg("byte %zu is of another content", i);
        free(bytes);
    }
}

static void test_sha256(void **state) {
    static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char million[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    char text[SHA256_TEXT_SIZE];
    sha256_bytes("", 0, text);
    assert_string_equal(text, empty);
    sha256_bytes("abc", 3, text);
    assert_string_equal(text, abc);
    struct sha256 hash;
    sha256_begin(&hash);
    for (int i = 0; i < 1000000; i += 8)
        sha256_add(&hash, "aaaaaaaa", 8);
    sha256_end(&hash, text);
    assert_string_equal(text, million);
    const char *path = temporary_path(*state, "file");
    temporary_file(path, "abc");
    assert_int_equal(sha256_file(path, text), OCELLUS_OK);
    assert_string_equal(text, abc);
    char *as = malloc(1000001);
    assert_non_null(as);
    memset(as, 'a', 1000000);
    as[1000000] = '\0';
    temporary_file(path, as);
    free(as);
    assert_int_equal(sha256_file(path, text), OCELLUS_OK);
    assert_string_equal(text, million);
    assert_int_equal(sha256_file(temporary_path(*state, "none"), text), OCELLUS_IO);
}

static void test_no_link_leads_out(void **state) {
    const char *folder = *state;
    char out[FILE_PATH_SIZE];
    assert_int_equal(folder_make(temporary_path(folder, "a/b")), OCELLUS_OK);
    temporary_file(temporary_path(folder, "a/b/file"), "");
    assert_int_equal(symlink("..", temporary_path(folder, "a/up")), 0);
    assert_int_equal(symlink("nowhere", temporary_path(folder, "a/b/gone")), 0);
    for (size_t i = 0; i < 3; i++) /* the folder itself may be reached by any way */
        assert_int_equal(
            path_inside(out, temporary_path(folder, "a/up/a"), ((const char *[]){"b/file", "b/new", ""})[i]),
            OCELLUS_OK);
    const char *const links[] = {"up", "up/a", "up/a/b/file", "b/gone", "b/../up/new"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        assert_int_equal(path_inside(out, temporary_path(folder, "a"), links[i]), OCELLUS_USAGE);
        assert_non_null(strstr(status_message(), "is a symbolic link"));
    }
}

static void test_in_place_only_into_its_own_file(void **state) {
    char path[FILE_PATH_SIZE];
    int file;
    snprintf(path, sizeof path, "%s", temporary_path(*state, "file"));
    for (int i = 0; i < 2; i++) { /* made, then found */
        assert_int_equal(file_open_in_place(path, O_WRONLY | O_APPEND, &file), OCELLUS_OK);
        assert_int_equal(write(file, "x", 1), 1);
        close(file);
    }
    check_content(path, "xx");
    assert_int_equal(symlink(path, temporary_path(*state, "soft")), 0);
    assert_int_equal(mkfifo(temporary_path(*state, "pipe"), 0600), 0);
    assert_int_equal(file_open_in_place(temporary_path(*state, "soft"), O_WRONLY, &file), OCELLUS_IO);
    assert_int_equal(file_open_in_place(temporary_path(*state, "pipe"), O_RDWR, &file), OCELLUS_USAGE);
    assert_int_equal(file_open_in_place("/dev/null", O_WRONLY, &file), OCELLUS_USAGE);
    assert_int_equal(link(path, temporary_path(*state, "hard")), 0);
    assert_int_equal(file_open_in_place(path, O_WRONLY, &file), OCELLUS_USAGE);
}

/* What killed processes left, in the names that earlier versions gave too; what lives stays. */
static void test_sweep(void **state) {
    char path[FILE_PATH_SIZE];
    struct file_writer writer;
    int lock;
    temporary_file(temporary_path(*state, ".ocellus-1-0.tmp"), "");
    assert_int_equal(symlink("/etc", temporary_path(*state, ".ocellus-3-0.tmp")), 0);
    assert_int_equal(folder_make(temporary_path(*state, ".ocellus-2-folder-0.tmp/deep")), OCELLUS_OK);
    assert_int_equal(file_writer_begin(&writer, temporary_path(*state, "file")), OCELLUS_OK);
    assert_int_equal(folder_make_temporary(*state, path, &lock), OCELLUS_OK);
    assert_true(path_is_temporary(path_base_name(path)));
    assert_int_equal(temporaries_sweep(*state), OCELLUS_OK);
    assert_true(path_is_folder(path));
    assert_int_equal(file_writer_commit(&writer), OCELLUS_OK);
    close(lock);
    assert_int_equal(temporaries_sweep(*state), OCELLUS_OK);
    check_names(*state, ".ocellus-3-0.tmp file "); /* a link was none of ours */
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        IN_FOLDER(test_folders),
        IN_FOLDER(test_remove_follows_no_link),
        IN_FOLDER(test_cache_folder),
        IN_FOLDER(test_read),
        IN_FOLDER(test_larger_file_is_refused_before_anything_is_allocated),
        IN_FOLDER(test_special_files_are_refused_at_once),
        IN_FOLDER(test_write),
        IN_FOLDER(test_write_to_a_plain_name),
        IN_FOLDER(test_long_names),
        IN_FOLDER(test_permissions_follow_umask),
        IN_FOLDER(test_writer),
        IN_FOLDER(test_commit_that_cannot_rename),
        IN_FOLDER(test_two_writers_at_once),
        IN_FOLDER(test_file_size_limit),
        IN_FOLDER(test_full_disk),
        IN_FOLDER(test_folder_without_permission),
        IN_FOLDER(test_kill_in_the_middle),
        IN_FOLDER(test_sha256),
        IN_FOLDER(test_no_link_leads_out),
        IN_FOLDER(test_in_place_only_into_its_own_file),
        IN_FOLDER(test_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
