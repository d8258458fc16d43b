/* SPDX-License-Identifier: MIT */
/* ocellus runs */
#include "app/run_list.h"
#include "cli/command.h"

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
    if (few && entry->test_images > 0) text_append(out, "tested on %s of %s images", tested, all);
    else if (few) text_append(out, "tested on %s images", tested);
    text_append(out, "\n");
}

static ocellus_status append_row(void *context, const struct run_entry *entry) {
    char validation[16], test[16], epochs[48];
    percent(entry->val_accuracy, validation);
    percent(entry->test_accuracy, test);
    snprintf(epochs, sizeof epochs, "%llu/%llu", (unsigned long long)entry->epochs,
             (unsigned long long)entry->epochs_wanted);
    text_append(context, "%-36s %-10s %7s %10s %10s  %.19s\n", entry->path, entry->model, epochs, validation, test,
                entry->started);
    append_parts(entry, context);
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
    if (words.count && !path_exists(folder)) return fail(OCELLUS_USAGE, "%s: no such folder", folder);
    if (json) {
        json_value *list = json_new_list();
        ocellus_status status = run_list_each(folder, append_json, list);
        if (status == OCELLUS_OK) return command_print_json(list);
        json_release(list);
        return status;
    }
    struct text out = {0};
    text_append(&out, "%-36s %-10s %7s %10s %10s  %s\n", "run", "model", "epochs", "validation", "test", "started");
    ocellus_status status = run_list_each(folder, append_row, &out);
    if (status == OCELLUS_OK) return command_print_text(&out);
    text_free(&out);
    return status;
}
