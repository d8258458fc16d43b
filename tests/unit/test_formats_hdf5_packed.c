/* SPDX-License-Identifier: MIT */
/* HDF5 files whose values are packed or halved, as Keras's users write them to save space; and the network in a whole model. */
#include "formats/network_file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#ifdef OCELLUS_HDF5
#include "hdf5_fixture.h"

#define SPOIL(name) static void name(hid_t file, hid_t layer, hid_t inner, const char *folder)
#define UNUSED      (void)file, (void)layer, (void)inner, (void)folder

enum { DEFLATE = 1, SHUFFLE = 2, FLETCHER = 4 };
static hid_t packed(int filters, int rank, const hsize_t *chunk) {
    const hid_t list = good(H5Pcreate(H5P_DATASET_CREATE));
    check(H5Pset_chunk(list, rank, chunk));
    if (filters & SHUFFLE) check(H5Pset_shuffle(list));
    if (filters & DEFLATE) check(H5Pset_deflate(list, 4));
    if (filters & FLETCHER) check(H5Pset_fletcher32(list));
    return list;
}

static int filters;
SPOIL(packed_kernel) {
    UNUSED;
    const hsize_t chunk[] = {1, 2}; /* at the right edge half of it is outside */
    const hid_t list = packed(filters, 2, chunk);
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, list, kernel);
    check(H5Pclose(list));
}

static void test_filters(void **state) {
    const char *path = temporary_path(*state, "w.h5");
    for (filters = 1; filters < 8; filters++) {
        write_legacy(path, &(struct plan){.no_kernel = true, .spoil = packed_kernel}, *state);
        expect_good(path, "a");
    }
}

/* Values that pack to almost nothing are read as far as isolated_values_limit() goes: nothing is allocated beyond it. */
static hsize_t zeros_count;
SPOIL(many_zeros) {
    UNUSED;
    const hsize_t dims[] = {zeros_count}, chunk[] = {1 << 20};
    const hid_t list = packed(DEFLATE, 1, chunk);
    float *values = calloc(zeros_count, sizeof *values);
    assert_non_null(values);
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 1, dims, list, values);
    free(values);
    check(H5Pclose(list));
}
SPOIL(claimed_zeros) { /* none of them is there, so that the file costs nothing */
    UNUSED;
    const hsize_t dims[] = {(hsize_t)1 << 40}, chunk[] = {1 << 20};
    const hid_t list = packed(DEFLATE, 1, chunk);
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 1, dims, list, NULL);
    check(H5Pclose(list));
}
/* All but the last value: the chunk in which it lies is not there. What the others hold outside makes up for it in size. */
static int missing_filters;
SPOIL(missing_chunk) {
    UNUSED;
    const hsize_t chunk[] = {1, 2}, start[] = {0, 0}, count[] = {1, COLUMNS}, below[] = {1, 0},
                  written[] = {VALUES - 1};
    const hid_t list = packed(missing_filters, 2, chunk), space = good(H5Screate_simple(2, kernel_dims, NULL));
    const hid_t id = good(H5Dcreate2(inner, "kernel:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    const hid_t row = good(H5Screate_simple(1, written, NULL));
    check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
    check(H5Sselect_hyperslab(space, H5S_SELECT_OR, below, NULL, chunk, NULL));
    check(H5Dwrite(id, H5T_NATIVE_FLOAT, row, space, H5P_DEFAULT, kernel));
    check(H5Sclose(row));
    check(H5Dclose(id));
    check(H5Sclose(space));
    check(H5Pclose(list));
}
SPOIL(large_chunk) { /* as a growing dataset may have it */
    UNUSED;
    const hsize_t most[] = {H5S_UNLIMITED, COLUMNS}, chunk[] = {1 << 24, COLUMNS};
    const hid_t list = packed(DEFLATE, 2, chunk), space = good(H5Screate_simple(2, kernel_dims, most));
    check(H5Dclose(good(H5Dcreate2(inner, "kernel:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT))));
    check(H5Sclose(space));
    check(H5Pclose(list));
}
/* The stream of a large dataset in the place of a small one's: it unpacks to more than there is room for. */
SPOIL(bomb) {
    UNUSED;
    const hsize_t large[] = {1 << 22};
    hid_t list = packed(DEFLATE, 1, large);
    float *values = calloc(large[0], sizeof *values);
    unsigned char *stream = malloc(1 << 20);
    assert_true(values && stream);
    write_dataset(file, "large", H5T_IEEE_F32LE, 1, large, list, values);
    check(H5Pclose(list));
    const hid_t from = good(H5Dopen2(file, "large", H5P_DEFAULT));
    const hsize_t origin[] = {0, 0};
    hsize_t size = 0;
    uint32_t mask = 0;
    check(H5Dget_chunk_storage_size(from, origin, &size));
    assert_true(size < 1 << 20);
    check(H5Dread_chunk(from, H5P_DEFAULT, origin, &mask, stream));
    check(H5Dclose(from));
    list = packed(DEFLATE, 2, kernel_dims);
    const hid_t space = good(H5Screate_simple(2, kernel_dims, NULL));
    const hid_t to = good(H5Dcreate2(inner, "kernel:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    check(H5Dwrite_chunk(to, H5P_DEFAULT, 0, origin, size, stream));
    check(H5Dclose(to));
    check(H5Sclose(space));
    check(H5Pclose(list));
    free(values);
    free(stream);
}
SPOIL(szip_like) { /* a filter that changes values */
    UNUSED;
    const hid_t list = good(H5Pcreate(H5P_DATASET_CREATE));
    check(H5Pset_chunk(list, 2, kernel_dims));
    check(H5Pset_scaleoffset(list, H5Z_SO_FLOAT_DSCALE, 1));
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, list, kernel);
    check(H5Pclose(list));
}

static void test_hostile_packing_is_refused(void **state) {
    static const struct plan plans[] = {
        {"a/kernel: shape: more values than the file may hold packed", true, many_zeros, 0},
        {"a/kernel: shape: more values than the file may hold packed", true, claimed_zeros, 0},
        {"a/kernel: values that were never written", true, missing_chunk, 0},
        {"a/kernel: chunks larger than their dataset", true, large_chunk, 0},
        {"a/kernel: filter scaleoffset: not supported (expected deflate, shuffle or fletcher32)", true, szip_like, 0},
    };
    char path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, *state, "w.h5"), OCELLUS_OK);
    zeros_count = 20 << 20; /* 80 MiB from 80 KiB */
    missing_filters = DEFLATE;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        write_legacy(path, &plans[i], *state);
        expect_refusal(path, plans[i].words);
    }
    missing_filters = 0;
    write_legacy(path, &(struct plan){.no_kernel = true, .spoil = missing_chunk}, *state);
    expect_refusal(path, "a/kernel: values that were never written");
    zeros_count = 15 << 20; /* within the limit */
    struct named_tensors tensors;
    write_legacy(path, &(struct plan){.no_kernel = true, .spoil = many_zeros}, *state);
    if (read_tensors(path, &tensors) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(tensors.items[1].shape.dims[0], 15 << 20);
    named_tensors_free(&tensors);
    /* libhdf5 unpacks it whole, in the process that has a bound, and takes the beginning. */
    write_legacy(path, &(struct plan){.no_kernel = true, .spoil = bomb}, *state);
    if (read_tensors(path, &tensors) == OCELLUS_OK) {
        assert_int_equal(tensors.items[1].shape.dims[0], ROWS);
        named_tensors_free(&tensors);
    }
}

/* float16 as h5py writes it, of both byte orders. */
static H5T_order_t order;
static const uint16_t *halves;
SPOIL(half_kernel) {
    UNUSED;
    const hid_t type = good(H5Tcopy(H5T_IEEE_F32LE)), space = good(H5Screate_simple(2, kernel_dims, NULL));
    check(H5Tset_fields(type, 15, 10, 5, 0, 10));
    check(H5Tset_size(type, 2));
    check(H5Tset_ebias(type, 15));
    check(H5Tset_order(type, order));
    uint16_t bytes[VALUES];
    for (size_t i = 0; i < VALUES; i++)
        bytes[i] = (uint16_t)(order == H5T_ORDER_LE ? halves[i] : __builtin_bswap16(halves[i]));
    const hid_t id = good(H5Dcreate2(inner, "kernel:0", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes));
    check(H5Dclose(id));
    check(H5Sclose(space));
    check(H5Tclose(type));
}

static void test_halves(void **state) {
    static const uint16_t good_values[VALUES] = {0x3c00, 0xc100, 0x0001, 0x83ff, 0x7bff, 0x8000};
    static const float expected[VALUES] = {1, -2.5F, 0x1p-24F, -1023 * 0x1p-24F, 65504, -0.0F};
    static const uint16_t infinite[VALUES] = {0x3c00, 0, 0, 0xfc00, 0, 0};
    static const uint16_t no_number[VALUES] = {0x3c00, 0, 0, 0, 0, 0x7e01};
    const char *path = temporary_path(*state, "w.h5");
    const H5T_order_t orders[] = {H5T_ORDER_LE, H5T_ORDER_BE};
    for (size_t i = 0; i < 2; i++) {
        struct named_tensors tensors;
        order = orders[i];
        halves = good_values;
        write_legacy(path, &(struct plan){.no_kernel = true, .spoil = half_kernel}, *state);
        if (read_tensors(path, &tensors) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_memory_equal(tensors.items[1].values, expected, sizeof expected);
        named_tensors_free(&tensors);
        halves = infinite;
        write_legacy(path, &(struct plan){.no_kernel = true, .spoil = half_kernel}, *state);
        expect_refusal(path, "a/kernel: value 3 is infinite");
        halves = no_number;
        write_legacy(path, &(struct plan){.no_kernel = true, .spoil = half_kernel}, *state);
        expect_refusal(path, "a/kernel: value 5 is not a number");
    }
}

/* --- whole models --- */

static void write_text(hid_t where, const char *name, const char *text, bool variable) {
    const hid_t type = good(H5Tcopy(H5T_C_S1)), space = good(H5Screate(H5S_SCALAR));
    check(H5Tset_size(type, variable ? H5T_VARIABLE : strlen(text) + 1));
    const hid_t id = good(H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Awrite(id, type, variable ? (const void *)&text : text));
    check(H5Aclose(id));
    check(H5Sclose(space));
    check(H5Tclose(type));
}

#define MODEL(units)                                                                                                   \
    "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"small\", \"layers\": [{\"class_name\": \"Dense\", "     \
    "\"config\": {\"name\": \"a\", \"units\": " units ", \"activation\": \"softmax\", \"batch_input_shape\": [null, "  \
    "2]}}]}}"
static const char *config;
static bool variable;
SPOIL(with_config) {
    UNUSED;
    write_text(file, "model_config", config, variable);
    write_text(file, "keras_version", "2.15.0", !variable);
}

static void expect_network(const char *path, const char *no_graph) {
    struct network_file file;
    if (network_file_read(path, &network_forms_all, &file) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(file.tensors.count, 2);
    assert_int_equal(file.epoch, -1);
    assert_false(file.knows_preprocessing);
    if (no_graph) {
        assert_null(file.graph);
        assert_int_equal(network_file_require_graph(&file), OCELLUS_BAD_CONTENT);
        if (!strstr(status_message(), no_graph)) fail_msg("\"%s\" lacks \"%s\"", status_message(), no_graph);
    } else {
        if (!file.graph) fail_msg("%s", file.no_graph);
        assert_int_equal(file.match.matched, 2);
        assert_string_equal(file.match.note, "");
        assert_memory_equal(file.match.tensors[0]->values, kernel, sizeof kernel);
    }
    network_file_free(&file);
}

static void test_networks(void **state) {
    static const struct {
        const char *config, *no_graph;
    } cases[] = {
        {MODEL("3"), NULL},
        {MODEL("4"), "tensors do not fit small: 0 matched, 0 missing, 0 extra, 2 of another shape"},
        {"{\"class_name\": \"Sequential\"}", "layers: missing or empty"},
        {"{\"class_name\": ", "the network's JSON: "},
        {"7", "no Keras model"},
        {"{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Lambda\", \"config\": "
         "{\"name\": "
         "\"l\"}}]}}",
         "l: class_name: there is no layer of class Lambda"},
    };
    const char *path = temporary_path(*state, "w.h5");
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        variable = i % 2 == 0;
        config = cases[i / 2].config;
        write_legacy(path, &(struct plan){.spoil = with_config}, *state);
        expect_network(path, cases[i / 2].no_graph);
    }
    write_legacy(path, &(struct plan){0}, *state);
    expect_network(path, "w.h5: weights without a network; train --weights takes them");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_filters),
        IN_FOLDER(test_hostile_packing_is_refused),
        IN_FOLDER(test_halves),
        IN_FOLDER(test_networks),
    };
    return cmocka_run_group_tests_name("formats/hdf5_packed", tests, NULL, NULL);
}

#else

int main(void) {
    return 0; /* test_formats_hdf5 says what such a build does */
}

#endif
