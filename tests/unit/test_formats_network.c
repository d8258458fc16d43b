/* SPDX-License-Identifier: MIT */
/* A file of a network is opened once, whatever its form: what is checked is what is used. */
#include "base/files.h"
#include "formats/model_file.h"
#include "model/initialize.h"
#include "model/simcnn.h"
#include "temporary.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static const char *watched;
static int opens;

int __real_open(const char *path, int flags, ...); /* the C library's */
int __wrap_open(const char *path, int flags, ...); /* whatever base opens */
int __wrap_open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (watched && strcmp(path, watched) == 0) opens++;
    return __real_open(path, flags, mode);
}

static ocellus_status initial_values(void *context, const char *name, float *values, size_t count) {
    (void)count;
    return graph_initial_values(context, name, 3, values);
}

static void test_opened_once(void **state) {
    struct graph *graph;
    struct network_file file;
    const char *path = temporary_path(*state, "m.safetensors");
    assert_int_equal(graph_simcnn(32, 32, 3, 4, &graph), OCELLUS_OK);
    assert_int_equal(model_file_write(path, graph, 2, initial_values, graph), OCELLUS_OK);
    const struct network_forms *const all[] = {&network_forms_model, &network_forms_all};
    watched = path;
    for (size_t i = 0; i < 2; i++) {
        opens = 0;
        if (network_file_read(path, all[i], &file) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_int_equal(opens, 1);
        assert_int_equal(file.epoch, 2);
        assert_true(file.knows_preprocessing);
        assert_int_equal(file.match.matched, 22);
        network_file_free(&file);
    }
    watched = NULL;
    graph_free(graph);
}

/* Of the other forms the bytes are taken from the one reading too, refused or not. */
static void test_bytes_of_other_forms(void **state) {
    static const struct {
        const char *name, *bytes;
        size_t size;
    } files[] = {
#define BYTES(text) text, sizeof(text) - 1
        {"w.h5", BYTES("\x89HDF\r\n\x1a\n damaged")},
        {"m.keras", BYTES("PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\15\0\0\0metadata.json")},
        {"model.json", BYTES("{\"modelTopology\": {}, \"weightsManifest\": []}")},
        {"a.png", BYTES("\x89PNG\r\n\x1a\n")},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct network_file file;
        const char *path = temporary_path(*state, files[i].name);
        assert_int_equal(file_write(path, files[i].bytes, files[i].size), OCELLUS_OK);
        watched = path;
        opens = 0;
        assert_int_not_equal(network_file_read(path, &network_forms_all, &file), OCELLUS_OK);
        assert_int_equal(opens, 1);
        assert_null(file.tensors.items);
        watched = NULL;
    }
}

/* Files with a hole of gigabytes, which no machine need have the memory for: what is too large for its form, or of no known kind, is
 * refused by its first bytes and its size. */
static void test_large_files_are_refused_unread(void **state) {
    static const struct {
        const char *start, *words;
        size_t start_size;
        long long size;
    } files[] = {
        {"{\"modelTopology\": {", "size: 3221225472 bytes (expected at most 16777216)", 18, 3LL << 30},
        {"{\"what\": {", "size: 16777217 bytes (expected at most 16777216)", 10, (16LL << 20) + 1},
        {"\1\2\3\4", "is of an unknown kind (expected a network or weights", 4, 3LL << 30},
        {"\x89HDF\r\n\x1a\n", "size: 4294967297 bytes (expected at most 4294967296)", 8, (4LL << 30) + 1},
    };
    const char *path = temporary_path(*state, "large");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct network_file file;
        char start[FILE_START];
        memset(start, ' ', sizeof start);
        memcpy(start, files[i].start, files[i].start_size);
        assert_int_equal(file_write(path, start, sizeof start), OCELLUS_OK);
        assert_int_equal(truncate(path, files[i].size), 0);
        struct rusage before, after;
        assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
        assert_int_equal(network_file_read(path, &network_forms_all, &file), OCELLUS_BAD_CONTENT);
        assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
        if (!strstr(status_message(), files[i].words))
            fail_msg("\"%s\" lacks \"%s\"", status_message(), files[i].words);
        assert_true(after.ru_minflt - before.ru_minflt < 1000); /* pages touched: below 4 MB */
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {IN_FOLDER(test_opened_once), IN_FOLDER(test_bytes_of_other_forms),
                                       IN_FOLDER(test_large_files_are_refused_unread)};
    return cmocka_run_group_tests_name("formats/network", tests, NULL, NULL);
}
