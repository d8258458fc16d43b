/* SPDX-License-Identifier: MIT */
/* Names in HDF5 files, in every form that writers choose; how the process that reads ends; and too little memory for it. */
#include "formats/isolated.h"
#include "read_tensors.h"
#include "temporary.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef OCELLUS_HDF5
#include "hdf5_fixture.h"

/* The same names in another form: variable-length or fixed, filled up in one way or the other, ASCII or UTF-8; one name may
 * be a scalar. */
struct form {
    bool variable, scalar;
    H5T_str_t filling;
    H5T_cset_t letters;
};
static void write_texts(hid_t object, const char *attribute, const char *const *names, size_t count,
                        const struct form *form) {
    enum { SIZE = 12 };
    char bytes[8 * SIZE];
    memset(bytes, form->filling == H5T_STR_SPACEPAD ? ' ' : 0, sizeof bytes);
    for (size_t i = 0; i < count && !form->variable; i++)
        memcpy(bytes + i * SIZE, names[i], strlen(names[i]));
    const hsize_t dims[] = {count};
    const hid_t type = good(H5Tcopy(H5T_C_S1)),
                space = good(form->scalar && count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, dims, NULL));
    check(H5Tset_size(type, form->variable ? H5T_VARIABLE : SIZE));
    check(H5Tset_strpad(type, form->filling));
    check(H5Tset_cset(type, form->letters));
    if (H5Aexists(object, attribute) > 0) check(H5Adelete(object, attribute));
    const hid_t id = good(H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Awrite(id, type, form->variable ? (const void *)names : bytes));
    check(H5Aclose(id));
    check(H5Sclose(space));
    check(H5Tclose(type));
}

static const struct form *written_form;
static bool written_in_pieces;
static void other_form(hid_t file, hid_t layer, hid_t inner, const char *folder) {
    (void)inner, (void)folder;
    static const char *const layers[] = {"input_1", "a"}, *const weights[] = {"a/kernel:0", "a/bias:0"};
    check(H5Adelete(file, "layer_names"));
    check(H5Adelete(layer, "weight_names"));
    const char *const list_names[] = {"layer_names", "layer_names0", "layer_names1"};
    const size_t first = written_in_pieces ? 1 : 2;
    write_texts(file, list_names[written_in_pieces], layers, first, written_form);
    if (written_in_pieces) write_texts(file, list_names[2], layers + 1, 1, written_form);
    write_texts(layer, written_in_pieces ? "weight_names0" : "weight_names", weights, first, written_form);
    if (written_in_pieces) write_texts(layer, "weight_names1", weights + 1, 1, written_form);
}

static void test_forms_of_names(void **state) {
    const char *path = temporary_path(*state, "w.h5");
    for (unsigned i = 0; i < 48; i++) {
        static const H5T_str_t fillings[] = {H5T_STR_NULLTERM, H5T_STR_NULLPAD, H5T_STR_SPACEPAD};
        const struct form form = {.variable = i & 1,
                                  .scalar = i & 2,
                                  .filling = fillings[i / 16],
                                  .letters = i & 4 ? H5T_CSET_UTF8 : H5T_CSET_ASCII};
        written_form = &form;
        written_in_pieces = i & 8;
        write_legacy(path, &(struct plan){.spoil = other_form}, *state);
        expect_good(path, "a");
    }
}

/* A name that is longer than any may be, and one that is empty, among variable ones. */
static void test_variable_names_are_bounded(void **state) {
    static const struct form variable = {.variable = true};
    const char *path = temporary_path(*state, "w.h5");
    char long_name[TENSOR_NAME_SIZE + 1];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const char *const bad[][2] = {{long_name, "layer_names: names too long or too many"}, {"", "missing"}};
    for (size_t i = 0; i < 2; i++) {
        const char *const layers[] = {"a", bad[i][0]};
        write_legacy(path, &(struct plan){0}, *state);
        const hid_t file = good(H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT));
        write_texts(file, "layer_names", layers, 2, &variable);
        check(H5Fclose(file));
        expect_refusal(path, bad[i][1]);
    }
}

/* Of double the size in the file, and in chunks, for which the library allocates too. */
static void large_kernel(hid_t file, hid_t layer, hid_t inner, const char *folder) {
    (void)file, (void)layer, (void)folder;
    enum { SIDE = 1024 };
    const hsize_t dims[] = {SIDE, SIDE}, chunk[] = {64, SIDE};
    float *values = calloc((size_t)SIDE * SIDE, sizeof *values);
    assert_non_null(values);
    const hid_t list = good(H5Pcreate(H5P_DATASET_CREATE));
    check(H5Pset_chunk(list, 2, chunk));
    write_dataset(inner, "kernel:0", H5T_IEEE_F64BE, 2, dims, list, values);
    check(H5Pclose(list));
    free(values);
}

static rlim_t address_space(void) {
    unsigned long pages = 0;
    FILE *stream = fopen("/proc/self/statm", "r");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%lu", &pages), 1);
    fclose(stream);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* As a child of this process, which may have `more` bytes than it has now. */
static ocellus_status read_within(const char *path, rlim_t more) {
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    const struct rlimit limit = {.rlim_cur = address_space() + more, .rlim_max = before.rlim_max};
    struct named_tensors tensors;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    const ocellus_status status = read_tensors(path, &tensors);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    if (status == OCELLUS_OK) named_tensors_free(&tensors);
    return status;
}

/* With more and more memory: as long as it is not enough, that is what is said. */
static void test_too_little_memory(void **state) {
    if (address_space() > (rlim_t)1 << 40) skip(); /* a sanitizer's, which ends a process that gets no memory */
    const char *path = temporary_path(*state, "w.h5");
    write_legacy(path, &(struct plan){.no_kernel = true, .spoil = large_kernel}, *state);
    size_t in_library = 0;
    ocellus_status status = OCELLUS_IO;
    for (rlim_t more = 0; more < 32 << 20 && status != OCELLUS_OK; more += 128 << 10) {
        status = read_within(path, more);
        if (status == OCELLUS_OK) break;
        if (status != OCELLUS_IO) fail_msg("with %zu bytes: %s", (size_t)more, status_message());
        in_library += strstr(status_message(), "a/kernel: no memory to read it") != NULL;
    }
    assert_int_equal(status, OCELLUS_OK);
    assert_true(in_library > 0);
}

#endif

/* Readers that end in other ways than by an answer. */
static ocellus_status killed_reader(const struct file_content *content, struct isolated_result *result) {
    (void)content, (void)result;
    raise(SIGKILL);
    return OCELLUS_OK;
}
static ocellus_status crashing_reader(const struct file_content *content, struct isolated_result *result) {
    (void)content, (void)result;
    raise(SIGSEGV);
    return OCELLUS_OK;
}
/* So that the end of its time is told apart from being killed. */
static ocellus_status limited_reader(const struct file_content *content, struct isolated_result *result) {
    (void)content, (void)result;
    struct rlimit limit;
    getrlimit(RLIMIT_CPU, &limit);
    return limit.rlim_cur < limit.rlim_max ? OCELLUS_IO : OCELLUS_BAD_CONTENT;
}

static void test_ends_of_the_reader(void **state) {
    const char *path = temporary_path(*state, "w.h5");
    const struct file_content content = {.path = path, .bytes = (unsigned char *)(char[]){"x"}, .size = 1};
    struct isolated_result result;
    assert_int_equal(isolated_read(killed_reader, &content, &result), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "w.h5: its reader, which runs apart, was killed"));
    assert_int_equal(isolated_read(crashing_reader, &content, &result), OCELLUS_BAD_CONTENT);
    assert_non_null(strstr(status_message(), "w.h5: the file breaks its reader"));
    assert_int_equal(isolated_read(limited_reader, &content, &result), OCELLUS_IO);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_ends_of_the_reader),
#ifdef OCELLUS_HDF5
        IN_FOLDER(test_forms_of_names),
        IN_FOLDER(test_variable_names_are_bounded),
        IN_FOLDER(test_too_little_memory),
#endif
    };
#ifdef OCELLUS_HDF5
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
#endif
    return cmocka_run_group_tests_name("formats/hdf5_names", tests, NULL, NULL);
}
