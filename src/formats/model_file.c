/* SPDX-License-Identifier: MIT */
/* Model files: see model_file.h. */
#include "formats/model_file.h"

#include "base/folders.h"
#include "base/format_number.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "formats/safetensors_write.h"
#include "model/graph_from_json.h"
#include "model/graph_to_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT_PLAIN = 1, FORMAT_RESIZE = 2, FORMAT_NEWEST = FORMAT_RESIZE };

static const char metadata_key[] = "ocellus";

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
    const ocellus_status status = preprocessing_find(name, graph_input_shape(graph), &graph->preprocessing);
    return status == OCELLUS_OK ? OCELLUS_OK : fail_within(OCELLUS_BAD_CONTENT, "%s", path);
}

static ocellus_status read_resize(const json_value *json, const char *path, struct graph *graph) {
    const json_value *resize = json_member(json, "resize"), *scaled = json_member(json, "jpeg_scaled");
    const char *name = resize ? "no text" : resize_rule_names[RESIZE_STRETCH];
    size_t rule = 0;
    if (resize) json_get_text(resize, &name);
    while (rule < RESIZE_RULES && strcmp(resize_rule_names[rule], name) != 0)
        rule++;
    if (rule == RESIZE_RULES)
        return fail(OCELLUS_BAD_CONTENT, "%s: resize: unknown (expected stretch, crop or pad, got %s)", path, name);
    graph->resize = (enum resize_rule)rule;
    if (scaled && !json_get_bool(scaled, &graph->jpeg_scaled))
        return fail(OCELLUS_BAD_CONTENT, "%s: jpeg_scaled: not true or false", path);
    return OCELLUS_OK;
}

/* The graph and what belongs to it, from the metadata. */
static ocellus_status read_description(const json_value *json, const char *path, struct network_file *file) {
    int64_t format;
    TRY(format_number_read(json, path, FORMAT_NEWEST, 0, &format));
    if (!json_get_integer(json_member(json, "epoch"), &file->epoch) || file->epoch < 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: epoch: no whole number from 0 on", path);
    TRY(graph_from_json(json_member(json, "graph"), path, &file->graph));
    TRY(read_preprocessing(json_member(json, "preprocessing"), path, file->graph));
    TRY(read_resize(json, path, file->graph));
    TRY(read_class_names(json_member(json, "class_names"), path, file->graph));
    file->knows_preprocessing = true;
    return match_tensors(file->graph, &file->tensors, MATCH_WHOLE, &file->match);
}

ocellus_status model_file_guard(const char *path) {
    enum path_kind kind;
    struct safetensors *tensors;
    json_value *json = NULL;
    int64_t format = 0;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    ocellus_status status = safetensors_read(path, true, &tensors);
    if (status != OCELLUS_OK) return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
    const char *text = safetensors_metadata(tensors, metadata_key);
    if (text) status = json_parse(text, strlen(text), path, &json);
    if (json) status = format_number_read(json, path, FORMAT_NEWEST, 0, &format);
    json_release(json);
    safetensors_free(tensors);
    return format > FORMAT_NEWEST || status == OCELLUS_IO ? status : OCELLUS_OK;
}

ocellus_status model_file_read(struct file_content *content, struct network_file *file) {
    struct safetensors *tensors;
    unsigned char *bytes = content->bytes;
    content->bytes = NULL;
    TRY(safetensors_parse(content->path, bytes, content->size, false, &tensors));
    file->tensors = tensors->tensors;
    tensors->tensors = (struct named_tensors){0};
    const char *text = safetensors_metadata(tensors, metadata_key);
    json_value *json = NULL;
    ocellus_status status;
    if (text) {
        status = json_parse(text, strlen(text), content->path, &json);
        if (status == OCELLUS_OK) status = read_description(json, content->path, file);
    } else {
        status = network_file_no_graph(
            file, fail(OCELLUS_BAD_CONTENT,
                       "%s: __metadata__: %s: missing: weights without a network; train --weights takes them",
                       content->path, metadata_key));
    }
    json_release(json);
    safetensors_free(tensors);
    return status;
}

static const struct network_form model_form[] = {{FILE_FORMAT_SAFETENSORS, WEIGHT_FILE_LIMIT, model_file_read}, {0}};
const struct network_forms network_forms_model = {"a model file of Ocellus, .safetensors", model_form};

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
static ocellus_status describe(const struct graph *graph, int64_t epoch, char **text) {
    json_value *json_graph;
    TRY(graph_to_json(graph, &json_graph));
    json_value *json = json_new_map();
    const bool resizes = graph->resize != RESIZE_STRETCH || graph->jpeg_scaled;
    const bool good = json_set(json, "format", json_new_integer(resizes ? FORMAT_RESIZE : FORMAT_PLAIN));
    const bool all = json_set(json, "graph", json_graph) && good &&
                     json_set(json, "preprocessing", json_new_text(preprocessing_name(graph->preprocessing))) &&
                     (!resizes || (json_set(json, "resize", json_new_text(resize_rule_names[graph->resize])) &&
                                   json_set(json, "jpeg_scaled", json_new_bool(graph->jpeg_scaled)))) &&
                     json_set(json, "class_names", class_names_json(graph)) &&
                     json_set(json, "epoch", json_new_integer(epoch));
    *text = all ? json_write(json, 0) : NULL;
    json_release(json);
    return *text ? OCELLUS_OK : OCELLUS_IO;
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
    TRY(describe(graph, epoch, &text));
    struct safetensors_entry *entries;
    size_t count;
    ocellus_status status = list_parameters(graph, &entries, &count);
    const struct safetensors_text metadata = {metadata_key, text};
    if (status == OCELLUS_OK) status = safetensors_write(path, entries, count, &metadata, 1, get, context);
    memory_free(entries);
    free(text);
    return status;
}
