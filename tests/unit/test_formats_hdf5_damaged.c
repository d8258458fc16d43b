/* SPDX-License-Identifier: MIT */
/* Damaged HDF5 files: a file cut anywhere is refused; one with a byte changed is refused or gives values. Crashes are
 * told apart by where they happen: libhdf5 has some, which is why it runs in a child process; our reader may have none. */
#include "base/folders.h"
#include "base/log.h"
#include "formats/isolated.h"
#include "formats/keras_hdf5.h"
#include "temporary.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

/* The child process that a reader runs in, whatever the reader is. ((fail) is ours, fail() cmocka's.) */

static ocellus_status reads_two(const struct file_content *content, struct isolated_result *result) {
    (void)content;
    *result = (struct isolated_result){0};
    struct named_tensors *tensors = &result->tensors;
    const struct shape shape = {1, {2}};
    TRY(named_tensors_add(tensors, "b", &shape));
    TRY(named_tensors_add(tensors, "a", &shape));
    for (size_t i = 0; i < 4; i++)
        tensors->items[i / 2].values[i % 2] = (float)i;
    return OCELLUS_OK;
}
static ocellus_status crashes(const struct file_content *content, struct isolated_result *result) {
    (void)content, (void)result;
    raise(SIGSEGV);
    return OCELLUS_OK;
}
static ocellus_status ends(const struct file_content *content, struct isolated_result *result) {
    (void)content, (void)result;
    _exit(0);
}
static ocellus_status refuses(const struct file_content *content, struct isolated_result *result) {
    (void)result;
    return (fail)(OCELLUS_BAD_CONTENT, "%s: not so", content->path);
}
static ocellus_status answers_what_is_not_its_own(const struct file_content *content, struct isolated_result *result) {
    (void)result;
    return (fail)((ocellus_status)99, "%s: obey", content->path);
}
static ocellus_status gives_more_than_it_may(const struct file_content *content, struct isolated_result *result) {
    *result = (struct isolated_result){0};
    const int64_t values = (int64_t)isolated_values_limit(content->size) / 4 + 1;
    return named_tensors_add(&result->tensors, "a", &(struct shape){1, {values}});
}
static ocellus_status gives_a_text_too_long(const struct file_content *content, struct isolated_result *result) {
    TRY(reads_two(content, result));
    result->texts[1] = malloc(ISOLATED_TEXT_LIMIT + 2);
    memset(result->texts[1], 'x', ISOLATED_TEXT_LIMIT + 1);
    result->texts[1][ISOLATED_TEXT_LIMIT + 1] = '\0';
    return OCELLUS_OK;
}
static ocellus_status gives_what_is_no_number(const struct file_content *content, struct isolated_result *result) {
    TRY(reads_two(content, result));
    result->tensors.items[0].values[1] = NAN;
    return OCELLUS_OK;
}
static ocellus_status gives_a_name_twice(const struct file_content *content, struct isolated_result *result) {
    TRY(reads_two(content, result));
    strcpy(result->tensors.items[0].name, "a");
    return OCELLUS_OK;
}
static ocellus_status gives_a_shape_without_values(const struct file_content *content, struct isolated_result *result) {
    TRY(reads_two(content, result));
    result->tensors.items[0].shape.dims[0] = 0;
    return OCELLUS_OK;
}
static void test_what_a_reader_does_apart(void **state) {
    static const struct {
        isolated_reader *reader;
        const char *words;
    } bad[] = {
        {crashes, "the file breaks its reader"},
        {ends, "the file breaks its reader"},
        {refuses, "w.h5: not so"},
        {answers_what_is_not_its_own, "the file breaks its reader"},
        {gives_a_text_too_long, "the file breaks its reader"},
        {gives_more_than_it_may, "the file breaks its reader"},
        {gives_what_is_no_number, "value 1 is not a number"},
        {gives_a_name_twice, "given to two tensors"},
        {gives_a_shape_without_values, "dimension 0"},
    };
    (void)state;
    const struct file_content content = {
        .path = "w.h5", .bytes = (unsigned char *)(char[]){"sixteen bytes it"}, .size = 16};
    struct isolated_result result;
    const struct named_tensors *tensors = &result.tensors;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const ocellus_status status = isolated_read(bad[i].reader, &content, &result);
        if (status != OCELLUS_BAD_CONTENT || !strstr(status_message(), bad[i].words))
            fail_msg("reader %zu: status %d: \"%s\" lacks \"%s\"", i, status, status_message(), bad[i].words);
        assert_null(tensors->items);
        assert_null(result.texts[1]);
    }
    assert_int_equal(isolated_read(reads_two, &content, &result), OCELLUS_OK);
    assert_int_equal(tensors->count, 2);
    assert_string_equal(tensors->items[0].name, "a");
    assert_true(tensors->items[0].values[0] == 2 && tensors->items[0].values[1] == 3);
    assert_true(tensors->items[1].values[0] == 0 && tensors->items[1].values[1] == 1);
    isolated_result_free(&result);
}

/* A child that was taken over: it sends an answer of its own making, all zeros (no tensors, no texts) but one byte. Of what is open
 * only its pipe is closed by exec(). */
static size_t odd_byte;
static ocellus_status is_taken_over(const struct file_content *content, struct isolated_result *result) {
    (void)content, (void)result;
    unsigned char answer[4096] = {0};
    answer[odd_byte] = 2;
    for (int file = 3; file < 256; file++) {
        struct stat about;
        const int flags = fcntl(file, F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) && fstat(file, &about) == 0 && S_ISFIFO(about.st_mode))
            (void)!write(file, answer, sizeof answer);
    }
    _exit(0);
}
static void test_flags_of_an_answer_are_0_or_1(void **state) {
    /* Behind the status and the number of tensors: whether they are ordered, whether there is each text. */
    enum { ORDERED = 2 * sizeof(size_t), AFTER = ORDERED + 1 + ISOLATED_TEXTS };
    (void)state;
    const struct file_content content = {.path = "w.h5", .bytes = (unsigned char *)(char[]){"x"}, .size = 1};
    struct isolated_result result;
    for (odd_byte = ORDERED; odd_byte < AFTER; odd_byte++) {
        if (isolated_read(is_taken_over, &content, &result) != OCELLUS_BAD_CONTENT) fail_msg("byte %zu", odd_byte);
        assert_non_null(strstr(status_message(), "the file breaks its reader"));
    }
    odd_byte = 4095; /* of no meaning: the answer itself is one */
    assert_int_equal(isolated_read(is_taken_over, &content, &result), OCELLUS_OK);
    isolated_result_free(&result);
}

#ifdef OCELLUS_HDF5
#include <dlfcn.h>
#include <execinfo.h>
#include <hdf5.h>

/* What a file did to the reader. The child says it by its exit code; a sanitizer's code, or a signal, is ours. */
enum outcome { READ = 40, REFUSED, UNSOUND, LIBRARY_CRASHED, CRASHED };

static bool is_in(const void *address, const char *library) {
    Dl_info info;
    return dladdr(address, &info) != 0 && info.dli_fname && strstr(path_base_name(info.dli_fname), library) != NULL;
}

/* The innermost frame of the library or of this program decides. The handler's own frames come before the C library's
 * trampoline. */
static void on_crash(int number) {
    (void)number;
    void *frames[64];
    const int count = backtrace(frames, 64);
    int at = 0;
    while (at < count && is_in(frames[at], "test_formats"))
        at++;
    for (; at < count; at++) {
        if (is_in(frames[at], "libhdf5")) _exit(LIBRARY_CRASHED);
        if (is_in(frames[at], "test_formats")) _exit(CRASHED);
    }
    _exit(CRASHED);
}

static bool are_sound(const struct named_tensors *tensors) {
    for (size_t i = 0; i < tensors->count; i++) {
        const struct named_tensor *tensor = &tensors->items[i];
        const size_t values = shape_size(&tensor->shape);
        if (values == 0 || !tensor->values || !tensor->name[0]) return false;
        for (size_t v = 0; v < values; v++)
            if (!isfinite(tensor->values[v])) return false;
    }
    return tensors->count > 0;
}

static enum outcome read_in_child(const char *path) {
    const pid_t child = fork();
    if (child == 0) {
        static const int crashes_by[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
        for (size_t i = 0; i < sizeof crashes_by / sizeof *crashes_by; i++)
            signal(crashes_by[i], on_crash);
        alarm(20); /* a hang is a crash */
        struct isolated_result result;
        struct file_content content = {.path = path};
        if (file_read(path, SIZE_MAX - 1, &content.bytes, &content.size) != OCELLUS_OK) _exit(UNSOUND);
        const ocellus_status status = keras_hdf5_read_here(&content, &result);
        if (status == OCELLUS_OK) _exit(are_sound(&result.tensors) ? READ : UNSOUND);
        const bool named = status == OCELLUS_BAD_CONTENT && strstr(status_message(), path_base_name(path));
        _exit(named ? REFUSED : UNSOUND);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    return WIFEXITED(result) ? (enum outcome)WEXITSTATUS(result) : CRASHED;
}

struct counts {
    size_t read, refused, library;
};

static void write_and_read(const char *path, const unsigned char *bytes, size_t size, size_t at,
                           struct counts *counts) {
    FILE *stream = fopen(path, "wb"); /* without flushing to disk, as there are many */
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
    switch (read_in_child(path)) {
    case READ:
        counts->read++;
        break;
    case REFUSED:
        counts->refused++;
        break;
    case LIBRARY_CRASHED:
        counts->library++;
        break;
    case UNSOUND:
        fail_msg("changed or cut at byte %zu: read, with values that are not sound, or an odd refusal", at);
    default:
        fail_msg("changed or cut at byte %zu: our reader crashed", at);
    }
}

static void good(hid_t id) {
    assert_true(id >= 0);
}

static void put_names(hid_t group, const char *attribute, const char *names, hsize_t count, size_t each) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, NULL);
    good(H5Tset_size(type, each));
    const hid_t id = H5Acreate2(group, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    good(H5Awrite(id, type, names));
    H5Aclose(id), H5Sclose(space), H5Tclose(type);
}

static void put_values(hid_t group, const char *name, int rank, const hsize_t *dims, bool chunked) {
    static const float values[6] = {0, -1.5F, 2, 3, 4, 5e-3F};
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(rank, dims, NULL);
    if (chunked) good(H5Pset_chunk(list, rank, dims));
    const hid_t id = H5Dcreate2(group, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    good(H5Dwrite(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    H5Dclose(id), H5Sclose(space), H5Pclose(list);
}

/* A layer "a" with a kernel and a bias, as Keras 2 and as Keras 3 write it. */
static void write_keras2(const char *path) {
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t layer = H5Gcreate2(file, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put_names(file, "layer_names", "a", 1, 1);
    put_names(layer, "weight_names", "kernel:0bias:0\0\0", 2, 8);
    put_values(layer, "kernel:0", 2, (const hsize_t[]){2, 3}, false);
    put_values(layer, "bias:0", 1, (const hsize_t[]){3}, true);
    H5Gclose(layer), good(H5Fclose(file));
}
static void write_keras3(const char *path) {
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    good(H5Pset_create_intermediate_group(links, 1));
    const hid_t vars = H5Gcreate2(file, "layers/dense/vars", links, H5P_DEFAULT, H5P_DEFAULT);
    put_names(vars, "name", "a", 1, 1);
    put_values(vars, "0", 2, (const hsize_t[]){2, 3}, false);
    put_values(vars, "1", 1, (const hsize_t[]){3}, false);
    H5Gclose(vars), H5Pclose(links), good(H5Fclose(file));
}

static void damage(void **state, void (*write)(const char *path), const char *name) {
    char path[FILE_PATH_SIZE], bad[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, *state, "w.h5"), OCELLUS_OK);
    assert_int_equal(path_join(bad, *state, "bad.h5"), OCELLUS_OK);
    write(path);
    assert_int_equal(read_in_child(path), READ);
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OCELLUS_OK);
    struct counts cut = {0}, changed = {0};
    for (size_t to = 0; to < size; to += to < 128 ? 1 : 97)
        write_and_read(bad, bytes, to, to, &cut);
    for (size_t at = 0; at < size; at += 13) {
        const unsigned char was = bytes[at];
        bytes[at] = (unsigned char)(at % 2 ? 0xFF : was ^ 0x80);
        write_and_read(bad, bytes, size, at, &changed);
        bytes[at] = was;
    }
    free(bytes);
    print_message(
        "%s: cut: %zu refused; a byte changed: %zu refused, %zu read, %zu crash libhdf5, 0 crash our reader\n", name,
        cut.refused, changed.refused, changed.read, changed.library);
    assert_int_equal(cut.read, 0);
    assert_true(changed.refused > 30 && changed.read > 30);
}

static void test_keras2_files(void **state) {
    damage(state, write_keras2, "Keras 2");
}
static void test_keras3_files(void **state) {
    damage(state, write_keras3, "Keras 3");
}
#endif

int main(void) {
    log_set_level(LOG_QUIET);
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_what_a_reader_does_apart),
        cmocka_unit_test(test_flags_of_an_answer_are_0_or_1),
#ifdef OCELLUS_HDF5
        IN_FOLDER(test_keras2_files),
        IN_FOLDER(test_keras3_files),
#endif
    };
#ifdef OCELLUS_HDF5
    void *frames[1];
    backtrace(frames, 1); /* loads what it needs, which a handler must not */
#endif
    return cmocka_run_group_tests_name("formats/hdf5-damaged", tests, NULL, NULL);
}
