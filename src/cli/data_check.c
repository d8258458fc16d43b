/* SPDX-License-Identifier: MIT */
/* ocellus data check */
#include "app/data_check.h"

#include "app/data_check_text.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/data.h"

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

static ocellus_status print_text(const struct data_findings *findings, const char *list) {
    struct text out = {0};
    data_findings_append(findings, list, &out);
    return command_print_text(&out);
}

static ocellus_status check_opened(const struct data_parts *parts, const char *folder) {
    struct data_check check;
    TRY(data_check_make(parts, &check));
    (void)folder;
    ocellus_status status = print_text(&check.findings, "");
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
        .details = "PATH is a folder of pictures or a list of them, as for data show. ",
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
