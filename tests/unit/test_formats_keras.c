/* SPDX-License-Identifier: MIT */
/* .keras archives, good and hostile. */
#include "formats/network_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#if defined OCELLUS_ARCHIVES && defined OCELLUS_HDF5
#include "hdf5_fixture.h"

#include <archive.h>
#include <archive_entry.h>

#define CONFIG(layers)                                                                                                 \
    "{\"module\": \"keras\", \"class_name\": \"Sequential\", \"config\": {\"name\": \"small\", \"layers\": "           \
    "[{\"module\": "                                                                                                   \
    "\"keras.layers\", \"class_name\": \"InputLayer\", \"config\": {\"name\": \"i\", \"batch_shape\": [null, 2]}}, "   \
    "{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {\"name\": \"a\", \"units\": 3}}" layers    \
    "]}}"
#define METADATA "{\"keras_version\": \"3.3.3\", \"date_saved\": \"2026-01-01@00:00:00\"}"

struct member {
    const char *name, *bytes;
    size_t size;      /* 0: of the text */
    const char *link; /* a symbolic link to it */
    bool deflated;
};

static void write_zip(const char *path, const struct member *members, size_t count) {
    struct archive *zip = archive_write_new();
    assert_int_equal(archive_write_set_format_zip(zip), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(zip, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        const size_t size = members[i].size ? members[i].size : strlen(members[i].bytes);
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[i].name);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_filetype(entry, members[i].link ? AE_IFLNK : AE_IFREG);
        if (members[i].link) archive_entry_set_symlink(entry, members[i].link);
        archive_entry_set_size(entry, members[i].link ? 0 : (la_int64_t)size);
        assert_int_equal(members[i].deflated ? archive_write_zip_set_compression_deflate(zip)
                                             : archive_write_zip_set_compression_store(zip),
                         ARCHIVE_OK);
        assert_int_equal(archive_write_header(zip, entry), ARCHIVE_OK);
        if (!members[i].link) assert_int_equal(archive_write_data(zip, members[i].bytes, size), size);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(zip), ARCHIVE_OK);
    archive_write_free(zip);
}

/* Says of every name in the archive that it is UTF-8, as Python does of those that are not ASCII. */
static void mark_utf8(const char *path) {
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OCELLUS_OK);
    for (size_t i = 0; i + 10 <= size; i++) {
        if (memcmp(bytes + i, "PK\3\4", 4) == 0) bytes[i + 7] |= 8;
        if (memcmp(bytes + i, "PK\1\2", 4) == 0) bytes[i + 9] |= 8;
    }
    assert_int_equal(file_write(path, bytes, size), OCELLUS_OK);
    free(bytes);
}

/* The bytes of weights as Keras 3 lays them out. */
static char *make_weights(const char *folder, size_t *size) {
    const char *path = temporary_path(folder, "w.h5");
    unsigned char *bytes;
    const hid_t file = good(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const hid_t layers = make_group(file, "layers"), layer = make_group(layers, "dense"),
                vars = make_group(layer, "vars");
    write_dataset(vars, "0", H5T_IEEE_F32LE, 2, kernel_dims, H5P_DEFAULT, kernel);
    write_dataset(vars, "1", H5T_IEEE_F32LE, 1, bias_dims, H5P_DEFAULT, bias);
    const hid_t text = good(H5Tcopy(H5T_C_S1)), space = good(H5Screate(H5S_SCALAR));
    check(H5Tset_size(text, 2));
    const hid_t name = good(H5Acreate2(vars, "name", text, space, H5P_DEFAULT, H5P_DEFAULT));
    check(H5Awrite(name, text, "a"));
    check(H5Aclose(name));
    check(H5Sclose(space));
    check(H5Tclose(text));
    check(H5Gclose(vars));
    check(H5Gclose(layer));
    check(H5Gclose(layers));
    check(H5Fclose(file));
    assert_int_equal(file_read(path, 1 << 20, &bytes, size), OCELLUS_OK);
    return (char *)bytes;
}

#define NORMALIZATION(flags)                                                                                           \
    "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"small\", \"layers\": [{\"class_name\": "                \
    "\"InputLayer\", "                                                                                                 \
    "\"config\": {\"name\": \"i\", \"batch_shape\": [null, 3]}}, {\"class_name\": \"BatchNormalization\", "            \
    "\"config\": "                                                                                                     \
    "{\"name\": \"bn\", " flags "}}]}}"

/* Variable i of the layer holds `first` + i. */
static void write_normalization(const char *folder, const char *path, const char *config, size_t count, float first) {
    const char *inner = temporary_path(folder, "bn.h5");
    unsigned char *bytes;
    size_t size;
    const hid_t file = good(H5Fcreate(inner, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const hid_t layers = make_group(file, "layers"), layer = make_group(layers, "bn"), vars = make_group(layer, "vars");
    for (size_t i = 0; i < count; i++) {
        const float value = first + (float)i, values[COLUMNS] = {value, value, value};
        write_dataset(vars, (const char[]){(char)('0' + i), 0}, H5T_IEEE_F32LE, 1, bias_dims, H5P_DEFAULT, values);
    }
    check(H5Gclose(vars));
    check(H5Gclose(layer));
    check(H5Gclose(layers));
    check(H5Fclose(file));
    assert_int_equal(file_read(inner, 1 << 20, &bytes, &size), OCELLUS_OK);
    const struct member members[] = {{"config.json", config, 0, NULL, false},
                                     {"model.weights.h5", (const char *)bytes, size, NULL, false}};
    write_zip(path, members, 2);
    free(bytes);
}

/* Keras 3 numbers the variables that a BatchNormalization has left: the network says which they are, in its order. */
static void test_normalization_without_gamma_or_beta(void **state) {
    static const struct {
        const char *config;
        size_t count;
    } cases[] = {
        {NORMALIZATION("\"scale\": true, \"center\": true"), 4},
        {NORMALIZATION("\"scale\": false, \"center\": true"), 3},
        {NORMALIZATION("\"scale\": true, \"center\": false"), 3},
        {NORMALIZATION("\"scale\": false, \"center\": false"), 2},
    };
    struct network_file file;
    char path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, *state, "m.keras"), OCELLUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_normalization(*state, path, cases[i].config, cases[i].count, 1);
        if (network_file_read(path, &network_forms_all, &file) != OCELLUS_OK) fail_msg("%s", status_message());
        if (!file.graph) fail_msg("case %zu: %s", i, file.no_graph);
        assert_int_equal(file.match.count, cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++)
            assert_true(file.match.tensors[k]->values[0] == 1 + (float)k);
        network_file_free(&file);
        write_normalization(*state, path, cases[i].config, cases[i].count, -(float)cases[i].count);
        assert_int_equal(network_file_read(path, &network_forms_all, &file), OCELLUS_OK);
        assert_null(file.graph); /* the last one is a variance, whatever it is called */
        assert_non_null(strstr(file.no_graph, "is below 0"));
        network_file_free(&file);
    }
    write_normalization(*state, path, cases[0].config, 3, 1);
    assert_int_equal(network_file_read(path, &network_forms_all, &file), OCELLUS_OK);
    assert_null(file.graph);
    assert_non_null(strstr(file.no_graph, "4 missing (bn/gamma), 3 extra (bn/0)"));
    network_file_free(&file);
}

static void expect_network(const char *path, const char *no_graph) {
    struct network_file file;
    if (network_file_read(path, &network_forms_all, &file) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(file.tensors.count, 2);
    assert_memory_equal(file.tensors.items[1].values, kernel, sizeof kernel);
    if (no_graph && (!file.no_graph || !strstr(file.no_graph, no_graph)))
        fail_msg("\"%s\" lacks \"%s\"", file.no_graph ? file.no_graph : "", no_graph);
    if (!no_graph && !file.graph) fail_msg("%s", file.no_graph);
    if (!no_graph) assert_int_equal(file.match.matched, 2);
    network_file_free(&file);
}

static void test_good_archives(void **state) {
    size_t size;
    char *weights = make_weights(*state, &size), path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, *state, "m.keras"), OCELLUS_OK);
    for (int deflated = 0; deflated < 2; deflated++) {
        const struct member members[] = {{"metadata.json", METADATA, 0, NULL, deflated},
                                         {"config.json", CONFIG(""), 0, NULL, deflated},
                                         {"model.weights.h5", weights, size, NULL, deflated},
                                         {"assets/w\303\266rter.txt", "x", 0, NULL, deflated}};
        write_zip(path, members, 4);
        expect_network(path, NULL);
        mark_utf8(path); /* the last one's name is none in the C locale */
        expect_network(path, NULL);
        write_zip(path, members + 1, 2); /* the version is not needed */
        expect_network(path, NULL);
    }
    const struct {
        const char *config, *no_graph;
    } cases[] = {
        {CONFIG(", {\"module\": \"keras.layers\", \"class_name\": \"RandomFlip\", \"config\": {\"name\": \"r\"}}"),
         "there is no layer of class RandomFlip"},
        {CONFIG(", {\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {\"name\": \"b\", \"units\": "
                "3}}"),
         "2 missing (b/kernel)"},
        {"{\"class_name\": \"Sequential\"}", "layers: missing or empty"},
        {"{", "the network's JSON"},
        {NULL, "weights without a network"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct member members[] = {{"model.weights.h5", weights, size, NULL, false},
                                         {"config.json", cases[i].config ? cases[i].config : "", 0, NULL, false}};
        write_zip(path, members, cases[i].config ? 2 : 1);
        expect_network(path, cases[i].no_graph);
    }
    free(weights);
}

static void test_bad_archives_are_refused(void **state) {
    enum { BOMB = 80 << 20, MANY = 5000 };
    size_t size;
    char *weights = make_weights(*state, &size), path[FILE_PATH_SIZE], *zeros = calloc(1, BOMB);
    struct member *many = calloc(MANY, sizeof *many);
    assert_true(zeros && many);
    assert_int_equal(path_join(path, *state, "m.keras"), OCELLUS_OK);
    const struct {
        struct member members[3];
        const char *words;
    } cases[] = {
        {{{"metadata.json", METADATA, 0, NULL, false},
          {"config.json", CONFIG(""), 0, NULL, false},
          {"x", "x", 0, NULL, false}},
         "model.weights.h5: missing"},
        {{{"model.weights.h5", weights, size, NULL, false},
          {"model.weights.h5", weights, size, NULL, false},
          {"x", "x", 0, NULL, false}},
         "model.weights.h5: a link, or there twice"},
        {{{"metadata.json", METADATA, 0, NULL, false},
          {"model.weights.h5", "", 0, "/etc/passwd", false},
          {"x", "x", 0, NULL, false}},
         "model.weights.h5: a link, or there twice"},
        {{{"metadata.json", METADATA, 0, NULL, false},
          {"model.weights.h5", "no HDF5 at all", 0, NULL, false},
          {"x", "x", 0, NULL, false}},
         "m.keras: model.weights.h5: file: damaged"},
        {{{"metadata.json", METADATA, 0, NULL, false},
          {"model.weights.h5", "", 0, NULL, false},
          {"x", "x", 0, NULL, false}},
         "model.weights.h5: size 0 bytes (expected 1 to"},
        {{{"metadata.json", METADATA, 0, NULL, false},
          {"model.weights.h5", zeros, BOMB, NULL, true},
          {"x", "x", 0, NULL, false}},
         "model.weights.h5: size 83886080 bytes (expected 1 to"},
        {{{"metadata.json", zeros, 1 << 20, NULL, true},
          {"model.weights.h5", weights, size, NULL, false},
          {"x", "x", 0, NULL, false}},
         "metadata.json: size 1048576 bytes (expected 1 to 65536)"},
        {{{"config.json", zeros, 17 << 20, NULL, true},
          {"model.weights.h5", weights, size, NULL, false},
          {"x", "x", 0, NULL, false}},
         "config.json: size 17825792 bytes (expected 1 to 16777216)"},
        {{{"config.json", CONFIG("") "\0, and more", sizeof CONFIG("") + 10, NULL, false},
          {"model.weights.h5", weights, size, NULL, false},
          {"x", "x", 0, NULL, false}},
         "m.keras: config.json: holds a zero byte"},
        {{{"metadata.json", METADATA "\0", sizeof METADATA, NULL, false},
          {"model.weights.h5", weights, size, NULL, false},
          {"x", "x", 0, NULL, false}},
         "m.keras: metadata.json: holds a zero byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_zip(path, cases[i].members, 3);
        expect_refusal(path, cases[i].words);
    }
    for (size_t i = 0; i < MANY; i++)
        many[i] = (struct member){i ? "x" : "metadata.json", "x", 0, NULL, false};
    write_zip(path, many, MANY);
    expect_refusal(path, "more than 4096 members");
    free(many);
    free(zeros);
    free(weights);
}

/* Cut anywhere it is refused; with any byte changed it is refused or gives values, and no weights but those that were there. */
static void test_damaged_archives(void **state) {
    size_t size, whole;
    char *weights = make_weights(*state, &size), path[FILE_PATH_SIZE];
    unsigned char *bytes;
    assert_int_equal(path_join(path, *state, "m.keras"), OCELLUS_OK);
    const struct member members[] = {{"metadata.json", METADATA, 0, NULL, true},
                                     {"config.json", CONFIG(""), 0, NULL, true},
                                     {"model.weights.h5", weights, size, NULL, true}};
    write_zip(path, members, 3);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &whole), OCELLUS_OK);
    struct named_tensors tensors;
    for (size_t cut = 40; cut < whole; cut += 7) {
        assert_int_equal(file_write(path, bytes, cut), OCELLUS_OK);
        assert_int_equal(read_tensors(path, &tensors), OCELLUS_BAD_CONTENT);
    }
    size_t read = 0;
    for (size_t at = 0; at < whole; at += 3) {
        bytes[at] ^= 0x41;
        assert_int_equal(file_write(path, bytes, whole), OCELLUS_OK);
        const ocellus_status status = read_tensors(path, &tensors);
        bytes[at] ^= 0x41;
        if (status != OCELLUS_OK && status != OCELLUS_BAD_CONTENT) fail_msg("byte %zu: %s", at, status_message());
        if (status != OCELLUS_OK) continue;
        read++;
        assert_int_equal(tensors.count, 2); /* a checksum holds the weights */
        assert_memory_equal(tensors.items[1].values, kernel, sizeof kernel);
        named_tensors_free(&tensors);
    }
    assert_true(read > 0 && read < whole / 6);
    free(bytes);
    free(weights);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_good_archives),
        IN_FOLDER(test_normalization_without_gamma_or_beta),
        IN_FOLDER(test_bad_archives_are_refused),
        IN_FOLDER(test_damaged_archives),
    };
    return cmocka_run_group_tests_name("formats/keras", tests, NULL, NULL);
}

#else
#include "read_tensors.h"
#include "temporary.h"

/* Whichever library is missing, the refusal names the switch. */
static void test_build_without_it_says_so(void **state) {
    static const unsigned char zip[] = "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\15\0\0\0metadata.json";
    const char *path = temporary_path(*state, "m.keras");
    struct named_tensors tensors;
    assert_int_equal(file_write(path, zip, sizeof zip - 1), OCELLUS_OK);
    assert_int_equal(read_tensors(path, &tensors), OCELLUS_USAGE);
    assert_non_null(strstr(status_message(), "(OCELLUS_ARCHIVES or OCELLUS_HDF5 is off)"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_build_without_it_says_so, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests_name("formats/keras", tests, NULL, NULL);
}

#endif
