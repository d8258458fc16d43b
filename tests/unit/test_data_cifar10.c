/* SPDX-License-Identifier: MIT */
/* CIFAR-10 from a small synthetic folder, every kind of bad file in it, and what is computed from a source. */
#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "data/batch.h"
#include "data/cache.h"
#include "data/cifar10.h"
#include "data/memory_source.h"
#include "data/preview.h"
#include "data/source_split.h"
#include "data/source_summary.h"
#include "temporary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORD = 3073, FILE_RECORDS = 20, RECORDS = 5 * FILE_RECORDS };

static const char *const names[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                    "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

/* The value of plane c, row y, column x of record n of file f. */
static unsigned char value_of(size_t f, size_t n, size_t c, size_t y, size_t x) {
    return (unsigned char)(f * 41 + n * 13 + c * 101 + y * 3 + x * 5);
}

static void write_bytes(const char *folder, const char *name, const void *bytes, size_t size) {
    FILE *stream = fopen(temporary_path(folder, name), "wb"); /* not file_write(): it waits for the disk */
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* Six files of FILE_RECORDS records, labels in turn. */
static void make_folder(const char *folder) {
    static unsigned char bytes[FILE_RECORDS * RECORD];
    for (size_t f = 0; f < 6; f++) {
        unsigned char *next = bytes;
        for (size_t n = 0; n < FILE_RECORDS; n++) {
            *next++ = (unsigned char)(n % 10);
            for (size_t c = 0; c < 3; c++)
                for (size_t i = 0; i < 1024; i++)
                    *next++ = value_of(f, n, c, i / 32, i % 32);
        }
        write_bytes(folder, names[f], bytes, sizeof bytes);
    }
}

static int folder_setup(void **state) {
    if (temporary_setup(state) != 0) return -1;
    make_folder(*state);
    return 0;
}

static void load(const char *folder, struct source **train, struct source **test) {
    assert_int_equal(cifar10_open(folder, false, train, test), OCELLUS_OK);
}

static const uint8_t *pixels_of(const struct source *source, size_t index) {
    struct picture picture = {0};
    assert_int_equal(source_read(source, index, NULL, &picture), OCELLUS_OK);
    assert_int_equal(picture.height * picture.width * picture.channels, 3072);
    return picture.pixels;
}

static void test_load_turns_planes_into_pixels(void **state) {
    struct source *train, *test;
    load(*state, &train, &test);
    assert_int_equal(train->count, RECORDS);
    assert_int_equal(test->count, FILE_RECORDS);
    assert_non_null(strstr(train->name, " (CIFAR-10's layout)")); /* other images than the published */
    assert_string_equal(train->split, "train");
    assert_string_equal(test->split, "test");
    assert_int_equal(train->classes, 10);
    assert_string_equal(train->class_names[3], "3"); /* and nothing says what it shows */
    for (size_t i = 0; i < train->count; i += 7) {
        assert_int_equal(source_label(train, i), i % FILE_RECORDS % 10);
        const uint8_t *pixels = pixels_of(train, i);
        for (size_t y = 0; y < 32; y++)
            for (size_t x = 0; x < 32; x++)
                for (size_t c = 0; c < 3; c++)
                    assert_int_equal(pixels[(y * 32 + x) * 3 + c],
                                     value_of(i / FILE_RECORDS, i % FILE_RECORDS, c, y, x));
    }
    char expected[SHA256_TEXT_SIZE];
    assert_int_equal(sha256_file(temporary_path(*state, names[5]), expected), OCELLUS_OK);
    assert_string_equal(test->identity, expected);
    assert_int_equal(strlen(train->identity), 64);
    assert_string_not_equal(train->identity, test->identity);
    source_close(train);
    source_close(test);
}

static void write_names(const char *folder, const char *text) {
    const char *path = temporary_path(folder, "batches.meta.txt");
    assert_int_equal(file_write(path, text, strlen(text)), OCELLUS_OK);
}

/* Each file of names, and what classes 0, 1, 2 and 9 are called. */
static void test_names_come_from_the_folder_or_are_numbers(void **state) {
    static const struct {
        const char *text, *names[4];
    } cases[] = {
        {"zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n\n", {"zero", "one", "two", "nine"}},
        {"zero\r\none\r\ntwo\r\nthree\r\n4\r\n5\r\n6\r\n7\r\n8\r\n\"9\"", {"zero", "one", "two", "\"9\""}},
        /* None of it is taken where it cannot be right. */
        {"rock\npaper\nscissors\n", {"0", "1", "2", "9"}}, /* class 3 and more have images */
        {"", {"0", "1", "2", "9"}},
        {"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\nten\n", {"0", "1", "2", "9"}},
        {"a\na\nc\nd\ne\nf\ng\nh\ni\nj\n", {"0", "1", "2", "9"}},
        {"a\n\nc\nd\ne\nf\ng\nh\ni\nj\nk\n", {"0", "1", "2", "9"}},
        {"a\x1b[2J\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", {"0", "1", "2", "9"}},
        {"a\xff\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", {"0", "1", "2", "9"}},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nb\nc\nd\ne\nf\n"
         "g\nh\ni\nj\n",
         {"0", "1", "2", "9"}},
    };
    static const size_t looked_at[4] = {0, 1, 2, 9};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct source *train, *test;
        write_names(*state, cases[i].text);
        load(*state, &train, &test);
        for (size_t j = 0; j < 4; j++) {
            assert_string_equal(train->class_names[looked_at[j]], cases[i].names[j]);
            assert_string_equal(test->class_names[looked_at[j]], cases[i].names[j]);
        }
        source_close(train);
        source_close(test);
    }
}

/* Three classes in a layout of ten: the others are called by their numbers, and none like another. */
static void test_fewer_names_than_classes(void **state) {
    static unsigned char record[3073];
    struct source *train, *test;
    for (size_t i = 0; i < 6; i++) {
        record[0] = (unsigned char)(i % 3);
        assert_int_equal(file_write(temporary_path(*state, names[i]), record, sizeof record), OCELLUS_OK);
    }
    write_names(*state, "rock\npaper\n7\n");
    load(*state, &train, &test);
    assert_string_equal(train->class_names[0], "rock");
    assert_string_equal(train->class_names[2], "7");
    assert_string_equal(train->class_names[6], "6");
    assert_string_equal(train->class_names[7], "class 7");
    assert_int_equal(train->classes, 10);
    source_close(train);
    source_close(test);
}

/* Loading fails with this status and a message that holds these words; nothing is left to free. */
static void expect_refusal(const char *folder, bool verify, ocellus_status expected, const char *words,
                           const char *more_words) {
    struct source *train, *test;
    assert_int_equal(cifar10_open(folder, verify, &train, &test), expected);
    if (!strstr(status_message(), words) || !strstr(status_message(), more_words)) {
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", status_message(), words, more_words);
    }
    assert_null(train);
    assert_null(test);
}

static void test_bad_labels_are_named(void **state) {
    static const struct {
        size_t file, record;
        unsigned char label;
        const char *words;
    } cases[] = {{0, 0, 10, "record 0 at byte 0: label 10 (expected 0 to 9)"},
                 {2, 7, 11, "record 7 at byte 21511: label 11 (expected 0 to 9)"},
                 {5, FILE_RECORDS - 1, 255, "record 19 at byte 58387: label 255 (expected 0 to 9)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_folder(*state);
        FILE *stream = fopen(temporary_path(*state, names[cases[i].file]), "r+");
        assert_non_null(stream);
        assert_int_equal(fseek(stream, (long)(cases[i].record * RECORD), SEEK_SET), 0);
        assert_int_equal(fputc(cases[i].label, stream), cases[i].label);
        assert_int_equal(fclose(stream), 0);
        expect_refusal(*state, false, OCELLUS_BAD_CONTENT, names[cases[i].file], cases[i].words);
    }
}

static void test_bad_sizes_are_named_with_a_guess(void **state) {
    static unsigned char bytes[4 * (RECORD + 1)];
    const char *folder = *state;
    write_bytes(folder, names[1], bytes, 0);
    expect_refusal(folder, false, OCELLUS_BAD_CONTENT, "data_batch_2.bin: size 0 bytes", "empty");
    write_bytes(folder, names[1], bytes, RECORD - 1);
    expect_refusal(folder, false, OCELLUS_BAD_CONTENT, "size 3072 bytes", "(expected 30730000: 10000 records of 3073)");
    write_bytes(folder, names[1], bytes, RECORD + 1);
    expect_refusal(folder, false, OCELLUS_BAD_CONTENT, "size 3074 bytes", "CIFAR-100");
    memcpy(bytes, "\x80\x02}q\x01", 5);
    write_bytes(folder, names[1], bytes, 2000);
    expect_refusal(folder, false, OCELLUS_BAD_CONTENT, "size 2000 bytes", "Python version");
    unsigned char *large = calloc(10001, RECORD);
    assert_non_null(large);
    write_bytes(folder, names[1], large, (size_t)10001 * RECORD);
    free(large);
    expect_refusal(folder, false, OCELLUS_BAD_CONTENT, "size 30733073 bytes", "expected 30730000");
    make_folder(folder);
    expect_refusal(folder, true, OCELLUS_BAD_CONTENT, "data_batch_1.bin: size 61460 bytes", "expected 30730000");
}

static void test_a_wrong_hash_is_refused(void **state) {
    unsigned char *bytes = calloc(10000, RECORD);
    assert_non_null(bytes);
    write_bytes(*state, names[0], bytes, (size_t)10000 * RECORD);
    free(bytes);
    expect_refusal(*state, true, OCELLUS_BAD_CONTENT, "data_batch_1.bin: SHA-256 ",
                   "expected cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5");
}

static void test_missing_files_are_named_with_a_guess(void **state) {
    const char *folder = *state;
    assert_int_equal(remove(temporary_path(folder, names[3])), 0);
    expect_refusal(folder, false, OCELLUS_IO, "data_batch_4.bin", "no such file");
    write_bytes(folder, "train.bin", "", 0);
    expect_refusal(folder, false, OCELLUS_IO, "data_batch_4.bin", "CIFAR-100");
    write_bytes(folder, "data_batch_1", "", 0);
    expect_refusal(folder, false, OCELLUS_IO, "data_batch_4.bin", "Python version");
    expect_refusal(temporary_path(folder, "nowhere"), false, OCELLUS_IO, "nowhere", "no such folder");
    assert_int_equal(folder_make(temporary_path(folder, names[3])), OCELLUS_OK);
    expect_refusal(folder, false, OCELLUS_BAD_CONTENT, "data_batch_4.bin", "folder");
}

static void test_an_empty_cache_says_what_to_do(void **state) {
    assert_int_equal(setenv("XDG_CACHE_HOME", *state, 1), 0);
    expect_refusal(NULL, true, OCELLUS_IO, "ocellus/cifar10", "run `ocellus data fetch cifar10`");
    char folder[FILE_PATH_SIZE];
    assert_int_equal(cache_folder(CIFAR10_NAME, folder), OCELLUS_OK);
    assert_int_equal(folder_make(folder), OCELLUS_OK);
    expect_refusal(NULL, true, OCELLUS_IO, "damaged cache", "data_batch_1.bin");
}

static void test_summary_agrees_with_the_definition(void **state) {
    struct source *train, *test;
    struct source_summary summary;
    load(*state, &train, &test);
    assert_int_equal(source_summarize(train, &summary), OCELLUS_OK);
    const size_t pixels = train->count * 1024;
    for (size_t c = 0; c < 3; c++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < pixels; i++)
            sum += pixels_of(train, 0)[3 * i + c]; /* they lie one after another */
        const double mean = sum / (double)pixels;
        for (size_t i = 0; i < pixels; i++)
            squares += pow(pixels_of(train, 0)[3 * i + c] - mean, 2);
        assert_true(fabs(summary.mean[c] - mean) < 1e-9);
        assert_true(fabs(summary.deviation[c] - sqrt(squares / (double)pixels)) < 1e-9);
    }
    assert_int_equal(summary.smallest, 0);
    assert_int_equal(summary.largest, 255);
    for (size_t c = 0; c < 10; c++)
        assert_int_equal(summary.class_counts[c], RECORDS / 10);
    source_summary_free(&summary);
    /* Constant images: no spread, and no division by it. */
    struct memory_pictures constant = {.count = 2, .height = 5, .width = 4, .channels = 3, .classes = 1};
    struct source *source;
    assert_int_equal(memory_pictures_create(&constant), OCELLUS_OK);
    memset(constant.pixels, 7, 2 * 5 * 4 * 3);
    assert_int_equal(memory_source_open("constant", "", &constant, &source), OCELLUS_OK);
    assert_int_equal(source_summarize(source, &summary), OCELLUS_OK);
    assert_int_equal(summary.smallest, 7);
    assert_int_equal(summary.largest, 7);
    assert_true(summary.mean[0] == 7 && summary.deviation[2] == 0);
    source_summary_free(&summary);
    source_close(source);
    source_close(train);
    source_close(test);
}

struct split {
    size_t *train, train_count, *held, held_count;
};

static struct split make_split(const struct source *source, size_t held_out, uint64_t seed) {
    struct split split;
    assert_int_equal(
        source_split(source, held_out, seed, &split.train, &split.train_count, &split.held, &split.held_count),
        OCELLUS_OK);
    return split;
}

static void free_split(struct split *split) {
    free(split->train);
    free(split->held);
}

/* Together the two lists are 0..count-1, each ascending. */
static void check_partition(const struct source *source, const struct split *split, size_t held_out) {
    assert_int_equal(split->held_count, held_out);
    assert_int_equal(split->train_count, source->count - held_out);
    size_t t = 0, h = 0;
    for (size_t i = 0; i < source->count; i++) {
        if (h < split->held_count && split->held[h] == i) h++;
        else if (t < split->train_count && split->train[t] == i) t++;
        else fail_msg("image %zu is in neither list", i);
    }
}

static void test_split_is_balanced_and_repeats(void **state) {
    struct source *train, *test;
    load(*state, &train, &test);
    for (size_t held_out = 0; held_out < train->count; held_out += 11) {
        struct split split = make_split(train, held_out, 5), again = make_split(train, held_out, 5);
        check_partition(train, &split, held_out);
        assert_memory_equal(split.train, again.train, split.train_count * sizeof(size_t));
        size_t counts[10] = {0};
        for (size_t i = 0; i < held_out; i++)
            counts[source_label(train, split.held[i])]++;
        for (size_t c = 0; c < 10; c++)
            assert_in_range(counts[c], held_out / 10, held_out / 10 + (held_out % 10 > 0));
        free_split(&split);
        free_split(&again);
    }
    struct split one = make_split(train, 30, 1), other = make_split(train, 30, 2);
    assert_memory_not_equal(one.held, other.held, 30 * sizeof(size_t));
    free_split(&one);
    free_split(&other);
    source_close(train);
    source_close(test);
}

static void test_split_of_uneven_classes(void **state) {
    struct memory_pictures pictures = {.count = RECORDS, .height = 1, .width = 1, .channels = 1, .classes = 10};
    struct source *train;
    (void)state;
    assert_int_equal(memory_pictures_create(&pictures), OCELLUS_OK);
    for (size_t i = 0; i < RECORDS; i++)
        pictures.labels[i] = i < 2 ? 4 : 6; /* two of one class, 98 of another */
    assert_int_equal(memory_source_open("uneven", "train", &pictures, &train), OCELLUS_OK);
    struct split split = make_split(train, 20, 1);
    check_partition(train, &split, 20);
    assert_int_equal(split.held[0], 0);
    assert_int_equal(split.held[1], 1);
    free_split(&split);
    assert_int_equal(
        source_split(train, train->count, 1, &split.train, &split.train_count, &split.held, &split.held_count),
        OCELLUS_USAGE);
    assert_null(split.train);
    source_close(train);
}

static void test_batches_in_both_preprocessings(void **state) {
    static float x[3 * 3072];
    int32_t labels[3];
    struct source *train, *test;
    load(*state, &train, &test);
    const struct pixel_form unit = {{32, 32, 3, RESIZE_STRETCH, false}, {.scale = 1.0f / 255}},
                            caffe = {{32, 32, 3, RESIZE_STRETCH, false}, {true, 1, {103.939f, 116.779f, 123.68f}}};
    struct batch_room room = {0};
    const size_t indices[3] = {99, 0, 42};
    struct image_set chosen = {train, indices, 3}, all = image_set_all(train);
    assert_int_equal(batch_fill(&chosen, 0, 3, &unit, &room, x, labels), OCELLUS_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(labels[i], source_label(train, indices[i]));
        for (size_t v = 0; v < 3072; v++)
            assert_true(x[i * 3072 + v] == (float)pixels_of(train, indices[i])[v] * (1.0f / 255));
    }
    assert_int_equal(batch_fill(&all, 7, 2, &caffe, &room, x, labels), OCELLUS_OK);
    assert_true(!room.picture.room && !room.view.view); /* lent: nothing was copied on the way */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(labels[i], source_label(train, 7 + i));
        for (size_t p = 0; p < 1024; p++) {
            const uint8_t *rgb = pixels_of(train, 7 + i) + 3 * p;
            const float *bgr = x + i * 3072 + 3 * p;
            assert_true(bgr[0] == (float)rgb[2] - 103.939f && bgr[1] == (float)rgb[1] - 116.779f &&
                        bgr[2] == (float)rgb[0] - 123.68f);
        }
    }
    const uint8_t grey[4] = {0, 51, 102, 255};
    batch_fill_image(grey, 4, 1, &unit.transform, x);
    assert_true(x[0] == 0 && x[1] == 51 * (1.0f / 255) && x[3] == 255 * (1.0f / 255));
    source_close(train);
    source_close(test);
}

static void test_preview_grid_shows_the_chosen_images(void **state) {
    struct source *train, *test;
    struct image grid;
    size_t indices[6];
    load(*state, &train, &test);
    /* Two pixels a pixel: cells of 64 x 64, a gap of 4, a name in 9 rows for 1 pixel of the font, a gap of 4. */
    enum { CELL_WIDTH = 64 + 4, CELL_HEIGHT = 64 + 4 + 9 * 10 + 4 };
    assert_int_equal(preview_grid(train, 3, 6, 3, 2, &grid, indices), OCELLUS_OK);
    assert_int_equal(grid.width, 3 * CELL_WIDTH + 4);
    assert_int_equal(grid.height, 2 * CELL_HEIGHT + 4);
    assert_int_equal(grid.pixels[0], 255); /* margin */
    for (size_t i = 0; i < 6; i++) {       /* pixel (31, 2) of each image, at its lower right place of 2 x 2 */
        const size_t row = 4 + i / 3 * CELL_HEIGHT + 5, column = 4 + i % 3 * CELL_WIDTH + 63;
        assert_memory_equal(grid.pixels + 3 * (row * grid.width + column),
                            pixels_of(train, indices[i]) + 3 * (2 * 32 + 31), 3);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(indices[i], indices[j]);
    }
    size_t ink = 0;
    for (size_t i = (4 + 64) * grid.width * 3; i < CELL_HEIGHT * grid.width * 3; i++)
        ink += grid.pixels[i] < 255;
    assert_true(ink > 100); /* names were drawn under the first row */
    image_free(&grid);
    assert_int_equal(preview_grid(train, 3, 110, 10, 1, &grid, NULL), OCELLUS_USAGE); /* 110 of 100 images */
    source_close(train);
    source_close(test);
}

static void test_preview_in_a_terminal(void **state) {
    struct source *train, *test;
    write_names(*state, "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n");
    load(*state, &train, &test);
    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    assert_non_null(stream);
    assert_int_equal(preview_terminal(train, (const size_t[]){0, 1, 2}, 3, 2, stream), OCELLUS_OK);
    assert_int_equal(fclose(stream), 0);
    const uint8_t *upper = pixels_of(train, 0), *lower = upper + 32 * 3;
    char expected[64];
    snprintf(expected, sizeof expected, "\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm\xe2\x96\x80", upper[0], upper[1], upper[2],
             lower[0], lower[1], lower[2]);
    assert_memory_equal(printed, expected, strlen(expected));
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += printed[i] == '\n';
    assert_int_equal(lines, 2 * (16 + 1 + 1)); /* two rows of pictures: pixels, names, a blank line */
    assert_non_null(strstr(printed, "airplane"));
    assert_non_null(strstr(printed, "bird"));
    free(printed);
    assert_int_equal(preview_terminal_columns(train, 80), 2);
    assert_int_equal(preview_terminal_columns(train, 10), 1);
    source_close(train);
    source_close(test);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_load_turns_planes_into_pixels),
        IN_FOLDER(test_names_come_from_the_folder_or_are_numbers),
        IN_FOLDER(test_fewer_names_than_classes),
        IN_FOLDER(test_bad_labels_are_named),
        IN_FOLDER(test_bad_sizes_are_named_with_a_guess),
        IN_FOLDER(test_a_wrong_hash_is_refused),
        IN_FOLDER(test_missing_files_are_named_with_a_guess),
        IN_FOLDER(test_an_empty_cache_says_what_to_do),
        IN_FOLDER(test_summary_agrees_with_the_definition),
        IN_FOLDER(test_split_is_balanced_and_repeats),
        IN_FOLDER(test_split_of_uneven_classes),
        IN_FOLDER(test_batches_in_both_preprocessings),
        IN_FOLDER(test_preview_grid_shows_the_chosen_images),
        IN_FOLDER(test_preview_in_a_terminal),
    };
    return cmocka_run_group_tests_name("data/cifar10", tests, NULL, NULL);
}
