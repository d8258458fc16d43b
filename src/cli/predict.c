/* SPDX-License-Identifier: MIT */
/* ocellus predict */
#include "app/class_folders.h"
#include "app/path_list.h"
#include "base/file_kind.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/prediction_rows.h"
#include "cli/verbs.h"
#include "data/picture_files.h"
#include "inference/stop.h"
#include "run/run_folder.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command predict_command = {
    .name = "predict",
    .arguments = "NETWORK IMAGE|FOLDER|-...",
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
        "highest.\n\n"
        "- stands for paths on standard input, one a line (--null: each ended by a zero byte). --csv prints one record "
        "a "
        "picture, quoted where needed as RFC 4180 says; what could not be classified has none. --sort copies: the "
        "files "
        "stay where they are, and nothing in DIR is written over; where a name is taken the copy gets a number. DIR "
        "itself "
        "is not searched for pictures. Ctrl-C ends after the picture that is under way.",
    .minimum = 2,
    .maximum = SIZE_MAX,
};
static const char *preprocessing, *sort_path;
static size_t top = 1, threads;
static bool json, csv, null_ends;
static const struct option predict_options[] = {
    {"top", "K", "show the K most probable classes (1)", OPTION_COUNT, &top},
    {"csv", NULL, "print as CSV: path,class,probability,class_2,...", OPTION_SWITCH, &csv},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {"sort", "DIR", "copy each picture into DIR/CLASS/", OPTION_TEXT, &sort_path},
    {"null", NULL, "paths on stdin end with a zero byte, as of find -print0", OPTION_SWITCH, &null_ends},
    {"preprocessing", "RULE", "how pixels are fed: unit, caffe or none", OPTION_TEXT, &preprocessing},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
    {0},
};

enum { KINDS = 64 }; /* more than there are (base/file_kind.c) */

struct prediction_output {
    struct prediction_rows rows;
    struct prediction_queue queue;
    struct class_folders folders; /* classes 0: pictures are not sorted */
    size_t good, bad;
    ocellus_status worst; /* the highest code of what went wrong */
    size_t passed_over, repeated;
    struct kind_count {
        const char *kind;
        size_t count;
    } kinds[KINDS];
    bool listed; /* paths come from standard input, maybe one by one: so do the rows */
    bool shows_progress;
    struct progress progress;
    struct stop_flag stop;
};

/* One line, one row, and the exit code; the others go on. */
static void tell_failure(struct prediction_output *output, const char *path, ocellus_status status) {
    log_error("%s", status_message());
    output->bad++;
    if (status > output->worst) output->worst = status;
    if (prediction_rows_add_failure(&output->rows, path, status_message()) != OCELLUS_OK)
        log_error("%s", status_message());
}

/* Copies a picture into the folder of its class. Where nothing can be written there, nothing more is tried. */
static ocellus_status sort_picture(struct prediction_output *output, const char *path, size_t class_index) {
    bool reading;
    if (output->folders.classes == 0) return OCELLUS_OK;
    ocellus_status status = class_folders_add(&output->folders, class_index, path, &reading);
    if (status == OCELLUS_OK || !reading) return status;
    log_error("%s", status_message());
    output->bad++;
    if (status > output->worst) output->worst = status;
    return OCELLUS_OK;
}

static ocellus_status after_file(struct prediction_output *output) {
    if (output->listed) fflush(stdout);
    if (output->shows_progress) progress_update(&output->progress, output->good + output->bad);
    if (ferror(stdout)) return fail_errno(errno ? errno : EIO, "standard output");
    ocellus_status stop = stop_requested(&output->stop);
    return stop == OCELLUS_OK ? OCELLUS_OK : fail(stop, "stopped after %zu files", output->good + output->bad);
}

static ocellus_status classified(void *context, const char *path, ocellus_status status,
                                 const struct prediction_guess *guesses) {
    struct prediction_output *output = context;
    if (status == OCELLUS_OK) status = prediction_rows_add(&output->rows, path, guesses);
    if (status != OCELLUS_OK) {
        tell_failure(output, path, status);
    } else {
        output->good++;
        TRY(sort_picture(output, path, guesses[0].class_index));
    }
    return after_file(output);
}

/* What waits is told first: rows and lines come in the order of the files. `status` is of the failure that is kept. */
static ocellus_status tell_in_turn(struct prediction_output *output, const char *path, ocellus_status status) {
    char message[STATUS_MESSAGE_SIZE];
    snprintf(message, sizeof message, "%s", status_message());
    TRY(prediction_queue_run(&output->queue));
    tell_failure(output, path, fail(status, "%s", message));
    return after_file(output);
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
        TRY(prediction_queue_run(&output->queue)); /* lines come in the order of what was met */
        log_warning("%s: leads to a folder that was read already", file->path);
    } else if (file->status != OCELLUS_OK) {
        return tell_in_turn(output, file->path, file->status);
    } else if (!file->passed_over) {
        return prediction_queue_add(&output->queue, file->path);
    }
    ocellus_status stop = stop_requested(&output->stop); /* a folder may hold many files that are none */
    return stop == OCELLUS_OK ? OCELLUS_OK : fail(stop, "stopped after %zu files", output->good + output->bad);
}

static size_t files_met(const struct prediction_output *output) {
    return output->good + output->bad + output->queue.count;
}

static ocellus_status predict_path(struct prediction_output *output, const char *path) {
    size_t before = files_met(output);
    TRY(picture_files_each(path, sort_path, NULL, visit, output));
    if (files_met(output) > before) return OCELLUS_OK;
    return tell_in_turn(output, path, fail(OCELLUS_BAD_CONTENT, "%s: holds no picture", path));
}

static ocellus_status predict_listed(struct prediction_output *output) {
    struct path_list list = {.end = null_ends ? '\0' : '\n', .stop = &output->stop};
    char path[FILE_PATH_SIZE];
    size_t count = 0;
    output->listed = true;
    for (;; count++) {
        ocellus_status status = path_list_next(&list, path);
        if (status == OCELLUS_BAD_CONTENT) TRY(tell_in_turn(output, path, status));
        else if (status >= OCELLUS_STOPPED) return fail(status, "stopped after %zu files", output->good + output->bad);
        else if (status != OCELLUS_OK) return status;
        else if (!*path) break;
        else TRY(predict_path(output, path));
        if (!path_list_has_next(&list)) TRY(prediction_queue_run(&output->queue)); /* who waits for rows gets them */
    }
    TRY(prediction_queue_run(&output->queue));
    output->listed = false;
    if (count == 0) tell_failure(output, "-", fail(OCELLUS_BAD_CONTENT, "-: no path came on standard input"));
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

/* Everything but the pictures: the outputs are begun, and ended whatever happened. */
static ocellus_status begin_output(struct prediction_output *output) {
    const struct graph *graph = output->rows.network->graph;
    size_t classes = shape_size(graph_output_shape(graph));
    output->rows.form = json ? PREDICTION_JSON : csv ? PREDICTION_CSV : PREDICTION_TEXT;
    output->rows.top = top < classes ? top : classes;
    if (output->rows.top > PREDICTION_MOST_GUESSES) output->rows.top = PREDICTION_MOST_GUESSES;
    output->queue = (struct prediction_queue){
        .network = output->rows.network, .top = output->rows.top, .visit = classified, .context = output};
    if (sort_path) TRY(class_folders_open(&output->folders, sort_path, graph));
    TRY(stop_on_signals(&output->stop)); /* what is under way is ended before */
    output->shows_progress = log_is_terminal() && !isatty(STDOUT_FILENO);
    if (output->shows_progress) progress_begin(&output->progress, "classifying", "files", 0);
    prediction_rows_begin(&output->rows);
    return OCELLUS_OK;
}

static void end_output(struct prediction_output *output) {
    prediction_rows_end(&output->rows);
    stop_on_signals(NULL);
    if (output->shows_progress) progress_end(&output->progress, output->good + output->bad);
    tell_passed_over(output);
    size_t copied = 0, used = 0;
    for (size_t i = 0; i < output->folders.classes; i++) {
        copied += output->folders.pictures[i];
        used += output->folders.pictures[i] > 0;
    }
    if (output->folders.classes > 0)
        log_info("%zu picture%s copied into %zu folder%s of %s", copied, copied == 1 ? "" : "s", used,
                 used == 1 ? "" : "s", sort_path);
    class_folders_close(&output->folders);
}

static ocellus_status predict_paths(struct prediction_output *output, const struct words *words) {
    TRY(prediction_check(output->rows.network));
    TRY(begin_output(output));
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 1; i < words->count && status == OCELLUS_OK; i++)
        status = strcmp(words->items[i], "-") == 0 ? predict_listed(output) : predict_path(output, words->items[i]);
    if (status == OCELLUS_OK) status = prediction_queue_run(&output->queue);
    prediction_queue_free(&output->queue);
    end_output(output);
    if (status != OCELLUS_OK || output->bad == 0) return status;
    return fail(output->worst, "%zu of the files could not be classified", output->bad);
}

ocellus_status verb_predict(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&predict_command, predict_options, argc, argv, &words));
    if (json && csv) return fail(OCELLUS_USAGE, "--json and --csv exclude each other");
    TRY(check_network_word(words.items[0]));
    struct network network;
    TRY(network_open(words.items[0], RUN_LAST, threads, 1, &network));
    struct prediction_output output = {.rows = {.network = &network}};
    ocellus_status status = network_choose_preprocessing(&network, preprocessing);
    if (status == OCELLUS_OK) status = predict_paths(&output, &words);
    network_close(&network);
    return status;
}
