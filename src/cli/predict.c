/* SPDX-License-Identifier: MIT */
/* ocellus predict */
#include "app/picture_files.h"
#include "app/prediction.h"
#include "base/file_kind.h"
#include "base/log.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "inference/stop.h"
#include "run/run_folder.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOP_MAXIMUM = 1000 };

static const struct command predict_command = {
    .name = "predict",
    .arguments = "NETWORK IMAGE|FOLDER...",
    .summary = "Classifies pictures of any size: PNG, JPEG, WebP.",
    .details =
        "The network is a run folder, a file that holds one (.safetensors of Ocellus, Keras's .h5 or .keras, a "
        "TensorFlow.js model.json or its folder), or resnet50-imagenet (see `ocellus data fetch resnet50`). "
        "An image is resized to the network's input and prepared as the model says. Files of Keras and TensorFlow.js "
        "say neither the classes' names nor how pixels are fed: --preprocessing unit (x / 255, the default), caffe "
        "(BGR, minus ImageNet's means) or none (0 to 255).\n\n"
        "Of a folder all pictures of these kinds are read, whatever their names, and those of the folders in it; files "
        "that "
        "are no pictures are counted by kind. What cannot be classified is one line on stderr, and the rest goes on. "
        "The exit code is then 3 for a picture that is damaged or of another form, and for a folder without any "
        "picture; "
        "4 where the machine could not read or had no memory; 5 where the network's output is not finite; of several "
        "the "
        "highest.",
    .minimum = 2,
    .maximum = SIZE_MAX,
};
static const char *preprocessing;
static size_t top = 1, threads;
static bool json;
static const struct option predict_options[] = {
    {"top", "K", "show the K most probable classes (1)", OPTION_COUNT, &top},
    {"preprocessing", "RULE", "how pixels are fed: unit, caffe or none", OPTION_TEXT, &preprocessing},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

enum { KINDS = 64 }; /* more than there are (base/file_kind.c) */

struct prediction_output {
    const struct network *network;
    size_t written; /* rows of the JSON list */
    size_t good, bad;
    ocellus_status worst; /* the highest code of what went wrong */
    size_t passed_over, repeated;
    struct kind_count {
        const char *kind;
        size_t count;
    } kinds[KINDS];
    struct stop_flag stop;
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

/* The document is written row by row, so that it is whole whatever happens later. */
static ocellus_status print_row(struct prediction_output *output, json_value *row) {
    char *text = row ? json_write(row, 2) : NULL;
    json_release(row);
    if (!text) return fail(OCELLUS_IO, "not enough memory for the JSON output");
    fputs(output->written++ ? ",\n  " : "[\n  ", stdout);
    for (const char *c = text; *c; c++)
        fputs(*c == '\n' ? "\n  " : (char[]){*c, '\0'}, stdout);
    free(text);
    return OCELLUS_OK;
}

/* The classes of a file, or (guesses NULL) why there are none: `message`. */
static json_value *row_to_json(const struct prediction_output *output, const char *path,
                               const struct prediction_guess *guesses, const char *message) {
    json_value *row = json_new_map();
    bool whole = json_set(row, "path", json_new_text(path)) &&
                 (guesses ? json_set(row, "classes", guesses_to_json(output->network, guesses))
                          : json_set(row, "error", json_new_text(message)));
    return command_json_whole(row, whole);
}

static ocellus_status print_guesses(const struct network *network, const char *path,
                                    const struct prediction_guess *guesses) {
    char room[24];
    struct text line = {0};
    text_append_escaped(&line, path);
    for (size_t i = 0; i < top; i++) {
        text_append(&line, i ? ", " : ": ");
        text_append_escaped(&line, prediction_class_name(network, guesses[i].class_index, room));
        text_append(&line, " %.2f %%", 100 * (double)guesses[i].probability);
    }
    text_append(&line, "\n");
    return command_print_text(&line);
}

/* One line, one row, and the exit code; the others go on. */
static void tell_failure(struct prediction_output *output, const char *path, ocellus_status status) {
    log_error("%s", status_message());
    output->bad++;
    if (status > output->worst) output->worst = status;
    if (json && print_row(output, row_to_json(output, path, NULL, status_message())) != OCELLUS_OK)
        log_error("%s", status_message());
}

static void classify(struct prediction_output *output, const char *path) {
    struct prediction_guess guesses[TOP_MAXIMUM];
    ocellus_status status = prediction_run(output->network, path, top, guesses);
    if (status == OCELLUS_OK)
        status = json ? print_row(output, row_to_json(output, path, guesses, NULL))
                      : print_guesses(output->network, path, guesses);
    if (status == OCELLUS_OK) output->good++;
    else tell_failure(output, path, status);
}

static void count_kind(struct prediction_output *output, const char *kind) {
    size_t i = 0;
    while (i + 1 < KINDS && output->kinds[i].kind && strcmp(output->kinds[i].kind, kind) != 0)
        i++;
    output->kinds[i].kind = kind;
    output->kinds[i].count++;
    output->passed_over++;
}

static ocellus_status visit(void *context, const struct picture_file *file) {
    struct prediction_output *output = context;
    if (file->passed_over) count_kind(output, file->passed_over);
    if (file->unsupported) count_kind(output, file->unsupported);
    if (file->repeated) {
        output->repeated++;
        log_warning("%s: leads to a folder that was read already", file->path);
    } else if (file->status != OCELLUS_OK) {
        tell_failure(output, file->path, file->status);
    } else if (!file->passed_over) {
        classify(output, file->path);
    }
    if (ferror(stdout)) return fail_errno(errno ? errno : EIO, "standard output");
    ocellus_status stop = stop_requested(&output->stop);
    return stop == OCELLUS_OK ? OCELLUS_OK : fail(stop, "stopped after %zu files", output->good + output->bad);
}

static ocellus_status predict_path(struct prediction_output *output, const char *path) {
    size_t before = output->good + output->bad;
    TRY(picture_files_each(path, visit, output));
    if (output->good + output->bad == before)
        tell_failure(output, path, fail(OCELLUS_BAD_CONTENT, "%s: holds no picture", path));
    return OCELLUS_OK;
}

/* "7 files passed over: 1 WebP, 6 text" */
static void tell_passed_over(const struct prediction_output *output) {
    struct text line = {0};
    if (output->passed_over > 0) {
        text_append_count(&line, output->passed_over, "file");
        text_append(&line, " passed over");
        for (size_t i = 0; i < KINDS && output->kinds[i].kind; i++)
            text_append(&line, "%s %zu %s", i ? "," : ":", output->kinds[i].count, output->kinds[i].kind);
    }
    if (output->repeated > 0) {
        text_append(&line, line.size ? "; " : "");
        text_append_count(&line, output->repeated, "link");
        text_append(&line, " to folders that were read already");
    }
    if (line.size > 0 && !line.failed) log_wrapped("%s", line.bytes);
    text_free(&line);
}

/* Swapped arguments are the likeliest mistake. */
static ocellus_status check_network_word(const char *word) {
    struct file_kind kind;
    if (file_kind_read(word, &kind) != OCELLUS_OK || !kind.picture) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: is a picture, no network (usage: ocellus %s [FLAGS] %s)", word,
                predict_command.name, predict_command.arguments);
}

static ocellus_status predict_paths(struct prediction_output *output, const struct words *words) {
    ocellus_status status = prediction_check(output->network);
    size_t classes = shape_size(graph_output_shape(output->network->graph));
    if (top > classes) top = classes;
    if (top > TOP_MAXIMUM) top = TOP_MAXIMUM;
    if (status == OCELLUS_OK && json) status = stop_on_signals(&output->stop); /* the document is ended before */
    if (status != OCELLUS_OK) return status;
    for (size_t i = 1; i < words->count && status == OCELLUS_OK; i++)
        status = predict_path(output, words->items[i]);
    if (json) {
        fputs(output->written ? "\n]\n" : "[]\n", stdout);
        stop_on_signals(NULL);
    }
    tell_passed_over(output);
    if (status != OCELLUS_OK || output->bad == 0) return status;
    return fail(output->worst, "%zu of the files could not be classified", output->bad);
}

ocellus_status verb_predict(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&predict_command, predict_options, argc, argv, &words));
    TRY(check_network_word(words.items[0]));
    struct network network;
    TRY(network_open(words.items[0], RUN_LAST, threads, 1, &network));
    struct prediction_output output = {.network = &network};
    ocellus_status status = network_choose_preprocessing(&network, preprocessing);
    if (status == OCELLUS_OK) status = predict_paths(&output, &words);
    network_close(&network);
    return status;
}
