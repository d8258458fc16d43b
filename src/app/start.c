/* SPDX-License-Identifier: MIT */
#include "app/start.h"

#include "app/network.h"
#include "base/log.h"
#include "model/adapt.h"
#include "model/builtin.h"

#include <string.h>

/* Whether the file says what its classes are, and they are others, or in another order. */
static bool has_other_classes(const struct graph *graph, const struct source *source) {
    if (!graph->class_names) return false;
    bool other = graph->class_count != source->classes;
    for (size_t i = 0; !other && i < source->classes; i++)
        other = strcmp(graph->class_names[i], source->class_names[i]) != 0;
    return other;
}

/* What the recipe says of the network decides: not what its file froze. */
static ocellus_status make_over(const struct start_wish *wish, struct start *start) {
    const struct graph *from = start->file.graph;
    const struct adapt_wish adapt = {
        .side = wish->input_size, .classes = wish->source->classes, .new_head = has_other_classes(from, wish->source)};
    return graph_adapt(from, &adapt, &start->graph, &start->head);
}

static ocellus_status open_file(const struct start_wish *wish, struct start *start) {
    char path[FILE_PATH_SIZE];
    TRY(network_find(wish->made_over ? wish->made_over : wish->name, path));
    TRY(network_file_read(path, &network_forms_all, &start->file));
    TRY(network_file_require_graph(&start->file));
    const ocellus_status status = make_over(wish, start);
    if (status != OCELLUS_OK) return fail_within(status, "%s", wish->name);
    if (!start->file.knows_preprocessing)
        log_info("%s: does not say how pixels are fed: x / 255", path_base_name(path));
    return OCELLUS_OK;
}

ocellus_status start_open(const struct start_wish *wish, struct start *start) {
    *start = (struct start){0};
    enum path_kind kind = PATH_NONE;
    if (!graph_is_builtin(wish->name) && !wish->made_over) TRY(path_look(wish->name, &kind));
    if (wish->made_over || kind != PATH_NONE) TRY(open_file(wish, start));
    else TRY(network_for_source(wish->name, wish->source, wish->input_size, &start->graph));
    return graph_set_class_names(start->graph, (const char *const *)wish->source->class_names, wish->source->classes);
}

static void tell(const struct start *start, const struct graph *graph, size_t kept) {
    const struct graph *from = start->file.graph;
    const char *file = path_base_name(start->file.tensors.path);
    if (start->head == graph->count) {
        log_info("%s: %zu of %zu tensors of %s set", file, kept, start->file.match.count, graph->name);
        return;
    }
    const struct node *head = &graph->nodes[start->head];
    log_notice("%s: %zu tensors kept; %s (%zu classes) starts anew%s", file, kept, head->name,
               shape_size(graph_output_shape(graph)), start->head < from->count ? "" : ", on its features");
}

ocellus_status start_apply(const struct start *start, const struct graph *graph, struct engine *engine) {
    const struct graph *from = start->file.graph;
    size_t place = 0, kept = 0;
    for (size_t i = 0; from && i < from->count; i++) {
        const struct node *node = &from->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++) {
            const struct named_tensor *tensor = start->file.match.tensors[place++];
            if (i == start->head || !tensor) continue;
            TRY(engine_set(engine, node->parameters[k].name, tensor->values, shape_size(&tensor->shape)));
            kept++;
        }
    }
    if (from && *start->file.match.note) log_notice("%s", start->file.match.note);
    if (from) tell(start, graph, kept);
    return OCELLUS_OK;
}

void start_free(struct start *start) {
    graph_free(start->graph);
    network_file_free(&start->file);
    *start = (struct start){0};
}
