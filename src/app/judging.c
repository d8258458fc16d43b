/* SPDX-License-Identifier: MIT */
#include "app/judging.h"

#include "app/evaluation.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/collection_source.h"
#include "data/data_sets.h"
#include "data/split_file.h"
#include "run/run_folder.h"

#include <math.h>
#include <string.h>

/* The network's class of each of the source's, by name. */
static ocellus_status match_classes(const struct network *network, const struct source *source, int32_t *matched) {
    char **names = network->graph->class_names;
    const size_t classes = network->graph->class_count;
    if (!names)
        return fail(OCELLUS_USAGE, "%s: does not name its classes: pictures in folders cannot be matched to them",
                    network->path);
    for (size_t i = 0; i < source->classes; i++) {
        size_t j = 0;
        while (j < classes && strcmp(names[j], source->class_names[i]) != 0)
            j++;
        if (j == classes)
            return fail(OCELLUS_USAGE, "%s: class '%s' is none of %s", source->name, source->class_names[i],
                        network->path);
        matched[i] = (int32_t)j;
    }
    return OCELLUS_OK;
}

static ocellus_status judge(const struct judging_request *request, const struct network *network,
                            const struct source *source, const int32_t *matched, struct evaluation_record *record) {
    struct judged_pictures judged = {0};
    const struct image_set set = image_set_all(source);
    TRY(evaluation_record_create(path_base_name(request->network), (const char *const *)network->graph->class_names,
                                 network->graph->class_count, record));
    ocellus_status status = evaluation_judge(network, &set, matched, "judging", &judged);
    if (status == OCELLUS_OK && request->predictions)
        status = predictions_write(request->predictions, judged.rows, judged.count);
    if (status == OCELLUS_OK) {
        record->splits[EVALUATION_TEST] = judged.evaluation; /* taken over */
        record->present[EVALUATION_TEST] = true;
        judged.evaluation = (struct evaluation){0};
    }
    judged_pictures_free(&judged);
    return status;
}

static ocellus_status judge_by(const struct judging_request *request, const struct source *source,
                               struct evaluation_record *record) {
    struct network network;
    TRY(network_open(request->network, request->weights, request->threads, NETWORK_BATCH, &network));
    int32_t *matched = memory_allocate(source->classes, sizeof *matched);
    ocellus_status status = matched ? OCELLUS_OK : OCELLUS_IO;
    if (status == OCELLUS_OK && request->preprocessing)
        status = network_choose_preprocessing(&network, request->preprocessing);
    if (status == OCELLUS_OK) status = match_classes(&network, source, matched);
    if (status == OCELLUS_OK) status = judge(request, &network, source, matched, record);
    memory_free(matched);
    network_close(&network);
    return status;
}

/* Of a run, by pixels: how many of the judged pictures it learned from. Such figures flatter, so it is said. */
static ocellus_status tell_learned(const char *run, const struct data_parts *parts) {
    char path[FILE_PATH_SIZE];
    struct split_file file;
    enum path_kind kind;
    size_t judged = 0, learned = 0;
    if (!parts->pictures || !run_folder_is_run(run)) return OCELLUS_OK;
    TRY(path_inside(path, run, RUN_PICTURES));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    TRY(split_file_read(path, &file));
    const struct survey *survey = shared_collection_survey(parts->pictures);
    const enum picture_part part = parts->test ? PICTURE_PART_TEST : PICTURE_PART_TRAIN;
    for (size_t i = 0; survey && i < survey->count; i++) {
        if (shared_collection_part(parts->pictures, i) != part) continue;
        const struct split_row *row = split_file_find(&file, survey->facts[i].pixels, "");
        judged++;
        if (row && row->part == PICTURE_PART_TRAIN) learned++;
    }
    split_file_free(&file);
    if (learned > 0)
        log_warning("%s learned from %zu of these %zu pictures: they say little of others", run, learned, judged);
    return OCELLUS_OK;
}

ocellus_status judging_run(const struct judging_request *request, struct evaluation_record *record) {
    const struct data_request asked = {.path = request->pictures, .threads = request->threads};
    struct data_parts parts;
    *record = (struct evaluation_record){0};
    TRY(data_set_open(request->pictures_data_set, &asked, &parts));
    ocellus_status status = tell_learned(request->network, &parts);
    if (status == OCELLUS_OK) status = judge_by(request, parts.test ? parts.test : parts.train, record);
    data_parts_close(&parts);
    if (status != OCELLUS_OK) evaluation_record_free(record);
    return status;
}
