/* SPDX-License-Identifier: MIT */
/* ocellus evaluate */
#include "cli/evaluate.h"

#include "app/cross_validation.h"
#include "app/evaluation.h"
#include "app/judging.h"
#include "app/look.h"
#include "base/log.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/loader_flags.h"
#include "cli/verbs.h"
#include "run/run_folder.h"

#include <stdio.h>
#include <string.h>

static const struct command evaluate_command = {
    .name = "evaluate",
    .arguments = "RUN|FILE [PICTURES]",
    .summary = "Judges a run on its training, validation and test images, in inference mode; or a file.",
    .details =
        "Writes evaluation.json and predictions.csv (of the test images) into the run folder. Intervals are Wilson's, "
        "at 95 %. There is no validation column when the run was validated on the test images. Fewer test images than "
        "all are a fixed choice with the same number of each class; fewer training images are a fixed random "
        "choice. A result of more images that lies there is not replaced.\n\n"
        "--reestimate judges the test images a second time, with BatchNormalization's moving statistics replaced by "
        "those of N training images; the model file stays as it is.\n\n"
        "A file of a network in any form (see `ocellus predict --help`) is judged on the test images alone of the "
        "data set that `ocellus train` takes by itself, in --data-path or the cache; nothing is written.\n\n"
        "PICTURES, a folder or a list as `ocellus train` takes them, are judged instead, all of them, or those of "
        "their "
        "test part; classes are matched by their names. Nothing is written but what --predictions names.",
    .minimum = 1,
    .maximum = 2,
};

static const char *weights, *data_path, *preprocessing, *predictions;
static size_t threads, train_images = EVALUATION_ALL, test_images = EVALUATION_ALL, reestimate;
static struct loader_flags loading = {LOADER_FLAGS_UNSAID, NULL};
static bool json;
static const struct option evaluate_options[] = {
    {"weights", "last|best", "which of the run's models (last)", OPTION_TEXT, &weights},
    {"test-images", "N", "judge only N test images", OPTION_COUNT, &test_images},
    {"train-images", "N", "judge only N training images (0: none)", OPTION_NUMBER, &train_images},
    {"reestimate", "N", "judge again with statistics of N training images", OPTION_COUNT, &reestimate},
    {"data-path", "PATH", "folder of the run's data (its recipe's)", OPTION_TEXT, &data_path},
    {"preprocessing", "RULE", "of a file: pixels are fed by unit, caffe or none", OPTION_TEXT, &preprocessing},
    {"predictions", "FILE", "of PICTURES: a CSV of what is said of each", OPTION_TEXT, &predictions},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
    LOADER_OPTIONS(loading),
    {"json", NULL, "print evaluation.json", OPTION_SWITCH, &json},
    {0},
};

/* One row of the table over the splits: value() of each split that is there. */
static void print_row(struct text *out, const char *name, const struct evaluation_record *record,
                      void (*value)(const struct evaluation *evaluation, char cell[32])) {
    char cell[32];
    text_append(out, "%-15s", name);
    for (int split = 0; split < EVALUATION_SPLITS; split++) {
        if (!record->present[split]) continue;
        value(&record->splits[split], cell);
        text_append(out, "  %17s", cell);
    }
    text_append(out, "\n");
}

static void images_cell(const struct evaluation *evaluation, char cell[32]) {
    text_with_commas(evaluation->count, cell);
}
static void accuracy_cell(const struct evaluation *evaluation, char cell[32]) {
    snprintf(cell, 32, "%.2f %%", 100 * evaluation->accuracy);
}
static void interval_cell(const struct evaluation *evaluation, char cell[32]) {
    snprintf(cell, 32, "%.2f - %.2f %%", 100 * evaluation->interval.low, 100 * evaluation->interval.high);
}
static void loss_cell(const struct evaluation *evaluation, char cell[32]) {
    snprintf(cell, 32, "%.4f", evaluation->loss);
}
static void macro_f1_cell(const struct evaluation *evaluation, char cell[32]) {
    snprintf(cell, 32, "%.4f", evaluation->macro_f1);
}

static void print_reestimated(struct text *out, const struct evaluation_record *record) {
    char cell[32];
    if (record->reestimated_images == 0) return;
    text_append(out, "\ntest, with statistics re-estimated on %zu training images:\n", record->reestimated_images);
    interval_cell(&record->reestimated, cell);
    text_append(out, "accuracy %.2f %% (%s), loss %.4f\n", 100 * record->reestimated.accuracy, cell,
                record->reestimated.loss);
}

/* The width of a column of class names between `least` and `most`. */
static size_t names_width(const struct evaluation_record *record, size_t least, size_t most) {
    size_t width = least;
    for (size_t i = 0; i < record->splits[EVALUATION_TEST].classes; i++) {
        size_t columns = text_columns(record->class_names[i]);
        if (columns > width) width = columns;
    }
    return width < most ? width : most;
}

static void print_classes(struct text *out, const struct evaluation_record *record) {
    const struct evaluation *test = &record->splits[EVALUATION_TEST];
    size_t width = names_width(record, 15, 40);
    text_append(out, "\n");
    text_append_cell(out, "test, by class", width);
    text_append(out, "    precision   recall       F1  images\n");
    for (size_t i = 0; i < test->classes; i++) {
        const struct class_metrics *metrics = &test->per_class[i];
        text_append_cell(out, record->class_names[i], width);
        text_append(out, "     %8.4f %8.4f %8.4f  %6zu\n", metrics->precision, metrics->recall, metrics->f1,
                    metrics->support);
    }
}

/* The columns of the classes first to end - 1. */
static void print_confusion_part(struct text *out, const struct evaluation_record *record, size_t width, size_t cell,
                                 size_t first, size_t end) {
    const struct evaluation *test = &record->splits[EVALUATION_TEST];
    text_append(out, "%*s", (int)width, "");
    for (size_t j = first; j < end; j++) {
        struct text name = {0};
        text_append_escaped(&name, record->class_names[j]);
        if (name.failed || !name.bytes) break;
        name.bytes[text_prefix(name.bytes, 5)] = '\0';
        text_append(out, "%*s%s", (int)(cell - text_columns(name.bytes)), "", name.bytes);
        text_free(&name);
    }
    text_append(out, "\n");
    for (size_t i = 0; i < test->classes; i++) {
        text_append_cell(out, record->class_names[i], width);
        for (size_t j = first; j < end; j++)
            text_append(out, "%*zu", (int)cell, test->confusion[i * test->classes + j]);
        text_append(out, "\n");
    }
}

/* Many classes are parted into several tables, each with all rows. */
static void print_confusion(struct text *out, const struct evaluation_record *record) {
    const struct evaluation *test = &record->splits[EVALUATION_TEST];
    char largest[32];
    size_t width = names_width(record, 10, 20), most = 0;
    for (size_t i = 0; i < test->classes * test->classes; i++)
        most = test->confusion[i] > most ? test->confusion[i] : most;
    size_t digits = (size_t)snprintf(largest, sizeof largest, "%zu", most), cell = (digits > 5 ? digits : 5) + 1;
    size_t columns = (TEXT_COLUMNS - width) / cell;
    if (columns < test->classes) columns = (TEXT_COLUMNS - (width = names_width(record, 8, 12))) / cell;
    text_append(out, "\ntest, confusion (rows: true class, columns: predicted)\n");
    for (size_t first = 0; first < test->classes; first += columns) {
        size_t end = first + columns < test->classes ? first + columns : test->classes;
        if (first > 0) text_append(out, "\n");
        print_confusion_part(out, record, width, cell, first, end);
    }
}

ocellus_status command_print_evaluation(const struct evaluation_record *record) {
    struct text out = {0};
    text_append(&out, "%-15s", "");
    for (int split = 0; split < EVALUATION_SPLITS; split++)
        if (record->present[split]) text_append(&out, "  %17s", evaluation_split_name((enum evaluation_split)split));
    text_append(&out, "\n");
    print_row(&out, "images", record, images_cell);
    print_row(&out, "accuracy", record, accuracy_cell);
    print_row(&out, "95 % interval", record, interval_cell);
    print_row(&out, "loss", record, loss_cell);
    print_row(&out, "macro F1", record, macro_f1_cell);
    print_reestimated(&out, record);
    if (record->present[EVALUATION_TEST]) {
        print_classes(&out, record);
        print_confusion(&out, record);
    }
    return command_print_text(&out);
}

static ocellus_status show(struct evaluation_record *record) {
    const ocellus_status status =
        json ? command_print_json(evaluation_record_to_json(record)) : command_print_evaluation(record);
    evaluation_record_free(record);
    return status;
}

/* What a run without test images was judged by. */
static ocellus_status show_cross_validation(const char *run) {
    struct evaluation_record record;
    TRY(cross_validation_read(run, &record));
    ocellus_status status = OCELLUS_OK;
    if (record.present[EVALUATION_TEST]) {
        printf("\nthe same, by networks that did not learn from the images they judge: cross-\nvalidation in %llu "
               "parts\n\n",
               (unsigned long long)record.folds);
        status = command_print_evaluation(&record);
    }
    evaluation_record_free(&record);
    return status;
}

static ocellus_status judge_pictures(const char *network, const char *pictures, bool best) {
    struct judging_request request = {.network = network,
                                      .weights = best ? RUN_BEST : RUN_LAST,
                                      .preprocessing = preprocessing,
                                      .pictures = pictures,
                                      .predictions = predictions,
                                      .threads = threads};
    struct evaluation_record record;
    TRY(look_recognise(pictures, &request.pictures_data_set));
    if (!request.pictures_data_set) return fail(OCELLUS_USAGE, "%s: is no folder or list of pictures", pictures);
    TRY(judging_run(&request, &record));
    return show(&record);
}

ocellus_status verb_evaluate(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&evaluate_command, evaluate_options, argc, argv, &words));
    bool best = weights && strcmp(weights, "best") == 0;
    if (weights && !best && strcmp(weights, "last") != 0)
        return fail(OCELLUS_USAGE, "--weights: expected last or best (got '%s')", weights);
    struct loader_limits limits;
    TRY(loader_flags_read(&loading, &limits));
    if (words.count == 2) return judge_pictures(words.items[0], words.items[1], best);
    if (predictions) return fail(OCELLUS_USAGE, "--predictions: goes with PICTURES (a run keeps its own)");
    struct evaluation_request request = {.run = words.items[0],
                                         .limits = limits,
                                         .weights = best      ? RUN_BEST
                                                    : weights ? RUN_LAST
                                                              : NULL,
                                         .data_path = data_path,
                                         .preprocessing = preprocessing,
                                         .threads = threads,
                                         .train_images = train_images,
                                         .test_images = test_images,
                                         .reestimate = reestimate};
    struct evaluation_record record;
    ocellus_status status = evaluation_run(&request, &record);
    if (record.classes == 0) return status;
    /* Also where it could not be written: it took long to compute. */
    const bool tested = record.present[EVALUATION_TEST];
    ocellus_status printed = show(&record);
    if (printed == OCELLUS_OK && !tested && !json) printed = show_cross_validation(words.items[0]);
    return printed != OCELLUS_OK ? printed : status;
}
