/* SPDX-License-Identifier: MIT */
/* ocellus summary */
#include "model/summary.h"

#include "app/network.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "run/run_folder.h"

static void append_lists(struct text *out) {
    text_append(out, "Networks: ");
    network_append_names(false, out);
    text_append(out, ".");
}

static const struct command summary_command = {
    .name = "summary",
    .arguments = "MODEL",
    .summary = "Shows a network's layers, shapes and parameters, as Keras does.",
    .details = "MODEL is a run folder, a model file, or a built-in network.",
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

ocellus_status verb_summary(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&summary_command, summary_options, argc, argv, &words));
    struct network_file file;
    char path[FILE_PATH_SIZE];
    TRY(network_read(words.items[0], RUN_LAST, path, &file));
    const struct graph *graph = file.graph;
    ocellus_status status = network_file_require_graph(&file);
    if (status != OCELLUS_OK) {
        network_file_free(&file);
        return status;
    }
    if (json) {
        status = command_print_json(graph_summary_json(graph, &summary));
    } else {
        struct text out = {0};
        graph_summary(graph, &summary, &out);
        status = command_print_text(&out);
    }
    network_file_free(&file);
    return status;
}
