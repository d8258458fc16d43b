/* SPDX-License-Identifier: MIT */
#include "app/network.h"

#include "base/folders.h"
#include "base/log.h"
#include "data/resnet50.h"
#include "inference/weights.h"
#include "model/builtin.h"
#include "run/run_folder.h"

#include <string.h>

/* What a built-in network is shown for when no data set is at hand. */
enum { SHOWN_SIDE = 32, SHOWN_CHANNELS = 3, SHOWN_CLASSES = 10 };

ocellus_status network_for_source(const char *name, const struct source *source, size_t input_size,
                                  struct graph **graph) {
    struct graph *made = NULL;
    const size_t channels = source->channels ? source->channels : SHOWN_CHANNELS;
    if (input_size > 0 || source->height == 0 || source->width == 0)
        TRY(graph_builtin_of_size(name, input_size, channels, source->classes, &made));
    else TRY(graph_builtin(name, source->height, source->width, channels, source->classes, &made));
    ocellus_status status = graph_set_class_names(made, (const char *const *)source->class_names, source->classes);
    if (status == OCELLUS_OK) *graph = made;
    else graph_free(made);
    return status;
}

ocellus_status network_is_file(const char *word, bool *is_file) {
    enum path_kind kind;
    struct file_kind about = {0};
    TRY(path_look(word, &kind));
    if (kind == PATH_FOLDER && !run_folder_is_run(word)) TRY(file_kind_read(word, &about));
    *is_file = kind == PATH_FILE || about.format == FILE_FORMAT_TFJS;
    return OCELLUS_OK;
}

/* The file that `word`, an existing path, stands for. */
static ocellus_status find_file(const char *word, const char *weights, char path[FILE_PATH_SIZE]) {
    bool is_file;
    enum path_kind kind;
    TRY(network_is_file(word, &is_file));
    if (is_file) return path_join(path, "", word);
    struct run_folder run;
    TRY(run_folder_open(&run, word));
    ocellus_status status = run_folder_file(&run, weights, path);
    run_folder_close(&run);
    if (status == OCELLUS_OK) status = path_look(path, &kind);
    if (status == OCELLUS_OK && kind == PATH_NONE)
        return fail(OCELLUS_USAGE, "%s: the run has no %s yet", word, weights);
    return status;
}

ocellus_status network_find(const char *word, char path[FILE_PATH_SIZE]) {
    if (!run_folder_is_run(word)) return path_join(path, "", word); /* its reader says what is wrong with it */
    return find_file(word, RUN_BEST, path) == OCELLUS_OK ? OCELLUS_OK : find_file(word, RUN_LAST, path);
}

void network_append_names(bool trainable, struct text *out) {
    const char *name;
    for (size_t i = 0; (name = graph_builtin_name(i)); i++)
        if (!trainable || strcmp(name, RESNET50_IMAGENET_NAME) != 0) text_append(out, "%s%s", i ? ", " : "", name);
}

/* Sets what a file of any form holds for a graph that is not its own. */
static ocellus_status set_from_file(struct engine *engine, const struct graph *graph, const char *path,
                                    enum match_rule rule) {
    struct network_file file;
    struct match match = {0};
    TRY(network_file_read(path, &network_forms_all, &file));
    ocellus_status status = OCELLUS_OK;
    if (file.knows_preprocessing && file.graph->preprocessing != graph->preprocessing)
        status = fail(OCELLUS_BAD_CONTENT, "%s: preprocessing: not that of %s", path, graph->name);
    if (status == OCELLUS_OK) status = match_tensors(graph, &file.tensors, rule, &match);
    if (status == OCELLUS_OK) status = weights_apply(engine, graph, &match);
    if (status == OCELLUS_OK && *match.note) log_notice("%s", match.note);
    else if (status == OCELLUS_OK)
        log_info("%s: %zu of %zu tensors of %s set", path, match.matched, match.count, graph->name);
    match_free(&match);
    network_file_free(&file);
    return status;
}

ocellus_status network_load_weights(struct engine *engine, const struct graph *graph, const char *weights) {
    char path[FILE_PATH_SIZE];
    TRY(strcmp(weights, NETWORK_IMAGENET) == 0 ? resnet50_find(path) : network_find(weights, path));
    return set_from_file(engine, graph, path, MATCH_PRETRAINED);
}

ocellus_status network_read(const char *word, const char *weights, char path[FILE_PATH_SIZE],
                            struct network_file *file) {
    enum path_kind kind;
    *file = (struct network_file){.epoch = -1};
    TRY(path_look(word, &kind));
    if (kind == PATH_NONE)
        return graph_builtin(word, SHOWN_SIDE, SHOWN_SIDE, SHOWN_CHANNELS, SHOWN_CLASSES, &file->graph);
    TRY(find_file(word, weights, path));
    return network_file_read(path, &network_forms_all, file);
}

static ocellus_status open_pretrained(const char *word, const struct engine_options *options, struct network *network) {
    TRY(resnet50_find(network->path));
    TRY(graph_builtin(word, SHOWN_SIDE, SHOWN_SIDE, SHOWN_CHANNELS, SHOWN_CLASSES, &network->graph));
    network->knows_preprocessing = true;
    TRY(engine_open(NULL, network->graph, options, &network->engine));
    return set_from_file(network->engine, network->graph, network->path, MATCH_WHOLE);
}

static ocellus_status open_file(const char *word, const char *weights, const struct engine_options *options,
                                struct network *network) {
    struct network_file file;
    TRY(network_read(word, weights, network->path, &file));
    ocellus_status status = network_file_require_graph(&file);
    if (status == OCELLUS_OK) status = engine_open(NULL, file.graph, options, &network->engine);
    if (status != OCELLUS_OK && file.graph) status = fail_within(status, "%s", network->path);
    if (status == OCELLUS_OK) status = weights_apply(network->engine, file.graph, &file.match);
    if (status == OCELLUS_OK && *file.match.note) log_notice("%s", file.match.note);
    network->knows_preprocessing = file.knows_preprocessing;
    network->graph = file.graph;
    file.graph = NULL;
    network_file_free(&file);
    return status;
}

ocellus_status network_open(const char *word, const char *weights, size_t threads, size_t batch_size,
                            struct network *network) {
    *network = (struct network){0};
    enum path_kind kind;
    TRY(path_look(word, &kind));
    const bool pretrained = kind == PATH_NONE && strcmp(word, RESNET50_IMAGENET_NAME) == 0;
    if (kind == PATH_NONE && !pretrained)
        return fail(OCELLUS_USAGE, "%s: no such run folder or model file, and not " RESNET50_IMAGENET_NAME, word);
    const struct engine_options options = {.threads = threads, .batch_size = batch_size, .training = false};
    const ocellus_status status =
        pretrained ? open_pretrained(word, &options, network) : open_file(word, weights, &options, network);
    if (status != OCELLUS_OK) network_close(network);
    return status;
}

ocellus_status network_choose_preprocessing(struct network *network, const char *name) {
    struct graph *graph = network->graph;
    if (network->knows_preprocessing)
        return name ? fail(OCELLUS_USAGE, "--preprocessing: %s says its own (%s)", network->path,
                           preprocessing_name(graph->preprocessing))
                    : OCELLUS_OK;
    if (name) {
        const ocellus_status status = preprocessing_find(name, graph_input_shape(graph), &graph->preprocessing);
        return status == OCELLUS_OK ? OCELLUS_OK : fail_within(status, "%s", network->path);
    }
    log_info("%s: does not say how pixels are fed: x / 255 (--preprocessing unit; or caffe, none)",
             path_base_name(network->path));
    return OCELLUS_OK;
}

void network_close(struct network *network) {
    engine_close(network->engine);
    graph_free(network->graph);
    *network = (struct network){0};
}
