/* SPDX-License-Identifier: MIT */
/* ocellus runs */
#include "app/run_list.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/text_layout.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "run/run_folder.h"

#include <math.h>
#include <stdio.h>

static const struct command runs_command = {
    .name = "runs",
    .arguments = "[FOLDER]",
    .summary = "Lists the run folders in FOLDER (runs).",
    .maximum = 1,
};
static bool json;
static const struct option runs_options[] = {
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

/* An accuracy for the table; "-" when there is none. */
static void percent(double accuracy, char cell[16]) {
    if (isnan(accuracy)) snprintf(cell, 16, "-");
    else snprintf(cell, 16, "%.2f %%", 100 * accuracy);
}

enum { PATH_COLUMNS = 27, MODEL_COLUMNS = 11, DATE_COLUMNS = 10 };

/* A line below a run whose figures are those of a part: of its training, or of the test images. */
static void append_parts(const struct run_entry *entry, struct text *out) {
    char steps[80], tested[32], all[32];
    bool judged = !isnan(entry->test_accuracy), few = judged && entry->tested != entry->test_images;
    bool shown = judged || !isnan(entry->val_accuracy); /* something that may be taken for the whole */
    if (!few && (entry->done.whole || !shown)) return;
    text_append(out, "    ");
    if (!entry->done.whole) {
        run_extent_text(&entry->done, steps);
        text_append(out, "partial: %s%s", steps, few ? "; " : "");
    }
    text_with_commas(entry->tested, tested);
    text_with_commas(entry->test_images, all);
    if (entry->folds > 0)
        text_append(out, "cross-validated: %s images in %llu parts", tested, (unsigned long long)entry->folds);
    else if (few && entry->test_images > 0) text_append(out, "tested on %s of %s images", tested, all);
    else if (few) text_append(out, "tested on %s images", tested);
    text_append(out, "\n");
}

/* A path that is wider than its column stands on a line of its own: it is whole, and the columns stay. */
static ocellus_status append_row(void *context, const struct run_entry *entry) {
    char validation[16], test[16], epochs[48], day[DATE_COLUMNS + 1];
    struct text path = {0}, *out = context;
    percent(entry->val_accuracy, validation);
    percent(entry->test_accuracy, test);
    snprintf(epochs, sizeof epochs, "%llu/%llu", (unsigned long long)entry->epochs,
             (unsigned long long)entry->epochs_wanted);
    text_append_escaped(&path, entry->path);
    if (path.failed || !path.bytes) out->failed = true;
    else if (text_columns(path.bytes) <= PATH_COLUMNS) text_append_cell(out, path.bytes, PATH_COLUMNS);
    else text_append(out, "%s\n%*s", path.bytes, PATH_COLUMNS, "");
    text_free(&path);
    text_append(out, " ");
    text_append_cell(out, entry->model, MODEL_COLUMNS);
    text_append(out, " %7s %10s %9s  ", epochs, validation, test);
    snprintf(day, sizeof day, "%.*s", DATE_COLUMNS, entry->started);
    text_append_escaped(out, day);
    text_append(out, "\n");
    append_parts(entry, out);
    return OCELLUS_OK;
}

static ocellus_status append_json(void *context, const struct run_entry *entry) {
    json_value *row = json_new_map();
    bool whole = json_set(row, "path", json_new_text(entry->path)) &&
                 json_set(row, "model", json_new_text(entry->model)) &&
                 json_set(row, "epochs", json_new_integer((int64_t)entry->epochs)) &&
                 json_set(row, "epochs_wanted", json_new_integer((int64_t)entry->epochs_wanted)) &&
                 json_set(row, "val_accuracy", json_new_real(entry->val_accuracy)) &&
                 json_set(row, "test_accuracy", json_new_real(entry->test_accuracy)) &&
                 json_set(row, "folds", json_new_integer((int64_t)entry->folds)) &&
                 json_set(row, "whole", json_new_bool(entry->done.whole)) &&
                 json_set(row, "steps", json_new_integer((int64_t)entry->done.steps)) &&
                 json_set(row, "steps_wanted", json_new_integer((int64_t)entry->done.all_steps)) &&
                 json_set(row, "tested", json_new_integer((int64_t)entry->tested)) &&
                 json_set(row, "test_images", json_new_integer((int64_t)entry->test_images)) &&
                 json_set(row, "started", json_new_text(entry->started));
    whole = json_append(context, command_json_whole(row, whole));
    return whole ? OCELLUS_OK : fail(OCELLUS_IO, "not enough memory for the list of runs");
}

ocellus_status verb_runs(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&runs_command, runs_options, argc, argv, &words));
    const char *folder = words.count ? words.items[0] : "runs";
    enum path_kind kind;
    TRY(path_look(folder, &kind));
    if (words.count && kind == PATH_NONE) return fail(OCELLUS_USAGE, "%s: no such folder", folder);
    if (run_folder_is_run(folder))
        return fail(OCELLUS_USAGE, "%s: is a run folder itself (expected the folder that it lies in)", folder);
    if (json) {
        json_value *list = json_new_list();
        ocellus_status status = run_list_each(folder, append_json, list);
        if (status == OCELLUS_OK) return command_print_json(list);
        json_release(list);
        return status;
    }
    struct text out = {0};
    text_append(&out, "%-*s %-*s %7s %10s %9s  %s\n", PATH_COLUMNS, "run", MODEL_COLUMNS, "model", "epochs",
                "validation", "test", "started");
    size_t heading = out.size;
    ocellus_status status = run_list_each(folder, append_row, &out);
    if (status == OCELLUS_OK && out.size == heading) log_info("%s: no runs to list", folder);
    if (status == OCELLUS_OK) return command_print_text(&out);
    text_free(&out);
    return status;
}
