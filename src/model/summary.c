/* SPDX-License-Identifier: MIT */
/* The summary: rows from the graph, drawn as the "rich" library draws Keras's table. */
#include "model/summary.h"

#include "model/graph.h"
#include "model/layer.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 4, BYTES_A_PARAMETER = 4 };

/* Widths with a space on either side: Keras asks for shares of 76 columns, rich takes back evenly what is too much. */
static const size_t linear_widths[COLUMNS] = {33, 24, 15, 0}, branched_widths[COLUMNS] = {21, 19, 12, 19};
static const char *const headings[COLUMNS] = {"Layer (type)", "Output Shape", "Param #", "Connected to"};
enum { NUMBER_COLUMN = 2 };

/* A row: one node, or a nested model with nodes first to end - 1. */
struct row {
    const struct graph *graph;
    size_t first, end;
    bool nested; /* a nested model's own row */
    bool inside; /* a layer of the nested model above */
};

static const struct node *row_output(const struct row *row) {
    return &row->graph->nodes[row->end - 1];
}
static const char *row_name(const struct row *row) {
    const struct node *node = &row->graph->nodes[row->first];
    return row->nested ? node->path : node->name;
}
static const char *row_type(const struct row *row) {
    return row->nested ? "Functional" : row->graph->nodes[row->first].type->class_name;
}
static size_t row_parameters(const struct row *row) {
    size_t sum = 0;
    for (size_t i = row->first; i < row->end; i++) {
        const struct node *node = &row->graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++)
            sum += shape_size(&node->parameters[k].shape);
    }
    return sum;
}
/* How many values a row takes in; the first node of a nested model is the one that takes its value. */
static size_t row_input_count(const struct row *row) {
    return row->nested ? 1 : row->graph->nodes[row->first].input_count;
}
/* The name that input `i` has for its reader: that of a nested model when it comes out of one. */
static const char *row_input(const struct row *row, size_t i) {
    const struct node *node = &row->graph->nodes[row->first];
    const struct node *input = &row->graph->nodes[node->inputs[i]];
    return *input->path && !row->inside ? input->path : input->name;
}

/* Walks over the rows: true with the next one in *row. Start with *row = {.graph = graph}. */
static bool next_row(struct row *row, bool expand) {
    const struct graph *graph = row->graph;
    size_t first = row->end;
    const bool enter = row->nested && expand;
    if (enter) first = row->first;
    if (first >= graph->count) return false;
    const struct node *node = &graph->nodes[first];
    const bool continues = row->inside && strcmp(node->path, graph->nodes[row->first].path) == 0;
    row->first = first;
    row->inside = enter || continues;
    row->nested = *node->path && !row->inside;
    row->end = row->nested ? graph_nested_end(graph, first) : first + 1;
    return true;
}

/* A chain: every row but the first takes one value, from the row above. */
static bool is_linear(const struct graph *graph) {
    struct row row = {.graph = graph};
    size_t above = 0;
    while (next_row(&row, false)) {
        if (row.first > 0 && (row_input_count(&row) != 1 || graph->nodes[row.first].inputs[0] != above)) return false;
        above = row.end - 1;
    }
    return true;
}

static bool is_listed(const struct row *row) {
    return !(row->graph->sequential && row->first == 0);
}

static void append_repeated(struct text *out, const char *what, size_t count) {
    for (size_t i = 0; i < count; i++)
        text_append(out, "%s", what);
}

/* A horizontal line: its left end, what it is made of, its crossings and its right end. */
static void append_rule(struct text *out, const size_t *widths, const char *left, const char *line,
                        const char *crossing, const char *right) {
    for (size_t i = 0; i < COLUMNS && widths[i]; i++) {
        text_append(out, "%s", i == 0 ? left : crossing);
        append_repeated(out, line, widths[i]);
    }
    text_append(out, "%s\n", right);
}

/* The size of the first `columns` columns of UTF-8 text. */
static size_t prefix_size(const char *text, size_t columns) {
    size_t size = 0;
    for (size_t seen = 0; text[size]; size++) {
        if (((unsigned char)text[size] & 0xC0U) != 0x80U && seen++ == columns) break;
    }
    return size;
}

static size_t columns_of(const char *text, size_t size) {
    size_t columns = 0;
    for (size_t i = 0; i < size; i++)
        columns += ((unsigned char)text[i] & 0xC0U) != 0x80U;
    return columns;
}

/* Bytes of *text that fill the next line of `width` columns: whole words with the spaces around them; a word that is
 * wider than the line stands alone. */
static size_t line_size(const char *text, size_t width) {
    size_t size = 0;
    while (text[size]) {
        const size_t spaces = strspn(text + size, " "), letters = strcspn(text + size + spaces, " ");
        if (size > 0 && columns_of(text, size + spaces + letters) > width) break;
        size += spaces + letters + strspn(text + size + spaces + letters, " ");
    }
    return size;
}

/* One line of a cell: cut with an ellipsis when it is too wide, and aligned. */
static void append_line(struct text *out, const char *line, size_t size, size_t width, bool right) {
    while (size > 0 && line[size - 1] == ' ')
        size--;
    const size_t columns = columns_of(line, size);
    const bool cut = columns > width;
    if (cut) size = prefix_size(line, width - 1);
    const size_t missing = cut ? 0 : width - columns;
    if (right) append_repeated(out, " ", missing);
    text_append_bytes(out, line, size);
    if (cut) text_append(out, "…");
    if (!right) append_repeated(out, " ", missing);
}

/* A row of cells, as many lines as the tallest needs. */
static void append_cells(struct text *out, const size_t *widths, const char *const cells[COLUMNS], const char *border) {
    const char *rest[COLUMNS];
    memcpy(rest, cells, sizeof rest);
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < COLUMNS && widths[i]; i++) {
            const size_t size = line_size(rest[i], widths[i] - 2);
            text_append(out, "%s ", border);
            append_line(out, rest[i], size, widths[i] - 2, i == NUMBER_COLUMN);
            text_append(out, " ");
            rest[i] += size;
            more = more || *rest[i];
        }
        text_append(out, "%s\n", border);
    }
}

static void append_row(struct text *out, const size_t *widths, const struct row *row) {
    char name[2 * GRAPH_NAME_SIZE], shape[SHAPE_TEXT_SIZE], number[32];
    struct text connections = {0};
    snprintf(name, sizeof name, "%s%s (%s)", row->inside ? "   └ " : "", row_name(row), row_type(row));
    shape_text(&row_output(row)->shape, true, shape);
    text_with_commas(row_parameters(row), number);
    text_append(&connections, row_input_count(row) == 0 ? "-" : "");
    for (size_t i = 0; i < row_input_count(row); i++)
        text_append(&connections, "%s%s[0][0]", i > 0 ? ", " : "", row_input(row, i));
    out->failed = out->failed || connections.failed;
    if (!out->failed) append_cells(out, widths, (const char *const[]){name, shape, number, connections.bytes}, "│");
    text_free(&connections);
}

static void append_total(struct text *out, const char *what, size_t parameters) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    char number[32];
    text_with_commas(parameters, number);
    double bytes = (double)parameters * BYTES_A_PARAMETER;
    size_t unit = 0;
    for (; bytes >= 1024 && unit < 5; unit++)
        bytes /= 1024;
    text_append(out, " %s: %s (%.2f %s)\n", what, number, bytes, units[unit]);
}

void graph_summary(const struct graph *graph, const struct summary_options *options, struct text *out) {
    const size_t *widths = is_linear(graph) ? linear_widths : branched_widths;
    text_append(out, "Model: \"%s\"\n", graph->name);
    append_rule(out, widths, "┏", "━", "┳", "┓");
    append_cells(out, widths, headings, "┃");
    append_rule(out, widths, "┡", "━", "╇", "┩");
    bool first = true;
    for (struct row row = {.graph = graph}; next_row(&row, options->expand_nested);) {
        if (!is_listed(&row)) continue;
        if (!first) append_rule(out, widths, "├", "─", "┼", "┤");
        append_row(out, widths, &row);
        first = false;
    }
    append_rule(out, widths, "└", "─", "┴", "┘");
    const struct parameter_totals totals = graph_totals(graph);
    append_total(out, "Total params", totals.total);
    append_total(out, "Trainable params", totals.trainable);
    append_total(out, "Non-trainable params", totals.non_trainable);
}

static bool set_total(json_value *root, const char *key, size_t parameters) {
    json_value *map = json_new_map();
    return json_set(root, key, map) && json_set(map, "params", json_new_integer((int64_t)parameters)) &&
           json_set(map, "bytes", json_new_integer((int64_t)parameters * BYTES_A_PARAMETER));
}

static bool append_row_json(json_value *layers, const struct row *row) {
    json_value *map = json_new_map(), *inputs;
    if (!json_append(layers, map)) return false;
    bool good = json_set(map, "name", json_new_text(row_name(row))) &&
                json_set(map, "type", json_new_text(row_type(row))) &&
                json_set(map, "path", json_new_text(row->inside ? row->graph->nodes[row->first].path : "")) &&
                json_set(map, "shape", shape_to_json(&row_output(row)->shape)) &&
                json_set(map, "params", json_new_integer((int64_t)row_parameters(row))) &&
                json_set(map, "connected_to", inputs = json_new_list());
    for (size_t i = 0; good && i < row_input_count(row); i++)
        good = json_append(inputs, json_new_text(row_input(row, i)));
    return good;
}

json_value *graph_summary_json(const struct graph *graph, const struct summary_options *options) {
    json_value *root = json_new_map(), *layers = json_new_list();
    bool good = root && json_set(root, "name", json_new_text(graph->name));
    if (!root || !json_set(root, "layers", layers)) good = false;
    for (struct row row = {.graph = graph}; good && next_row(&row, options->expand_nested);)
        good = append_row_json(layers, &row);
    const struct parameter_totals totals = graph_totals(graph);
    good = good && set_total(root, "total", totals.total) && set_total(root, "trainable", totals.trainable) &&
           set_total(root, "non_trainable", totals.non_trainable);
    if (good) return root;
    json_release(root);
    return NULL;
}
