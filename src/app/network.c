/* SPDX-License-Identifier: MIT */
#include "app/network.h"

#include "base/folders.h"
#include "data/resnet50.h"
#include "formats/model_file.h"
#include "inference/weights.h"
#include "model/builtin.h"
#include "run/run_folder.h"

#include <string.h>

/* What a built-in network is shown for when no data set is at hand. */
enum { SHOWN_SIDE = 32, SHOWN_CHANNELS = 3, SHOWN_CLASSES = 10 };

ocellus_status network_for_source(const char *name, const struct source *source, struct graph **graph) {
    struct graph *made = NULL;
    TRY(graph_builtin(name, source->height, source->width, source->channels, source->classes, &made));
    ocellus_status status = graph_set_class_names(made, (const char *const *)source->class_names, source->classes);
    if (status == OCELLUS_OK) *graph = made;
    else graph_free(made);
    return status;
}

/* The model file that `word`, an existing path, stands for. */
static ocellus_status find_model_file(const char *word, const char *weights, char path[FILE_PATH_SIZE]) {
    enum path_kind kind;
    TRY(path_look(word, &kind));
    if (kind != PATH_FOLDER) return path_join(path, "", word);
    struct run_folder run;
    TRY(run_folder_open(&run, word));
    ocellus_status status = run_folder_file(&run, weights, path);
    run_folder_close(&run);
    if (status == OCELLUS_OK) status = path_look(path, &kind);
    if (status == OCELLUS_OK && kind == PATH_NONE)
        return fail(OCELLUS_USAGE, "%s: the run has no %s yet", word, weights);
    return status;
}

void network_append_names(bool trainable, struct text *out) {
    const char *name;
    for (size_t i = 0; (name = graph_builtin_name(i)); i++)
        if (!trainable || strcmp(name, RESNET50_IMAGENET_NAME) != 0) text_append(out, "%s%s", i ? ", " : "", name);
}

ocellus_status network_load_weights(struct engine *engine, const struct graph *graph, const char *weights) {
    if (strcmp(weights, NETWORK_IMAGENET) != 0) return weights_load(engine, graph, weights);
    char path[FILE_PATH_SIZE];
    TRY(resnet50_find(path));
    return weights_load(engine, graph, path);
}

ocellus_status network_graph(const char *word, const char *weights, struct graph **graph) {
    enum path_kind kind;
    TRY(path_look(word, &kind));
    if (kind == PATH_NONE) return graph_builtin(word, SHOWN_SIDE, SHOWN_SIDE, SHOWN_CHANNELS, SHOWN_CLASSES, graph);
    char path[FILE_PATH_SIZE];
    TRY(find_model_file(word, weights, path));
    struct model_file file;
    TRY(model_file_read(path, false, &file));
    *graph = file.graph;
    file.graph = NULL;
    model_file_free(&file);
    return OCELLUS_OK;
}

ocellus_status network_open(const char *word, const char *weights, size_t threads, size_t batch_size,
                            struct network *network) {
    *network = (struct network){0};
    enum path_kind kind;
    TRY(path_look(word, &kind));
    const bool pretrained = kind == PATH_NONE && strcmp(word, RESNET50_IMAGENET_NAME) == 0;
    if (kind == PATH_NONE && !pretrained)
        return fail(OCELLUS_USAGE, "%s: no such run folder or model file, and not " RESNET50_IMAGENET_NAME, word);
    TRY(pretrained ? resnet50_find(network->path) : find_model_file(word, weights, network->path));
    TRY(network_graph(pretrained ? word : network->path, weights, &network->graph));
    struct engine_options options = {.threads = threads, .batch_size = batch_size, .training = false};
    ocellus_status status = engine_open(NULL, network->graph, &options, &network->engine);
    if (status != OCELLUS_OK) status = fail_within(status, "%s", network->path);
    if (status == OCELLUS_OK)
        status = (pretrained ? weights_load : weights_read)(network->engine, network->graph, network->path);
    if (status != OCELLUS_OK) network_close(network);
    return status;
}

void network_close(struct network *network) {
    engine_close(network->engine);
    graph_free(network->graph);
    *network = (struct network){0};
}
