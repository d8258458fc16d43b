/* SPDX-License-Identifier: MIT */
#include "formats/keras_hdf5.h"

#include "formats/keras_network.h"

#ifdef OCELLUS_HDF5

#include "base/folders.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "formats/keras_names.h"

#include <hdf5.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 8, ATTRIBUTE_NAME_SIZE = 64 };

struct reading {
    const char *path;
    uint64_t left;          /* bytes of the file that no dataset has claimed yet */
    uint64_t unpacked_left; /* bytes that packed datasets may still come to */
    hid_t half;             /* the type of float16, little-endian */
    hid_t half_big;         /* big-endian */
    size_t visited;
    struct isolated_result *result;
    struct named_tensors *tensors; /* the result's */
};

static ocellus_status refuse(const struct reading *reading, const char *where, const char *what) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s", reading->path, where, what);
}

/* What really went wrong: the innermost entry of HDF5's error stack; and whether any of them is about memory. */
struct reason {
    char text[128];
    bool memory;
};
static herr_t keep_innermost(unsigned n, const H5E_error2_t *entry, void *context) {
    (void)n;
    struct reason *reason = context;
    snprintf(reason->text, sizeof reason->text, "%s", entry->desc ? entry->desc : "no reason given");
    reason->memory = reason->memory || entry->maj_num == H5E_RESOURCE || entry->min_num == H5E_NOSPACE;
    return 0;
}

static ocellus_status damaged(const struct reading *reading, const char *where) {
    struct reason reason = {.text = "no reason given"};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &reason);
    if (reason.memory && isolated_out_of_memory())
        return fail(OCELLUS_IO, "%s: %s: no memory to read it", reading->path, where);
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: damaged: %s", reading->path, where, reason.text);
}

/* Opens the member `name` of a group when a hard link leads to it: any other link may lead out of the file or in circles.
 * H5I_GROUP or H5I_DATASET is expected. `where` is for messages. */
static ocellus_status open_member(struct reading *reading, hid_t group, const char *name, const char *where,
                                  H5I_type_t expected, hid_t *member) {
    H5L_info_t link;
    const htri_t exists = *name ? H5Lexists(group, name, H5P_DEFAULT) : 0;
    if (exists == 0) return refuse(reading, where, "missing");
    if (exists < 0 || H5Lget_info(group, name, &link, H5P_DEFAULT) < 0) return damaged(reading, where);
    if (link.type == H5L_TYPE_SOFT) return refuse(reading, where, "a soft link (expected the thing itself)");
    if (link.type == H5L_TYPE_EXTERNAL) return refuse(reading, where, "an external link, into another file");
    if (link.type != H5L_TYPE_HARD) return refuse(reading, where, "a user-defined link");
    if (++reading->visited > 4 * NAMED_TENSORS_MAX) return refuse(reading, where, "too many groups and datasets");
    *member = H5Oopen(group, name, H5P_DEFAULT);
    if (*member < 0) return damaged(reading, where);
    if (H5Iget_type(*member) == expected) return OCELLUS_OK;
    H5Oclose(*member);
    return refuse(reading, where, expected == H5I_GROUP ? "no group" : "no dataset");
}

static ocellus_status check_type(const struct reading *reading, hid_t dataset, const char *name, size_t *size) {
    const hid_t type = H5Dget_type(dataset);
    if (type < 0) return damaged(reading, name);
    const bool good = H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0 ||
                      H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0 ||
                      H5Tequal(type, reading->half) > 0 || H5Tequal(type, reading->half_big) > 0;
    *size = H5Tget_size(type);
    H5Tclose(type);
    return good ? OCELLUS_OK : refuse(reading, name, "type: not supported (expected float16, float32 or float64)");
}

/* Filters that keep values as they are; others may not be there, or lose some. */
static ocellus_status check_filters(const struct reading *reading, hid_t list, unsigned count, const char *name) {
    for (unsigned i = 0; i < count; i++) {
        unsigned flags;
        size_t no_values = 0;
        char filter[32] = "";
        const H5Z_filter_t id = H5Pget_filter2(list, i, &flags, &no_values, NULL, sizeof filter, filter, NULL);
        if (id != H5Z_FILTER_DEFLATE && id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_FLETCHER32)
            return fail(OCELLUS_BAD_CONTENT,
                        "%s: %s: filter %.31s: not supported (expected deflate, shuffle or fletcher32)", reading->path,
                        name, *filter ? filter : "without a name");
    }
    return OCELLUS_OK;
}

/* How the values lie in the file. */
struct storage {
    bool chunked, packed; /* packed ones are chunked */
    int rank;             /* of a chunk */
    hsize_t chunk[H5S_MAX_RANK];
};

/* Where the values lie: in this file. Before anything else is asked, since asking a virtual dataset for its shape
 * opens other files. */
static ocellus_status check_storage(const struct reading *reading, hid_t dataset, const char *name,
                                    struct storage *storage) {
    *storage = (struct storage){0};
    const hid_t list = H5Dget_create_plist(dataset);
    if (list < 0) return damaged(reading, name);
    const H5D_layout_t layout = H5Pget_layout(list);
    const int external = H5Pget_external_count(list), filters = H5Pget_nfilters(list);
    ocellus_status status = OCELLUS_OK;
    if (layout == H5D_VIRTUAL) status = refuse(reading, name, "a virtual dataset, whose values lie in other files");
    else if (external != 0) status = refuse(reading, name, "external storage: its values lie in another file");
    else if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
        status = damaged(reading, name);
    else if (filters < 0 || (filters > 0 && layout != H5D_CHUNKED)) status = refuse(reading, name, "filters: unfit");
    else if (filters > 0) status = check_filters(reading, list, (unsigned)filters, name);
    storage->chunked = layout == H5D_CHUNKED;
    storage->packed = filters > 0;
    if (status == OCELLUS_OK && storage->chunked) {
        storage->rank = H5Pget_chunk(list, H5S_MAX_RANK, storage->chunk);
        if (storage->rank < 1 || storage->rank > H5S_MAX_RANK) status = damaged(reading, name);
    }
    H5Pclose(list);
    return status;
}

static ocellus_status read_shape(const struct reading *reading, hid_t dataset, const char *name, struct shape *shape) {
    const hid_t space = H5Dget_space(dataset);
    if (space < 0) return damaged(reading, name);
    hsize_t dims[H5S_MAX_RANK] = {0};
    const H5S_class_t kind = H5Sget_simple_extent_type(space);
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank > 0 && rank <= H5S_MAX_RANK) H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);
    if (kind != H5S_SIMPLE && kind != H5S_SCALAR) return refuse(reading, name, "shape: holds no values");
    if (rank < 0 || rank > GRAPH_MAX_RANK)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: too many dimensions (expected at most %d, got %d)",
                    reading->path, name, GRAPH_MAX_RANK, rank);
    shape->rank = (size_t)rank;
    for (int i = 0; i < rank; i++)
        shape->dims[i] = dims[i] <= INT64_MAX ? (int64_t)dims[i] : -1;
    return OCELLUS_OK;
}

/* Every chunk must be there, and none that is packed larger than need be. Sizes in memory follow from shape and chunk before anything is unpacked. */
static ocellus_status check_chunks(const struct reading *reading, hid_t dataset, const char *name,
                                   const struct shape *shape, const struct storage *storage) {
    size_t expected = 1;
    hsize_t stored = 0;
    if ((size_t)storage->rank != shape->rank) return refuse(reading, name, "chunks of another rank");
    for (size_t i = 0; i < shape->rank; i++) {
        const hsize_t dim = (hsize_t)shape->dims[i], chunk = storage->chunk[i];
        if (chunk < 1 || (storage->packed && chunk > dim))
            return refuse(reading, name, "chunks larger than their dataset");
        if (!size_multiply(expected, (size_t)((dim - 1) / chunk + 1), &expected))
            return refuse(reading, name, "chunks: too many");
    }
    const hid_t space = H5Dget_space(dataset);
    const bool counted = space >= 0 && H5Dget_num_chunks(dataset, space, &stored) >= 0;
    if (space >= 0) H5Sclose(space);
    if (!counted) return damaged(reading, name);
    return stored == expected ? OCELLUS_OK : refuse(reading, name, "values that were never written");
}

/* The file must have stored every value, each in bytes of its own. */
static ocellus_status check_size(struct reading *reading, hid_t dataset, const char *name, const struct shape *shape,
                                 const struct storage *storage, size_t value_size) {
    size_t bytes, stored_bytes;
    TRY(named_tensor_check(reading->path, name, shape, &bytes));
    uint64_t *left = storage->packed ? &reading->unpacked_left : &reading->left;
    if (!size_multiply(bytes / sizeof(float), value_size, &stored_bytes) || stored_bytes > *left)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: more values than the file %s (%" PRIu64 " bytes left)",
                    reading->path, name, storage->packed ? "may hold packed" : "holds", *left);
    *left -= stored_bytes;
    if (!storage->packed && H5Dget_storage_size(dataset) < stored_bytes)
        return refuse(reading, name, "values that were never written");
    return storage->chunked ? check_chunks(reading, dataset, name, shape, storage) : OCELLUS_OK;
}

static ocellus_status read_dataset(struct reading *reading, hid_t dataset, const char *name) {
    struct shape shape;
    struct storage storage;
    size_t value_size = 0;
    TRY(check_storage(reading, dataset, name, &storage));
    TRY(check_type(reading, dataset, name, &value_size));
    TRY(read_shape(reading, dataset, name, &shape));
    TRY(check_size(reading, dataset, name, &shape, &storage, value_size));
    TRY(named_tensors_add(reading->tensors, name, &shape));
    struct named_tensor *tensor = &reading->tensors->items[reading->tensors->count - 1];
    snprintf(tensor->type, sizeof tensor->type, "F%zu", 8 * value_size);
    if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor->values) < 0)
        return damaged(reading, name);
    return OCELLUS_OK;
}

/* The texts of an attribute. */
struct names {
    char (*items)[TENSOR_NAME_SIZE];
    size_t count;
};

/* Of fixed size, each filled up with zeros or spaces. */
static ocellus_status read_fixed(const struct reading *reading, hid_t attribute, hid_t type, const char *where,
                                 struct names *names) {
    const size_t size = H5Tget_size(type);
    const bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    char *bytes = memory_allocate(names->count, size);
    if (!bytes) return OCELLUS_IO;
    const bool good = H5Aread(attribute, type, bytes) >= 0;
    for (size_t i = 0; i < names->count && good; i++) {
        const char *text = bytes + i * size;
        size_t length = strnlen(text, size);
        while (spaces && length > 0 && text[length - 1] == ' ')
            length--;
        memcpy(names->items[i], text, length); /* zeros follow */
    }
    memory_free(bytes);
    return good ? OCELLUS_OK : damaged(reading, where);
}

/* Each as long as it is: libhdf5 makes them, within the bounds of the process, and takes them back. */
static ocellus_status read_variable(const struct reading *reading, hid_t attribute, hid_t type, hid_t space,
                                    const char *where, struct names *names) {
    char **texts = memory_allocate(names->count, sizeof *texts);
    if (!texts) return OCELLUS_IO;
    ocellus_status status = H5Aread(attribute, type, texts) < 0 ? damaged(reading, where) : OCELLUS_OK;
    for (size_t i = 0; i < names->count && status == OCELLUS_OK; i++) {
        const char *text = texts[i] ? texts[i] : ""; /* as an empty one may be stored */
        if (strlen(text) >= TENSOR_NAME_SIZE) status = refuse(reading, where, "names too long or too many");
        else snprintf(names->items[i], TENSOR_NAME_SIZE, "%s", text);
    }
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
    memory_free(texts);
    return status;
}

/* One text or a list of them, in any form that writers choose; free names->items whatever comes back. */
static ocellus_status read_texts(const struct reading *reading, hid_t attribute, hid_t type, hid_t space,
                                 const char *where, void *out) {
    struct names *names = out;
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count < 0) return damaged(reading, where);
    if (count == 0) return OCELLUS_OK; /* of any type: h5py writes an empty list as numbers */
    const size_t size = H5Tget_size(type);
    const bool variable = H5Tis_variable_str(type) > 0;
    size_t bytes;
    if (H5Tget_class(type) != H5T_STRING || size == 0) return refuse(reading, where, "no list of texts");
    if ((!variable && size >= TENSOR_NAME_SIZE) || count > NAMED_TENSORS_MAX ||
        !size_multiply(size, (size_t)count, &bytes) || bytes > reading->left)
        return refuse(reading, where, "names too long or too many");
    names->items = memory_allocate((size_t)count, sizeof *names->items);
    if (!names->items) return OCELLUS_IO;
    names->count = (size_t)count;
    return variable ? read_variable(reading, attribute, type, space, where, names)
                    : read_fixed(reading, attribute, type, where, names);
}

/* Reads what an attribute that is there holds into *out. */
typedef ocellus_status attribute_reader(const struct reading *reading, hid_t attribute, hid_t type, hid_t space,
                                        const char *where, void *out);
static ocellus_status read_attribute(const struct reading *reading, hid_t object, const char *name, const char *where,
                                     attribute_reader *read, void *out) {
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return damaged(reading, where);
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const ocellus_status status =
        type < 0 || space < 0 ? damaged(reading, where) : read(reading, attribute, type, space, where, out);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    H5Aclose(attribute);
    return status;
}

/* Asking may fail, which is not the same as no. */
static ocellus_status has_attribute(const struct reading *reading, hid_t object, const char *name, const char *where,
                                    bool *has) {
    const htri_t answer = H5Aexists(object, name);
    *has = answer > 0;
    return answer < 0 ? damaged(reading, where) : OCELLUS_OK;
}
static ocellus_status has_member(const struct reading *reading, hid_t group, const char *name, const char *where,
                                 bool *has) {
    const htri_t answer = H5Lexists(group, name, H5P_DEFAULT);
    *has = answer > 0;
    return answer < 0 ? damaged(reading, where) : OCELLUS_OK;
}

/* One long text; NULL where there is none, or something else. */
static ocellus_status read_long_text(const struct reading *reading, hid_t attribute, hid_t type, hid_t space,
                                     const char *where, void *out) {
    char **text = out;
    const bool variable = H5Tis_variable_str(type) > 0;
    const size_t size = H5Tget_size(type);
    char *found = NULL;
    if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return OCELLUS_OK;
    if (!variable && size > ISOLATED_TEXT_LIMIT) return refuse(reading, where, "too long");
    if (!variable && !(found = calloc(size + 1, 1)))
        return fail(OCELLUS_IO, "%s: no memory for its network", reading->path);
    if (H5Aread(attribute, type, variable ? (void *)&found : found) < 0) {
        if (!variable) free(found);
        return damaged(reading, where);
    }
    *text = found; /* libhdf5 makes it by malloc() too */
    return found && strlen(found) > ISOLATED_TEXT_LIMIT ? refuse(reading, where, "too long") : OCELLUS_OK;
}

static ocellus_status read_text(const struct reading *reading, hid_t object, const char *name, char **text) {
    bool has;
    TRY(has_attribute(reading, object, name, name, &has));
    return has ? read_attribute(reading, object, name, name, read_long_text, text) : OCELLUS_OK;
}

/* Calls visit for each name of the attribute; Keras cuts a list of more than 64 KB into ATTRIBUTE0, ATTRIBUTE1, ... */
static ocellus_status each_name(struct reading *reading, hid_t group, const char *attribute, const char *where,
                                ocellus_status (*visit)(struct reading *, hid_t, const char *where, const char *name)) {
    bool whole, has;
    TRY(has_attribute(reading, group, attribute, where, &whole));
    for (size_t piece = 0;; piece++) {
        char name[ATTRIBUTE_NAME_SIZE], at[2 * TENSOR_NAME_SIZE];
        if (whole) snprintf(name, sizeof name, "%s", attribute);
        else snprintf(name, sizeof name, "%s%zu", attribute, piece);
        TRY(has_attribute(reading, group, name, where, &has));
        if (!has)
            return piece > 0 ? OCELLUS_OK
                             : fail(OCELLUS_BAD_CONTENT, "%s: %s: %s: missing", reading->path, where, attribute);
        snprintf(at, sizeof at, "%s: %s", where, name);
        struct names names = {0};
        ocellus_status status = read_attribute(reading, group, name, at, read_texts, &names);
        for (size_t i = 0; i < names.count && status == OCELLUS_OK; i++)
            status = visit(reading, group, where, names.items[i]);
        memory_free(names.items);
        TRY(status);
        if (whole) return OCELLUS_OK;
    }
}

/* A weight by its path below its layer's group, "conv1/kernel:0". */
static ocellus_status read_weight(struct reading *reading, hid_t group, const char *layer, const char *path) {
    char rest[TENSOR_NAME_SIZE], name[2 * TENSOR_NAME_SIZE + 2];
    if (strncmp(path_base_name(path), "seed_generator_state", 20) == 0)
        return OCELLUS_OK; /* of a Dropout in training */
    snprintf(name, sizeof name, "%s/%s", layer, path);
    snprintf(rest, sizeof rest, "%s", path);
    hid_t at = group;
    ocellus_status status = OCELLUS_OK;
    char *next = rest;
    for (size_t depth = 0; next && status == OCELLUS_OK; depth++) {
        char *part = strsep(&next, "/");
        if (depth == DEEPEST || !*part || strcmp(part, ".") == 0 || strcmp(part, "..") == 0) {
            status = refuse(reading, name, "weight_names: no path below its layer");
            break;
        }
        hid_t member = -1;
        status = open_member(reading, at, part, name, next ? H5I_GROUP : H5I_DATASET, &member);
        if (at != group) H5Oclose(at);
        at = status == OCELLUS_OK ? member : group;
    }
    if (status == OCELLUS_OK) {
        char brief[TENSOR_NAME_SIZE];
        keras_names_short(name, brief);
        status = read_dataset(reading, at, brief);
    }
    if (at != group) H5Oclose(at);
    return status;
}

static ocellus_status read_layer(struct reading *reading, hid_t group, const char *where, const char *layer) {
    (void)where;
    if (strchr(layer, '/')) return refuse(reading, layer, "layer_names: holds a slash");
    hid_t member;
    TRY(open_member(reading, group, layer, layer, H5I_GROUP, &member));
    const ocellus_status status = each_name(reading, member, "weight_names", layer, read_weight);
    H5Oclose(member);
    return status;
}

/* What the variables of a layer are, by their number: Keras 3 numbers them in the order in which the layer made them, and does not
 * say its class here. Three are of a BatchNormalization without gamma or without beta, and keep their numbers; two may be of one
 * without both. A network tells (match.h). */
static const char *role(size_t count, size_t index) {
    static const char *const of_two[] = {"kernel", "bias"};
    static const char *const of_three[] = {"0", "1", "2"};
    static const char *const of_four[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    return count <= 2 ? of_two[index] : count == 3 ? of_three[index] : of_four[index];
}

/* The layer's own name stands as an attribute of its variables since Keras 3.1; before, there is only the group's name, made
 * of the class ("conv2d_1"), which is also the layer's name where Keras chose it. */
static ocellus_status layer_name(const struct reading *reading, hid_t vars, const char *where,
                                 char name[TENSOR_NAME_SIZE]) {
    bool has;
    snprintf(name, TENSOR_NAME_SIZE, "%s", path_base_name(where));
    TRY(has_attribute(reading, vars, "name", where, &has));
    if (!has) return OCELLUS_OK;
    char at[2 * TENSOR_NAME_SIZE];
    struct names names = {0};
    snprintf(at, sizeof at, "%s: name", where);
    ocellus_status status = read_attribute(reading, vars, "name", at, read_texts, &names);
    if (status == OCELLUS_OK && (names.count != 1 || !*names.items[0])) status = refuse(reading, at, "no text");
    if (status == OCELLUS_OK) memcpy(name, names.items[0], TENSOR_NAME_SIZE);
    memory_free(names.items);
    return status;
}

static ocellus_status read_vars(struct reading *reading, hid_t vars, const char *where) {
    char layer[TENSOR_NAME_SIZE];
    H5G_info_t info;
    if (H5Gget_info(vars, &info) < 0) return damaged(reading, where);
    if (info.nlinks == 0) return OCELLUS_OK;
    if (info.nlinks > 4)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: vars: not supported (expected at most 4 variables, got %llu)",
                    reading->path, where, (unsigned long long)info.nlinks);
    TRY(layer_name(reading, vars, where, layer));
    for (size_t i = 0; i < (size_t)info.nlinks; i++) {
        char number[24], name[2 * TENSOR_NAME_SIZE];
        snprintf(number, sizeof number, "%zu", i);
        snprintf(name, sizeof name, "%s/%s", layer, role((size_t)info.nlinks, i));
        hid_t dataset;
        TRY(open_member(reading, vars, number, name, H5I_DATASET, &dataset));
        const ocellus_status status = strlen(name) < TENSOR_NAME_SIZE ? read_dataset(reading, dataset, name)
                                                                      : refuse(reading, where, "name: too long");
        H5Oclose(dataset);
        TRY(status);
    }
    return OCELLUS_OK;
}

static ocellus_status read_container(struct reading *reading, hid_t layers, const char *where, size_t depth);

/* Reads the members "vars" and "layers" of a layer, as far as they are there. */
static ocellus_status read_model(struct reading *reading, hid_t group, const char *where, size_t depth) {
    static const char *const members[] = {"vars", "layers"};
    for (size_t i = 0; i < 2; i++) {
        bool has;
        hid_t member;
        TRY(has_member(reading, group, members[i], where, &has));
        if (!has) continue;
        TRY(open_member(reading, group, members[i], where, H5I_GROUP, &member));
        const ocellus_status status =
            i == 0 ? read_vars(reading, member, where) : read_container(reading, member, where, depth + 1);
        H5Oclose(member);
        TRY(status);
    }
    return OCELLUS_OK;
}

static ocellus_status read_container(struct reading *reading, hid_t layers, const char *where, size_t depth) {
    H5G_info_t info;
    if (depth > DEEPEST) return refuse(reading, where, "groups nested too deep");
    if (H5Gget_info(layers, &info) < 0) return damaged(reading, where);
    for (hsize_t i = 0; i < info.nlinks; i++) {
        char name[TENSOR_NAME_SIZE], path[2 * TENSOR_NAME_SIZE];
        const ssize_t length =
            H5Lget_name_by_idx(layers, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
        if (length < 0) return damaged(reading, where);
        if ((size_t)length >= sizeof name) return refuse(reading, where, "a name that is too long");
        snprintf(path, sizeof path, "%.200s/%s", where, name);
        hid_t layer;
        TRY(open_member(reading, layers, name, path, H5I_GROUP, &layer));
        const ocellus_status status = read_model(reading, layer, path, depth);
        H5Oclose(layer);
        TRY(status);
    }
    return OCELLUS_OK;
}

static ocellus_status read_root(struct reading *reading, hid_t root) {
    bool whole, pieces, model, layers;
    TRY(read_text(reading, root, "model_config", &reading->result->texts[0]));
    TRY(read_text(reading, root, "keras_version", &reading->result->texts[1]));
    reading->tensors->ordered = true; /* but for Keras 3's own layout, whose groups lie by name */
    TRY(has_attribute(reading, root, "layer_names", "/", &whole));
    TRY(has_attribute(reading, root, "layer_names0", "/", &pieces));
    if (whole || pieces) return each_name(reading, root, "layer_names", "/", read_layer);
    TRY(has_member(reading, root, "model_weights", "/", &model));
    if (model) {
        hid_t group;
        TRY(open_member(reading, root, "model_weights", "model_weights", H5I_GROUP, &group));
        const ocellus_status status = each_name(reading, group, "layer_names", "model_weights", read_layer);
        H5Gclose(group);
        return status;
    }
    TRY(has_member(reading, root, "layers", "/", &layers));
    reading->tensors->ordered = false;
    if (layers) return read_model(reading, root, "", 0);
    return fail(OCELLUS_BAD_CONTENT, "%s: no weights of Keras (neither layer_names, model_weights nor layers)",
                reading->path);
}

static ocellus_status read_open(struct reading *reading, hid_t file) {
    const hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    if (root < 0) return damaged(reading, "/");
    ocellus_status status = read_root(reading, root);
    H5Gclose(root);
    if (status == OCELLUS_OK) status = named_tensors_finish(reading->tensors, false);
    if (status == OCELLUS_OK && reading->tensors->count == 0)
        status = fail(OCELLUS_BAD_CONTENT, "%s: holds no weights", reading->path);
    return status;
}

/* IEEE 754's binary16, for which libhdf5 has no name. */
static hid_t half_type(H5T_order_t order) {
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    if (type >= 0 && H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(type, 2) >= 0 &&
        H5Tset_ebias(type, 15) >= 0 && H5Tset_order(type, order) >= 0)
        return type;
    return -1;
}

/* What the library allocates ends with the process. */
ocellus_status keras_hdf5_read_here(const struct file_content *content, struct isolated_result *result) {
    *result = (struct isolated_result){0};
    struct reading reading = {.path = content->path,
                              .left = content->size,
                              .unpacked_left = isolated_values_limit(content->size),
                              .result = result,
                              .tensors = &result->tensors};
    if (!(result->tensors.path = memory_copy_text(content->path))) return OCELLUS_IO;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0); /* whatever HDF5_PLUGIN_PATH says */
    reading.half = half_type(H5T_ORDER_LE);
    reading.half_big = half_type(H5T_ORDER_BE);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* The bytes in memory and nothing else, whatever HDF5_DRIVER says. */
    if (access < 0 || reading.half < 0 || reading.half_big < 0 || H5Pset_fapl_core(access, 64 << 10, false) < 0)
        return fail(OCELLUS_IO, "%s: libhdf5 could not start", content->path);
    if (H5Pset_file_image(access, content->bytes, content->size) < 0) return damaged(&reading, "file");
    /* An image needs a name that no file has, which libhdf5 tries. */
    const hid_t file = H5Fopen("/dev/null/image", H5F_ACC_RDONLY, access);
    const ocellus_status status = file < 0 ? damaged(&reading, "file") : read_open(&reading, file);
    if (file >= 0) H5Fclose(file);
    H5Pclose(access);
    H5Tclose(reading.half);
    H5Tclose(reading.half_big);
    return status;
}

ocellus_status keras_hdf5_read(struct file_content *content, struct network_file *file) {
    struct isolated_result result;
    TRY(isolated_read(keras_hdf5_read_here, content, &result));
    file->tensors = result.tensors;
    result.tensors = (struct named_tensors){0};
    const ocellus_status status = keras_network_set(file, content->path, result.texts[0], result.texts[1]);
    isolated_result_free(&result);
    return status;
}

#else

ocellus_status keras_hdf5_read(struct file_content *content, struct network_file *file) {
    (void)file;
    return fail(OCELLUS_USAGE, "%s: this build cannot read HDF5 (OCELLUS_HDF5 is off)", content->path);
}

#endif
