/* SPDX-License-Identifier: MIT */
/* Tensor files: there and back, and every way in which a file can lie, beside a good control. */
#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "formats/safetensors.h"
#include "formats/safetensors_write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/ocellus-safetensors-XXXXXX";
static char path[FILE_PATH_SIZE];

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? (path_join(path, folder, "t.safetensors"), 0) : -1;
}
static int remove_folder(void **state) {
    (void)state;
    return folder_remove(folder) == OCELLUS_OK ? 0 : -1;
}

/* Writes a file of this header, with `length` as the claimed size of it, and bytes of data. */
static void write_raw(const char *header, size_t header_size, uint64_t length, const void *data, size_t data_size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(&length, 8, 1, file), 1);
    assert_int_equal(fwrite(header, 1, header_size, file), header_size);
    assert_int_equal(fwrite(data, 1, data_size, file), data_size);
    assert_int_equal(fclose(file), 0);
}

static ocellus_status read_and_free(bool allow_nonfinite) {
    struct safetensors *file = NULL;
    const ocellus_status status = safetensors_read(path, allow_nonfinite, &file);
    if (status == OCELLUS_OK) safetensors_free(file);
    else assert_null(file);
    return status;
}

static void assert_refused(size_t number, const char *message) {
    const ocellus_status status = read_and_free(false);
    if (status != OCELLUS_BAD_CONTENT || !strstr(status_message(), message) ||
        strstr(status_message(), path) != status_message())
        fail_msg("case %zu: status %d, \"%s\" (expected \"%s\")", number, (int)status, status_message(), message);
}

static const float b_values[6] = {1, -2, 3.5F, -0.0F, 1e-42F, 3e38F};

static ocellus_status get(void *context, const char *name, float *values, size_t count) {
    const int *failing = context;
    if (failing && *failing) return OCELLUS_DIVERGED;
    for (size_t i = 0; i < count; i++)
        values[i] = strcmp(name, "b") == 0 ? b_values[i] : (float)i;
    return OCELLUS_OK;
}

static const struct shape b_shape = {2, {2, 3}}, a_shape = {4, {1, 1, 1, 5}}, scalar = {0, {0}};
static const struct safetensors_entry entries[] = {{"b", &b_shape}, {"z", &scalar}, {"a/é", &a_shape}};
static const struct safetensors_text metadata[] = {{"note", "two\nlines and \"quotes\""}, {"empty", ""}};

static void what_is_written_is_read(void **state) {
    (void)state;
    struct safetensors *file;
    assert_int_equal(safetensors_write(path, entries, 3, metadata, 2, get, NULL), OCELLUS_OK);
    assert_int_equal(safetensors_read(path, false, &file), OCELLUS_OK);
    assert_int_equal(file->tensors.count, 3);
    assert_string_equal(file->tensors.items[0].name, "a/é");
    assert_string_equal(file->tensors.items[1].name, "b");
    assert_string_equal(file->tensors.path, path);
    const struct named_tensor *b = named_tensors_find(&file->tensors, "b");
    assert_true(shape_equal(&b->shape, &b_shape));
    assert_memory_equal(b->values, b_values, sizeof b_values);
    assert_int_equal(named_tensors_find(&file->tensors, "z")->shape.rank, 0);
    assert_null(named_tensors_find(&file->tensors, "c"));
    assert_null(named_tensors_find(&file->tensors, "__metadata__"));
    assert_string_equal(safetensors_metadata(file, "note"), metadata[0].value);
    assert_string_equal(safetensors_metadata(file, "empty"), "");
    assert_null(safetensors_metadata(file, "missing"));
    safetensors_free(file);

    /* The bytes are what the format's reference implementation would read: aligned, sorted, nothing left over. */
    unsigned char *bytes;
    size_t size;
    uint64_t length;
    assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OCELLUS_OK);
    memcpy(&length, bytes, 8);
    assert_int_equal(length % 8, 0);
    assert_int_equal(8 + length + (5 + 6 + 1) * 4, size);
    assert_memory_equal(bytes + 8 + length + 5 * 4, b_values, sizeof b_values);
    char first[SHA256_TEXT_SIZE], second[SHA256_TEXT_SIZE];
    sha256_bytes(bytes, size, first);
    free(bytes);
    const struct safetensors_entry reversed[] = {entries[2], entries[1], entries[0]};
    assert_int_equal(safetensors_write(path, reversed, 3, metadata, 2, get, NULL), OCELLUS_OK);
    assert_int_equal(sha256_file(path, second), OCELLUS_OK);
    assert_string_equal(first, second);
}

static void a_failed_write_leaves_the_old_file(void **state) {
    (void)state;
    char before[SHA256_TEXT_SIZE], after[SHA256_TEXT_SIZE];
    int failing = 1;
    assert_int_equal(safetensors_write(path, entries, 3, metadata, 2, get, NULL), OCELLUS_OK);
    assert_int_equal(sha256_file(path, before), OCELLUS_OK);
    assert_int_equal(safetensors_write(path, entries, 2, NULL, 0, get, &failing), OCELLUS_DIVERGED);
    const struct safetensors_entry twice[] = {{"b", &b_shape}, {"a", &a_shape}, {"b", &b_shape}};
    assert_int_equal(safetensors_write(path, twice, 3, NULL, 0, get, NULL), OCELLUS_USAGE);
    assert_non_null(strstr(status_message(), "b: two tensors have this name"));
    assert_int_equal(sha256_file(path, after), OCELLUS_OK);
    assert_string_equal(before, after);
    char **names;
    size_t count;
    assert_int_equal(folder_names(folder, &names, &count), OCELLUS_OK);
    assert_int_equal(count, 1);
    names_free(names);
}

#define TENSOR(dtype, shape, offsets) "{\"dtype\": \"" dtype "\", \"shape\": " shape ", \"data_offsets\": " offsets "}"
#define A(shape, offsets)             "{\"a\": " TENSOR("F32", shape, offsets) "}"
#define AB(a, b)                      "{\"a\": " TENSOR("F32", "[2]", a) ", \"b\": " TENSOR("F32", "[2]", b) "}"
#define LONG_NAME                     "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static void lying_headers_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *header;
        size_t data_size;
        const char *message; /* NULL: good */
    } cases[] = {
        {A("[2]", "[0, 8]"), 8, NULL},
        {A("[]", "[0, 4]"), 4, NULL},
        {AB("[8, 16]", "[0, 8]"), 16, NULL}, /* not in the order of the file: allowed */
        {"{}", 0, NULL},
        {"{}      ", 0, NULL},
        {"{\"__metadata__\": {}, \"a\": " TENSOR("F32", "[1]", "[0, 4]") "}", 4, NULL},
        {" {}", 0, "header: does not begin with {"},
        {"", 0, "header: does not begin with {"},
        {"[]", 0, "header: does not begin with {"},
        {"{", 0, "line 1"},
        {"{}{}", 0, "line 1"},
        {"{\"\xff\": 1}", 0, "line 1"},
        {"{\"a\\u0000b\": 1}", 0, "line 1"},
        {"{\"a\": 1}", 0, "a: no map"},
        {"{\"\": " TENSOR("F32", "[1]", "[0, 4]") "}", 4, "name: wrong length"},
        {"{\"" LONG_NAME LONG_NAME LONG_NAME "\": " TENSOR("F32", "[1]", "[0, 4]") "}", 4, "name: wrong length"},
        {"{\"__metadata__\": []}", 0, "__metadata__: no map"},
        {"{\"__metadata__\": {\"k\": 1}}", 0, "__metadata__: k: no text"},
        {"{\"__metadata__\": {\"k\": \"1\", \"k\": \"2\"}}", 0, "uplicate"},
        {"{\"a\": " TENSOR("F32", "[1]", "[0, 4]") ", \"a\": " TENSOR("F32", "[1]", "[0, 4]") "}", 4, "uplicate"},
        {"{\"a\": {\"dtype\": \"F32\", \"dtype\": \"F16\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "uplicate"},
        {"{\"a\": {\"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "a: dtype: missing"},
        {"{\"a\": {\"dtype\": \"F32\", \"data_offsets\": [0, 4]}}", 4, "a: shape: missing"},
        {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"offsets\": [0, 4]}}", 4, "a: offsets: unknown member"},
        {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1]}}", 4, "a: data_offsets: unfit"},
        {"{\"a\": " TENSOR("F16", "[2]", "[0, 8]") "}", 8, "do not fit the shape (expected 4 bytes, got 8)"},
        {"{\"a\": " TENSOR("BF16", "[4]", "[0, 4]") "}", 4, "do not fit the shape (expected 8 bytes, got 4)"},
        {"{\"a\": " TENSOR("F64", "[2]", "[0, 8]") "}", 8, "do not fit the shape (expected 16 bytes, got 8)"},
        {"{\"a\": " TENSOR("F8_E4M3", "[4]", "[0, 4]") "}", 4,
         "a: dtype: not supported (expected F32, F16, BF16 or F64, got F8_E4M3)"},
        {"{\"a\": " TENSOR("I64", "[1]", "[0, 8]") "}", 8, "got I64"},
        {"{\"a\": " TENSOR("f32", "[1]", "[0, 4]") "}", 4, "got f32"},
        {A("[1, 1, 1, 1, 1]", "[0, 4]"), 4, "a: shape: too many dimensions (expected at most 4, got 5)"},
        {A("[0]", "[0, 0]"), 0, "a: shape: dimension 0"},
        {A("[-1]", "[0, 4]"), 4, "a: shape: dimension 0"},
        {A("[1.0]", "[0, 4]"), 4, "a: shape: dimension 0"},
        {A("[\"1\"]", "[0, 4]"), 4, "a: shape: dimension 0"},
        {A("[2, 18446744073709551614]", "[0, 4]"), 4, "line 1"},
        {A("[4294967296, 4294967296]", "[0, 0]"), 0, "more values than there can be"},
        {A("[65536, 65536, 65536, 65536]", "[0, 0]"), 0, "more values than there can be"},
        {A("[2, 9223372036854775807]", "[0, 4]"), 4, "more values than there can be"},
        {A("[4611686018427387904]", "[0, 0]"), 0, "more values than there can be"}, /* times 4 bytes: 2^64 */
        {A("[2]", "[0]"), 8, "a: data_offsets: unfit"},
        {A("[2]", "[0, 8, 8]"), 8, "a: data_offsets: unfit"},
        {A("[2]", "[0.0, 8.0]"), 8, "a: data_offsets: unfit"},
        {A("[2]", "[\"0\", \"8\"]"), 8, "a: data_offsets: unfit"},
        {A("[2]", "[-8, 0]"), 8, "a: data_offsets: out of range"},
        {A("[2]", "[8, 0]"), 8, "a: data_offsets: out of range"},
        {A("[2]", "[0, 9223372036854775807]"), 8, "a: data_offsets: out of range"},
        {A("[2]", "[0, 8]"), 7, "a: data_offsets: out of range (expected 0 to 7"},
        {A("[2]", "[0, 8]"), 9, "data: wrong size (expected 8 bytes, got 9)"},
        {A("[2]", "[1, 9]"), 9, "a: data_offsets: leave a hole (expected to begin at 0, got 1)"},
        {A("[2]", "[0, 4]"), 4, "do not fit the shape (expected 8 bytes, got 4)"},
        {A("[3]", "[0, 8]"), 8, "do not fit the shape (expected 12 bytes, got 8)"},
        {AB("[0, 8]", "[7, 15]"), 16, "b: data_offsets: overlap (expected to begin at 8, got 7)"},
        {AB("[0, 8]", "[9, 17]"), 17, "b: data_offsets: leave a hole"},
        {AB("[0, 8]", "[0, 8]"), 8, "data_offsets: overlap"},
        {"{}", 1, "data: wrong size (expected 0 bytes, got 1)"},
    };
    static const unsigned char data[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_raw(cases[i].header, strlen(cases[i].header), strlen(cases[i].header), data, cases[i].data_size);
        if (cases[i].message) assert_refused(i, cases[i].message);
        else if (read_and_free(false) != OCELLUS_OK) fail_msg("case %zu: %s", i, status_message());
    }
}

static void lying_lengths_are_refused(void **state) {
    (void)state;
    static const char header[] = A("[1]", "[0, 4]");
    static const uint64_t lengths[] = {0,
                                       1,
                                       sizeof header - 2,
                                       sizeof header,
                                       sizeof header + 3,
                                       1U << 24,
                                       (1U << 24) + 1,
                                       100000000,
                                       0x7FFFFFFF,
                                       0x80000000,
                                       0xFFFFFFFF,
                                       1ULL << 32,
                                       INT64_MAX,
                                       1ULL << 63,
                                       UINT64_MAX - 7,
                                       UINT64_MAX};
    const float value = 1;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_raw(header, sizeof header - 1, lengths[i], &value, 4);
        assert_refused(i, ": ");
    }
    write_raw(header, sizeof header - 1, __builtin_bswap64(sizeof header - 1), &value, 4);
    assert_refused(100, "are its bytes swapped?");
    write_raw(header, sizeof header - 1, sizeof header - 1, &value, 4);
    assert_int_equal(read_and_free(false), OCELLUS_OK);
}

static void headers_have_a_limit(void **state) {
    (void)state;
    const size_t limit = 16 << 20;
    char *header = malloc(limit + 1);
    assert_non_null(header);
    memset(header, ' ', limit + 1);
    memcpy(header, "{}", 2);
    write_raw(header, limit, limit, "", 0);
    assert_int_equal(read_and_free(false), OCELLUS_OK);
    write_raw(header, limit + 1, limit + 1, "", 0);
    assert_refused(0, "header size: too large (expected at most 16777216, got 16777217)");
    free(header);
}

/* Every shorter file, and flips of every byte of length and header: refused or read, never worse. */
static void cuts_and_flips_do_no_harm(void **state) {
    (void)state;
    unsigned char *bytes;
    size_t size;
    assert_int_equal(safetensors_write(path, entries, 3, metadata, 2, get, NULL), OCELLUS_OK);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OCELLUS_OK);
    for (size_t cut = 0; cut < size; cut++) {
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        assert_int_equal(fclose(file), 0);
        assert_refused(cut, ": ");
    }
    for (size_t at = 0; at < size; at++) {
        for (int flip = 0; flip < 5; flip++) {
            const unsigned char old = bytes[at], changed[] = {0, 0xFF, (unsigned char)(old + 1),
                                                              (unsigned char)(old - 1), (unsigned char)(old ^ 0x80)};
            bytes[at] = changed[flip];
            FILE *file = fopen(path, "wb");
            assert_int_equal(fwrite(bytes, 1, size, file), size);
            assert_int_equal(fclose(file), 0);
            const ocellus_status status = read_and_free(false);
            if (status != OCELLUS_OK && status != OCELLUS_BAD_CONTENT) fail_msg("byte %zu: %s", at, status_message());
            bytes[at] = old;
        }
    }
    free(bytes);
}

static void odd_header_lengths_are_aligned(void **state) {
    (void)state;
    struct safetensors *file;
    const char header[] = A("[6]", "[0, 24]") "    ";
    for (size_t spaces = 0; spaces <= 4; spaces++) {
        const size_t length = sizeof header - 1 - spaces;
        write_raw(header, length, length, b_values, sizeof b_values);
        assert_int_equal(safetensors_read(path, false, &file), OCELLUS_OK);
        assert_int_equal((uintptr_t)file->tensors.items[0].values % sizeof(float), 0);
        assert_memory_equal(file->tensors.items[0].values, b_values, sizeof b_values);
        safetensors_free(file);
    }
}

static void values_that_are_not_finite_need_leave(void **state) {
    (void)state;
    const char header[] = A("[3]", "[0, 12]");
    const struct {
        float value;
        const char *message;
    } cases[] = {{NAN, "a: value 1 is not a number"}, {INFINITY, "a: value 1 is infinite"}, {-INFINITY, "infinite"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const float values[3] = {1e38F, cases[i].value, 1e-42F};
        write_raw(header, sizeof header - 1, sizeof header - 1, values, sizeof values);
        assert_refused(i, cases[i].message);
        assert_int_equal(read_and_free(true), OCELLUS_OK);
    }
}

/* All become float32: halves exactly, doubles rounded. */
static void other_types_are_converted(void **state) {
    (void)state;
    static const char header[] =
        "{\"a\": " TENSOR("F16", "[6]", "[0, 12]") ", \"b\": " TENSOR("BF16", "[3]", "[12, 18]") ", \"c\": " TENSOR(
            "F32", "[2]", "[18, 26]") ", \"d\": " TENSOR("F64", "[2]", "[26, 42]") "}";
    static const uint16_t halves[] = {0x3c00, 0xc100, 0x0001, 0x83ff, 0x7bff, 0x8000};
    static const float expected[] = {1, -2.5F, 0x1p-24F, -1023 * 0x1p-24F, 65504, -0.0F};
    static const uint16_t brains[] = {0x3f80, 0xc049, 0x0001};
    static const float expected_brains[] = {1, -3.140625F, 0x1p-133F};
    static const float plain[] = {1.5F, -7};
    static const double wide[] = {0.1, -1e-300};
    unsigned char data[42];
    struct safetensors *file;
    memcpy(data, halves, 12);
    memcpy(data + 12, brains, 6);
    memcpy(data + 18, plain, 8); /* not where a float may lie */
    memcpy(data + 26, wide, 16);
    write_raw(header, sizeof header - 1, sizeof header - 1, data, sizeof data);
    assert_int_equal(safetensors_read(path, false, &file), OCELLUS_OK);
    const struct named_tensor *items = file->tensors.items;
    assert_memory_equal(items[0].values, expected, sizeof expected);
    assert_memory_equal(items[1].values, expected_brains, sizeof expected_brains);
    assert_memory_equal(items[2].values, plain, sizeof plain);
    assert_memory_equal(items[3].values, ((float[]){0.1F, -0.0F}), 8);
    safetensors_free(file);

    static const struct {
        size_t at;
        uint16_t bits;
        const char *message;
    } bad[] = {{4, 0x7c00, "a: value 2 is infinite"},
               {10, 0xfe01, "a: value 5 is not a number"},
               {14, 0xff80, "b: value 1 is infinite"},
               {16, 0x7fc0, "b: value 2 is not a number"},
               {32, 0x7fef, "d: value 0 is infinite"}}; /* 1.8e308: none as a float */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsigned char spoilt[42];
        memcpy(spoilt, data, sizeof data);
        memcpy(spoilt + bad[i].at, &bad[i].bits, 2);
        write_raw(header, sizeof header - 1, sizeof header - 1, spoilt, sizeof spoilt);
        assert_refused(i, bad[i].message);
    }
}

static void other_things_are_no_tensor_files(void **state) {
    (void)state;
    struct safetensors *file = NULL;
    assert_int_equal(safetensors_read("/dev/zero", false, &file), OCELLUS_BAD_CONTENT);
    assert_int_equal(safetensors_read(folder, false, &file), OCELLUS_BAD_CONTENT);
    assert_int_equal(safetensors_read("/nowhere/t.safetensors", false, &file), OCELLUS_IO);
    assert_null(file);
    /* A file that claims 16 TiB costs nothing. */
    write_raw("{}", 2, 2, "", 0);
    if (truncate(path, (off_t)1 << 44) == 0) assert_int_not_equal(read_and_free(false), OCELLUS_OK);
    assert_int_equal(remove(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(lying_headers_are_refused),      cmocka_unit_test(lying_lengths_are_refused),
        cmocka_unit_test(headers_have_a_limit),           cmocka_unit_test(cuts_and_flips_do_no_harm),
        cmocka_unit_test(odd_header_lengths_are_aligned), cmocka_unit_test(values_that_are_not_finite_need_leave),
        cmocka_unit_test(other_types_are_converted),      cmocka_unit_test(other_things_are_no_tensor_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
