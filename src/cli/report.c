/* SPDX-License-Identifier: MIT */
/* ocellus report */
#include "report/report.h"

#include "app/recipe_data.h"
#include "app/training.h"
#include "base/folders.h"
#include "cli/command.h"
#include "cli/verbs.h"
#include "data/data_sets.h"
#include "reproduce/outcome.h"
#include "run/run_folder.h"

#include <stdio.h>

static const struct command report_command = {
    .name = "report",
    .arguments = "RUN",
    .summary = "Writes the figures and the report page of an evaluated run, and prints the page's path.",
    .details = "RUN may also be the folder of a reproduction (ocellus reproduce): the page of its rows.",
    .minimum = 1,
    .maximum = 1,
};
static const struct option report_options[] = {{0}};

static ocellus_status write_page(const char *folder, bool reproduction, const struct source *train,
                                 const struct source *test, char page[FILE_PATH_SIZE]) {
    static const char *const reasons[REPRODUCE_ROWS] = {0};
    if (reproduction) {
        TRY(reproduce_record(folder, test));
        return reproduce_report(folder, reasons, train, test, page);
    }
    struct report_row row = {.run = folder};
    struct report_request request = {.folder = folder, .rows = &row, .row_count = 1, .train = train, .test = test};
    return report_write(&request, page);
}

ocellus_status verb_report(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&report_command, report_options, argc, argv, &words));
    const char *folder = words.items[0];
    char first[FILE_PATH_SIZE], page[FILE_PATH_SIZE];
    bool reproduction;
    TRY(reproduce_is_folder(folder, &reproduction, first));
    struct recipe recipe;
    TRY(training_recipe_of_run(reproduction ? first : folder, &recipe));
    struct data_parts data;
    TRY(recipe_data_open(&recipe, reproduction ? first : folder, 0, &data));
    const struct source *judged = data.test ? data.test : data.train; /* cross-validated */
    ocellus_status status = write_page(folder, reproduction, data.train, judged, page);
    if (status == OCELLUS_OK) status = command_print_line(page);
    data_parts_close(&data);
    return status;
}
