/* SPDX-License-Identifier: MIT */
/* ocellus summary */
#include "model/summary.h"

#include "app/network.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "run/run_folder.h"

#include <stdlib.h>

static void append_lists(struct text *out) {
    text_append(out, "Networks: ");
    network_append_names(false, out);
    text_append(out, ".");
}

static const struct command summary_command = {
    .name = "summary",
    .arguments = "MODEL",
    .summary = "Shows a network's layers, shapes and parameters, as Keras does.",
    .details =
        "MODEL is a run folder, a file of a network (.safetensors of Ocellus, Keras's .h5 or .keras, a TensorFlow.js "
        "model.json or its folder), or a built-in network. Of weights without a network, and of a network with "
        "layers that are not known, the tensors are listed.",
    .append_lists = append_lists,
    .minimum = 1,
    .maximum = 1,
};
static struct summary_options summary;
static bool json;
static const struct option summary_options[] = {
    {"expand-nested", NULL, "show the layers of nested models", OPTION_SWITCH, &summary.expand_nested},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

static int by_place(const void *a, const void *b) {
    const struct named_tensor *const *x = a, *const *y = b;
    return ((*x)->place > (*y)->place) - ((*x)->place < (*y)->place);
}

static json_value *tensor_to_json(const struct named_tensor *tensor) {
    json_value *row = json_new_map(), *shape = json_new_list();
    bool whole = shape != NULL;
    for (size_t i = 0; i < tensor->shape.rank && whole; i++)
        whole = json_append(shape, json_new_integer(tensor->shape.dims[i]));
    whole = json_set(row, "name", json_new_text(tensor->name)) && whole;
    whole = json_set(row, "shape", shape) && json_set(row, "type", json_new_text(tensor->type)) &&
            json_set(row, "values", json_new_integer((int64_t)shape_size(&tensor->shape))) && whole;
    return command_json_whole(row, whole);
}

static ocellus_status print_tensors_json(const struct named_tensor *const *tensors, size_t count, size_t total) {
    json_value *root = json_new_map(), *list = json_new_list();
    bool whole = list != NULL;
    for (size_t i = 0; i < count && whole; i++)
        whole = json_append(list, tensor_to_json(tensors[i]));
    whole = json_set(root, "tensors", list) && whole;
    whole = json_set(root, "values", json_new_integer((int64_t)total)) && whole;
    return command_print_json(command_json_whole(root, whole));
}

static ocellus_status print_tensors_text(const struct named_tensor *const *tensors, size_t count, size_t total) {
    struct text out = {0};
    char number[32], shape[SHAPE_TEXT_SIZE];
    text_append(&out, "%-38s %-22s %-5s %12s\n", "tensor", "shape", "type", "values");
    for (size_t i = 0; i < count; i++) {
        text_append_cell(&out, tensors[i]->name, 38);
        shape_text(&tensors[i]->shape, false, shape);
        text_with_commas(shape_size(&tensors[i]->shape), number);
        text_append(&out, " %-22s %-5s %12s\n", shape, tensors[i]->type, number);
    }
    text_with_commas(total, number);
    text_append(&out, "%zu tensors, %s values\n", count, number);
    return command_print_text(&out);
}

/* What a file holds that has no network, or none that can be run here: as it lies there. */
static ocellus_status print_tensors(const struct network_file *file) {
    const struct named_tensors *tensors = &file->tensors;
    const struct named_tensor **order = memory_allocate(tensors->count + 1, sizeof *order);
    if (!order) return OCELLUS_IO;
    size_t total = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        order[i] = &tensors->items[i];
        total += shape_size(&tensors->items[i].shape);
    }
    if (tensors->ordered) qsort(order, tensors->count, sizeof *order, by_place);
    log_notice("%s", file->no_graph);
    const ocellus_status status = (json ? print_tensors_json : print_tensors_text)(order, tensors->count, total);
    memory_free(order);
    return status;
}

static ocellus_status print_network(const struct graph *graph) {
    if (json) return command_print_json(graph_summary_json(graph, &summary));
    struct text out = {0};
    graph_summary(graph, &summary, &out);
    return command_print_text(&out);
}

ocellus_status verb_summary(int argc, char **argv) {
    struct words words;
    struct network_file file;
    char path[FILE_PATH_SIZE];
    TRY(command_parse(&summary_command, summary_options, argc, argv, &words));
    TRY(network_read(words.items[0], RUN_LAST, path, &file));
    const ocellus_status status = file.graph ? print_network(file.graph) : print_tensors(&file);
    network_file_free(&file);
    return status;
}
