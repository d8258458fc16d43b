/* SPDX-License-Identifier: MIT */
/* make_forms MODEL FOLDER: a model file of ours in the forms of others: whole.h5 (Keras, with the network; packed), network.keras,
 * tfjs/ (TensorFlow.js), and as weights alone session.h5 (the layers under the names of a later model of one session),
 * five.h5 (another head, of 5 classes) and alone.weights.h5 (Keras 3's layout). */
#include "base/files.h"
#include "base/folders.h"
#include "base/json.h"
#include "base/memory.h"
#include "formats/network_file.h"
#include "model/graph_to_json.h"

#include <archive.h>
#include <archive_entry.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct network_file model;
static const char *folder;

static _Noreturn void die(const char *what) {
    fprintf(stderr, "make_forms: %s: %s\n", what, status_message());
    exit(1);
}
static hid_t good(hid_t id) {
    if (id < 0) die("HDF5");
    return id;
}

static const char *path_of(const char *name) {
    static char path[FILE_PATH_SIZE];
    if (path_join(path, folder, name) != OCELLUS_OK) die(name);
    return path;
}

/* {"model_config": the network}, or the network alone. */
static char *network_text(bool wrapped) {
    json_value *json, *whole;
    if (graph_to_json(model.graph, &json) != OCELLUS_OK) die("network");
    if (wrapped) {
        whole = json_new_map();
        json_set(whole, "model_config", json);
        json = whole;
    }
    char *text = json_write(json, 0);
    json_release(json);
    return text;
}

static void write_text(hid_t where, const char *name, const char *text) {
    const hid_t type = good(H5Tcopy(H5T_C_S1)), space = good(H5Screate(H5S_SCALAR));
    good(H5Tset_size(type, H5T_VARIABLE));
    const hid_t id = good(H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
    good(H5Awrite(id, type, &text));
    H5Aclose(id);
    H5Sclose(space);
    H5Tclose(type);
}

static void write_texts(hid_t where, const char *name, char (*texts)[GRAPH_NAME_SIZE], size_t count) {
    const hsize_t dims[] = {count};
    const hid_t type = good(H5Tcopy(H5T_C_S1)), space = good(H5Screate_simple(1, dims, NULL));
    good(H5Tset_size(type, GRAPH_NAME_SIZE));
    const hid_t id = good(H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
    good(H5Awrite(id, type, texts));
    H5Aclose(id);
    H5Sclose(space);
    H5Tclose(type);
}

/* A tensor, of which the last dimension may be cut. */
static void write_tensor(hid_t where, const char *name, const struct named_tensor *tensor, bool packed, int64_t most) {
    hsize_t dims[GRAPH_MAX_RANK];
    const size_t rank = tensor->shape.rank, last = (size_t)tensor->shape.dims[rank - 1];
    const size_t kept = most < (int64_t)last ? (size_t)most : last, rows = shape_size(&tensor->shape) / last;
    float *values = calloc(rows * kept, sizeof *values);
    if (!values) die(name);
    for (size_t i = 0; i < rows * kept; i++)
        values[i] = tensor->values[i / kept * last + i % kept];
    for (size_t i = 0; i < rank; i++)
        dims[i] = i + 1 < rank ? (hsize_t)tensor->shape.dims[i] : kept;
    const hid_t space = good(H5Screate_simple((int)rank, dims, NULL)), list = good(H5Pcreate(H5P_DATASET_CREATE));
    if (packed) {
        good(H5Pset_chunk(list, (int)rank, dims));
        good(H5Pset_shuffle(list));
        good(H5Pset_deflate(list, 4));
    }
    const hid_t id = good(H5Dcreate2(where, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    good(H5Dwrite(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    H5Dclose(id);
    H5Pclose(list);
    H5Sclose(space);
    free(values);
}

static hid_t make_group(hid_t where, const char *name) {
    return good(H5Gcreate2(where, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

/* Keras 2's layout. Layers are called STEM_NUMBER+7 when `session`; of the last one `most` classes are kept. */
static void write_legacy(hid_t where, bool session, bool packed, int64_t most) {
    char layers[64][GRAPH_NAME_SIZE] = {0}, weights[GRAPH_MAX_PARAMETERS][GRAPH_NAME_SIZE];
    size_t layer_count = 0, at = 0, last = 0;
    for (size_t i = 0; i < model.graph->count; i++)
        if (model.graph->nodes[i].parameter_count > 0) last = i;
    for (size_t i = 1; i < model.graph->count && layer_count < 64; i++) {
        const struct node *node = &model.graph->nodes[i];
        char *name = layers[layer_count++];
        snprintf(name, GRAPH_NAME_SIZE, session ? "%.80s_7" : "%.80s", node->name);
        const hid_t layer = make_group(where, name), inner = node->parameter_count ? make_group(layer, name) : -1;
        for (size_t k = 0; k < node->parameter_count; k++) {
            const char *role = strrchr(node->parameters[k].name, '/') + 1;
            char dataset[32];
            snprintf(dataset, sizeof dataset, "%s:0", role);
            memset(weights[k], 0, sizeof weights[k]);
            snprintf(weights[k], sizeof weights[k], "%.70s/%.20s:0", name, role);
            write_tensor(inner, dataset, model.match.tensors[at++], packed, i == last ? most : INT64_MAX);
        }
        write_texts(layer, "weight_names", weights, node->parameter_count);
        if (inner >= 0) H5Gclose(inner);
        H5Gclose(layer);
    }
    write_texts(where, "layer_names", layers, layer_count);
}

static void put_legacy(const char *name, bool whole, bool session, int64_t most) {
    const hid_t file = good(H5Fcreate(path_of(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    if (whole) {
        char *text = network_text(false);
        const hid_t weights = make_group(file, "model_weights");
        write_text(file, "model_config", text);
        write_legacy(weights, session, true, most);
        H5Gclose(weights);
        free(text);
    } else {
        write_legacy(file, session, false, most);
    }
    H5Fclose(file);
}

/* Keras 3's layout. */
static void put_keras3(const char *name) {
    const hid_t file = good(H5Fcreate(path_of(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const hid_t layers = make_group(file, "layers");
    size_t at = 0;
    for (size_t i = 1; i < model.graph->count; i++) {
        const struct node *node = &model.graph->nodes[i];
        const hid_t layer = make_group(layers, node->name), vars = make_group(layer, "vars");
        write_text(vars, "name", node->name);
        for (size_t k = 0; k < node->parameter_count; k++)
            write_tensor(vars, (char[]){(char)('0' + k), 0}, model.match.tensors[at++], false, INT64_MAX);
        H5Gclose(vars);
        H5Gclose(layer);
    }
    H5Gclose(layers);
    H5Fclose(file);
}

static void put_archive(const char *name, const char *weights_name) {
    unsigned char *weights;
    size_t size;
    if (file_read(path_of(weights_name), (size_t)1 << 30, &weights, &size) != OCELLUS_OK) die(weights_name);
    char *config = network_text(false);
    static const char metadata[] = "{\"keras_version\": \"3.3.3\"}";
    const struct {
        const char *name;
        const void *bytes;
        size_t size;
    } members[] = {{"metadata.json", metadata, sizeof metadata - 1},
                   {"config.json", config, strlen(config)},
                   {"model.weights.h5", weights, size}};
    struct archive *zip = archive_write_new();
    archive_write_set_format_zip(zip);
    archive_write_open_filename(zip, path_of(name));
    for (size_t i = 0; i < 3; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[i].name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)members[i].size);
        archive_write_header(zip, entry);
        if (archive_write_data(zip, members[i].bytes, members[i].size) < 0) die(name);
        archive_entry_free(entry);
    }
    if (archive_write_free(zip) != ARCHIVE_OK) die(name);
    free(config);
    free(weights);
}

static void put_tfjs(void) {
    if (folder_make(path_of("tfjs")) != OCELLUS_OK) die("tfjs");
    char *network = network_text(true), shape[SHAPE_TEXT_SIZE];
    FILE *json = fopen(path_of("tfjs/model.json"), "w"), *shard = fopen(path_of("tfjs/one.bin"), "wb");
    if (!json || !shard) die("tfjs");
    fprintf(json,
            "{\"format\": \"layers-model\", \"modelTopology\": %s, \"weightsManifest\": [{\"paths\": [\"one.bin\"], "
            "\"weights\": [",
            network);
    for (size_t i = 0; i < model.match.count; i++) {
        const struct named_tensor *tensor = model.match.tensors[i];
        shape_text(&tensor->shape, false, shape);
        char *comma = strstr(shape, ",)");
        if (comma) *comma = ' ';
        shape[0] = '[';
        shape[strlen(shape) - 1] = ']';
        fprintf(json, "%s{\"name\": \"%s\", \"shape\": %s, \"dtype\": \"float32\"}", i ? ", " : "", tensor->name,
                shape);
        fwrite(tensor->values, sizeof(float), shape_size(&tensor->shape), shard);
    }
    fprintf(json, "]}]}");
    if (fclose(json) != 0 || fclose(shard) != 0) die("tfjs");
    free(network);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    folder = argv[2];
    if (folder_make(folder) != OCELLUS_OK || network_file_read(argv[1], &network_forms_model, &model) != OCELLUS_OK ||
        network_file_require_graph(&model) != OCELLUS_OK)
        die(argv[1]);
    put_legacy("whole.h5", true, false, INT64_MAX);
    put_legacy("session.h5", false, true, INT64_MAX);
    put_legacy("five.h5", false, false, 5);
    put_keras3("alone.weights.h5");
    put_archive("network.keras", "alone.weights.h5");
    put_tfjs();
    network_file_free(&model);
    return 0;
}
