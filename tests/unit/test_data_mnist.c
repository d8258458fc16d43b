/* SPDX-License-Identifier: MIT */
/* MNIST and Fashion-MNIST by name: what is not the published set is refused, or called otherwise. The sets themselves, where they
 * are in the cache or in Debian's package. */
#include "base/log.h"
#include "data/data_sets.h"
#include "data/fetch_mnist.h"
#include "data/mnist.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int cache_setup(void **state) {
    log_set_level(LOG_QUIET);
    if (temporary_setup(state) != 0) return -1;
    return setenv("XDG_CACHE_HOME", temporary_path(*state, "cache"), 1);
}

/* A small set in their form, labels 0, 1, ... `labels` - 1. */
static void put_set(const char *folder, size_t labels) {
    for (size_t i = 0; i < IDX_FILES; i++) {
        unsigned char bytes[4096] = {0, 0, 8, i % 2 ? 1 : 3, 0, 0, 0, (unsigned char)labels};
        size_t size = 8;
        for (size_t k = 0; i % 2 && k < labels; k++)
            bytes[size++] = (unsigned char)k;
        if (i % 2 == 0) {
            bytes[11] = bytes[15] = 4;
            size = 16 + 16 * labels;
        }
        assert_int_equal(file_write(temporary_path(folder, mnist_file_names[i]), bytes, size), OCELLUS_OK);
    }
}

static void expect_words(const char *words) {
    if (!strstr(status_message(), words)) fail_msg("\"%s\" lacks \"%s\"", status_message(), words);
}

static ocellus_status open_set(const char *name, const char *path, struct data_parts *parts) {
    return data_set_open(name, &(struct data_request){.path = path}, parts);
}

static void others_in_their_place(void **state) {
    struct data_parts parts;
    char mine[FILE_PATH_SIZE];
    snprintf(mine, sizeof mine, "%s", temporary_path(*state, "mine"));
    assert_int_equal(folder_make(mine), OCELLUS_OK);
    put_set(mine, 7);
    assert_int_equal(open_set("fashion-mnist", mine, &parts), OCELLUS_OK);
    assert_string_equal(parts.train->name, "mine (idx)");
    assert_int_equal(parts.train->classes, 10);
    assert_string_equal(parts.test->class_names[9], "9");
    data_parts_close(&parts);
    put_set(mine, 11);
    assert_int_equal(open_set("mnist", mine, &parts), OCELLUS_BAD_CONTENT);
    expect_words("mine: label 10 among the train images (expected 0 to 9)");
    assert_null(parts.train);
}

static void the_cache_must_hold_the_published_files(void **state) {
    struct data_parts parts;
    char cache[FILE_PATH_SIZE];
    assert_int_equal(open_set("mnist", NULL, &parts), OCELLUS_IO);
    expect_words("MNIST is not there yet; run `ocellus data fetch mnist`");
    snprintf(cache, sizeof cache, "%s", temporary_path(*state, "cache/ocellus/mnist"));
    assert_int_equal(folder_make(cache), OCELLUS_OK);
    put_set(cache, 10);
    assert_int_equal(open_set("mnist", NULL, &parts), OCELLUS_BAD_CONTENT);
    expect_words("train-images-idx3-ubyte: SHA-256 ");
    expect_words("damaged cache, mend it with `ocellus data fetch mnist`");
    assert_null(parts.train);
    assert_int_equal(mnist_check(&mnist_digits, cache), OCELLUS_BAD_CONTENT);
}

static void only_the_published_files_are_fetched(void **state) {
    const char *mine = temporary_path(*state, "mine");
    char folder[FILE_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", mine);
    assert_int_equal(folder_make(folder), OCELLUS_OK);
    const struct fetch_options from = {.from = folder};
    assert_int_equal(fetch_mnist(&from), OCELLUS_IO);
    expect_words("train-images-idx3-ubyte.gz");
    put_set(folder, 10);
    assert_int_equal(fetch_mnist(&from), OCELLUS_BAD_CONTENT);
    expect_words("mine/train-images-idx3-ubyte: SHA-256 ");
    assert_int_equal(fetch_fashion_mnist(&from), OCELLUS_BAD_CONTENT);
    expect_words("mine/train-images-idx3-ubyte: SHA-256 ");
    assert_int_equal(file_write(temporary_path(folder, mnist_file_names[0]), "no idx", 6), OCELLUS_OK);
    assert_int_equal(fetch_mnist(&from), OCELLUS_BAD_CONTENT);
    expect_words("is no idx file");
    const struct fetch_options file = {.from = temporary_path(folder, mnist_file_names[1])};
    assert_int_equal(fetch_fashion_mnist(&file), OCELLUS_BAD_CONTENT);
    expect_words("is a file (expected the folder of Fashion-MNIST's four files)");
    assert_false(path_exists(temporary_path(*state, "cache/ocellus/mnist")));
}

static void debians_package_is_fashion_mnist(void **state) {
    (void)state;
    struct data_parts parts;
    if (!path_is_folder("/usr/share/datasets/fashion-mnist")) skip();
    assert_int_equal(fetch_fashion_mnist(&(const struct fetch_options){0}), OCELLUS_OK);
    assert_int_equal(open_set("fashion-mnist", NULL, &parts), OCELLUS_OK);
    assert_string_equal(parts.train->name, "fashion-mnist");
    assert_int_equal(parts.train->count, 60000);
    assert_int_equal(parts.test->count, 10000);
    assert_string_equal(parts.test->class_names[source_label(parts.test, 0)], "Ankle boot");
    data_parts_close(&parts);
}

#define IN_CACHE(test) cmocka_unit_test_setup_teardown(test, cache_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_CACHE(others_in_their_place),
        IN_CACHE(the_cache_must_hold_the_published_files),
        IN_CACHE(only_the_published_files_are_fetched),
        IN_CACHE(debians_package_is_fashion_mnist),
    };
    return cmocka_run_group_tests_name("data/mnist", tests, NULL, NULL);
}
