/* SPDX-License-Identifier: MIT */
#include "formats/weights_file.h"

#include "base/file_kind.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/keras_hdf5.h"
#include "formats/keras_names.h"
#include "formats/safetensors.h"
#include "formats/tfjs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS = 20 }; /* of what does not fit; the rest is counted */

static ocellus_status copy_tensors(const struct safetensors *file, struct named_tensors *tensors) {
    for (size_t i = 0; i < safetensors_count(file); i++) {
        const struct safetensors_tensor *tensor = safetensors_at(file, i);
        TRY(named_tensors_add(tensors, tensor->name, &tensor->shape));
        memcpy(tensors->items[i].values, tensor->values, shape_size(&tensor->shape) * sizeof *tensor->values);
    }
    return OCELLUS_OK;
}

static ocellus_status read_safetensors(const char *path, struct named_tensors *tensors) {
    *tensors = (struct named_tensors){0};
    struct safetensors *file;
    TRY(safetensors_read(path, false, &file));
    tensors->path = memory_copy_text(path);
    const ocellus_status status = tensors->path ? copy_tensors(file, tensors) : OCELLUS_IO;
    safetensors_free(file);
    if (status != OCELLUS_OK) named_tensors_free(tensors);
    return status;
}

ocellus_status weights_file_read(const char *path, struct named_tensors *tensors) {
    struct file_kind kind;
    *tensors = (struct named_tensors){0};
    TRY(file_kind_read(path, &kind));
    switch (kind.format) {
    case FILE_FORMAT_TFJS:
    case FILE_FORMAT_JSON:
        return tfjs_read(path, tensors);
    case FILE_FORMAT_HDF5:
        return keras_hdf5_read(path, tensors);
    case FILE_FORMAT_SAFETENSORS:
    case FILE_FORMAT_UNKNOWN:
        return read_safetensors(path, tensors); /* which says what is wrong with it */
    default:
        return file_kind_refuse(path, &kind, "weights: .safetensors, Keras's .h5, or a TensorFlow.js model.json");
    }
}

enum row_kind { ROW_MATCHED, ROW_MISSING, ROW_EXTRA, ROW_MISSHAPEN, ROW_KINDS };
static const char *const kind_names[ROW_KINDS] = {"matched", "missing", "extra", "of another shape"};

/* Tensors by canonical name; `used` of those that fill a parameter. */
struct place {
    char name[TENSOR_NAME_SIZE];
    const struct named_tensor *tensor;
    bool used;
};

struct matching {
    const struct graph *graph;
    const struct named_tensors *tensors;
    struct place *places; /* by name */
    bool body_only;       /* parameters outside the nested model are not looked for */
    size_t counts[ROW_KINDS];
    char first[ROW_KINDS][TENSOR_NAME_SIZE + 2 * SHAPE_TEXT_SIZE];
    struct text table;
    size_t rows;
};

static int by_name(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static struct place *find(const struct matching *matching, const char *parameter) {
    struct place wanted;
    keras_names_canonical(parameter, wanted.name);
    return matching->tensors->count == 0
               ? NULL
               : bsearch(&wanted, matching->places, matching->tensors->count, sizeof wanted, by_name);
}

/* Counts a parameter or a tensor, and keeps a row of the table when it does not fit. */
static void note(struct matching *matching, enum row_kind kind, const char *name, const struct shape *network,
                 const struct shape *file) {
    char expected[SHAPE_TEXT_SIZE] = "-", got[SHAPE_TEXT_SIZE] = "-";
    if (matching->counts[kind]++ > 0 && matching->rows >= TABLE_ROWS) return;
    if (network) shape_text(network, false, expected);
    if (file) shape_text(file, false, got);
    if (matching->counts[kind] == 1) {
        const char *form = kind == ROW_MISSHAPEN ? "%s: expected %s, got %s" : "%s";
        snprintf(matching->first[kind], sizeof matching->first[kind], form, name, expected, got);
    }
    if (kind == ROW_MATCHED || matching->rows++ >= TABLE_ROWS) return;
    text_append(&matching->table, "%-40s %-20s %-20s %s\n", name, expected, got, kind_names[kind]);
}

static void match_parameter(struct matching *matching, const struct node *node, const struct parameter *parameter,
                            const struct named_tensor **tensor) {
    struct place *place = find(matching, parameter->name);
    if (place) place->used = true;
    if (place && shape_equal(&place->tensor->shape, &parameter->shape)) {
        *tensor = place->tensor;
        note(matching, ROW_MATCHED, parameter->name, NULL, NULL);
    } else if (place) {
        note(matching, ROW_MISSHAPEN, parameter->name, &parameter->shape, &place->tensor->shape);
    } else if (!matching->body_only || *node->path) {
        note(matching, ROW_MISSING, parameter->name, &parameter->shape, NULL);
    }
}

/* Whether the graph has a nested model, and the file none of the parameters around it. */
static bool is_body_only(const struct matching *matching) {
    bool nested = false;
    for (size_t i = 0; i < matching->graph->count; i++) {
        const struct node *node = &matching->graph->nodes[i];
        nested = nested || *node->path;
        for (size_t k = 0; !*node->path && k < node->parameter_count; k++) {
            if (find(matching, node->parameters[k].name)) return false;
        }
    }
    return nested;
}

static void match_all(struct matching *matching, struct weights_match *match) {
    matching->body_only = is_body_only(matching);
    size_t place = 0;
    for (size_t i = 0; i < matching->graph->count; i++) {
        const struct node *node = &matching->graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++)
            match_parameter(matching, node, &node->parameters[k], &match->tensors[place++]);
    }
    const bool has_classifier = graph_node(matching->graph, "predictions") != NULL;
    for (size_t i = 0; i < matching->tensors->count; i++) {
        const struct place *rest = &matching->places[i];
        const bool classifier = strncmp(rest->name, "predictions/", 12) == 0;
        if (!rest->used && (!classifier || has_classifier || !matching->body_only))
            note(matching, ROW_EXTRA, rest->tensor->name, NULL, &rest->tensor->shape);
    }
    match->matched = matching->counts[ROW_MATCHED];
}

/* The table goes to the log a line at a time; the failure is one line. */
static ocellus_status refuse(struct matching *matching) {
    const char *path = matching->tensors->path;
    log_info("%s against %s:", path, matching->graph->name);
    log_info("%-40s %-20s %-20s", "parameter", "network", "file");
    char *next = matching->table.bytes;
    for (char *line = strsep(&next, "\n"); line && *line; line = strsep(&next, "\n"))
        log_info("%s", line);
    if (matching->rows > TABLE_ROWS) log_info("and %zu more", matching->rows - TABLE_ROWS);
    struct text text = {0};
    for (enum row_kind kind = ROW_MATCHED; kind < ROW_KINDS; kind++) {
        text_append(&text, "%s%zu %s", kind ? ", " : "", matching->counts[kind], kind_names[kind]);
        if (kind != ROW_MATCHED && matching->counts[kind]) text_append(&text, " (%s)", matching->first[kind]);
    }
    const ocellus_status status = text.failed ? fail(OCELLUS_IO, "%s: no memory for its check", path)
                                              : fail(OCELLUS_BAD_CONTENT, "%s: tensors do not fit %s: %s", path,
                                                     matching->graph->name, text.bytes);
    text_free(&text);
    return status;
}

static ocellus_status check_variances(const struct named_tensors *tensors) {
    static const char role[] = "/moving_variance";
    for (size_t i = 0; i < tensors->count; i++) {
        const struct named_tensor *tensor = &tensors->items[i];
        char name[TENSOR_NAME_SIZE];
        keras_names_canonical(tensor->name, name);
        const size_t length = strlen(name), count = shape_size(&tensor->shape);
        if (length < sizeof role || strcmp(name + length + 1 - sizeof role, role) != 0) continue;
        for (size_t k = 0; k < count; k++) {
            if (tensor->values[k] < 0)
                return fail(OCELLUS_BAD_CONTENT, "%s: %s: value %zu is below 0", tensors->path, tensor->name, k);
        }
    }
    return OCELLUS_OK;
}

/* Two names of a file may mean the same today. */
static ocellus_status prepare(struct matching *matching) {
    const struct named_tensors *tensors = matching->tensors;
    matching->places = memory_allocate(tensors->count + 1, sizeof *matching->places);
    if (!matching->places) return OCELLUS_IO;
    for (size_t i = 0; i < tensors->count; i++) {
        keras_names_canonical(tensors->items[i].name, matching->places[i].name);
        matching->places[i].tensor = &tensors->items[i];
    }
    qsort(matching->places, tensors->count, sizeof *matching->places, by_name);
    for (size_t i = 1; i < tensors->count; i++) {
        if (strcmp(matching->places[i - 1].name, matching->places[i].name) == 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s and %s: two names of the same parameter", tensors->path,
                        matching->places[i - 1].tensor->name, matching->places[i].tensor->name);
    }
    return check_variances(tensors);
}

ocellus_status weights_match(const struct graph *graph, const struct named_tensors *tensors,
                             struct weights_match *match) {
    *match = (struct weights_match){0};
    for (size_t i = 0; i < graph->count; i++)
        match->count += graph->nodes[i].parameter_count;
    match->tensors = memory_allocate(match->count + 1, sizeof *match->tensors);
    if (!match->tensors) return OCELLUS_IO;
    struct matching matching = {.graph = graph, .tensors = tensors};
    ocellus_status status = prepare(&matching);
    if (status == OCELLUS_OK) {
        match_all(&matching, match);
        const size_t *counts = matching.counts;
        if (counts[ROW_MISSING] + counts[ROW_EXTRA] + counts[ROW_MISSHAPEN] > 0) status = refuse(&matching);
    }
    text_free(&matching.table);
    memory_free(matching.places);
    if (status != OCELLUS_OK) weights_match_free(match);
    return status;
}

void weights_match_free(struct weights_match *match) {
    memory_free(match->tensors);
    *match = (struct weights_match){0};
}
