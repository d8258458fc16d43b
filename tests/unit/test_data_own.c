/* SPDX-License-Identifier: MIT */
/* Pictures of one's own from folder to sources: what is set aside, what a run reads again, what is kept between starts. */
#include "data/data_record.h"
#include "data/own_data.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "made_pictures.h"

enum { EACH = 20 };

static const struct data_request usual = {
    .test_share = 0.15, .validation_share = 0.15, .seed = 1, .threads = 2, .keep_split = true};

static int setup(void **state) {
    log_set_level(LOG_QUIET);
    if (temporary_setup(state) != 0) return -1;
    return setenv("XDG_CACHE_HOME", temporary_path(*state, "cache"), 1);
}

/* cats 0..19 and dogs 100..119 in "photos". */
static const char *make_photos(const char *root) {
    for (uint32_t i = 0; i < EACH; i++) {
        char name[64];
        snprintf(name, sizeof name, "photos/cats/%02u.png", (unsigned)i);
        make_picture(root, name, i);
        make_old(root, name);
        snprintf(name, sizeof name, "photos/dogs/deep/%02u.png", (unsigned)i);
        make_picture(root, name, 100 + i);
        make_old(root, name);
    }
    static char photos[FILE_PATH_SIZE];
    assert_int_equal(path_join(photos, root, "photos"), OCELLUS_OK);
    return photos;
}

static struct data_parts open_photos(const char *photos, const struct data_request *request) {
    struct data_request asked = *request;
    struct data_parts parts;
    asked.path = photos;
    parts = (struct data_parts){0};
    if (own_data_open_folder(&asked, &parts) != OCELLUS_OK) fail_msg("%s", status_message());
    return parts;
}

static void expect_failure(const char *photos, const struct data_request *request, ocellus_status status,
                           const char *words) {
    struct data_request asked = *request;
    struct data_parts parts = {0};
    asked.path = photos;
    assert_int_equal(own_data_open_folder(&asked, &parts), status);
    if (!strstr(status_message(), words)) fail_msg("\"%s\" does not say \"%s\"", status_message(), words);
    assert_null(parts.train);
}

static void a_folder_becomes_three_parts(void **state) {
    const char *photos = make_photos(*state);
    struct data_parts parts = open_photos(photos, &usual);
    assert_int_equal(parts.train->count, 28);
    assert_int_equal(parts.validation->count, 6);
    assert_int_equal(parts.test->count, 6);
    assert_true(parts.train->height == 16 && parts.train->width == 16 && parts.train->classes == 2);
    assert_string_equal(parts.train->name, "photos");
    assert_string_equal(parts.test->split, "test");
    char identity[3][SHA256_TEXT_SIZE];
    const struct source *sources[] = {parts.train, parts.validation, parts.test};
    size_t cats = 0;
    for (size_t s = 0; s < 3; s++) {
        assert_int_equal(source_identity(sources[s], identity[s]), OCELLUS_OK);
        for (size_t i = 0; i < sources[s]->count; i++) {
            struct picture picture = {0};
            const char *name = source_picture_name(sources[s], i);
            assert_int_equal(source_label(sources[s], i), strncmp(name, "cats/", 5) != 0);
            assert_int_equal(source_read(sources[s], i, NULL, &picture), OCELLUS_OK);
            assert_true(picture.height == 16 && picture.channels == 3 && picture.format == FILE_FORMAT_PNG);
            cats += source_label(sources[s], i) == 0;
            picture_free(&picture);
        }
    }
    assert_int_equal(cats, EACH);
    assert_string_not_equal(identity[1], identity[2]);
    data_parts_close(&parts);
    parts = open_photos(photos, &(struct data_request){.test_share = 0.5, .seed = 8}); /* the file rules */
    assert_string_equal(parts.train->identity, identity[0]);
    assert_string_equal(parts.test->identity, identity[2]);
    data_parts_close(&parts);
}

/* Opens, and gives the part of each picture by its name. */
static size_t note_parts(const char *photos, const struct data_request *request, char names[][64],
                         const char **splits) {
    struct data_parts parts = open_photos(photos, request);
    const struct source *sources[] = {parts.train, parts.validation, parts.test};
    static const char *const words[] = {"train", "validation", "test"};
    size_t count = 0;
    for (size_t s = 0; s < 3; s++)
        for (size_t i = 0; sources[s] && i < sources[s]->count; i++) {
            snprintf(names[count], 64, "%s", source_picture_name(sources[s], i));
            splits[count++] = words[s];
        }
    data_parts_close(&parts);
    return count;
}

static void added_pictures_move_none(void **state) {
    static char before[256][64], after[256][64];
    const char *splits_before[256], *splits_after[256];
    char photos[FILE_PATH_SIZE];
    assert_int_equal(path_join(photos, make_photos(*state), ""), OCELLUS_OK);
    const size_t count = note_parts(photos, &usual, before, splits_before);
    for (uint32_t i = 0; i < 100; i++) {
        char name[64];
        snprintf(name, sizeof name, "photos/%s/n%u.png", i % 2 ? "cats" : "dogs", (unsigned)i);
        make_picture(*state, name, 500 + i);
    }
    const size_t more = note_parts(photos, &usual, after, splits_after);
    assert_int_equal(more, count + 100);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < more; k++)
            if (strcmp(before[i], after[k]) == 0) assert_string_equal(splits_before[i], splits_after[k]);
    /* A picture that is called otherwise is the same one, and who comes back finds its place. */
    assert_int_equal(rename(temporary_path(photos, "cats/03.png"), temporary_path(photos, "cats/renamed.png")), 0);
    note_parts(photos, &usual, after, splits_after);
    const char *was = NULL, *is = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(before[i], "cats/03.png") == 0) was = splits_before[i];
    for (size_t i = 0; i < more; i++)
        if (strcmp(after[i], "cats/renamed.png") == 0) is = splits_after[i];
    assert_string_equal(was, is);
}

/* People's own parts have copies of each other; the split file and a run's record are read again all the same. */
static void given_parts_may_share_a_picture(void **state) {
    char photos[FILE_PATH_SIZE], record[FILE_PATH_SIZE], identity[SHA256_TEXT_SIZE];
    static const char *const parts_of[] = {"train", "train", "train", "train", "test"};
    for (uint32_t i = 0; i < 40; i++) {
        char name[64];
        snprintf(name, sizeof name, "photos/%s/%s/%u.png", parts_of[i % 5], i % 2 ? "cats" : "dogs", (unsigned)i);
        make_picture(*state, name, i);
    }
    make_picture(*state, "photos/test/cats/copy.png", 1); /* train/cats/1.png */
    assert_int_equal(path_join(photos, *state, "photos"), OCELLUS_OK);
    assert_int_equal(path_join(record, *state, "data.csv"), OCELLUS_OK);
    struct data_parts parts = open_photos(photos, &usual);
    memcpy(identity, parts.train->identity, sizeof identity);
    assert_int_equal(parts.test->count, 9);
    assert_int_equal(data_record_write(parts.pictures, record), OCELLUS_OK);
    data_parts_close(&parts);
    assert_true(path_exists(temporary_path(photos, "ocellus-split.csv")));
    const struct data_request again[] = {usual, {.record = record}};
    for (size_t i = 0; i < 2; i++) {
        parts = open_photos(photos, &again[i]);
        assert_string_equal(parts.train->identity, identity);
        assert_int_equal(parts.test->count, 9);
        data_parts_close(&parts);
    }
}

static void a_split_file_with_a_picture_on_two_sides_is_refused(void **state) {
    const char *photos = make_photos(*state);
    static const char text[] = "path,pixels,split\n"
                               "cats/00.png,aa00000000000000000000000000000000000000000000000000000000000001,test\n"
                               "gone.png,aa00000000000000000000000000000000000000000000000000000000000001,validation\n"
                               "cats/01.png,aa00000000000000000000000000000000000000000000000000000000000001,train\n";
    make_text(*state, "photos/ocellus-split.csv", text);
    expect_failure(photos, &usual, OCELLUS_BAD_CONTENT,
                   "ocellus-split.csv: line 4: the same pixels are train there and test in line 2");
}

/* A test picture that is damaged for a while is one to judge by afterwards too. */
static void the_part_of_a_damaged_picture_is_kept(void **state) {
    char photos[FILE_PATH_SIZE], damaged[64] = "photos/";
    assert_int_equal(path_join(photos, "", make_photos(*state)), OCELLUS_OK);
    struct data_parts parts = open_photos(photos, &usual);
    snprintf(damaged + 7, sizeof damaged - 7, "%s", source_picture_name(parts.test, 0));
    data_parts_close(&parts);
    char path[FILE_PATH_SIZE], away[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, *state, damaged), OCELLUS_OK);
    assert_int_equal(path_join(away, *state, "away.png"), OCELLUS_OK);
    assert_int_equal(rename(path, away), 0);
    make_text(*state, damaged, "no picture");
    make_picture(*state, "photos/dogs/new.png", 700); /* the split file is written again */
    parts = open_photos(photos, &usual);
    assert_int_equal(parts.test->count, 5);
    data_parts_close(&parts);
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read(temporary_path(photos, "ocellus-split.csv"), 1 << 20, &bytes, &size), OCELLUS_OK);
    const char *row = strstr((char *)bytes, damaged + 7);
    assert_non_null(row);
    assert_non_null(strstr(row, ",test\n"));
    assert_true(strchr(row, '\n') == strstr(row, ",test\n") + 5);
    free(bytes);
    assert_int_equal(rename(away, path), 0);
    parts = open_photos(photos, &usual);
    assert_int_equal(parts.test->count, 6);
    assert_string_equal(source_picture_name(parts.test, 0), damaged + 7);
    data_parts_close(&parts);
}

static void what_cannot_be_used_is_set_aside(void **state) {
    const char *photos = make_photos(*state);
    make_text(*state, "photos/cats/broken.png", "\x89PNG\r\n\x1a\n no more");
    make_text(*state, "photos/cats/other.gif", "GIF89a");
    make_shaded(*state, "photos/cats/twin.png", 900, 16, 0);
    make_shaded(*state, "photos/dogs/twin.png", 900, 16, 0);
    make_shaded(*state, "photos/dogs/same.png", 100, 16, 0); /* as dogs/deep/00.png: one class, no harm */
    struct data_parts parts = open_photos(photos, &usual);
    const struct collection *collection = shared_collection_get(parts.pictures);
    const char *const aside[] = {"cats/broken.png", "cats/other.gif", "cats/twin.png", "dogs/twin.png"};
    const char *const words[] = {"damaged PNG", "is a GIF (expected", "as one of another class, dogs/twin.png",
                                 "as one of another class, cats/twin.png"};
    size_t left_out = 0;
    for (size_t i = 0; i < collection->count; i++)
        left_out += shared_collection_reason(parts.pictures, i) != NULL;
    assert_int_equal(left_out, 4);
    for (size_t i = 0; i < 4; i++) {
        const size_t entry = collection_find(collection, aside[i]);
        assert_int_equal(shared_collection_part(parts.pictures, entry), PICTURE_PART_NONE);
        const char *reason = shared_collection_reason(parts.pictures, entry);
        if (!strstr(reason, words[i])) fail_msg("%s: \"%s\" does not say \"%s\"", aside[i], reason, words[i]);
    }
    assert_int_equal(parts.train->count + parts.validation->count + parts.test->count, 2 * EACH + 1);
    assert_int_equal(shared_collection_part(parts.pictures, collection_find(collection, "dogs/same.png")),
                     shared_collection_part(parts.pictures, collection_find(collection, "dogs/deep/00.png")));
    const char *list = temporary_path(*state, "aside.csv");
    unsigned char *bytes;
    size_t size;
    assert_int_equal(data_record_write_aside(parts.pictures, list), OCELLUS_OK);
    assert_int_equal(file_read(list, 10000, &bytes, &size), OCELLUS_OK);
    assert_non_null(strstr((char *)bytes, "path,reason\ncats/broken.png,"));
    assert_non_null(strstr((char *)bytes, "\ndogs/twin.png,\"the same picture"));
    assert_null(strstr((char *)bytes, photos)); /* no absolute path */
    free(bytes);
    data_parts_close(&parts);
    for (uint32_t i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "photos/birds/%u.png", (unsigned)i);
        make_text(*state, name, "no picture");
    }
    expect_failure(photos, &usual, OCELLUS_BAD_CONTENT, "photos: birds: all pictures of the class are set aside");
}

/* The index of a training picture, by its name. */
static size_t find_picture(const struct source *source, const char *name) {
    for (size_t i = 0; i < source->count; i++)
        if (strcmp(source_picture_name(source, i), name) == 0) return i;
    return SIZE_MAX;
}

static void a_picture_that_changes_ends_a_run(void **state) {
    const char *photos = make_photos(*state);
    struct data_parts parts = open_photos(photos, &(struct data_request){.seed = 1});
    struct picture picture = {0};
    const size_t index = find_picture(parts.train, "cats/05.png");
    make_picture(*state, "photos/cats/05.png", 5); /* written again, the same */
    assert_int_equal(source_read(parts.train, index, NULL, &picture), OCELLUS_OK);
    make_shaded(*state, "photos/cats/05.png", 5, 16, 1);
    assert_int_equal(source_read(parts.train, index, NULL, &picture), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(),
                        "photos, train: cats/05.png: changed since the run began: it is another picture now");
    make_text(*state, "photos/cats/05.png", "no picture");
    assert_int_equal(source_read(parts.train, index, NULL, &picture), OCELLUS_BAD_CONTENT);
    assert_non_null(strstr(status_message(), "photos, train: cats/05.png: changed since the run began: "));
    assert_int_equal(unlink(temporary_path(photos, "cats/05.png")), 0);
    assert_int_equal(source_read(parts.train, index, NULL, &picture), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "photos, train: cats/05.png: "));
    make_picture(*state, "photos/cats/05.png", 5); /* and it may come back */
    assert_int_equal(source_read(parts.train, index, NULL, &picture), OCELLUS_OK);
    picture_free(&picture);
    data_parts_close(&parts);
}

static void a_run_goes_on_with_its_own_pictures(void **state) {
    char photos[FILE_PATH_SIZE], record[FILE_PATH_SIZE], identity[SHA256_TEXT_SIZE];
    assert_int_equal(path_join(photos, "", make_photos(*state)), OCELLUS_OK);
    assert_int_equal(path_join(record, *state, "data.csv"), OCELLUS_OK);
    struct data_parts parts = open_photos(photos, &usual);
    memcpy(identity, parts.train->identity, sizeof identity);
    assert_int_equal(data_record_write(parts.pictures, record), OCELLUS_OK);
    data_parts_close(&parts);
    make_picture(*state, "photos/birds/1.png", 700); /* another class, and more of the others */
    make_picture(*state, "photos/cats/00a.png", 701);
    make_text(*state, "photos/cats/broken.png", "no picture");
    const struct data_request again = {.record = record, .seed = 5};
    parts = open_photos(photos, &again);
    assert_string_equal(parts.train->identity, identity);
    assert_int_equal(parts.train->classes, 2);
    assert_int_equal(parts.test->count, 6);
    data_parts_close(&parts);
    make_shaded(*state, "photos/dogs/deep/07.png", 107, 16, 1);
    expect_failure(photos, &again, OCELLUS_BAD_CONTENT, "dogs/deep/07.png: changed since the run began");
    make_text(*state, "photos/dogs/deep/07.png", "no picture");
    expect_failure(photos, &again, OCELLUS_BAD_CONTENT, "dogs/deep/07.png: changed since the run began: ");
    assert_int_equal(unlink(temporary_path(photos, "dogs/deep/07.png")), 0);
    expect_failure(photos, &again, OCELLUS_IO, "photos: dogs/deep/07.png: is not there any more");
}

static size_t count_decoded(const char *photos) {
    struct data_parts parts = open_photos(photos, &usual);
    const size_t decoded = shared_collection_survey(parts.pictures)->decoded;
    data_parts_close(&parts);
    return decoded;
}

static void what_is_known_is_not_looked_at_again(void **state) {
    char photos[FILE_PATH_SIZE], surveys[FILE_PATH_SIZE], cache[FILE_PATH_SIZE];
    assert_int_equal(path_join(photos, "", make_photos(*state)), OCELLUS_OK);
    assert_int_equal(path_join(surveys, *state, "cache/ocellus/surveys"), OCELLUS_OK);
    make_text(*state, "photos/cats/broken.png", "no picture");
    make_old(*state, "photos/cats/broken.png");
    assert_int_equal(count_decoded(photos), 2 * EACH + 1);
    assert_int_equal(count_decoded(photos), 0);
    make_picture(*state, "photos/cats/new.png", 800); /* too young to be sure of */
    assert_int_equal(count_decoded(photos), 1);
    assert_int_equal(count_decoded(photos), 1);
    make_old(*state, "photos/cats/new.png");
    assert_int_equal(count_decoded(photos), 1);
    make_shaded(*state, "photos/cats/03.png", 3, 16, 0);
    assert_int_equal(count_decoded(photos), 1); /* another stamp */
    make_old(*state, "photos/cats/03.png");
    assert_int_equal(count_decoded(photos), 1);
    assert_int_equal(count_decoded(photos), 0);
    char **names;
    size_t count;
    unsigned char *bytes;
    size_t size;
    assert_int_equal(folder_names(surveys, &names, &count), OCELLUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(path_join(cache, surveys, names[0]), OCELLUS_OK);
    names_free(names);
    assert_int_equal(file_read(cache, 1 << 20, &bytes, &size), OCELLUS_OK);
    for (size_t at = 0; at < size; at += size / 9) { /* damaged anywhere, or cut: only slower */
        bytes[at] ^= 0x10;
        assert_int_equal(file_write(cache, bytes, size), OCELLUS_OK);
        assert_int_equal(count_decoded(photos), 2 * EACH + 2);
        bytes[at] ^= 0x10;
    }
    assert_int_equal(file_write(cache, bytes, size / 2), OCELLUS_OK);
    assert_int_equal(count_decoded(photos), 2 * EACH + 2);
    free(bytes);
}

/* As if another decoder had been there when the pictures were looked at. */
static void another_decoder_is_noticed(void **state) {
    char photos[FILE_PATH_SIZE], surveys[FILE_PATH_SIZE], cache[FILE_PATH_SIZE], hash[SHA256_TEXT_SIZE];
    enum { END = SHA256_TEXT_SIZE - 1 };
    assert_int_equal(path_join(photos, "", make_photos(*state)), OCELLUS_OK);
    assert_int_equal(path_join(surveys, *state, "cache/ocellus/surveys"), OCELLUS_OK);
    make_text(*state, "photos/cats/other.gif", "GIF89a");
    make_old(*state, "photos/cats/other.gif");
    struct data_parts parts = open_photos(photos, &usual);
    const struct picture_facts first = shared_collection_survey(parts.pictures)->facts[0];
    data_parts_close(&parts);
    assert_int_equal(count_decoded(photos), 0);
    char **names;
    size_t count, size, at = 0;
    unsigned char *bytes;
    assert_int_equal(folder_names(surveys, &names, &count), OCELLUS_OK);
    assert_int_equal(path_join(cache, surveys, names[0]), OCELLUS_OK);
    names_free(names);
    assert_int_equal(file_read(cache, 1 << 20, &bytes, &size), OCELLUS_OK);
    while (memcmp(bytes + at, first.pixels, PICTURE_HASH_SIZE) != 0)
        at++;
    bytes[at] ^= 1;
    sha256_bytes(bytes, size - END, hash);
    memcpy(bytes + size - END, hash, END);
    assert_int_equal(file_write(cache, bytes, size), OCELLUS_OK);
    free(bytes);
    assert_int_equal(count_decoded(photos), 2 * EACH); /* all but the GIF */
    assert_int_equal(count_decoded(photos), 0);
}

static void the_number_of_threads_changes_nothing(void **state) {
    const char *photos = make_photos(*state);
    char identity[SHA256_TEXT_SIZE];
    for (size_t threads = 1; threads <= 4; threads++) {
        struct data_request request = usual;
        request.threads = threads;
        request.keep_split = false;
        assert_int_equal(setenv("XDG_CACHE_HOME",
                                temporary_path(*state, threads == 1   ? "c1"
                                                       : threads == 2 ? "c2"
                                                                      : "c3"),
                                1),
                         0);
        struct data_parts parts = open_photos(photos, &request);
        if (threads > 1) assert_string_equal(parts.train->identity, identity);
        memcpy(identity, parts.train->identity, sizeof identity);
        data_parts_close(&parts);
    }
}

static void a_place_that_cannot_be_written_is_said(void **state) {
    const char *photos = make_photos(*state);
    struct data_request request = usual;
    request.split = temporary_path(*state, "no/such/folder/split.csv");
    expect_failure(photos, &request, OCELLUS_IO, "(--split FILE: elsewhere)");
    request.split = temporary_path(*state, "mine.csv");
    struct data_parts parts = open_photos(photos, &request);
    data_parts_close(&parts);
    assert_true(path_exists(request.split));
    assert_false(path_exists(temporary_path(photos, "ocellus-split.csv")));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, temporary_teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_folder_becomes_three_parts),
        IN_FOLDER(added_pictures_move_none),
        IN_FOLDER(given_parts_may_share_a_picture),
        IN_FOLDER(a_split_file_with_a_picture_on_two_sides_is_refused),
        IN_FOLDER(the_part_of_a_damaged_picture_is_kept),
        IN_FOLDER(what_cannot_be_used_is_set_aside),
        IN_FOLDER(a_picture_that_changes_ends_a_run),
        IN_FOLDER(a_run_goes_on_with_its_own_pictures),
        IN_FOLDER(what_is_known_is_not_looked_at_again),
        IN_FOLDER(another_decoder_is_noticed),
        IN_FOLDER(the_number_of_threads_changes_nothing),
        IN_FOLDER(a_place_that_cannot_be_written_is_said),
    };
    return cmocka_run_group_tests_name("data/own_data", tests, NULL, NULL);
}
