/* SPDX-License-Identifier: MIT */
/* What files are, by their first bytes; and that each reader of models and weights says so of what it does not take. */
#include "base/file_kind.h"
#include "base/folders.h"
#include "base/memory.h"
#include "formats/network_file.h"
#include "formats/safetensors.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

/* A ZIP member without content. */
#define MEMBER(length, name) "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" length "\0\0\0" name

#define BYTES(text) text, sizeof(text) - 1
static const struct {
    const char *bytes;
    size_t size;
    const char *name;
    enum file_format format;
    bool picture;
} cases[] = {
    {BYTES("\x89PNG\r\n\x1a\n...."), "a PNG", FILE_FORMAT_PNG, true},
    {BYTES("\xff\xd8\xff\xe0"), "a JPEG", FILE_FORMAT_JPEG, true},
    {BYTES("GIF89a......"), "a GIF", FILE_FORMAT_OTHER, true},
    {BYTES("BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"), "a BMP", FILE_FORMAT_OTHER, true},
    {BYTES("II*\0\x08\0\0\0"), "a TIFF", FILE_FORMAT_OTHER, true},
    {BYTES("MM\0*\0\0\0\x08"), "a TIFF", FILE_FORMAT_OTHER, true},
    {BYTES("RIFF\x24\0\0\0WEBPVP8 "), "a WebP", FILE_FORMAT_WEBP, true},
    {BYTES("\0\0\0\x18"
           "ftypheic"),
     "a HEIC (HEIF)", FILE_FORMAT_HEIC, true},
    {BYTES("\0\0\0\x18"
           "ftypmp42"),
     "a video", FILE_FORMAT_OTHER, false},
    {BYTES("\x89HDF\r\n\x1a\n\0\0\0\0"), "an HDF5 file", FILE_FORMAT_HDF5, false},
    {BYTES(MEMBER("\x0d", "metadata.json") MEMBER("\x0b", "config.json")), "a .keras archive", FILE_FORMAT_KERAS,
     false},
    {BYTES(MEMBER("\x0b", "config.json") MEMBER("\x10", "model.weights.h5")), "a .keras archive", FILE_FORMAT_KERAS,
     false},
    {BYTES(MEMBER("\x10", "archive/data.pkl")), "a PyTorch file", FILE_FORMAT_OTHER, false},
    {BYTES(MEMBER("\x09", "arr_0.npy")), "a NumPy .npz archive", FILE_FORMAT_OTHER, false},
    {BYTES(MEMBER("\x0f", "word/styles.xml")), "a ZIP file", FILE_FORMAT_OTHER, false},
    {BYTES("PK\3\4"), "a ZIP file", FILE_FORMAT_OTHER, false},
    {BYTES("PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff"), "a ZIP file", 1, false},
    {BYTES("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M"), "an old PyTorch file, a pickle", 1, false},
    {BYTES("\x80\x04\x95\x10\0\0\0\0\0\0\0"), "a Python pickle", FILE_FORMAT_PICKLE, false},
    {BYTES("\x80\x02}q\0("), "a Python pickle", FILE_FORMAT_PICKLE, false},
    {BYTES("\x08\x08\x12\x07pytorch\x1a\x05"
           "2.1.0:\xff\x01"),
     "an ONNX model", FILE_FORMAT_OTHER, false},
    {BYTES("\x08\x07:\xb5\x02\n\x0c"), "an ONNX model", FILE_FORMAT_OTHER, false},
    {BYTES("\x08\x01\x12\xfb\xc5\x03\n\xd0"), "a TensorFlow SavedModel", FILE_FORMAT_OTHER, false},
    {BYTES("\x1c\0\0\0TFL3\x14\0"), "a TensorFlow Lite model", FILE_FORMAT_OTHER, false},
    {BYTES("GGUF\3\0\0\0\0\0\0\0"), "a GGUF model", FILE_FORMAT_OTHER, false},
    {BYTES("\x93NUMPY\1\0v\0{'descr'"), "a NumPy array", FILE_FORMAT_OTHER, false},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0"), "a gzip file", FILE_FORMAT_OTHER, false},
    {BYTES("\x7f"
           "ELF\2\1\1\0"),
     "an ELF program or library", FILE_FORMAT_OTHER, false},
    {BYTES("<!DOCTYPE html>\n<html>"), "HTML or XML text", FILE_FORMAT_OTHER, false},
    {BYTES("\n  <html>"), "HTML or XML text", FILE_FORMAT_OTHER, false},
    {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:00"), "a Git LFS pointer, not the file itself",
     FILE_FORMAT_OTHER, false},
    {BYTES("{\"format\": \"layers-model\", \"weightsManifest\": []}"), "a TensorFlow.js model", FILE_FORMAT_TFJS,
     false},
    {BYTES("\xef\xbb\xbf {\"modelTopology\": {\"class_name\": 1}}"), "a TensorFlow.js model", FILE_FORMAT_TFJS, false},
    {BYTES("{\"name\": \"something\"}"), "JSON text", FILE_FORMAT_JSON, false},
    {BYTES("{\"module\": \"keras\", \"class_name\": \"Sequential\"}"), "a Keras network as JSON, without weights", 1,
     false},
    {BYTES("hello, world\n"), "text", FILE_FORMAT_OTHER, false},
    {BYTES("Br\xc3\xbc"
           "cke\n"),
     "text", FILE_FORMAT_OTHER, false},
    {BYTES(""), "empty", FILE_FORMAT_OTHER, false},
    {BYTES("\2\0\0\0\0\0\0\0{}"), "a safetensors file", FILE_FORMAT_SAFETENSORS, false},
    /* Header sizes that look like something else's beginning. */
    {BYTES("BM\0\0\0\0\0\0{\"a\": 1}.........."), "a safetensors file", FILE_FORMAT_SAFETENSORS, false},
    {BYTES("II*\0\0\0\0\0{}"), "a safetensors file", FILE_FORMAT_SAFETENSORS, false},
    {BYTES("\1\2\3\4"), "of an unknown kind", FILE_FORMAT_UNKNOWN, false},
    {BYTES("\x08\x01"), "of an unknown kind", FILE_FORMAT_UNKNOWN, false},
    {BYTES("\x80\x02\0\0\0"), "of an unknown kind", FILE_FORMAT_UNKNOWN, false},
};

static void write_bytes(const char *path, const void *bytes, size_t size) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

static void expect_kind(const char *path, const char *name) {
    struct file_kind kind;
    char text[128];
    assert_int_equal(file_kind_read(path, &kind), OCELLUS_OK);
    snprintf(text, sizeof text, "%s%s%s", kind.article, *kind.article ? " " : "", kind.name);
    assert_string_equal(text, name);
}

static void test_kinds(void **state) {
    const char *path = temporary_path(*state, "file");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_bytes(path, cases[i].bytes, cases[i].size);
        expect_kind(path, cases[i].name);
        const struct file_kind kind = file_kind_of((const unsigned char *)cases[i].bytes, cases[i].size);
        if (kind.format != cases[i].format || kind.picture != cases[i].picture)
            fail_msg("%s: format %d, picture %d", cases[i].name, (int)kind.format, kind.picture);
    }
    char tar[512] = "folder/file";
    memcpy(tar + 257, "ustar", 5);
    write_bytes(path, tar, sizeof tar);
    expect_kind(path, "a tar archive");
}

/* No beginning of any of them is read past its end; the sanitizers watch. */
static void test_beginnings(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t size = 0; size <= cases[i].size; size++) {
            unsigned char *bytes = malloc(size + !size);
            assert_non_null(bytes);
            memcpy(bytes, cases[i].bytes, size);
            assert_non_null(file_kind_of(bytes, size).name);
            free(bytes);
        }
    }
}

static void test_folders_and_pipes(void **state) {
    struct file_kind kind;
    char folder[FILE_PATH_SIZE], file[FILE_PATH_SIZE];
    assert_int_equal(path_join(folder, *state, "saved"), OCELLUS_OK);
    assert_int_equal(folder_make(folder), OCELLUS_OK);
    expect_kind(folder, "a folder");
    assert_int_equal(path_join(file, folder, "model.json"), OCELLUS_OK);
    assert_int_equal(temporary_file(file, "{}"), 0);
    expect_kind(folder, "a folder of a TensorFlow.js model");
    assert_int_equal(remove(file), 0);
    assert_int_equal(path_join(file, folder, "saved_model.pb"), OCELLUS_OK);
    assert_int_equal(temporary_file(file, "\x08\x01"), 0);
    expect_kind(folder, "a TensorFlow SavedModel folder");
    const char *pipe = temporary_path(*state, "pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(file_kind_read(pipe, &kind), OCELLUS_BAD_CONTENT);
    assert_int_equal(file_kind_read(temporary_path(*state, "nowhere"), &kind), OCELLUS_IO);
}

/* Every reader of models and weights names what it does not take. */
static void test_readers_say_it(void **state) {
    char path[FILE_PATH_SIZE], words[256];
    assert_int_equal(path_join(path, *state, "weights"), OCELLUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const enum file_format format = cases[i].format;
        if (format == FILE_FORMAT_SAFETENSORS || format == FILE_FORMAT_UNKNOWN) continue;
        write_bytes(path, cases[i].bytes, cases[i].size);
        struct network_file file;
        struct safetensors *tensors;
        snprintf(words, sizeof words, "weights: is %s (expected a model file of Ocellus", cases[i].name);
        assert_int_equal(network_file_read(path, &network_forms_model, &file), OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), words));
        const bool weights = format == FILE_FORMAT_HDF5 || format == FILE_FORMAT_TFJS || format == FILE_FORMAT_KERAS;
        snprintf(words, sizeof words, "weights: is %s (expected a safetensors file)", cases[i].name);
        assert_int_equal(safetensors_read(path, false, &tensors), OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), words));
        if (weights || format == FILE_FORMAT_JSON) continue;
        snprintf(words, sizeof words, "weights: is %s (expected a network or weights: ", cases[i].name);
        assert_int_equal(network_file_read(path, &network_forms_all, &file), OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), words));
        assert_null(file.tensors.items);
    }
    struct network_file file;
    assert_int_equal(network_file_read(*state, &network_forms_all, &file), OCELLUS_BAD_CONTENT);
    assert_non_null(strstr(status_message(), "is a folder (expected a network or weights: "));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_kinds),
        cmocka_unit_test(test_beginnings),
        IN_FOLDER(test_folders_and_pipes),
        IN_FOLDER(test_readers_say_it),
    };
    return cmocka_run_group_tests_name("base/file_kind", tests, NULL, NULL);
}
