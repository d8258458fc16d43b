/* SPDX-License-Identifier: MIT */
/* ocellus data check */
#include "cli/data_check.h"

#include "app/data_check.h"
#include "app/data_check_files.h"
#include "app/data_check_json.h"
#include "app/data_check_text.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/data_words.h"

const char *const data_check_summary = "Looks for what would spoil a training on these pictures.";

static const char *data_path, *split, *out_folder;
static bool json;
static const struct option check_options[] = {
    {"data-path", "PATH", "folder of the data set's files (the cache)", OPTION_TEXT, &data_path},
    {"split", "PATH", "the file that says which picture is for what (beside the data)", OPTION_TEXT, &split},
    {"out", "PATH", "folder for figures and lists (runs/NAME-data; with --json none)", OPTION_TEXT, &out_folder},
    {"json", NULL, "print as JSON", OPTION_SWITCH, &json},
    {0},
};

/* `folder` is "" where nothing was written. */
static ocellus_status print_text(const struct data_findings *findings, const char *folder) {
    struct text out = {0};
    char pictures[FILE_PATH_SIZE] = "", copies[FILE_PATH_SIZE] = "";
    if (*folder) TRY(path_join(pictures, folder, CHECK_PICTURES));
    if (*folder) TRY(path_join(copies, folder, CHECK_COPIES));
    data_findings_append(findings, pictures, copies, &out);
    return command_print_text(&out);
}

static ocellus_status check_opened(const struct data_parts *parts, const char *folder) {
    struct data_check check;
    TRY(data_check_make(parts, &check));
    ocellus_status status = *folder ? data_check_write(&check, folder) : OCELLUS_OK;
    if (status != OCELLUS_OK)
        status = fail_within(status, "figures and lists go to a folder (--out FOLDER: elsewhere)");
    if (status == OCELLUS_OK)
        status =
            json ? command_print_json(data_findings_to_json(&check.findings)) : print_text(&check.findings, folder);
    if (status == OCELLUS_OK && *folder) log_info("figures and lists: %s", folder);
    if (status == OCELLUS_OK && check.findings.stops)
        status = fail(OCELLUS_BAD_CONTENT, "%s: no training can begin: %s", parts->train->name, check.findings.stops);
    data_check_free(&check);
    return status;
}

ocellus_status data_check_verb(int argc, char **argv) {
    const struct command command = {
        .name = "data check",
        .arguments = "NAME|PATH",
        .summary = data_check_summary,
        .details =
            "PATH is a folder of pictures or a list of them, as for data show. Every picture is read and compared with "
            "all others: what cannot be read, is blank or tiny, copies also between what is to train on and to be "
            "judged "
            "by, classes that are few or out of balance. Leaves " CHECK_PICTURES " and " CHECK_COPIES
            ", which have all that was found, class-distribution, sizes, copies.png and faults.png in the --out "
            "folder. "
            "The data stay as they are. Exit code 3 when no training could begin.",
        .minimum = 1,
        .maximum = 1,
    };
    struct words words;
    struct data_parts data;
    const char *called;
    char folder[FILE_PATH_SIZE];
    TRY(command_parse(&command, check_options, argc, argv, &words));
    const struct data_request request = {.path = data_path, .split = split};
    TRY(command_open_data(words.items[0], &request, &data, &called));
    ocellus_status status = command_data_folder(out_folder, json, called, folder);
    if (status == OCELLUS_OK) status = check_opened(&data, folder);
    data_parts_close(&data);
    return status;
}
