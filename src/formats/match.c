/* SPDX-License-Identifier: MIT */
#include "formats/match.h"

#include "base/folders.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text_layout.h"
#include "formats/keras_names.h"
#include "model/graph.h"
#include "model/layer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_ROWS = 20, TABLE_NAME = 38 }; /* of what does not fit; the rest is counted. 80 columns with two shapes */
enum row_kind { ROW_MATCHED, ROW_MISSING, ROW_EXTRA, ROW_MISSHAPEN, ROW_KINDS };
static const char *const kind_names[ROW_KINDS] = {"matched", "missing", "extra", "of another shape"};

/* Tensors by canonical name; `used` of those that stand for a parameter. */
struct place {
    char name[TENSOR_NAME_SIZE];
    const struct named_tensor *tensor;
    bool used;
};

struct matching {
    const struct graph *graph;
    const struct named_tensors *tensors;
    struct place *places;              /* by name; later by their order in the file */
    const struct named_tensor **found; /* for each parameter, whatever its shape */
    size_t parameter_count;
    bool pretrained, body_only;             /* body_only: parameters outside the nested model are not looked for */
    size_t head;                            /* the last node with parameters; where that is no Dense, graph->count */
    size_t counts[ROW_KINDS], outside_head; /* outside_head: misshapen ones of other layers, or of no head's shape */
    char first[ROW_KINDS][TENSOR_NAME_SIZE + 2 * SHAPE_TEXT_SIZE];
    struct text table;
    size_t rows;
};

static int by_name(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_order(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return (x->tensor->place > y->tensor->place) - (x->tensor->place < y->tensor->place);
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
    text_append_cell(&matching->table, name, TABLE_NAME);
    text_append(&matching->table, " %-20s %s\n", expected, got);
}

/* Whether shapes differ as those of two heads do: in the number of classes alone. */
static bool is_other_head(const struct shape *a, const struct shape *b) {
    if (a->rank != b->rank || a->rank == 0 || a->rank > 2) return false;
    return a->rank == 1 || a->dims[0] == b->dims[0];
}

/* What was found for each parameter of node `index`: fits, misses, has another shape. */
static void judge_node(struct matching *matching, size_t index, size_t first) {
    const struct node *node = &matching->graph->nodes[index];
    for (size_t k = 0; k < node->parameter_count; k++) {
        const struct parameter *parameter = &node->parameters[k];
        const struct named_tensor *tensor = matching->found[first + k];
        if (tensor && shape_equal(&tensor->shape, &parameter->shape)) {
            note(matching, ROW_MATCHED, parameter->name, NULL, NULL);
        } else if (tensor) {
            note(matching, ROW_MISSHAPEN, parameter->name, &parameter->shape, &tensor->shape);
            if (index != matching->head || !is_other_head(&tensor->shape, &parameter->shape)) matching->outside_head++;
        } else if (!matching->body_only || *node->path) {
            note(matching, ROW_MISSING, parameter->name, &parameter->shape, NULL);
        }
    }
}

static void judge_all(struct matching *matching) {
    size_t first = 0;
    for (size_t i = 0; i < matching->graph->count; i++) {
        judge_node(matching, i, first);
        first += matching->graph->nodes[i].parameter_count;
    }
    const bool has_classifier = graph_node(matching->graph, "predictions") != NULL;
    for (size_t i = 0; i < matching->tensors->count; i++) {
        const struct place *rest = &matching->places[i];
        const bool classifier = strncmp(rest->name, "predictions/", 12) == 0;
        if (!rest->used && (!classifier || has_classifier || !matching->body_only))
            note(matching, ROW_EXTRA, rest->tensor->name, NULL, &rest->tensor->shape);
    }
}

/* --- the ways to find them --- */

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

static void find_by_name(struct matching *matching) {
    matching->body_only = matching->pretrained && is_body_only(matching);
    size_t at = 0;
    for (size_t i = 0; i < matching->graph->count; i++) {
        const struct node *node = &matching->graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++, at++) {
            struct place *place = find(matching, node->parameters[k].name);
            if (place) place->used = true;
            matching->found[at] = place ? place->tensor : NULL;
        }
    }
}

/* The tensors of one layer of the file, which follow each other, for the parameters of a node, by their roles. */
static bool pair_layer(struct matching *matching, const struct node *node, size_t *next, size_t at) {
    const size_t count = matching->tensors->count, size = node->parameter_count;
    if (count - *next < size) return false;
    struct place *layer = &matching->places[*next];
    const char *slash = strrchr(layer->name, '/');
    const size_t length = slash ? (size_t)(slash - layer->name) + 1 : 0; /* of "LAYER/" */
    if (*next + size < count && length > 0 && strncmp(layer[size].name, layer->name, length) == 0) return false;
    for (size_t k = 0; k < size; k++) {
        const char *role = strrchr(node->parameters[k].name, '/') + 1;
        size_t i = 0;
        while (i < size && (length == 0 || strncmp(layer[i].name, layer->name, length) != 0 ||
                            strcmp(layer[i].name + length, role) != 0))
            i++;
        if (i == size) return false;
        layer[i].used = true;
        matching->found[at + k] = layer[i].tensor;
    }
    *next += size;
    return true;
}

static bool find_by_order(struct matching *matching) {
    const size_t count = matching->tensors->count;
    if (!matching->tensors->ordered || count != matching->parameter_count || count == 0) return false;
    qsort(matching->places, count, sizeof *matching->places, by_order);
    matching->body_only = false;
    size_t at = 0, next = 0;
    for (size_t i = 0; i < matching->graph->count; i++) {
        const struct node *node = &matching->graph->nodes[i];
        if (node->parameter_count > 0 && !pair_layer(matching, node, &next, at)) return false;
        at += node->parameter_count;
    }
    return true;
}

/* --- the answer --- */

/* Whether what was found will do; then it is the answer. Only a head of another shape is left out. */
static bool accept(const struct matching *matching, struct match *match) {
    const size_t *counts = matching->counts;
    if (counts[ROW_MISSING] + counts[ROW_EXTRA] > 0) return false;
    if (counts[ROW_MISSHAPEN] > 0 && (!matching->pretrained || matching->outside_head > 0 ||
                                      counts[ROW_MISSHAPEN] != matching->graph->nodes[matching->head].parameter_count))
        return false;
    size_t at = 0;
    for (size_t i = 0; i < matching->graph->count; i++) {
        const struct node *node = &matching->graph->nodes[i];
        const bool anew = counts[ROW_MISSHAPEN] > 0 && i == matching->head;
        for (size_t k = 0; k < node->parameter_count; k++, at++)
            match->tensors[at] = anew ? NULL : matching->found[at];
        if (!anew) continue;
        match->matched = matching->parameter_count - node->parameter_count;
    }
    if (counts[ROW_MISSHAPEN] == 0) match->matched = counts[ROW_MATCHED];
    return true;
}

/* "five.h5: 20 of 22 tensors kept; dense_1 (5 classes there, 10 here) starts anew" */
static void tell(const struct matching *matching, bool ordered, struct match *match) {
    const bool anew = matching->counts[ROW_MISSHAPEN] > 0;
    struct text text = {0};
    if (!anew && !ordered) return;
    text_append(&text, "%s: %zu of %zu tensors %s", path_base_name(matching->tensors->path), match->matched,
                match->count, anew ? "kept" : "taken");
    if (ordered) {
        const char *there = matching->places[0].name, *here = matching->first[ROW_MATCHED];
        text_append(&text, " by order, as the layers have other names (%.*s is %.*s)",
                    (int)(strrchr(there, '/') - there), there, (int)(strrchr(here, '/') - here), here);
    }
    if (anew) {
        const struct node *head = &matching->graph->nodes[matching->head];
        const struct shape *here = &head->parameters[0].shape,
                           *there = &matching->found[matching->parameter_count - head->parameter_count]->shape;
        text_append(&text, "; %s (%" PRId64 " classes there, %" PRId64 " here) starts anew", head->name,
                    there->dims[there->rank - 1], here->dims[here->rank - 1]);
    }
    snprintf(match->note, MATCH_NOTE_SIZE, "%s", text.failed ? "tensors kept in part or by order" : text.bytes);
    text_free(&text);
}

/* The table goes to the log a line at a time; the failure is one line. */
static ocellus_status refuse(struct matching *matching) {
    const char *path = matching->tensors->path;
    log_info("%s against %s:", path, matching->graph->name);
    log_info("%-*s %-20s %s", TABLE_NAME, "parameter", "network", "file");
    char *next = matching->table.bytes;
    for (char *line = strsep(&next, "\n"); line && *line; line = strsep(&next, "\n"))
        log_info("%s", line);
    if (matching->rows > TABLE_ROWS) log_info("and %zu more", matching->rows - TABLE_ROWS);
    struct text text = {0};
    for (enum row_kind kind = ROW_MATCHED; kind < ROW_KINDS; kind++) {
        text_append(&text, "%s%zu %s", kind ? ", " : "", matching->counts[kind], kind_names[kind]);
        if (kind != ROW_MATCHED && matching->counts[kind]) text_append(&text, " (%s)", matching->first[kind]);
    }
    const ocellus_status status = text.failed ? OCELLUS_IO
                                              : fail(OCELLUS_BAD_CONTENT, "%s: tensors do not fit %s: %s", path,
                                                     matching->graph->name, text.bytes);
    text_free(&text);
    return status;
}

/* A variance below zero has no square root. */
static ocellus_status check_variances(const struct matching *matching) {
    static const char role[] = "/moving_variance";
    for (size_t i = 0; i < matching->tensors->count; i++) {
        const struct place *place = &matching->places[i];
        const size_t length = strlen(place->name), count = shape_size(&place->tensor->shape);
        if (length < sizeof role || strcmp(place->name + length + 1 - sizeof role, role) != 0) continue;
        for (size_t k = 0; k < count; k++) {
            if (place->tensor->values[k] < 0)
                return fail(OCELLUS_BAD_CONTENT, "%s: %s: value %zu is below 0", matching->tensors->path,
                            place->tensor->name, k);
        }
    }
    return OCELLUS_OK;
}

/* Files that number the variables of a layer cannot tell those of a BatchNormalization without gamma or beta (keras_hdf5.c): the
 * graph's layer names them. */
static void name_numbered(struct matching *matching, const struct node *node) {
    static const char *const given[2][3] = {{"kernel", "bias"}, {"0", "1", "2"}};
    const size_t count = node->parameter_count;
    if (node->type != &layer_batch_normalization || (count != 2 && count != 3)) return;
    for (size_t k = 0; k < count; k++) {
        char name[TENSOR_NAME_SIZE];
        keras_names_canonical(node->parameters[k].name, name);
        const size_t length = (size_t)(strrchr(name, '/') - name) + 1; /* of "LAYER/" */
        for (size_t i = 0; i < matching->tensors->count; i++) {
            struct place *place = &matching->places[i];
            if (strncmp(place->name, name, length) == 0 && strcmp(place->name + length, given[count - 2][k]) == 0)
                memcpy(place->name, name, sizeof name);
        }
    }
}

/* Two names of a file may mean the same today. */
static ocellus_status prepare(struct matching *matching) {
    const struct named_tensors *tensors = matching->tensors;
    matching->places = memory_allocate(tensors->count + 1, sizeof *matching->places);
    matching->found = memory_allocate(matching->parameter_count + 1, sizeof *matching->found);
    if (!matching->places || !matching->found) return OCELLUS_IO;
    for (size_t i = 0; i < tensors->count; i++) {
        keras_names_canonical(tensors->items[i].name, matching->places[i].name);
        matching->places[i].tensor = &tensors->items[i];
    }
    for (size_t i = 0; i < matching->graph->count; i++)
        name_numbered(matching, &matching->graph->nodes[i]);
    if (tensors->count > 1) qsort(matching->places, tensors->count, sizeof *matching->places, by_name);
    for (size_t i = 1; i < tensors->count; i++) {
        if (strcmp(matching->places[i - 1].name, matching->places[i].name) == 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s and %s: two names of the same parameter", tensors->path,
                        matching->places[i - 1].tensor->name, matching->places[i].tensor->name);
    }
    return check_variances(matching);
}

/* Forgets what was found one way, for another try. */
static void begin_again(struct matching *matching) {
    memset(matching->counts, 0, sizeof matching->counts);
    matching->outside_head = 0;
    for (size_t i = 0; i < matching->tensors->count; i++)
        matching->places[i].used = false;
}

/* By name; else by order, whose failure tells a user less than that of names does. */
static ocellus_status try_all(struct matching *matching, struct match *match) {
    find_by_name(matching);
    judge_all(matching);
    if (accept(matching, match)) {
        tell(matching, false, match);
        return OCELLUS_OK;
    }
    struct matching ordered = *matching;
    ordered.table = (struct text){0};
    begin_again(&ordered);
    bool accepted = find_by_order(&ordered);
    if (accepted) judge_all(&ordered);
    accepted = accepted && accept(&ordered, match);
    if (accepted) tell(&ordered, true, match);
    text_free(&ordered.table);
    return accepted ? OCELLUS_OK : refuse(matching);
}

ocellus_status match_tensors(const struct graph *graph, const struct named_tensors *tensors, enum match_rule rule,
                             struct match *match) {
    struct matching matching = {
        .graph = graph, .tensors = tensors, .pretrained = rule == MATCH_PRETRAINED, .head = graph->count};
    *match = (struct match){0};
    for (size_t i = 0; i < graph->count; i++) {
        matching.parameter_count += graph->nodes[i].parameter_count;
        if (graph->nodes[i].parameter_count > 0)
            matching.head = graph->nodes[i].type == &layer_dense ? i : graph->count;
    }
    match->count = matching.parameter_count;
    match->tensors = memory_allocate(match->count + 1, sizeof *match->tensors);
    if (!match->tensors) return OCELLUS_IO;
    ocellus_status status = prepare(&matching);
    if (status == OCELLUS_OK) status = try_all(&matching, match);
    text_free(&matching.table);
    memory_free(matching.found);
    memory_free(matching.places);
    if (status != OCELLUS_OK) match_free(match);
    return status;
}

void match_free(struct match *match) {
    memory_free(match->tensors);
    *match = (struct match){0};
}
