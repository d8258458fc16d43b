/* SPDX-License-Identifier: MIT */
/* Keras's HDF5 files: both layouts, the number formats, and each way in which a file is refused. */
#include "base/file_kind.h"
#include "base/folders.h"
#include "formats/keras_hdf5.h"
#include "read_tensors.h"
#include "temporary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_hdf5(const char *path) {
    struct file_kind kind;
    assert_int_equal(file_kind_read(path, &kind), OCELLUS_OK);
    return kind.format == FILE_FORMAT_HDF5;
}

#ifdef OCELLUS_HDF5
#include "hdf5_fixture.h"

static void test_number_formats(void **state) {
    const char *path = temporary_path(*state, "w.h5");
    const hid_t types[] = {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
    for (size_t i = 0; i < 4; i++) {
        write_legacy(path, &(struct plan){.kernel_type = types[i]}, *state);
        assert_true(is_hdf5(path));
        expect_good(path, "a");
    }
}

static void chunked_kernel(hid_t file, hid_t layer, hid_t inner, const char *folder) {
    (void)file, (void)layer, (void)folder;
    const hsize_t chunk[] = {1, 2};
    const hid_t list = good(H5Pcreate(H5P_DATASET_CREATE));
    check(H5Pset_chunk(list, 2, chunk));
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, list, kernel);
    check(H5Pclose(list));
}
static void compact_kernel(hid_t file, hid_t layer, hid_t inner, const char *folder) {
    (void)file, (void)layer, (void)folder;
    const hid_t list = good(H5Pcreate(H5P_DATASET_CREATE));
    check(H5Pset_layout(list, H5D_COMPACT));
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, list, kernel);
    check(H5Pclose(list));
}
/* The list of layers in pieces, as Keras cuts one of more than 64 KB; and a model_config, which is not looked at. */
static void pieces(hid_t file, hid_t layer, hid_t inner, const char *folder) {
    (void)layer, (void)inner, (void)folder;
    static const char *const first[] = {"input_1"}, *const second[] = {"a"}, *const config[] = {"{\"Lambda\": \"!\"}"};
    check(H5Adelete(file, "layer_names"));
    write_names(file, "layer_names0", first, 1);
    write_names(file, "layer_names1", second, 1);
    write_names(file, "model_config", config, 1);
}

static void test_layouts(void **state) {
    const char *path = temporary_path(*state, "w.h5");
    write_legacy(path, &(struct plan){.no_kernel = true, .spoil = chunked_kernel}, *state);
    expect_good(path, "a");
    write_legacy(path, &(struct plan){.no_kernel = true, .spoil = compact_kernel}, *state);
    expect_good(path, "a");
    write_legacy(path, &(struct plan){.spoil = pieces}, *state);
    expect_good(path, "a");

    /* A whole model: the same inside a group. */
    const hid_t old = good(H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT));
    const char *whole = temporary_path(*state, "model.h5");
    const hid_t file = good(H5Fcreate(whole, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Ocopy(old, "/", file, "model_weights", H5P_DEFAULT, H5P_DEFAULT));
    check(H5Fclose(file));
    check(H5Fclose(old));
    expect_good(whole, "a");
}

/* Keras 3: /layers/GROUP/vars/0 .. and, since 3.1, the layer's name as an attribute; nested models have layers too. */
static void write_keras3(const char *path, const char *name, bool variable, size_t variables) {
    const hid_t file = good(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const hid_t outer = make_group(file, "layers"), model = make_group(outer, "functional"),
                inner = make_group(model, "layers"), layer = make_group(inner, "conv2d_1"),
                vars = make_group(layer, "vars"), optimizer = make_group(file, "optimizer");
    write_dataset(vars, "0", H5T_IEEE_F32LE, 2, kernel_dims, H5P_DEFAULT, kernel);
    for (size_t i = 1; i < variables; i++)
        write_dataset(vars, (const char[]){(char)('0' + i), 0}, H5T_IEEE_F32LE, 1, bias_dims, H5P_DEFAULT, bias);
    if (name) {
        const hid_t type = good(H5Tcopy(H5T_C_S1)), space = good(H5Screate(H5S_SCALAR));
        check(H5Tset_size(type, variable ? H5T_VARIABLE : strlen(name)));
        const hid_t id = good(H5Acreate2(vars, "name", type, space, H5P_DEFAULT, H5P_DEFAULT));
        check(H5Awrite(id, type, variable ? (const void *)&name : name));
        check(H5Aclose(id));
        check(H5Sclose(space));
        check(H5Tclose(type));
    }
    const hid_t groups[] = {optimizer, vars, layer, inner, model, outer};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        check(H5Gclose(groups[i]));
    check(H5Fclose(file));
}

static void test_keras3(void **state) {
    const char *path = temporary_path(*state, "w.weights.h5");
    write_keras3(path, "conv1_conv", true, 2);
    expect_good(path, "conv1_conv");
    write_keras3(path, "conv1_conv", false, 2);
    expect_good(path, "conv1_conv");
    write_keras3(path, NULL, false, 2);
    expect_good(path, "conv2d_1");
    write_keras3(path, "x", true, 5);
    expect_refusal(path, "expected at most 4 variables, got 5");
    struct named_tensors tensors;
    write_keras3(path, "bn", true, 3); /* without gamma or without beta: only a network tells */
    assert_int_equal(read_tensors(path, &tensors), OCELLUS_OK);
    assert_int_equal(tensors.count, 3);
    assert_string_equal(tensors.items[0].name, "bn/0");
    assert_string_equal(tensors.items[2].name, "bn/2");
    named_tensors_free(&tensors);
    write_keras3(path, "bn", true, 4);
    assert_int_equal(read_tensors(path, &tensors), OCELLUS_OK);
    assert_int_equal(tensors.count, 4);
    assert_string_equal(tensors.items[0].name, "bn/beta");
    assert_string_equal(tensors.items[1].name, "bn/gamma");
    assert_int_equal(tensors.items[1].shape.rank, 2); /* the first variable */
    assert_string_equal(tensors.items[3].name, "bn/moving_variance");
    named_tensors_free(&tensors);
    char long_name[TENSOR_NAME_SIZE + 1];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    write_keras3(path, long_name, true, 2);
    expect_refusal(path, "name: names too long");
    write_keras3(path, long_name, false, 2);
    expect_refusal(path, "name: names too long");
}

/* The hostile ones. Each makes the kernel itself, or turns something else bad. */
#define SPOIL(name) static void name(hid_t file, hid_t layer, hid_t inner, const char *folder)
#define UNUSED      (void)file, (void)layer, (void)inner, (void)folder

static hid_t new_list(void) {
    return good(H5Pcreate(H5P_DATASET_CREATE));
}

SPOIL(external_storage) {
    UNUSED;
    const hid_t list = new_list();
    check(H5Pset_external(list, "/etc/hostname", 0, sizeof kernel));
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, list, NULL);
    check(H5Pclose(list));
}
SPOIL(external_link) {
    UNUSED;
    check(H5Lcreate_external(temporary_path(folder, "other.h5"), "/a/a/kernel:0", inner, "kernel:0", H5P_DEFAULT,
                             H5P_DEFAULT));
}
SPOIL(external_group) {
    UNUSED;
    check(H5Ldelete(file, "a", H5P_DEFAULT));
    check(H5Lcreate_external(temporary_path(folder, "other.h5"), "/a", file, "a", H5P_DEFAULT, H5P_DEFAULT));
}
SPOIL(soft_link) {
    UNUSED;
    check(H5Lcreate_soft("/a/a/bias:0", inner, "kernel:0", H5P_DEFAULT, H5P_DEFAULT));
}
SPOIL(soft_loop) {
    UNUSED;
    check(H5Lcreate_soft("/a/a/kernel:0", inner, "kernel:0", H5P_DEFAULT, H5P_DEFAULT));
}
static hid_t follow_user_link(const char *name, hid_t group, const void *data, size_t size, hid_t list, hid_t more) {
    (void)name, (void)group, (void)data, (void)size, (void)list, (void)more;
    abort(); /* it must never be followed */
}
SPOIL(user_link) {
    UNUSED;
    static const H5L_class_t class = {
        .version = H5L_LINK_CLASS_T_VERS, .id = (H5L_type_t)200, .comment = "test", .trav_func = follow_user_link};
    check(H5Lregister(&class));
    check(H5Lcreate_ud(inner, "kernel:0", (H5L_type_t)200, "x", 1, H5P_DEFAULT, H5P_DEFAULT));
}
SPOIL(virtual_dataset) {
    UNUSED;
    const hid_t list = new_list(), space = good(H5Screate_simple(2, kernel_dims, NULL));
    check(H5Pset_virtual(list, space, temporary_path(folder, "other.h5"), "/a/a/kernel:0", space));
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, list, NULL);
    check(H5Sclose(space));
    check(H5Pclose(list));
}
static void filtered(hid_t inner, herr_t (*set)(hid_t), const float *values) {
    const hid_t list = new_list();
    check(H5Pset_chunk(list, 2, kernel_dims));
    check(set(list));
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, list, values);
    check(H5Pclose(list));
}
static herr_t set_unknown(hid_t list) {
    return H5Pset_filter(list, (H5Z_filter_t)32000, H5Z_FLAG_OPTIONAL, 0, NULL); /* a plug-in's */
}
SPOIL(unknown_filter) {
    UNUSED;
    filtered(inner, set_unknown, NULL);
}

static void other_type(hid_t inner, hid_t type) {
    write_dataset(inner, "kernel:0", good(type), 2, kernel_dims, H5P_DEFAULT, NULL);
}
SPOIL(integer_type) {
    UNUSED;
    other_type(inner, H5T_STD_I32LE);
}
SPOIL(opaque_type) {
    UNUSED;
    other_type(inner, H5Tcreate(H5T_OPAQUE, 4));
}
SPOIL(compound_type) {
    UNUSED;
    const hid_t type = good(H5Tcreate(H5T_COMPOUND, 4));
    check(H5Tinsert(type, "x", 0, H5T_IEEE_F32LE));
    other_type(inner, type);
}
SPOIL(enum_type) {
    UNUSED;
    const hid_t type = good(H5Tenum_create(H5T_STD_I8LE));
    const signed char one = 1;
    check(H5Tenum_insert(type, "x", &one));
    other_type(inner, type);
}
SPOIL(array_type) {
    UNUSED;
    other_type(inner, H5Tarray_create2(H5T_IEEE_F32LE, 1, bias_dims));
}
SPOIL(vlen_type) {
    UNUSED;
    other_type(inner, H5Tvlen_create(H5T_IEEE_F32LE));
}
SPOIL(string_type) {
    UNUSED;
    const hid_t type = good(H5Tcopy(H5T_C_S1));
    check(H5Tset_size(type, H5T_VARIABLE));
    other_type(inner, type);
}
SPOIL(rank_5) {
    UNUSED;
    const hsize_t dims[] = {1, 1, 1, 2, 3};
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 5, dims, H5P_DEFAULT, kernel);
}
SPOIL(no_rows) {
    UNUSED;
    const hsize_t dims[] = {0, 3};
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, dims, H5P_DEFAULT, NULL);
}
SPOIL(null_space) {
    UNUSED;
    const hid_t space = good(H5Screate(H5S_NULL));
    check(H5Dclose(good(H5Dcreate2(inner, "kernel:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT))));
    check(H5Sclose(space));
}
static void huge(hid_t inner, hsize_t rows, hsize_t columns) {
    const hsize_t dims[] = {rows, columns}, chunk[] = {1, 1024};
    const hid_t list = new_list();
    check(H5Pset_chunk(list, 2, chunk));
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, dims, list, NULL);
    check(H5Pclose(list));
}
SPOIL(overflowing) {
    UNUSED;
    huge(inner, (hsize_t)1 << 33, (hsize_t)1 << 30);
}
SPOIL(larger_than_file) {
    UNUSED;
    huge(inner, 100000, 1024);
}
SPOIL(never_written) {
    UNUSED;
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, H5P_DEFAULT, NULL);
}
SPOIL(group_for_dataset) {
    UNUSED;
    check(H5Gclose(make_group(inner, "kernel:0")));
}
SPOIL(nothing) {
    UNUSED;
}
SPOIL(not_finite) {
    UNUSED;
    const float values[VALUES] = {0, 1, 2, 3, NAN, 5};
    write_dataset(inner, "kernel:0", H5T_IEEE_F32LE, 2, kernel_dims, H5P_DEFAULT, values);
}
SPOIL(too_large_for_float) {
    UNUSED;
    const double values[VALUES] = {0, 1, 1e300};
    write_dataset(inner, "kernel:0", H5T_IEEE_F64LE, 2, kernel_dims, H5P_DEFAULT, NULL);
    const hid_t id = good(H5Dopen2(inner, "kernel:0", H5P_DEFAULT));
    check(H5Dwrite(id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    check(H5Dclose(id));
}

static void replace_names(hid_t where, const char *attribute, const char *first, const char *second) {
    const char *const names[] = {first, second};
    check(H5Adelete(where, attribute));
    if (first) write_names(where, attribute, names, 2);
}
SPOIL(no_layer_names) {
    UNUSED;
    replace_names(file, "layer_names", NULL, NULL);
}
SPOIL(no_weight_names) {
    UNUSED;
    replace_names(layer, "weight_names", NULL, NULL);
}
SPOIL(unknown_layer) {
    UNUSED;
    replace_names(file, "layer_names", "a", "b");
}
SPOIL(layer_twice) {
    UNUSED;
    replace_names(file, "layer_names", "a", "a");
}
SPOIL(layer_path) {
    UNUSED;
    replace_names(file, "layer_names", "../a", "a");
}
SPOIL(empty_layer) {
    UNUSED;
    replace_names(file, "layer_names", "", "a");
}
SPOIL(weight_above) {
    UNUSED;
    replace_names(layer, "weight_names", "../a/a/bias:0", "a/bias:0");
}
SPOIL(weight_absolute) {
    UNUSED;
    replace_names(layer, "weight_names", "/a/a/bias:0", "a/bias:0");
}
SPOIL(weight_dot) {
    UNUSED;
    replace_names(layer, "weight_names", "a/./bias:0", "a/bias:0");
}
SPOIL(weight_through_dataset) {
    UNUSED;
    replace_names(layer, "weight_names", "a/bias:0/x", "a/bias:0");
}
SPOIL(weight_deep) {
    UNUSED;
    replace_names(layer, "weight_names", "a/a/a/a/a/a/a/a/a/a/a/x", "a/bias:0");
}
SPOIL(weight_twice) {
    UNUSED;
    replace_names(layer, "weight_names", "a/bias:0", "a/bias:0");
}
SPOIL(numbers_for_names) {
    UNUSED;
    check(H5Adelete(file, "layer_names"));
    const hid_t space = good(H5Screate_simple(1, bias_dims, NULL));
    check(H5Aclose(good(H5Acreate2(file, "layer_names", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT))));
    check(H5Sclose(space));
}
SPOIL(long_names) {
    UNUSED;
    check(H5Adelete(file, "layer_names"));
    const hid_t space = good(H5Screate_simple(1, bias_dims, NULL)), type = good(H5Tcopy(H5T_C_S1));
    check(H5Tset_size(type, 1 << 14));
    check(H5Aclose(good(H5Acreate2(file, "layer_names", type, space, H5P_DEFAULT, H5P_DEFAULT))));
    check(H5Sclose(space));
}
/* Groups that hold one another, for the layout that is walked. */
SPOIL(group_cycle) {
    UNUSED;
    check(H5Adelete(file, "layer_names"));
    const hid_t layers = make_group(file, "layers"), one = make_group(layers, "one");
    check(H5Lcreate_hard(file, "layers", one, "layers", H5P_DEFAULT, H5P_DEFAULT));
    check(H5Gclose(one));
    check(H5Gclose(layers));
}
SPOIL(soft_in_container) {
    UNUSED;
    check(H5Adelete(file, "layer_names"));
    const hid_t layers = make_group(file, "layers");
    check(H5Lcreate_soft("/a", layers, "one", H5P_DEFAULT, H5P_DEFAULT));
    check(H5Gclose(layers));
}

static void test_hostile_files_are_refused(void **state) {
    static const struct plan plans[] = {
        {"a/a/kernel:0: missing", true, nothing, 0},
        {"external storage: its values lie in another file", true, external_storage, 0},
        {"an external link, into another file", true, external_link, 0},
        {"a: an external link, into another file", false, external_group, 0},
        {"a soft link", true, soft_link, 0},
        {"a soft link", true, soft_loop, 0},
        {"a user-defined link", true, user_link, 0},
        {"a virtual dataset", true, virtual_dataset, 0},
        {"a/kernel: filter without a name: not supported", true, unknown_filter, 0},
        {"a/kernel: type: not supported (expected float16, float32 or float64)", true, integer_type, 0},
        {"type: not supported", true, opaque_type, 0},
        {"type: not supported", true, compound_type, 0},
        {"type: not supported", true, enum_type, 0},
        {"type: not supported", true, array_type, 0},
        {"type: not supported", true, vlen_type, 0},
        {"type: not supported", true, string_type, 0},
        {"too many dimensions (expected at most 4, got 5)", true, rank_5, 0},
        {"shape: dimension 0 is no whole number above 0", true, no_rows, 0},
        {"shape: holds no values", true, null_space, 0},
        {"more values than there can be", true, overflowing, 0},
        {"more values than the file holds", true, larger_than_file, 0},
        {"values that were never written", true, never_written, 0},
        {"no dataset", true, group_for_dataset, 0},
        {"a/kernel: value 4 is not a number", true, not_finite, 0},
        {"a/kernel: value 2 is infinite", true, too_large_for_float, 0},
        {"no weights of Keras", false, no_layer_names, 0},
        {"weight_names: missing", false, no_weight_names, 0},
        {"b: missing", false, unknown_layer, 0},
        {"name: given to two tensors", false, layer_twice, 0},
        {"layer_names: holds a slash", false, layer_path, 0},
        {"missing", false, empty_layer, 0},
        {"weight_names: no path below its layer", false, weight_above, 0},
        {"weight_names: no path below its layer", false, weight_absolute, 0},
        {"weight_names: no path below its layer", false, weight_dot, 0},
        {"no group", false, weight_through_dataset, 0},
        {"missing", false, weight_deep, 0},
        {"name: given to two tensors", false, weight_twice, 0},
        {"layer_names: no list of texts", false, numbers_for_names, 0},
        {"layer_names: names too long or too many", false, long_names, 0},
        {"groups nested too deep", false, group_cycle, 0},
        {"a soft link", false, soft_in_container, 0},
    };
    char path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, *state, "w.h5"), OCELLUS_OK);
    write_legacy(temporary_path(*state, "other.h5"), &(struct plan){0}, *state);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        write_legacy(path, &plans[i], *state);
        expect_refusal(path, plans[i].words);
    }
    write_legacy(path, &(struct plan){0}, *state);
    expect_good(path, "a");
}

static void test_what_is_no_file(void **state) {
    struct named_tensors tensors;
    assert_int_equal(read_tensors(temporary_path(*state, "nowhere"), &tensors), OCELLUS_IO);
    assert_int_equal(read_tensors(*state, &tensors), OCELLUS_BAD_CONTENT);
    const char *pipe = temporary_path(*state, "pipe");
    assert_int_equal(mkfifo(pipe, 0666), 0);
    assert_int_equal(read_tensors(pipe, &tensors), OCELLUS_BAD_CONTENT);
}

/* Neither a driver nor a plug-in comes from the environment. */
static void test_environment_is_ignored(void **state) {
    const char *path = temporary_path(*state, "w.h5");
    write_legacy(path, &(struct plan){0}, *state);
    assert_int_equal(setenv("HDF5_PLUGIN_PATH", *state, 1), 0);
    assert_int_equal(setenv("HDF5_DRIVER", "split", 1), 0);
    expect_good(path, "a");
    assert_int_equal(unsetenv("HDF5_DRIVER"), 0);
    assert_int_equal(unsetenv("HDF5_PLUGIN_PATH"), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_number_formats),  IN_FOLDER(test_layouts),
        IN_FOLDER(test_keras3),          IN_FOLDER(test_hostile_files_are_refused),
        IN_FOLDER(test_what_is_no_file), IN_FOLDER(test_environment_is_ignored),
    };
    return cmocka_run_group_tests_name("formats/hdf5", tests, NULL, NULL);
}

#else

static void test_build_without_it_says_so(void **state) {
    const char *path = temporary_path(*state, "w.h5");
    struct named_tensors tensors;
    assert_int_equal(temporary_file(path, "\x89HDF\r\n\x1a\n"), 0);
    assert_true(is_hdf5(path));
    assert_int_equal(read_tensors(path, &tensors), OCELLUS_USAGE);
    assert_non_null(strstr(status_message(), "OCELLUS_HDF5 is off"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_build_without_it_says_so, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests_name("formats/hdf5", tests, NULL, NULL);
}

#endif
