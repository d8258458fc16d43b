/* SPDX-License-Identifier: MIT */
#include "cli/train_folds.h"

#include "app/cross_validation.h"
#include "base/log.h"
#include "cli/run_training.h"
#include "run/run_folder.h"

/* A fold's training is gone on with where it was stopped, as the run's own is. */
static ocellus_status train_fold(const struct cross_validation *validation, size_t fold,
                                 const struct loader_limits *limits) {
    struct recipe recipe;
    char path[FILE_PATH_SIZE], made[FILE_PATH_SIZE];
    bool judged;
    TRY(cross_validation_fold(validation, fold, &judged, &recipe, path));
    if (judged) return OCELLUS_OK;
    log_info("cross-validation, part %zu of %zu", fold, validation->folds);
    const bool begun = run_folder_is_run(path);
    if (begun) TRY(training_recipe_of_run(path, &recipe));
    const struct training_request training = {.recipe = &recipe,
                                              .run = path,
                                              .pictures_of = validation->run,
                                              .resume = begun,
                                              .threads = validation->threads,
                                              .limits = *limits};
    ocellus_status status = command_train(&training, NULL, TRAINING_PROGRESS, made);
    if (status >= OCELLUS_STOPPED)
        return fail(status,
                    "stopped in part %zu of the cross-validation, saved; go on with: ocellus train --resume --run %s",
                    fold, validation->run);
    return status == OCELLUS_OK ? cross_validation_judge(validation, fold) : status;
}

ocellus_status train_folds(const char *run, size_t threads, const struct loader_limits *limits,
                           struct evaluation_record *record) {
    struct cross_validation validation;
    char path[FILE_PATH_SIZE];
    TRY(cross_validation_open(run, threads, &validation));
    for (size_t fold = 1; fold <= validation.folds; fold++)
        TRY(train_fold(&validation, fold, limits));
    if (validation.folds == 0)
        return fail(OCELLUS_USAGE, "%s: is trained; there are no test pictures to judge it by", run);
    TRY(cross_validation_finish(&validation));
    TRY(path_inside(path, run, RUN_CROSS_VALIDATION));
    return evaluation_file_read(path, record);
}
