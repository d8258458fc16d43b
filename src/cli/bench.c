/* SPDX-License-Identifier: MIT */
/* ocellus bench */
#include "app/bench.h"
#include "app/network.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "run/run_folder.h"

static void append_lists(struct text *out) {
    text_append(out, "Networks: ");
    network_append_names(false, out);
    text_append(out, ".");
}

static const struct command bench_command = {
    .name = "bench",
    .arguments = "MODEL",
    .summary = "Measures a network's speed on this machine, on random images in memory.",
    .details = "MODEL is a run folder, a model file, or a built-in network. Its weights are not read.",
    .append_lists = append_lists,
    .minimum = 1,
    .maximum = 1,
};
static bool layers, inference, json;
static size_t batch = 32, threads;
static double measure_seconds = 2;
static const struct option bench_options[] = {
    {"layers", NULL, "show the plan and the time of each layer", OPTION_SWITCH, &layers},
    {"inference", NULL, "inference instead of training steps", OPTION_SWITCH, &inference},
    {"batch-size", "N", "images of a step (32)", OPTION_COUNT, &batch},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
    {"seconds", "X", "about how long to measure (2)", OPTION_REAL, &measure_seconds},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

static ocellus_status print_json(const struct graph *graph, const struct bench_result *result) {
    json_value *root = json_new_map();
    bool whole = json_set(root, "model", json_new_text(graph->name)) &&
                 json_set(root, "task", json_new_text(inference ? "inference" : "training")) &&
                 json_set(root, "kernels", json_new_text(result->kernels)) &&
                 json_set(root, "threads", json_new_integer((int64_t)result->threads)) &&
                 json_set(root, "batch_size", json_new_integer((int64_t)batch)) &&
                 json_set(root, "runs", json_new_integer((int64_t)result->runs)) &&
                 json_set(root, "seconds_median", json_new_real(result->median)) &&
                 json_set(root, "seconds_least", json_new_real(result->least)) &&
                 json_set(root, "seconds_most", json_new_real(result->most)) &&
                 json_set(root, "images_per_second", json_new_real((double)batch / result->median));
    return command_print_json(command_json_whole(root, whole));
}

static ocellus_status run_bench(const struct graph *graph) {
    const struct bench_request request = {
        .batch = batch, .threads = threads, .training = !inference, .seconds = measure_seconds};
    struct bench_result result;
    struct text out = {0};
    ocellus_status status = bench_measure(graph, &request, layers && !json ? &out : NULL, &result);
    if (status != OCELLUS_OK) {
        text_free(&out);
        return status;
    }
    if (json) return print_json(graph, &result);
    struct text line = {0};
    text_append_escaped(&line, graph->name);
    text_append(&line, ", %s, batch %zu, ", inference ? "inference" : "training", batch);
    text_append_count(&line, result.threads, "thread");
    text_append(&line, ", kernels %s: %.1f images/s", result.kernels, (double)batch / result.median);
    if (line.failed) out.failed = true;
    else text_append_wrapped(&out, line.bytes, 0, 2, TEXT_COLUMNS);
    text_free(&line);
    text_append(&out, "\n%zu runs: median %.3f ms, %.3f to %.3f\n", result.runs, 1e3 * result.median,
                1e3 * result.least, 1e3 * result.most);
    return command_print_text(&out);
}

ocellus_status verb_bench(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&bench_command, bench_options, argc, argv, &words));
    struct network_file file;
    char path[FILE_PATH_SIZE];
    TRY(network_read(words.items[0], RUN_LAST, path, &file));
    ocellus_status status = network_file_require_graph(&file);
    if (status == OCELLUS_OK) status = run_bench(file.graph);
    network_file_free(&file);
    return status;
}
