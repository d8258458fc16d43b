/* SPDX-License-Identifier: MIT */
#include "app/data_show.h"

#include "base/folders.h"
#include "data/image_file.h"
#include "data/preview.h"
#include "report/figures_data.h"

#include <string.h>

enum { PREVIEW_SCALE = 3 };

ocellus_status data_shown_make(const struct source *train, const struct source *validation, const struct source *test,
                               struct data_shown *shown) {
    const struct source *const sources[DATA_MOST_PARTS] = {train, validation, test};
    ocellus_status status = OCELLUS_OK;
    *shown = (struct data_shown){0};
    for (size_t i = 0; i < DATA_MOST_PARTS && status == OCELLUS_OK; i++) {
        if (!sources[i]) continue;
        shown->sources[shown->count] = sources[i];
        status = source_summarize(sources[i], &shown->summaries[shown->count]);
        if (status == OCELLUS_OK) shown->count++;
    }
    if (status != OCELLUS_OK) data_shown_free(shown);
    return status;
}

void data_shown_free(struct data_shown *shown) {
    for (size_t i = 0; i < shown->count; i++)
        source_summary_free(&shown->summaries[i]);
    *shown = (struct data_shown){0};
}

static ocellus_status draw_preview(const struct source *source, const char *folder) {
    const size_t most = DATA_PREVIEW_ROWS * DATA_PREVIEW_COLUMNS, count = source->count < most ? source->count : most;
    const size_t columns = count < DATA_PREVIEW_COLUMNS ? count : DATA_PREVIEW_COLUMNS;
    struct image grid;
    char path[FILE_PATH_SIZE];
    TRY(preview_grid(source, DATA_PREVIEW_SEED, count, columns, PREVIEW_SCALE, &grid, NULL));
    ocellus_status status = path_join(path, folder, "preview.png");
    if (status == OCELLUS_OK) status = image_write_png(path, &grid);
    image_free(&grid);
    return status;
}

ocellus_status data_show_figures(const struct data_shown *shown, const char *folder) {
    const struct source *train = shown->sources[0];
    struct figure_part parts[DATA_MOST_PARTS];
    for (size_t i = 0; i < shown->count; i++) {
        parts[i].name = strcmp(shown->sources[i]->split, "train") == 0 ? "training" : shown->sources[i]->split;
        parts[i].counts = shown->summaries[i].class_counts;
    }
    TRY(figure_class_distribution(folder, (const char *const *)train->class_names, train->classes, parts,
                                  shown->count));
    return draw_preview(train, folder);
}
