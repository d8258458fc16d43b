/* SPDX-License-Identifier: MIT */
/* Files of features: what was written is read, and nothing else is taken for it. */
#include "data/feature_room.h"
#include "data/feature_store.h"
#include "group_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 5, VALUES = 3, VIEWS = 2, FILE_BYTES = 96 + COUNT * VALUES * VIEWS * 4 + 64 };

static struct feature_form form_of(size_t count, size_t values, size_t views) {
    struct feature_form form = {.count = count, .values = values, .views = views};
    sha256_bytes("key", 3, form.key);
    return form;
}

static const char *at(const char *name) {
    static char path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, folder, name), OCELLUS_OK);
    return path;
}

static void write_file(const char *path) {
    struct feature_writer writer;
    const struct feature_form form = form_of(COUNT, VALUES, VIEWS);
    assert_int_equal(feature_writer_begin(&writer, path, &form), OCELLUS_OK);
    for (size_t i = 0; i < COUNT * VIEWS; i++) {
        const float values[VALUES] = {(float)i, -1.5F, 100 + (float)i};
        feature_writer_add(&writer, values, VALUES);
    }
    assert_int_equal(feature_writer_commit(&writer), OCELLUS_OK);
}

static struct feature_store *open_store(const char *path, struct feature_form form) {
    struct feature_store *store = NULL;
    assert_int_equal(feature_store_open(path, &form, &store), OCELLUS_OK);
    return store;
}

static void what_was_written_is_read(void **state) {
    (void)state;
    uint64_t bytes = 0, size = 0;
    write_file(at("whole"));
    const struct feature_form form = form_of(COUNT, VALUES, VIEWS);
    struct feature_store *store = open_store(at("whole"), form);
    assert_non_null(store);
    assert_int_equal(feature_form_bytes(&form, &bytes), OCELLUS_OK);
    assert_int_equal(bytes, FILE_BYTES);
    assert_int_equal(file_size(at("whole"), &size), OCELLUS_OK);
    assert_int_equal(size, FILE_BYTES);
    assert_int_equal(feature_store_form(store)->views, VIEWS);
    for (size_t view = 0; view < VIEWS; view++) {
        for (size_t position = COUNT; position-- > 0;) {
            float values[VALUES];
            const float number = (float)(view * COUNT + position);
            assert_int_equal(feature_store_read(store, position, view, values), OCELLUS_OK);
            assert_true(values[0] == number && values[1] == -1.5F && values[2] == 100 + number);
        }
    }
    feature_store_close(store);
}

static void others_are_not_taken_for_it(void **state) {
    (void)state;
    struct feature_form key = form_of(COUNT, VALUES, VIEWS);
    write_file(at("others"));
    assert_null(open_store(at("nothing"), key));
    assert_null(open_store(at("others"), form_of(COUNT, VALUES, VIEWS + 1)));
    assert_null(open_store(at("others"), form_of(VALUES, COUNT, VIEWS))); /* as many bytes */
    sha256_bytes("kez", 3, key.key);
    assert_null(open_store(at("others"), key));
    assert_null(open_store(folder, form_of(COUNT, VALUES, VIEWS)));
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    assert_null(open_store(at("pipe"), form_of(COUNT, VALUES, VIEWS))); /* without waiting for a writer */
    char link[FILE_PATH_SIZE];
    strcpy(link, at("link"));
    assert_int_equal(symlink("others", link), 0);
    struct feature_store *store = NULL;
    key = form_of(COUNT, VALUES, VIEWS);
    assert_int_equal(feature_store_open(link, &key, &store), OCELLUS_IO);
    assert_null(store);
}

/* Each bit and each length of a file counts. */
static void damaged_ones_are_not_there(void **state) {
    (void)state;
    unsigned char *bytes;
    size_t size;
    write_file(at("good"));
    assert_int_equal(file_read(at("good"), 4096, &bytes, &size), OCELLUS_OK);
    for (size_t i = 0; i < size; i += 3) {
        bytes[i] ^= 0x10;
        assert_int_equal(file_write(at("bad"), bytes, size), OCELLUS_OK);
        assert_null(open_store(at("bad"), form_of(COUNT, VALUES, VIEWS)));
        bytes[i] ^= 0x10;
    }
    for (size_t shorter = 0; shorter < size; shorter += 37) {
        assert_int_equal(file_write(at("bad"), bytes, shorter), OCELLUS_OK);
        assert_null(open_store(at("bad"), form_of(COUNT, VALUES, VIEWS)));
    }
    assert_int_equal(file_write(at("bad"), bytes, size + 1), OCELLUS_OK); /* its own zero behind it */
    assert_null(open_store(at("bad"), form_of(COUNT, VALUES, VIEWS)));
    free(bytes);
}

static void what_is_cut_short_is_told(void **state) {
    (void)state;
    float values[VALUES];
    write_file(at("shrinking"));
    struct feature_store *store = open_store(at("shrinking"), form_of(COUNT, VALUES, VIEWS));
    assert_non_null(store);
    assert_int_equal(truncate(at("shrinking"), 150), 0);
    assert_int_equal(feature_store_read(store, COUNT - 1, 1, values), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "shrinking: cannot be read: it has ended"));
    feature_store_close(store);
}

static void what_is_discarded_never_was(void **state) {
    (void)state;
    struct feature_writer writer;
    uint64_t bytes;
    const struct feature_form form = form_of(COUNT, VALUES, VIEWS), endless = form_of(SIZE_MAX / 8, 1 << 20, 1);
    assert_int_equal(feature_writer_begin(&writer, at("discarded"), &form), OCELLUS_OK);
    feature_writer_discard(&writer);
    assert_null(open_store(at("discarded"), form));
    assert_int_equal(feature_form_bytes(&endless, &bytes), OCELLUS_USAGE);
    assert_int_equal(feature_writer_begin(&writer, at("endless"), &endless), OCELLUS_USAGE);
}

/* As if the file had been used that many seconds ago. */
static void make_older(const char *path, time_t seconds) {
    const time_t then = time(NULL) - seconds;
    const struct timespec times[] = {{.tv_sec = then}, {.tv_sec = then}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void the_oldest_make_room(void **state) {
    (void)state;
    static const char *const names[] = {"a.features", "b.features", "c.features", "old other file"};
    char room[FILE_PATH_SIZE], paths[4][FILE_PATH_SIZE];
    assert_int_equal(path_join(room, folder, "room"), OCELLUS_OK);
    assert_int_equal(mkdir(room, 0777), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(path_join(paths[i], room, names[i]), OCELLUS_OK);
        write_file(paths[i]);
        make_older(paths[i], 1000 - 100 * (time_t)i);
    }
    make_older(paths[3], 9000);
    assert_int_equal(feature_room_make(room, 10, 3 * FILE_BYTES + 10), OCELLUS_OK);          /* all fits */
    assert_int_equal(feature_room_make(room, 1, 0), OCELLUS_OK);                             /* on this disk too */
    assert_int_equal(feature_room_make(room, 99 * FILE_BYTES, 98 * FILE_BYTES), OCELLUS_OK); /* hopeless */
    for (size_t i = 0; i < 4; i++)
        assert_true(path_exists(paths[i]));
    struct feature_store *store = open_store(paths[0], form_of(COUNT, VALUES, VIEWS)); /* the oldest is used */
    assert_non_null(store);
    assert_int_equal(feature_room_make(room, FILE_BYTES, 3 * FILE_BYTES), OCELLUS_OK);
    assert_true(path_exists(paths[0]) && !path_exists(paths[1]) && path_exists(paths[2]));
    assert_int_equal(feature_room_make(room, FILE_BYTES, FILE_BYTES), OCELLUS_OK);
    assert_false(path_exists(paths[0]) || path_exists(paths[2]));
    assert_true(path_exists(paths[3])); /* is none of them */
    float values[VALUES];
    assert_int_equal(feature_store_read(store, 0, 0, values), OCELLUS_OK); /* it stays with who has it open */
    feature_store_close(store);
    assert_int_equal(feature_room_make(at("nowhere"), 1, 0), OCELLUS_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_make_room),        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(others_are_not_taken_for_it), cmocka_unit_test(damaged_ones_are_not_there),
        cmocka_unit_test(what_is_cut_short_is_told),   cmocka_unit_test(what_is_discarded_never_was),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
