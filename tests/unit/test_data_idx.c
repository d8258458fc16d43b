/* SPDX-License-Identifier: MIT */
/* Sources of idx files, plain and packed, and of CIFAR-100's binary files: what is read, and what is refused in which words. */
#include "base/gzip.h"
#include "data/cifar100.h"
#include "data/idx.h"
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
#include <zlib.h>

enum { MOST_BYTES = 1 << 20 };

struct content {
    unsigned char bytes[MOST_BYTES];
    size_t size;
};

static void put(const char *path, const void *bytes, size_t size) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* An idx file whose value number i is i * step % modulus. */
static void make(struct content *content, const size_t *dims, size_t rank, size_t step, size_t modulus) {
    size_t values = 1;
    memcpy(content->bytes, "\0\0\x08", 3);
    content->bytes[3] = (unsigned char)rank;
    for (size_t i = 0; i < rank; i++) {
        for (size_t k = 0; k < 4; k++)
            content->bytes[4 + 4 * i + k] = (unsigned char)(dims[i] >> 8 * (3 - k));
        values *= dims[i];
    }
    content->size = 4 + 4 * rank + values;
    assert_true(content->size <= MOST_BYTES);
    for (size_t i = 0; i < values; i++)
        content->bytes[4 + 4 * rank + i] = (unsigned char)(i * step % modulus);
}

static void put_array(const char *path, const size_t *dims, size_t rank, size_t step, size_t modulus) {
    static struct content content;
    make(&content, dims, rank, step, modulus);
    put(path, content.bytes, content.size);
}

static void pack(const struct content *plain, struct content *packed) {
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)plain->bytes,
                       .avail_in = (unsigned)plain->size,
                       .next_out = packed->bytes,
                       .avail_out = MOST_BYTES};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed->size = MOST_BYTES - stream.avail_out;
    deflateEnd(&stream);
}

static const size_t images_dims[] = {12, 5, 7}, labels_dims[] = {12}, test_dims[] = {4, 5, 7}, test_labels[] = {4};

static void put_set(const char *folder) {
    put_array(temporary_path(folder, "train-images-idx3-ubyte"), images_dims, 3, 7, 251);
    put_array(temporary_path(folder, "train-labels-idx1-ubyte"), labels_dims, 1, 1, 3);
    put_array(temporary_path(folder, "t10k-images-idx3-ubyte"), test_dims, 3, 3, 251);
    put_array(temporary_path(folder, "t10k-labels-idx1-ubyte"), test_labels, 1, 1, 2);
}

static void expect(const char *folder, ocellus_status status, const char *words) {
    struct data_parts parts = {0};
    assert_int_equal(idx_open(&(struct data_request){.path = folder}, &parts), status);
    assert_null(parts.train);
    assert_null(parts.test);
    if (!strstr(status_message(), words)) fail_msg("\"%s\" lacks \"%s\"", status_message(), words);
    assert_null(strchr(status_message(), '\n'));
}

static void test_a_set(void **state) {
    struct data_parts parts = {0};
    struct picture picture = {0};
    put_set(*state);
    assert_int_equal(idx_open(&(struct data_request){.path = *state}, &parts), OCELLUS_OK);
    assert_int_equal(parts.train->count, 12);
    assert_int_equal(parts.train->height, 5);
    assert_int_equal(parts.train->width, 7);
    assert_int_equal(parts.train->channels, 1);
    assert_int_equal(parts.train->classes, 3);
    assert_int_equal(parts.test->classes, 3);
    assert_string_equal(parts.train->class_names[2], "2");
    assert_non_null(strstr(parts.train->name, "(idx)"));
    assert_null(parts.validation);
    assert_int_equal(source_label(parts.train, 4), 1);
    assert_int_equal(source_read(parts.train, 2, NULL, &picture), OCELLUS_OK);
    for (size_t i = 0; i < 35; i++)
        assert_int_equal(picture.pixels[i], (70 + i) * 7 % 251);
    data_parts_close(&parts);
    /* Names; and a part that is missing. */
    put(temporary_path(*state, "class_names.txt"), "circle\nsquare\ntriangle\nstar\n", 28);
    assert_int_equal(remove(temporary_path(*state, "t10k-images-idx3-ubyte")), 0);
    expect(*state, OCELLUS_BAD_CONTENT, "there is no t10k-images-idx3-ubyte");
    assert_int_equal(remove(temporary_path(*state, "t10k-labels-idx1-ubyte")), 0);
    assert_int_equal(idx_open(&(struct data_request){.path = *state}, &parts), OCELLUS_OK);
    assert_null(parts.test);
    assert_int_equal(parts.train->classes, 4); /* one of them without pictures */
    assert_string_equal(parts.train->class_names[3], "star");
    data_parts_close(&parts);
}

static void test_packed_and_coloured(void **state) {
    static struct content plain, packed;
    static const size_t colour[] = {12, 5, 7, 3};
    struct data_parts parts = {0};
    struct picture picture = {0};
    make(&plain, colour, 4, 11, 253);
    pack(&plain, &packed);
    put(temporary_path(*state, "emnist-train-images-idx4-ubyte.gz"), packed.bytes, packed.size);
    put_array(temporary_path(*state, "emnist-train-labels.idx"), labels_dims, 1, 1, 3);
    put(temporary_path(*state, "emnist-train-labels.idx.gz"), "not read", 8); /* beside the plain one */
    assert_int_equal(idx_open(&(struct data_request){.path = *state}, &parts), OCELLUS_OK);
    assert_int_equal(parts.train->channels, 3);
    assert_int_equal(source_read(parts.train, 11, NULL, &picture), OCELLUS_OK);
    for (size_t i = 0; i < 105; i++)
        assert_int_equal(picture.pixels[i], (11 * 105 + i) * 11 % 253);
    data_parts_close(&parts);
    const char *path = temporary_path(*state, "emnist-train-images-idx4-ubyte.gz");
    for (size_t cut = 2; cut < packed.size; cut += 5) {
        put(path, packed.bytes, cut);
        expect(*state, OCELLUS_BAD_CONTENT, "damaged gzip file: the file ends too early");
    }
    for (size_t at = packed.size - 8; at < packed.size; at++) { /* the checksum, then the size */
        packed.bytes[at] ^= 1;
        put(path, packed.bytes, packed.size);
        packed.bytes[at] ^= 1;
        expect(*state, OCELLUS_BAD_CONTENT, "damaged gzip file");
    }
    put(path, packed.bytes, packed.size + 3);
    expect(*state, OCELLUS_BAD_CONTENT, "damaged gzip file");
}

/* What is unpacked has a limit, and members follow each other. */
static void test_gzip(void **state) {
    (void)state;
    static struct content plain, packed;
    unsigned char *content;
    size_t size;
    plain.size = MOST_BYTES;
    pack(&plain, &packed);
    assert_true(packed.size < 2000);
    assert_int_equal(gzip_unpack(packed.bytes, packed.size, 1000, "it", &content, &size), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "it: more than 1000 bytes unpacked");
    assert_null(content);
    assert_int_equal(gzip_unpack(packed.bytes, packed.size, MOST_BYTES, "it", &content, &size), OCELLUS_OK);
    assert_int_equal(size, MOST_BYTES);
    free(content);
    memcpy(packed.bytes + packed.size, packed.bytes, packed.size);
    assert_int_equal(gzip_unpack(packed.bytes, 2 * packed.size, 4 * MOST_BYTES, "it", &content, &size), OCELLUS_OK);
    assert_int_equal(size, 2 * MOST_BYTES);
    free(content);
    assert_int_equal(gzip_unpack(packed.bytes, 2 * packed.size, MOST_BYTES, "it", &content, &size),
                     OCELLUS_BAD_CONTENT);
}

static void test_refused_sets(void **state) {
    static const size_t few[] = {11}, flat[] = {12, 35}, inks[] = {12, 5, 7, 4}, other[] = {4, 7, 5};
    const char *images = "train-images-idx3-ubyte", *labels = "train-labels-idx1-ubyte";
    static struct content content;
    expect("", OCELLUS_USAGE, "idx: expected the path of a folder of idx files");
    expect(*state, OCELLUS_BAD_CONTENT, "there is no train-images-idx3-ubyte or the like");
    expect(temporary_path(*state, "nowhere"), OCELLUS_IO, "nowhere");
    put_set(*state);
    put_array(temporary_path(*state, labels), few, 1, 1, 3);
    expect(*state, OCELLUS_BAD_CONTENT, "11 labels (expected 12, one for each image)");
    put_array(temporary_path(*state, labels), images_dims, 3, 1, 3);
    expect(*state, OCELLUS_BAD_CONTENT, "3 dimensions (expected 1)");
    put_array(temporary_path(*state, labels), labels_dims, 1, 0, 3);
    expect(*state, OCELLUS_BAD_CONTENT, "there is one class alone (");
    put_set(*state);
    put_array(temporary_path(*state, images), flat, 2, 1, 3);
    expect(*state, OCELLUS_BAD_CONTENT, "2 dimensions (expected 3 or 4)");
    put_array(temporary_path(*state, images), inks, 4, 1, 3);
    expect(*state, OCELLUS_BAD_CONTENT, "4 channels (expected 1 or 3)");
    put_set(*state);
    put_array(temporary_path(*state, "t10k-images-idx3-ubyte"), other, 3, 1, 3);
    expect(*state, OCELLUS_BAD_CONTENT, "test images of 7 x 5 x 1 (expected 5 x 7 x 1, as in training)");
    put_set(*state);
    make(&content, images_dims, 3, 1, 251);
    for (size_t size = 0; size < content.size; size += size < 20 ? 1 : 41) {
        put(temporary_path(*state, images), content.bytes, size);
        expect(*state, OCELLUS_BAD_CONTENT, images);
    }
    put(temporary_path(*state, images), content.bytes, content.size + 1);
    expect(*state, OCELLUS_BAD_CONTENT, "421 values (expected 420, by its header)");
    memset(content.bytes + 4, 0xff, 12); /* more values than can be counted */
    put(temporary_path(*state, images), content.bytes, content.size);
    expect(*state, OCELLUS_BAD_CONTENT, "420 values (expected 18446744073709551615, by its header)");
    memset(content.bytes + 8, 0, 4);
    put(temporary_path(*state, images), content.bytes, content.size);
    expect(*state, OCELLUS_BAD_CONTENT, "dimension 1 is 0");
    content.bytes[2] = 0x0d;
    put(temporary_path(*state, images), content.bytes, content.size);
    expect(*state, OCELLUS_BAD_CONTENT, "idx of type 13 with 3 dimensions");
    put(temporary_path(*state, images), "hello, world", 12);
    expect(*state, OCELLUS_BAD_CONTENT, "is no idx file");
    put_set(*state);
    put_array(temporary_path(*state, "another-train-labels.idx"), labels_dims, 1, 1, 3);
    expect(*state, OCELLUS_BAD_CONTENT, "holds both another-train-labels.idx and train-labels-idx1-ubyte");
}

/* --- CIFAR-100 --- */

enum { RECORD = 2 + 3 * 1024 };

static void put_records(const char *path, size_t count) {
    static unsigned char bytes[8 * RECORD];
    for (size_t n = 0; n < count; n++) {
        unsigned char *record = bytes + n * RECORD;
        record[0] = (unsigned char)(n % 20);
        record[1] = (unsigned char)(99 - n);
        for (size_t i = 0; i < RECORD - 2; i++)
            record[2 + i] = (unsigned char)(n + i % 1024 + 50 * (i / 1024));
    }
    put(path, bytes, count * RECORD);
}

static void expect_cifar100(const char *folder, ocellus_status status, const char *words) {
    struct data_parts parts = {0};
    assert_int_equal(cifar100_open(&(struct data_request){.path = folder}, &parts), status);
    assert_null(parts.train);
    if (!strstr(status_message(), words)) fail_msg("\"%s\" lacks \"%s\"", status_message(), words);
}

static void test_cifar100(void **state) {
    struct data_parts parts = {0};
    struct picture picture = {0};
    const char *train = "train.bin", *test = "test.bin";
    expect_cifar100(NULL, OCELLUS_USAGE, "expected the path");
    expect_cifar100(*state, OCELLUS_IO, train);
    put_records(temporary_path(*state, train), 6);
    put_records(temporary_path(*state, test), 3);
    assert_int_equal(cifar100_open(&(struct data_request){.path = *state}, &parts), OCELLUS_OK);
    assert_int_equal(parts.train->count, 6);
    assert_int_equal(parts.test->count, 3);
    assert_int_equal(parts.train->classes, 100);
    assert_string_equal(parts.train->class_names[99], "99");
    assert_int_equal(source_label(parts.train, 4), 95);
    assert_non_null(strstr(parts.train->name, "(CIFAR-100's layout)"));
    assert_int_equal(source_read(parts.train, 4, NULL, &picture), OCELLUS_OK);
    for (size_t i = 0; i < (size_t)3 * 1024; i++)
        assert_int_equal(picture.pixels[i], (4 + i / 3 + 50 * (i % 3)) % 256);
    data_parts_close(&parts);
    FILE *names = fopen(temporary_path(*state, "fine_label_names.txt"), "w");
    for (size_t i = 0; i < 100; i++)
        fprintf(names, "thing %zu\n", i);
    fclose(names);
    assert_int_equal(remove(temporary_path(*state, test)), 0);
    assert_int_equal(cifar100_open(&(struct data_request){.path = *state}, &parts), OCELLUS_OK);
    assert_null(parts.test);
    assert_string_equal(parts.train->class_names[99], "thing 99");
    data_parts_close(&parts);
}

static void test_refused_cifar100(void **state) {
    static unsigned char bytes[3 * RECORD];
    const char *train = temporary_path(*state, "train.bin");
    put(train, bytes, 0);
    expect_cifar100(*state, OCELLUS_BAD_CONTENT, "size 0 bytes");
    put(train, bytes, 2 * RECORD - 1);
    expect_cifar100(*state, OCELLUS_BAD_CONTENT, "(expected 1 to 50000 records of 3074)");
    put(train, bytes, 2 * (RECORD - 1));
    expect_cifar100(*state, OCELLUS_BAD_CONTENT, "this looks like CIFAR-10");
    bytes[RECORD + 1] = 100;
    put(train, bytes, sizeof bytes);
    expect_cifar100(*state, OCELLUS_BAD_CONTENT, "record 1 at byte 3075: label 100 (expected 0 to 99)");
    bytes[RECORD] = 20;
    put(train, bytes, sizeof bytes);
    expect_cifar100(*state, OCELLUS_BAD_CONTENT, "record 1 at byte 3074: label 20 (expected 0 to 19)");
    memset(bytes, 0, sizeof bytes);
    put(train, bytes, sizeof bytes);
    put(temporary_path(*state, "test.bin"), bytes, 7);
    expect_cifar100(*state, OCELLUS_BAD_CONTENT, "(expected 1 to 10000 records of 3074)");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_set),       IN_FOLDER(test_packed_and_coloured),
        cmocka_unit_test(test_gzip), IN_FOLDER(test_refused_sets),
        IN_FOLDER(test_cifar100),    IN_FOLDER(test_refused_cifar100),
    };
    return cmocka_run_group_tests_name("data/idx", tests, NULL, NULL);
}
