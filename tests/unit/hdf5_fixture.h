/* SPDX-License-Identifier: MIT */
/* For tests of HDF5 files: a small one in Keras's legacy layout, good or spoilt, and what reading it must come to. Included after
 * <cmocka.h>. */
#ifndef TESTS_UNIT_HDF5_FIXTURE_H
#define TESTS_UNIT_HDF5_FIXTURE_H

#include "base/folders.h"
#include "formats/keras_hdf5.h"
#include "read_tensors.h"
#include "temporary.h"

#include <hdf5.h>

enum { ROWS = 2, COLUMNS = 3, VALUES = ROWS * COLUMNS };
static const float kernel[VALUES] = {0, -1.5F, 2, 3, 4, 5e-3F}, bias[COLUMNS] = {7, 8, 9};
static const hsize_t kernel_dims[] = {ROWS, COLUMNS}, bias_dims[] = {COLUMNS};

static inline void check(herr_t result) {
    assert_true(result >= 0);
}
static inline hid_t good(hid_t id) {
    assert_true(id >= 0);
    return id;
}

static inline hid_t make_group(hid_t where, const char *name) {
    return good(H5Gcreate2(where, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

/* A list of fixed-size strings, as h5py writes lists of bytes; count 0 as it writes an empty list. */
static inline void write_names(hid_t group, const char *attribute, const char *const *names, size_t count) {
    enum { SIZE = 80 };
    char bytes[8 * SIZE] = {0};
    const hsize_t dims[] = {count};
    for (size_t i = 0; i < count; i++)
        snprintf(bytes + i * SIZE, SIZE, "%s", names[i]);
    const hid_t type = count ? good(H5Tcopy(H5T_C_S1)) : good(H5Tcopy(H5T_NATIVE_DOUBLE));
    if (count) check(H5Tset_size(type, SIZE));
    const hid_t space = good(H5Screate_simple(1, dims, NULL));
    const hid_t id = good(H5Acreate2(group, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT));
    if (count) check(H5Awrite(id, type, bytes));
    check(H5Aclose(id));
    check(H5Sclose(space));
    check(H5Tclose(type));
}

static inline void write_dataset(hid_t group, const char *name, hid_t type, int rank, const hsize_t *dims, hid_t list,
                                 const float *values) {
    const hid_t space = good(H5Screate_simple(rank, dims, NULL));
    const hid_t id = good(H5Dcreate2(group, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT));
    if (values) check(H5Dwrite(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    check(H5Dclose(id));
    check(H5Sclose(space));
}

/* How a file differs from a good one. The legacy layout: group "a" of layer a with a/kernel:0 and a/bias:0, and a layer without
 * weights. `spoil` makes the kernel (in the group a/a), or does anything else to the file. */
struct plan {
    const char *words; /* of the refusal; NULL: good */
    bool no_kernel;    /* spoil() makes it */
    void (*spoil)(hid_t file, hid_t layer, hid_t inner, const char *folder);
    hid_t kernel_type;
};

static inline void write_legacy(const char *path, const struct plan *plan, const char *folder) {
    static const char *const layers[] = {"input_1", "a"}, *const weights[] = {"a/kernel:0", "a/bias:0"};
    const hid_t file = good(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const hid_t input = make_group(file, "input_1"), layer = make_group(file, "a"), inner = make_group(layer, "a");
    write_names(file, "layer_names", layers, 2);
    write_names(input, "weight_names", NULL, 0);
    write_names(layer, "weight_names", weights, 2);
    write_dataset(inner, "bias:0", H5T_IEEE_F32LE, 1, bias_dims, H5P_DEFAULT, bias);
    const hid_t type = plan->kernel_type ? plan->kernel_type : H5T_IEEE_F32LE;
    if (!plan->no_kernel) write_dataset(inner, "kernel:0", type, 2, kernel_dims, H5P_DEFAULT, kernel);
    if (plan->spoil) plan->spoil(file, layer, inner, folder);
    check(H5Gclose(inner));
    check(H5Gclose(layer));
    check(H5Gclose(input));
    check(H5Fclose(file));
}

static inline void expect_good(const char *path, const char *prefix) {
    struct named_tensors tensors;
    char name[TENSOR_NAME_SIZE];
    if (read_tensors(path, &tensors) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(tensors.count, 2);
    snprintf(name, sizeof name, "%s/bias", prefix);
    assert_string_equal(tensors.items[0].name, name);
    snprintf(name, sizeof name, "%s/kernel", prefix);
    assert_string_equal(tensors.items[1].name, name);
    assert_int_equal(tensors.items[1].shape.rank, 2);
    assert_int_equal(tensors.items[1].shape.dims[0], ROWS);
    assert_int_equal(tensors.items[1].shape.dims[1], COLUMNS);
    assert_memory_equal(tensors.items[1].values, kernel, sizeof kernel);
    assert_memory_equal(tensors.items[0].values, bias, sizeof bias);
    named_tensors_free(&tensors);
}

static inline void expect_refusal(const char *path, const char *words) {
    struct named_tensors tensors;
    const ocellus_status status = read_tensors(path, &tensors);
    if (status != OCELLUS_BAD_CONTENT || !strstr(status_message(), words))
        fail_msg("status %d: \"%s\" lacks \"%s\"", status, status == OCELLUS_OK ? "" : status_message(), words);
    assert_non_null(strstr(status_message(), path_base_name(path)));
    assert_null(tensors.items);
}

#endif
