/* SPDX-License-Identifier: MIT */
#include "app/reproduce.h"

#include "report/report.h"

const struct reproduce_row reproduce_rows[REPRODUCE_ROWS] = {
    {"simcnn", "simcnn-report"},
    {"resnet50-base", NULL},
    {"resnet50-custom", NULL},
};

ocellus_status reproduce_report(const char *const runs[REPRODUCE_ROWS], const struct dataset *train,
                                const struct dataset *test, char page[FILE_PATH_SIZE]) {
    struct report_row rows[REPRODUCE_ROWS - 1];
    for (size_t i = 1; i < REPRODUCE_ROWS; i++)
        rows[i - 1] = (struct report_row){reproduce_rows[i].claim, runs[i]};
    struct report_options options = {rows, REPRODUCE_ROWS - 1};
    return report_write(runs[0], train, test, &options, page);
}
