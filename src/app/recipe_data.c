/* SPDX-License-Identifier: MIT */
#include "app/recipe_data.h"

#include "run/run_folder.h"

struct data_request recipe_data_request(const struct recipe *recipe) {
    return (struct data_request){.path = recipe->data_path,
                                 .split = recipe->data_split,
                                 .test_share = recipe->test_share,
                                 .validation_share = recipe->validation_share,
                                 .folds = recipe->folds,
                                 .fold = recipe->fold,
                                 .seed = recipe->seed,
                                 .quiet = recipe->fold > 0}; /* the whole set was told of before */
}

ocellus_status recipe_data_open(const struct recipe *recipe, const char *run, size_t threads,
                                struct data_parts *parts) {
    struct data_request request = recipe_data_request(recipe);
    char record[FILE_PATH_SIZE];
    *parts = (struct data_parts){0};
    request.threads = threads;
    request.keep_split = !run;
    if (run) {
        struct run_folder folder;
        enum path_kind kind;
        TRY(run_folder_open(&folder, run));
        TRY(run_folder_file(&folder, RUN_PICTURES, record));
        TRY(path_look(record, &kind));
        if (kind != PATH_NONE) request.record = record;
    }
    return data_set_open(recipe->data_name, &request, parts);
}
