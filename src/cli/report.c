/* SPDX-License-Identifier: MIT */
/* ocellus report */
#include "report/report.h"

#include "app/training.h"
#include "cli/command.h"

#include <stdio.h>

static const struct command report_command = {
    .name = "report",
    .arguments = "RUN",
    .summary = "Writes the figures and the report page of an evaluated run, and prints the page's path.",
    .minimum = 1,
    .maximum = 1,
};
static const struct option report_options[] = {{0}};

ocellus_status verb_report(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&report_command, report_options, argc, argv, &words));
    struct recipe recipe;
    TRY(training_recipe_of_run(words.items[0], &recipe));
    struct dataset train = {0}, test = {0};
    TRY(training_load_data(&recipe, &train, &test));
    char page[FILE_PATH_SIZE];
    struct report_row row = {.run = words.items[0]};
    struct report_request request = {
        .folder = words.items[0], .rows = &row, .row_count = 1, .train = &train, .test = &test};
    ocellus_status status = report_write(&request, page);
    if (status == OCELLUS_OK) printf("%s\n", page);
    dataset_free(&train);
    dataset_free(&test);
    return status;
}
