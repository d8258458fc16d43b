/* SPDX-License-Identifier: MIT */
/* ocellus predict */
#include "app/prediction.h"
#include "cli/command.h"
#include "run/run_folder.h"

#include <stdint.h>
#include <stdio.h>

enum { TOP_MAXIMUM = 1000 };

static const struct command predict_command = {
    .name = "predict",
    .arguments = "NETWORK IMAGE|FOLDER...",
    .summary = "Classifies PNG and JPEG files of any size.",
    .details =
        "The network is a run folder, a model file, or resnet50-imagenet (see `ocellus data fetch resnet50`).\n"
        "An image is resized to the network's input and prepared as the model says. A file that is no image is one\n"
        "line on stderr; the others go on, and the exit code is then 3.",
    .minimum = 2,
    .maximum = SIZE_MAX,
};
static size_t top = 1, threads;
static bool json;
static const struct option predict_options[] = {
    {"top", "K", "show the K most probable classes (1)", OPTION_COUNT, &top},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

struct prediction_output {
    const struct network *network;
    json_value *list; /* NULL: text */
    size_t bad;
};

static json_value *guesses_to_json(const struct network *network, const struct prediction_guess *guesses) {
    json_value *list = json_new_list();
    bool whole = list != NULL;
    char room[24];
    for (size_t i = 0; i < top && whole; i++) {
        json_value *guess = json_new_map();
        whole = json_set(guess, "class", json_new_text(prediction_class_name(network, guesses[i].class_index, room))) &&
                json_set(guess, "index", json_new_integer((int64_t)guesses[i].class_index)) &&
                json_set(guess, "probability", json_new_real((double)guesses[i].probability));
        whole = json_append(list, command_json_whole(guess, whole));
    }
    return command_json_whole(list, whole);
}

/* A row of the list: the classes, or (guesses NULL) why there are none. */
static ocellus_status append_json(const struct prediction_output *output, const char *path,
                                  const struct prediction_guess *guesses) {
    json_value *row = json_new_map();
    bool whole = json_set(row, "path", json_new_text(path)) &&
                 (guesses ? json_set(row, "classes", guesses_to_json(output->network, guesses))
                          : json_set(row, "error", json_new_text(status_message())));
    whole = json_append(output->list, command_json_whole(row, whole));
    return whole ? OCELLUS_OK : fail(OCELLUS_IO, "not enough memory for the JSON output");
}

static void print_guesses(const struct network *network, const char *path, const struct prediction_guess *guesses) {
    char room[24], shown[FILE_PATH_SIZE];
    text_escape(path, shown, sizeof shown);
    printf("%s:", shown);
    for (size_t i = 0; i < top; i++)
        printf("%s %s %.2f %%", i ? "," : "", prediction_class_name(network, guesses[i].class_index, room),
               100 * (double)guesses[i].probability);
    printf("\n");
}

/* A file that is no good is said and counted; the others go on. */
static ocellus_status predict_file(void *context, const char *path) {
    struct prediction_output *output = context;
    struct prediction_guess guesses[TOP_MAXIMUM];
    ocellus_status status = prediction_run(output->network, path, top, guesses);
    bool bad = status == OCELLUS_BAD_CONTENT || status == OCELLUS_IO;
    if (status != OCELLUS_OK && !bad) return status;
    if (bad) {
        output->bad++;
        fprintf(stderr, "ocellus: error: %s\n", status_message());
    }
    if (output->list) return append_json(output, path, bad ? NULL : guesses);
    if (!bad) print_guesses(output->network, path, guesses);
    return OCELLUS_OK;
}

ocellus_status verb_predict(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&predict_command, predict_options, argc, argv, &words));
    struct network network;
    TRY(network_open(words.items[0], RUN_LAST, threads, 1, &network));
    size_t classes = shape_size(graph_output_shape(network.graph));
    if (top > classes) top = classes;
    if (top > TOP_MAXIMUM) top = TOP_MAXIMUM;
    struct prediction_output output = {.network = &network, .list = json ? json_new_list() : NULL};
    ocellus_status status = json && !output.list ? fail(OCELLUS_IO, "not enough memory") : OCELLUS_OK;
    for (size_t i = 1; i < words.count && status == OCELLUS_OK; i++)
        status = prediction_each_file(words.items[i], predict_file, &output);
    if (status == OCELLUS_OK && json) status = command_print_json(output.list);
    else json_release(output.list);
    if (status == OCELLUS_OK && output.bad)
        status = fail(OCELLUS_BAD_CONTENT, "%zu of the files could not be classified", output.bad);
    network_close(&network);
    return status;
}
