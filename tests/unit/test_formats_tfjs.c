/* SPDX-License-Identifier: MIT */
/* TensorFlow.js weights: what is read, and each way in which a manifest or a shard is refused. */
#include "base/folders.h"
#include "formats/tfjs.h"
#include "read_tensors.h"
#include "temporary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GROUP(paths, weights) "{\"paths\": [" paths "], \"weights\": [" weights "]}"
#define MANIFEST(groups)      "{\"format\": \"layers-model\", \"weightsManifest\": [" groups "]}"
#define KERNEL                "{\"name\": \"a/kernel\", \"shape\": [2, 3], \"dtype\": \"float32\"}"
#define BIAS                  "{\"name\": \"a/bias\", \"shape\": [2], \"dtype\": \"float32\"}"
#define QUANTIZED(members)                                                                                             \
    "{\"name\": \"a/kernel\", \"shape\": [2, 3], \"dtype\": \"float32\", \"quantization\": {" members "}}"
#define GOOD MANIFEST(GROUP("\"one.bin\", \"two.bin\"", KERNEL ", " BIAS))

static void write_floats(const char *path, size_t first, size_t bytes) {
    unsigned char *content = calloc(bytes + 4, 1);
    assert_non_null(content);
    for (size_t i = 0; i * 4 < bytes; i++) {
        const float value = (float)(first + i);
        memcpy(content + 4 * i, &value, sizeof value);
    }
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(content, 1, bytes, stream), bytes);
    assert_int_equal(fclose(stream), 0);
    free(content);
}

/* Two shards, cut inside the kernel: 12 and 20 bytes. */
static void write_model(const char *folder, const char *json) {
    assert_int_equal(temporary_file(temporary_path(folder, "model.json"), json), 0);
    write_floats(temporary_path(folder, "one.bin"), 0, 12);
    write_floats(temporary_path(folder, "two.bin"), 3, 20);
}

static void expect_good(const char *path) {
    struct named_tensors tensors;
    if (read_tensors(path, &tensors) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(tensors.count, 2); /* by name */
    assert_string_equal(tensors.items[0].name, "a/bias");
    assert_string_equal(tensors.items[1].name, "a/kernel");
    assert_int_equal(tensors.items[1].shape.rank, 2);
    assert_int_equal(tensors.items[1].shape.dims[1], 3);
    for (size_t i = 0; i < 6; i++)
        assert_true(tensors.items[1].values[i] == (float)i);
    assert_true(tensors.items[0].values[1] == 7.0F);
    named_tensors_free(&tensors);
}

static void expect_refusal(const char *path, ocellus_status expected, const char *words) {
    struct named_tensors tensors;
    const ocellus_status status = read_tensors(path, &tensors);
    if (status != expected || !strstr(status_message(), words))
        fail_msg("status %d: \"%s\" (expected %d: \"%s\")", status, status == OCELLUS_OK ? "" : status_message(),
                 expected, words);
    assert_null(strchr(status_message(), '\n'));
    assert_null(tensors.items);
}

static void test_folder_and_file_are_read(void **state) {
    write_model(*state, GOOD);
    expect_good(*state);
    expect_good(temporary_path(*state, "model.json"));
    char before[FILE_PATH_SIZE];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(*state), 0);
    expect_good("model.json"); /* without a folder in its path */
    assert_int_equal(chdir(before), 0);
}

/* Two groups, shards of each, and a scalar. */
static void test_groups_and_scalars(void **state) {
    write_model(
        *state,
        MANIFEST(GROUP(
            "\"one.bin\"",
            "{\"name\": \"s\", \"shape\": [], \"dtype\": \"float32\"}, "
            "{\"name\": \"a/bias\", \"shape\": [2], \"dtype\": \"float32\"}") ", " GROUP("\"two.bin\"",
                                                                                         "{\"name\": \"b\", \"shape\": "
                                                                                         "[5], \"dtype\": "
                                                                                         "\"float32\"}")));
    struct named_tensors tensors;
    assert_int_equal(read_tensors(*state, &tensors), OCELLUS_OK);
    assert_int_equal(tensors.count, 3);
    assert_int_equal(tensors.items[2].shape.rank, 0);
    assert_true(tensors.items[2].values[0] == 0.0F);
    assert_true(tensors.items[1].values[4] == 7.0F);
    named_tensors_free(&tensors);
}

static void test_bad_manifests_are_refused(void **state) {
#define TENSOR(name, shape, dtype) "{\"name\": " name ", \"shape\": " shape ", \"dtype\": \"" dtype "\"}"
#define ONE(tensor)                MANIFEST(GROUP("\"one.bin\", \"two.bin\"", tensor ", " BIAS))
#define PATHS(paths)               MANIFEST(GROUP(paths, KERNEL ", " BIAS))
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "model.json"},
        {"[]", "weightsManifest: missing"},
        {"{}", "weightsManifest: missing"},
        {"{\"weightsManifest\": 3}", "weightsManifest: missing, empty or no list"},
        {"{\"weightsManifest\": []}", "weightsManifest: missing, empty or no list"},
        {"{\"weightsManifest\": [3]}", "weightsManifest: paths: missing"},
        {MANIFEST("{\"paths\": [\"one.bin\"]}"), "weightsManifest: weights: missing"},
        {MANIFEST("{\"weights\": []}"), "weightsManifest: paths: missing"},
        {"{\"format\": \"graph-model\", \"weightsManifest\": []}", "expected layers-model, got graph-model"},
        {"{\"weightsManifest\": [], \"weightsManifest\": []}", "weightsManifest"},
        {PATHS("\"../one.bin\", \"two.bin\""), "../one.bin: leads out of the folder"},
        {PATHS("\"/etc/hostname\", \"two.bin\""), "/etc/hostname: leads out of the folder"},
        {PATHS("\"http://169.254.0.1/x\", \"two.bin\""), "leads out of the folder"},
        {PATHS("\"file:one.bin\", \"two.bin\""), "leads out of the folder"},
        {PATHS("\"sub/one.bin\", \"two.bin\""), "leads out of the folder"},
        {PATHS("\"a\\\\one.bin\", \"two.bin\""), "leads out of the folder"},
        {PATHS("\".\", \"two.bin\""), "leads out of the folder"},
        {PATHS("\"\", \"two.bin\""), "a shard without a name"},
        {PATHS("3, \"two.bin\""), "a shard without a name"},
        {PATHS("\"one.bin\", \"one.bin\""), "one.bin: given twice"},
        {PATHS("\"One.bin\", \"two.bin\""), "One.bin: cannot be opened"},
        {PATHS("\"one.bin\""), "expected 32 bytes, got 12"},
        {PATHS("\"folder\", \"two.bin\""), "folder: is a folder"},
        {PATHS("\"outside.bin\", \"two.bin\""), "a link that leads out of the folder"},
        {ONE(TENSOR("\"a/kernel\"", "[3, 3]", "float32")), "expected 44 bytes, got 32"},
        {ONE(TENSOR("\"a/kernel\"", "[2, 2]", "float32")), "expected 24 bytes, got 32"},
        {ONE(TENSOR("\"a/kernel\"", "[2, 3]", "float16")), "expected float32, got float16"},
        {ONE(TENSOR("\"a/kernel\"", "[2, 3]", "string")), "expected float32, got string"},
        {ONE(TENSOR("\"a/kernel\"", "[2, 3]", "complex64")), "expected float32, got complex64"},
        {ONE("{\"name\": \"a/kernel\", \"shape\": [2, 3]}"), "a/kernel: dtype: missing"},
        {ONE("{\"shape\": [2, 3], \"dtype\": \"float32\"}"), "a tensor without a name"},
        {ONE("3"), "a tensor without a name"},
        {ONE(QUANTIZED("\"scale\": 0")), "a/kernel: quantization: dtype: missing"},
        {ONE(QUANTIZED("\"dtype\": \"int8\", \"min\": 0, \"scale\": 1")),
         "quantization: dtype: not supported (expected uint8, uint16 or float16, got int8)"},
        {ONE(QUANTIZED("\"dtype\": \"float32\"")), "expected uint8, uint16 or float16, got float32"},
        {ONE(QUANTIZED("\"dtype\": \"uint8\", \"scale\": 1")), "a/kernel: quantization: min and scale: no numbers"},
        {ONE(QUANTIZED("\"dtype\": \"uint8\", \"min\": null, \"scale\": 1")), "min and scale: no numbers"},
        {ONE(QUANTIZED("\"dtype\": \"uint16\", \"min\": 0, \"scale\": -1")), "min and scale: no numbers"},
        {ONE(QUANTIZED("\"dtype\": \"uint8\", \"min\": 0, \"scale\": 1")),
         "the shards have the wrong size (expected 14 bytes, got 32)"},
        {ONE(QUANTIZED("\"dtype\": \"float16\"")), "the shards have the wrong size (expected 20 bytes, got 32)"},
        {ONE(TENSOR("\"a/kernel\"", "[2, -3]", "float32")), "a/kernel: shape: dimension 1"},
        {ONE(TENSOR("\"a/kernel\"", "[0, 3]", "float32")), "a/kernel: shape: dimension 0"},
        {ONE(TENSOR("\"a/kernel\"", "[2.0, 3]", "float32")), "a/kernel: shape: dimension 0"},
        {ONE(TENSOR("\"a/kernel\"", "3", "float32")), "a/kernel: shape: missing or no list"},
        {ONE(TENSOR("\"a/kernel\"", "[1, 1, 1, 2, 3]", "float32")), "too many dimensions (expected at most 4, got 5)"},
        {ONE(TENSOR("\"a/kernel\"", "[4294967296, 4294967296]", "float32")), "more values than there can be"},
        {ONE(TENSOR("\"a/kernel\"", "[2, 9223372036854775807]", "float32")), "more values than there can be"},
        {ONE(TENSOR("\"a/kernel\"", "[4611686018427387904]", "float32")), "more values than there can be"},
        {ONE(TENSOR("\"a/kernel\"", "[65536, 65536]", "float32")), "more than the supported 4294967296 bytes"},
        {ONE(TENSOR("\"a/bias\"", "[2, 3]", "float32")), "a/bias: name: given to two tensors"},
        {ONE(TENSOR("\"\"", "[2, 3]", "float32")), "name: wrong length (expected 1 to 255 bytes, got 0)"},
    };
    assert_int_equal(mkdir(temporary_path(*state, "folder"), 0777), 0);
    assert_int_equal(symlink("/etc/hostname", temporary_path(*state, "outside.bin")), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_model(*state, cases[i].json);
        const bool missing = strstr(cases[i].words, "cannot be opened") != NULL;
        expect_refusal(*state, missing ? OCELLUS_IO : OCELLUS_BAD_CONTENT, cases[i].words);
    }
    write_model(*state, GOOD);
    expect_good(*state);
}

static void test_bad_shards_are_refused(void **state) {
    char one[FILE_PATH_SIZE];
    assert_int_equal(path_join(one, *state, "one.bin"), OCELLUS_OK);
    static const size_t sizes[] = {0, 11, 13, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_model(*state, GOOD);
        write_floats(one, 0, sizes[i]);
        expect_refusal(*state, OCELLUS_BAD_CONTENT, "the shards have the wrong size (expected 32 bytes");
    }
    write_model(*state, GOOD);
    assert_int_equal(truncate(one, (off_t)1 << 40), 0); /* a hole of 1 TiB, nothing allocated for it */
    expect_refusal(*state, OCELLUS_BAD_CONTENT, "all shards hold more than the supported");
    assert_int_equal(unlink(one), 0);
    expect_refusal(*state, OCELLUS_IO, "one.bin: cannot be opened");
    assert_int_equal(mkfifo(one, 0666), 0);
    expect_refusal(*state, OCELLUS_BAD_CONTENT, "one.bin: is a device or pipe");
    assert_int_equal(unlink(one), 0);
    assert_int_equal(symlink("one.bin", one), 0);
    expect_refusal(*state, OCELLUS_IO, "one.bin: cannot be opened");
    assert_int_equal(unlink(one), 0);
    assert_int_equal(rename(temporary_path(*state, "two.bin"), temporary_path(*state, "real.bin")), 0);
    write_floats(one, 0, 12);
    assert_int_equal(symlink("real.bin", temporary_path(*state, "two.bin")), 0);
    expect_good(*state); /* a link within the folder is fine */
}

static void test_values_must_be_finite(void **state) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        write_model(*state, GOOD);
        const float values[3] = {0, 1, bad[i]};
        assert_int_equal(file_write(temporary_path(*state, "one.bin"), values, sizeof values), OCELLUS_OK);
        expect_refusal(*state, OCELLUS_BAD_CONTENT,
                       i == 0 ? "a/kernel: value 2 is not a number" : "value 2 is infinite");
    }
}

static void put(const char *path, const void *bytes, size_t size) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* w = q * scale + min in double, rounded once; float16 exactly; in one stream over two shards, cut inside a number. */
static void test_quantized_values(void **state) {
#define ENTRY(name, quantization)                                                                                      \
    "{\"name\": \"" name "\", \"shape\": [3], \"dtype\": \"float32\", \"quantization\": {\"dtype\": " quantization "}" \
    "}"
    static const char json[] = MANIFEST(
        GROUP("\"one.bin\", \"two.bin\"",
              ENTRY("a", "\"uint8\", \"min\": -0.013793936930596828, \"scale\": 0.00010638104788228577") ", " ENTRY(
                  "b", "\"uint16\", \"min\": 1, \"scale\": 0.1") ", " ENTRY("c", "\"float16\"") ", " BIAS));
    static const unsigned char one[] = {0, 7, 255, 0, 0, 1}; /* a; the first of b, half of the second */
    static const unsigned char two[] = {0, 255, 255, 0, 0x3c, 0, 0xc1, 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f};
    const float a[] = {(float)-0.013793936930596828, (float)(7 * 0.00010638104788228577 + -0.013793936930596828),
                       (float)(255 * 0.00010638104788228577 + -0.013793936930596828)};
    const float b[] = {1, (float)(0.1 + 1), (float)(65535 * 0.1 + 1)}, c[] = {1, -2.5F, 0x1p-24F};
    struct named_tensors tensors;
    assert_int_equal(temporary_file(temporary_path(*state, "model.json"), json), 0);
    put(temporary_path(*state, "one.bin"), one, sizeof one);
    put(temporary_path(*state, "two.bin"), two, sizeof two);
    if (read_tensors(*state, &tensors) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(tensors.count, 4); /* a, a/bias, b, c */
    assert_memory_equal(tensors.items[0].values, a, sizeof a);
    assert_memory_equal(tensors.items[1].values, ((float[]){0, 1}), 8);
    assert_memory_equal(tensors.items[2].values, b, sizeof b);
    assert_memory_equal(tensors.items[3].values, c, sizeof c);
    named_tensors_free(&tensors);

    const unsigned char infinite[] = {0, 255, 255, 0, 0x3c, 0, 0x7c, 1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f};
    put(temporary_path(*state, "two.bin"), infinite, sizeof infinite);
    expect_refusal(*state, OCELLUS_BAD_CONTENT, "c: value 1 is infinite");
    put(temporary_path(*state, "two.bin"), two, sizeof two);
    static const char huge[] = MANIFEST(GROUP(
        "\"one.bin\"", ENTRY("b", "\"uint16\", \"min\": 1e39, \"scale\": 0.1"))); /* finite, but none as a float */
    assert_int_equal(temporary_file(temporary_path(*state, "model.json"), huge), 0);
    expect_refusal(*state, OCELLUS_BAD_CONTENT, "b: value 0 is infinite");
}

/* The network in the file, as tfjs-converter writes it, and files whose network cannot be run: their weights can be read. */
static void test_topology(void **state) {
#define WHOLE(topology)                                                                                                \
    "{\"modelTopology\": " topology                                                                                    \
    ", \"weightsManifest\": [" GROUP("\"one.bin\", \"two.bin\"", KERNEL ", " LONG_BIAS) "]}"
#define LONG_BIAS "{\"name\": \"a/bias\", \"shape\": [3], \"dtype\": \"float32\"}"
#define DENSE(units)                                                                                                   \
    "{\"keras_version\": \"2.2.4\", \"backend\": \"tensorflow\", \"model_config\": {\"class_name\": \"Model\", "       \
    "\"config\": {\"name\": \"m\", \"layers\": [{\"name\": \"i\", \"class_name\": \"InputLayer\", \"config\": "        \
    "{\"name\": "                                                                                                      \
    "\"i\", \"batch_input_shape\": [null, 2]}, \"inbound_nodes\": []}, {\"name\": \"a\", \"class_name\": \"Dense\", "  \
    "\"config\": {\"name\": \"a\", \"units\": " units                                                                  \
    "}, \"inbound_nodes\": [[[\"i\", 0, 0, {}]]]}], \"input_layers\": [[\"i\", 0, 0]], \"output_layers\": [[\"a\", "   \
    "0, 0]]}}}"
    static const struct {
        const char *json, *no_graph;
    } cases[] = {
        {WHOLE(DENSE("3")), NULL},
        {WHOLE(DENSE("4")), "0 matched, 0 missing, 0 extra, 2 of another shape"},
        {WHOLE("{\"class_name\": \"Sequential\"}"), "layers: missing or empty"},
        {WHOLE("3"), "no Keras model"},
        {"{\"weightsManifest\": [" GROUP("\"one.bin\", \"two.bin\"", KERNEL ", " LONG_BIAS) "]}",
         "modelTopology: missing: weights without a network"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network_file file;
        assert_int_equal(temporary_file(temporary_path(*state, "model.json"), cases[i].json), 0);
        write_floats(temporary_path(*state, "one.bin"), 0, 12);
        write_floats(temporary_path(*state, "two.bin"), 3, 24);
        if (network_file_read(*state, &network_forms_all, &file) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_int_equal(file.tensors.count, 2);
        if (cases[i].no_graph) {
            assert_null(file.graph);
            if (!strstr(file.no_graph, cases[i].no_graph)) fail_msg("%s", file.no_graph);
        } else {
            if (!file.graph) fail_msg("%s", file.no_graph);
            assert_int_equal(file.match.matched, 2);
            assert_true(file.match.tensors[0]->values[5] == 5); /* a/kernel */
        }
        network_file_free(&file);
    }
}

/* Every beginning of a good model.json is refused. */
static void test_truncated_json_is_refused(void **state) {
    write_model(*state, GOOD);
    char text[sizeof GOOD];
    for (size_t size = 0; size < sizeof GOOD - 1; size++) {
        memcpy(text, GOOD, size);
        text[size] = '\0';
        assert_int_equal(temporary_file(temporary_path(*state, "model.json"), text), 0);
        expect_refusal(*state, OCELLUS_BAD_CONTENT, "model.json");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_folder_and_file_are_read, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_groups_and_scalars, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_bad_manifests_are_refused, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_bad_shards_are_refused, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_values_must_be_finite, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_quantized_values, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_topology, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_truncated_json_is_refused, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests_name("formats/tfjs", tests, NULL, NULL);
}
