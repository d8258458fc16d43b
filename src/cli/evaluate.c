/* SPDX-License-Identifier: MIT */
/* ocellus evaluate */
#include "app/evaluation.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/steps.h"
#include "run/run_folder.h"

#include <stdio.h>
#include <string.h>

static const struct command evaluate_command = {
    .name = "evaluate",
    .arguments = "RUN",
    .summary = "Judges a run on its training, validation and test images, in inference mode.",
    .details =
        "Writes evaluation.json and predictions.csv (of the test images) into the run folder. Intervals are Wilson's,\n"
        "at 95 %. There is no validation column when the run was validated on the test images. Fewer test images than\n"
        "all are a fixed choice with the same number of each class; fewer training images are a fixed random choice.\n"
        "--reestimate judges the test images a second time, with BatchNormalization's moving statistics replaced by\n"
        "those of N training images; the model file stays as it is.",
    .minimum = 1,
    .maximum = 1,
};

static const char *weights = "last";
static size_t threads, train_images = EVALUATION_ALL, test_images = EVALUATION_ALL, reestimate;
static bool json;
static const struct option evaluate_options[] = {
    {"weights", "last|best", "which of the run's models", OPTION_TEXT, &weights},
    {"test-images", "N", "judge only N test images", OPTION_COUNT, &test_images},
    {"train-images", "N", "judge only N training images (0: none)", OPTION_NUMBER, &train_images},
    {"reestimate", "N", "judge again with statistics of N training images", OPTION_COUNT, &reestimate},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
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
    text_append(out, "\ntest, with statistics re-estimated on %zu training images: accuracy %.2f %%",
                record->reestimated_images, 100 * record->reestimated.accuracy);
    interval_cell(&record->reestimated, cell);
    text_append(out, " (%s), loss %.4f\n", cell, record->reestimated.loss);
}

static void print_classes(struct text *out, const struct evaluation_record *record) {
    const struct evaluation *test = &record->splits[EVALUATION_TEST];
    text_append(out, "\ntest, by class    precision   recall       F1  images\n");
    for (size_t i = 0; i < test->classes; i++) {
        const struct class_metrics *metrics = &test->per_class[i];
        text_append(out, "%-15s     %8.4f %8.4f %8.4f  %6zu\n", record->class_names[i], metrics->precision,
                    metrics->recall, metrics->f1, metrics->support);
    }
}

static void print_confusion(struct text *out, const struct evaluation_record *record) {
    const struct evaluation *test = &record->splits[EVALUATION_TEST];
    text_append(out, "\ntest, confusion (rows: true class, columns: predicted)\n%-11s", "");
    for (size_t i = 0; i < test->classes; i++)
        text_append(out, " %6.5s", record->class_names[i]);
    text_append(out, "\n");
    for (size_t i = 0; i < test->classes; i++) {
        text_append(out, "%-11.11s", record->class_names[i]);
        for (size_t j = 0; j < test->classes; j++)
            text_append(out, " %6zu", test->confusion[i * test->classes + j]);
        text_append(out, "\n");
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
    print_classes(&out, record);
    print_confusion(&out, record);
    return command_print_text(&out);
}

ocellus_status verb_evaluate(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&evaluate_command, evaluate_options, argc, argv, &words));
    bool best = strcmp(weights, "best") == 0;
    if (!best && strcmp(weights, "last") != 0)
        return fail(OCELLUS_USAGE, "--weights: expected last or best (got '%s')", weights);
    struct evaluation_request request = {.run = words.items[0],
                                         .weights = best ? RUN_BEST : RUN_LAST,
                                         .threads = threads,
                                         .train_images = train_images,
                                         .test_images = test_images,
                                         .reestimate = reestimate};
    struct evaluation_record record;
    TRY(evaluation_run(&request, &record));
    ocellus_status status =
        json ? command_print_json(evaluation_record_to_json(&record)) : command_print_evaluation(&record);
    evaluation_record_free(&record);
    return status;
}
