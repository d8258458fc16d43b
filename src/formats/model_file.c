/* SPDX-License-Identifier: MIT */
/* Model files: see model_file.h. */
#include "formats/model_file.h"

#include "base/file_kind.h"
#include "base/files.h"
#include "base/folders.h"
#include "base/format_number.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/graph_from_json.h"
#include "model/graph_to_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT_VERSION = 1 };

static const char metadata_key[] = "ocellus";
static const char *const preprocessing_names[] = {[PREPROCESSING_UNIT] = "unit", [PREPROCESSING_CAFFE] = "caffe"};
enum { PREPROCESSINGS = sizeof preprocessing_names / sizeof *preprocessing_names };

/* What does not fit, for one message. */
struct mismatch {
    size_t matched, missing, extra, misshapen;
    const char *first_missing, *first_extra;
    const struct parameter *first_misshapen;
    const struct shape *got;
};

static void compare(const struct graph *graph, const struct safetensors *tensors, struct mismatch *out) {
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++) {
            const struct parameter *parameter = &graph->nodes[i].parameters[k];
            const struct safetensors_tensor *tensor = safetensors_find(tensors, parameter->name);
            if (!tensor && out->missing++ == 0) out->first_missing = parameter->name;
            if (!tensor) continue;
            if (shape_equal(&tensor->shape, &parameter->shape)) {
                out->matched++;
            } else if (out->misshapen++ == 0) {
                out->first_misshapen = parameter;
                out->got = &tensor->shape;
            }
        }
    }
    out->extra = safetensors_count(tensors) - out->matched - out->misshapen;
    for (size_t i = 0; out->extra > 0 && !out->first_extra && i < safetensors_count(tensors); i++) {
        const char *name = safetensors_at(tensors, i)->name;
        if (!graph_parameter(graph, name, NULL)) out->first_extra = name;
    }
}

ocellus_status model_file_match(const struct graph *graph, const struct safetensors *tensors) {
    struct mismatch m = {0};
    compare(graph, tensors, &m);
    if (m.missing + m.extra + m.misshapen == 0) return OCELLUS_OK;
    struct text text = {0};
    text_append(&text, "%zu matched, %zu missing", m.matched, m.missing);
    if (m.missing) text_append(&text, " (%s)", m.first_missing);
    text_append(&text, ", %zu extra", m.extra);
    if (m.extra) text_append(&text, " (%.100s)", m.first_extra);
    text_append(&text, ", %zu of another shape", m.misshapen);
    if (m.misshapen) {
        char expected[SHAPE_TEXT_SIZE], got[SHAPE_TEXT_SIZE];
        shape_text(&m.first_misshapen->shape, false, expected);
        shape_text(m.got, false, got);
        text_append(&text, " (%s: expected %s, got %s)", m.first_misshapen->name, expected, got);
    }
    const ocellus_status status = text.failed
                                      ? fail(OCELLUS_IO, "%s: no memory for its check", safetensors_path(tensors))
                                      : fail(OCELLUS_BAD_CONTENT, "%s: tensors do not fit %s: %s",
                                             safetensors_path(tensors), graph->name, text.bytes);
    text_free(&text);
    return status;
}

/* A variance below zero has no square root. */
static ocellus_status check_variances(const struct graph *graph, const struct safetensors *tensors) {
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++) {
            const struct parameter *parameter = &graph->nodes[i].parameters[k];
            const char *role = strrchr(parameter->name, '/') + 1;
            if (strcmp(role, "moving_variance") != 0) continue;
            const float *values = safetensors_find(tensors, parameter->name)->values;
            for (size_t v = 0; v < shape_size(&parameter->shape); v++) {
                if (values[v] < 0)
                    return fail(OCELLUS_BAD_CONTENT, "%s: %s: value %zu is below 0", safetensors_path(tensors),
                                parameter->name, v);
            }
        }
    }
    return OCELLUS_OK;
}

static ocellus_status read_class_names(const json_value *list, const char *path, struct graph *graph) {
    if (json_type_of(list) == JSON_TYPE_NULL) return OCELLUS_OK;
    const size_t count = json_count(list);
    if (json_type_of(list) != JSON_TYPE_LIST || count != shape_size(graph_output_shape(graph)))
        return fail(OCELLUS_BAD_CONTENT, "%s: class_names: no list of the output's %zu names", path,
                    shape_size(graph_output_shape(graph)));
    const char **names = memory_allocate(count, sizeof *names);
    if (!names) return OCELLUS_IO;
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        if (!json_get_text(json_element(list, i), &names[i]))
            status = fail(OCELLUS_BAD_CONTENT, "%s: class_names: name %zu is no text", path, i);
    }
    if (status == OCELLUS_OK) status = graph_set_class_names(graph, names, count);
    memory_free(names);
    return status;
}

static ocellus_status read_preprocessing(const json_value *value, const char *path, struct graph *graph) {
    const char *name = "nothing";
    json_get_text(value, &name);
    for (size_t i = 0; i < PREPROCESSINGS; i++) {
        if (strcmp(preprocessing_names[i], name) != 0) continue;
        graph->preprocessing = (enum preprocessing)i;
        if (i == PREPROCESSING_CAFFE && graph_input_shape(graph)->dims[graph_input_shape(graph)->rank - 1] != 3)
            return fail(OCELLUS_BAD_CONTENT, "%s: preprocessing: caffe needs an input of 3 channels", path);
        return OCELLUS_OK;
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: preprocessing: unknown (expected unit or caffe, got %s)", path, name);
}

/* The graph and what belongs to it, from the metadata. */
static ocellus_status read_description(const json_value *json, struct model_file *file) {
    const char *path = safetensors_path(file->tensors);
    int64_t format;
    TRY(format_number_read(json, path, FORMAT_VERSION, 0, &format));
    if (!json_get_integer(json_member(json, "epoch"), &file->epoch) || file->epoch < 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: epoch: no whole number from 0 on", path);
    TRY(graph_from_json(json_member(json, "graph"), path, &file->graph));
    TRY(read_preprocessing(json_member(json, "preprocessing"), path, file->graph));
    TRY(read_class_names(json_member(json, "class_names"), path, file->graph));
    TRY(model_file_match(file->graph, file->tensors));
    return check_variances(file->graph, file->tensors);
}

ocellus_status model_file_is_one(const char *path, bool *is_one) {
    struct safetensors *file;
    enum path_kind kind;
    *is_one = false;
    TRY(path_look(path, &kind));
    if (kind == PATH_FOLDER) return OCELLUS_OK;
    const ocellus_status status = safetensors_read(path, true, &file);
    if (status != OCELLUS_OK) return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
    *is_one = safetensors_metadata(file, metadata_key) != NULL;
    safetensors_free(file);
    return OCELLUS_OK;
}

/* Says of a file of another kind what it is, and who reads it if anyone does. */
static ocellus_status refuse_other_kinds(const char *path) {
    struct file_kind kind;
    TRY(file_kind_read(path, &kind));
    switch (kind.format) {
    case FILE_FORMAT_SAFETENSORS:
    case FILE_FORMAT_UNKNOWN:
        return OCELLUS_OK; /* its reader says what is wrong with it */
    case FILE_FORMAT_HDF5:
    case FILE_FORMAT_TFJS:
        return file_kind_refuse(path, &kind, "a model file of Ocellus, .safetensors; train --weights reads this");
    default:
        return file_kind_refuse(path, &kind, "a model file of Ocellus, .safetensors");
    }
}

ocellus_status model_file_read(const char *path, bool allow_nonfinite, struct model_file *file) {
    *file = (struct model_file){0};
    TRY(refuse_other_kinds(path));
    TRY(safetensors_read(path, allow_nonfinite, &file->tensors));
    const char *text = safetensors_metadata(file->tensors, metadata_key);
    json_value *json = NULL;
    ocellus_status status =
        text ? json_parse(text, strlen(text), path, &json)
             : fail(OCELLUS_BAD_CONTENT, "%s: __metadata__: %s: missing: no model of this program", path, metadata_key);
    if (status == OCELLUS_OK) status = read_description(json, file);
    json_release(json);
    if (status != OCELLUS_OK) model_file_free(file);
    return status;
}

void model_file_free(struct model_file *file) {
    graph_free(file->graph);
    safetensors_free(file->tensors);
    *file = (struct model_file){0};
}

static json_value *class_names_json(const struct graph *graph) {
    if (!graph->class_names) return json_new_null();
    json_value *list = json_new_list();
    for (size_t i = 0; list && i < graph->class_count; i++) {
        if (json_append(list, json_new_text(graph->class_names[i]))) continue;
        json_release(list);
        return NULL;
    }
    return list;
}

/* The metadata's text; free with free(). */
static ocellus_status describe(const char *path, const struct graph *graph, int64_t epoch, char **text) {
    json_value *json_graph;
    TRY(graph_to_json(graph, &json_graph));
    json_value *json = json_new_map();
    const bool good = json_set(json, "format", json_new_integer(FORMAT_VERSION));
    const bool all = json_set(json, "graph", json_graph) && good &&
                     json_set(json, "preprocessing", json_new_text(preprocessing_names[graph->preprocessing])) &&
                     json_set(json, "class_names", class_names_json(graph)) &&
                     json_set(json, "epoch", json_new_integer(epoch));
    *text = all ? json_write(json, 0) : NULL;
    json_release(json);
    return *text ? OCELLUS_OK : fail(OCELLUS_IO, "%s: no memory for its description", path);
}

static ocellus_status list_parameters(const struct graph *graph, struct safetensors_entry **entries, size_t *count) {
    *count = 0;
    *entries = memory_allocate(graph->count * GRAPH_MAX_PARAMETERS, sizeof **entries);
    if (!*entries) return OCELLUS_IO;
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++) {
            const struct parameter *parameter = &graph->nodes[i].parameters[k];
            (*entries)[(*count)++] = (struct safetensors_entry){parameter->name, &parameter->shape};
        }
    }
    return OCELLUS_OK;
}

ocellus_status model_file_write(const char *path, const struct graph *graph, int64_t epoch, safetensors_get *get,
                                void *context) {
    char *text;
    TRY(describe(path, graph, epoch, &text));
    struct safetensors_entry *entries;
    size_t count;
    ocellus_status status = list_parameters(graph, &entries, &count);
    const struct safetensors_text metadata = {metadata_key, text};
    if (status == OCELLUS_OK) status = safetensors_write(path, entries, count, &metadata, 1, get, context);
    memory_free(entries);
    free(text);
    return status;
}
