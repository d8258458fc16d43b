/* SPDX-License-Identifier: MIT */
#include "app/data_show.h"

#include "base/folders.h"
#include "data/image_file.h"
#include "data/preview.h"
#include "report/figures_data.h"

enum { PREVIEW_SCALE = 3 };

ocellus_status data_show_figures(const struct source *train, const struct source_summary *train_summary,
                                 const struct source_summary *test_summary, const char *folder) {
    const struct figure_part parts[] = {{"training", train_summary->class_counts},
                                        {"test", test_summary->class_counts}};
    TRY(figure_class_distribution(folder, (const char *const *)train->class_names, train->classes, parts, 2));
    const size_t most = DATA_PREVIEW_ROWS * DATA_PREVIEW_COLUMNS, count = train->count < most ? train->count : most;
    const size_t columns = count < DATA_PREVIEW_COLUMNS ? count : DATA_PREVIEW_COLUMNS;
    struct image grid;
    TRY(preview_grid(train, DATA_PREVIEW_SEED, count, columns, PREVIEW_SCALE, &grid, NULL));
    char path[FILE_PATH_SIZE];
    ocellus_status status = path_join(path, folder, "preview.png");
    if (status == OCELLUS_OK) status = image_write_png(path, &grid);
    image_free(&grid);
    return status;
}
