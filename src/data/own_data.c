/* SPDX-License-Identifier: MIT */
#include "data/own_data.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/folder.h"
#include "data/list.h"
#include "data/split.h"
#include "data/split_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD = 3 }; /* pictures that are named on the terminal, of each kind of trouble */

struct opening {
    const struct data_request *request;
    char split_path[FILE_PATH_SIZE];
    struct split_file file; /* the split file, or the run's record */
    struct shared_collection *shared;
    size_t count; /* pictures */
    const struct collection *collection;
    const struct survey *survey;
    uint8_t *aside, *recorded, *parts; /* [count] */
    char **reasons;                    /* [count] */
};

/* --- saying what was found --- */

/* "passed over: 3 text, 1 hidden". */
static void tell_junk(const struct collection *collection) {
    struct text line = {0};
    for (size_t i = 0; i < collection->junk_kinds; i++)
        text_append(&line, "%s%zu %s", i ? ", " : "", collection->junk[i].count, collection->junk[i].kind);
    if (line.size > 0 && !line.failed) log_info("%s: passed over: %s", collection->name, line.bytes);
    text_free(&line);
}

/* The counts, and the first few by name. */
static void tell_aside(const struct opening *opening) {
    const struct collection *collection = opening->collection;
    struct text line = {0};
    size_t all = 0, named = 0, others = 0;
    for (size_t i = 0; i < collection->count; i++) {
        all += opening->aside[i];
        others += opening->reasons[i] != NULL;
    }
    if (all == 0) return;
    for (size_t fault = PICTURE_DAMAGED; fault < PICTURE_FAULTS; fault++)
        if (opening->survey->faults[fault] > 0)
            text_append(&line, "%s%zu %s", line.size ? ", " : "", opening->survey->faults[fault],
                        picture_fault_names[fault]);
    if (others > 0) text_append(&line, "%s%zu in two classes", line.size ? ", " : "", others);
    log_info("%s: %zu picture%s set aside: %s", collection->name, all, all == 1 ? "" : "s",
             line.failed ? "" : line.bytes);
    text_free(&line);
    for (size_t i = 0; i < collection->count && named < TOLD; i++) {
        if (!opening->aside[i]) continue;
        log_info("  %s: %s", collection_path(collection, i),
                 opening->reasons[i] ? opening->reasons[i] : opening->survey->facts[i].reason);
        named++;
    }
    if (all > named) log_info("  and %zu more; a run lists them in data-set-aside.csv", all - named);
}

static void tell_parts(const struct opening *opening, const struct split *split) {
    size_t counts[PICTURE_PARTS] = {0};
    const char *name = opening->collection->name;
    for (size_t i = 0; i < opening->collection->count; i++)
        counts[opening->parts[i]]++;
    char all[32], train[32], validation[32], test[32];
    text_with_commas(opening->collection->count - counts[PICTURE_PART_NONE], all);
    text_with_commas(counts[PICTURE_PART_TRAIN], train);
    text_with_commas(counts[PICTURE_PART_VALIDATION], validation);
    text_with_commas(counts[PICTURE_PART_TEST], test);
    log_info("%s: %s pictures in %zu classes: %s to train, %s to validate, %s to test", name, all,
             opening->collection->classes, train, validation, test);
    if (split->joined > 0) log_info("%s: %zu new pictures went where those like them are", name, split->joined);
    if (split->between > 0)
        log_info("%s: %zu new pictures are like ones to test and like others: left out", name, split->between);
}

/* --- what takes no part --- */

static ocellus_status set_reason(struct opening *opening, size_t entry, const char *format, const char *what) {
    struct text text = {0};
    text_append(&text, "%s%s", format, what);
    opening->aside[entry] = 1;
    if (!text.failed && !opening->reasons[entry]) opening->reasons[entry] = memory_copy_text(text.bytes);
    text_free(&text);
    return opening->reasons[entry] ? OCELLUS_OK : OCELLUS_IO;
}

static int compare_pixels(const void *a, const void *b, void *context) {
    const struct picture_facts *facts = context;
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const int order = memcmp(facts[left].pixels, facts[right].pixels, PICTURE_HASH_SIZE);
    return order ? order : (left > right) - (left < right);
}

/* order[first..end) are the same picture. */
static ocellus_status set_two_classes_aside(struct opening *opening, const uint32_t *order, size_t first, size_t end) {
    const struct collection_entry *entries = opening->collection->entries;
    size_t other = first;
    while (other < end && entries[order[other]].label == entries[order[first]].label)
        other++;
    if (other == end) return OCELLUS_OK;
    for (size_t i = first; i < end; i++) {
        const size_t twin = entries[order[i]].label == entries[order[first]].label ? other : first;
        TRY(set_reason(opening, order[i], "the same picture as one of another class, ",
                       collection_path(opening->collection, order[twin])));
    }
    return OCELLUS_OK;
}

static ocellus_status find_two_classes(struct opening *opening, uint32_t *order) {
    const struct picture_facts *facts = opening->survey->facts;
    size_t used = 0;
    for (size_t i = 0; i < opening->collection->count; i++)
        if (!opening->aside[i]) order[used++] = (uint32_t)i;
    qsort_r(order, used, sizeof *order, compare_pixels, opening->survey->facts);
    for (size_t first = 0, end; first < used; first = end) {
        for (end = first + 1; end < used; end++)
            if (memcmp(facts[order[first]].pixels, facts[order[end]].pixels, PICTURE_HASH_SIZE) != 0) break;
        TRY(set_two_classes_aside(opening, order, first, end));
    }
    return OCELLUS_OK;
}

static ocellus_status check_classes(const struct opening *opening) {
    const struct collection *collection = opening->collection;
    size_t *left = memory_allocate(collection->classes, sizeof *left);
    if (!left) return OCELLUS_IO;
    for (size_t i = 0; i < collection->count; i++)
        left[collection->entries[i].label] += !opening->aside[i];
    ocellus_status status = OCELLUS_OK;
    for (size_t c = 0; c < collection->classes && status == OCELLUS_OK; c++)
        if (left[c] == 0)
            status = fail(OCELLUS_BAD_CONTENT, "%s: %s: all pictures of the class are set aside", collection->name,
                          collection->class_names[c]);
    memory_free(left);
    return status;
}

static ocellus_status set_aside(struct opening *opening) {
    const size_t count = opening->collection->count;
    uint32_t *order = memory_allocate(count, sizeof *order);
    if (!order) return OCELLUS_IO;
    for (size_t i = 0; i < count; i++)
        opening->aside[i] = opening->survey->facts[i].fault != PICTURE_SOUND;
    const ocellus_status status = find_two_classes(opening, order);
    memory_free(order);
    TRY(status);
    if (!opening->request->quiet) tell_aside(opening);
    return check_classes(opening);
}

/* --- the parts, by a run's record --- */

/* Leaves the record's pictures, all of which must be there. */
static ocellus_status keep_recorded(struct opening *opening, struct collection *collection) {
    TRY(split_file_read(opening->request->record, &opening->file));
    uint8_t *keep = memory_allocate(collection->count, sizeof *keep);
    if (!keep) return OCELLUS_IO;
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < opening->file.count && status == OCELLUS_OK; i++) {
        const char *path = split_file_path(&opening->file, &opening->file.rows[i]);
        const size_t entry = collection_find(collection, path);
        if (entry == SIZE_MAX)
            status = fail(OCELLUS_IO, "%s: %s: is not there any more, and the run needs it", collection->name, path);
        else keep[entry] = 1;
    }
    if (status == OCELLUS_OK) status = collection_keep(collection, keep);
    memory_free(keep);
    return status;
}

static ocellus_status use_record(struct opening *opening) {
    const struct collection *collection = opening->collection;
    for (size_t i = 0; i < collection->count; i++) {
        const struct picture_facts *facts = &opening->survey->facts[i];
        const char *path = collection_path(collection, i);
        if (facts->fault != PICTURE_SOUND)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: changed since the run began: %s", collection->name, path,
                        facts->reason);
        const struct split_row *row = split_file_find(&opening->file, (uint8_t[PICTURE_HASH_SIZE]){0}, path);
        if (memcmp(row->pixels, facts->pixels, PICTURE_HASH_SIZE) != 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: changed since the run began: it is another picture now",
                        collection->name, path);
        if (strcmp(split_file_class(&opening->file, row), collection->class_names[collection->entries[i].label]) != 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: its class was %s when the run began", collection->name, path,
                        split_file_class(&opening->file, row));
        opening->parts[i] = row->part;
    }
    return OCELLUS_OK;
}

/* --- the parts, by the split file --- */

/* Where the file decides, the same picture is not on two sides: someone's mistake in it. */
static ocellus_status check_sides(const struct opening *opening) {
    const struct split_file *file = &opening->file;
    const struct collection *collection = opening->collection;
    const struct split_row *before = NULL;
    for (size_t i = 0; i < file->count; i++) {
        const struct split_row *row = &file->rows[i];
        const size_t entry = collection_find(collection, split_file_path(file, row));
        if (entry == SIZE_MAX || collection->entries[entry].given != PICTURE_PART_NONE) continue;
        if (before && row->part != before->part && split_file_tells_pixels(row) &&
            memcmp(row->pixels, before->pixels, PICTURE_HASH_SIZE) == 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: line %u: the same pixels are %s there and %s in line %u",
                        opening->split_path, row->line, picture_part_names[row->part], picture_part_names[before->part],
                        before->line);
        before = row;
    }
    return OCELLUS_OK;
}

/* Before any picture is looked at: a mistake in it costs no time. */
static ocellus_status read_split_file(struct opening *opening) {
    enum path_kind kind;
    TRY(path_look(opening->split_path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    TRY(split_file_read(opening->split_path, &opening->file));
    return check_sides(opening);
}

static void use_split_file(struct opening *opening) {
    const struct collection *collection = opening->collection;
    for (size_t i = 0; i < collection->count; i++) {
        const struct split_row *row =
            split_file_find(&opening->file, opening->survey->facts[i].pixels, collection_path(collection, i));
        if (row && !opening->aside[i]) opening->recorded[i] = row->part;
    }
}

/* Rows of pictures that are not here now, or are but take no part, as one that is damaged: they stay, for it may come back. */
static ocellus_status append_others(const struct opening *opening, struct text *text) {
    const struct split_file *file = &opening->file;
    const struct collection *collection = opening->collection;
    uint8_t *here = memory_allocate(file->count + 1, sizeof *here);
    if (!here) return OCELLUS_IO;
    for (size_t i = 0; i < collection->count; i++) {
        if (opening->parts[i] == PICTURE_PART_NONE) continue;
        const struct split_row *row =
            split_file_find(file, opening->survey->facts[i].pixels, collection_path(collection, i));
        if (row) here[row - file->rows] = 1;
    }
    for (size_t i = 0; i < file->count; i++) {
        const struct split_row *row = &file->rows[file->by_path[i]];
        const size_t entry = collection_find(collection, split_file_path(file, row));
        if (here[row - file->rows] || (entry != SIZE_MAX && opening->parts[entry] != PICTURE_PART_NONE)) continue;
        split_file_append(text, split_file_path(file, row), row->pixels, split_file_group(file, row),
                          (enum picture_part)row->part);
    }
    memory_free(here);
    return OCELLUS_OK;
}

static ocellus_status write_split_file(const struct opening *opening) {
    const struct collection *collection = opening->collection;
    struct text text = {0};
    text_append(&text, "path,pixels,group,split\n");
    for (size_t i = 0; i < collection->count; i++)
        if (opening->parts[i] != PICTURE_PART_NONE)
            split_file_append(&text, collection_path(collection, i), opening->survey->facts[i].pixels,
                              collection_group(collection, i), (enum picture_part)opening->parts[i]);
    ocellus_status status = append_others(opening, &text);
    if (text.failed) status = OCELLUS_IO;
    if (status == OCELLUS_OK) status = file_write(opening->split_path, text.bytes, text.size);
    text_free(&text);
    if (status == OCELLUS_OK) log_info("split: %s", opening->split_path);
    else status = fail_within(status, "which pictures are to test is kept in a file (--split FILE: elsewhere)");
    return status;
}

static struct split_request split_request_of(const struct data_request *request) {
    return (struct split_request){.seed = request->seed,
                                  .test_share = request->test_share,
                                  .validation_share = request->validation_share,
                                  .folds = request->folds,
                                  .fold = request->fold};
}

/* How many pictures to test are the same as ones to train on: only people's own parts are so. */
static size_t count_shared(const struct opening *opening, uint32_t *order) {
    const struct picture_facts *facts = opening->survey->facts;
    size_t used = 0, shared = 0;
    for (size_t i = 0; i < opening->collection->count; i++)
        if (opening->parts[i] != PICTURE_PART_NONE) order[used++] = (uint32_t)i;
    qsort_r(order, used, sizeof *order, compare_pixels, opening->survey->facts);
    for (size_t first = 0, end; first < used; first = end) {
        size_t train = 0, test = 0;
        for (end = first; end < used; end++) {
            if (memcmp(facts[order[first]].pixels, facts[order[end]].pixels, PICTURE_HASH_SIZE) != 0) break;
            train += opening->parts[order[end]] == PICTURE_PART_TRAIN;
            test += opening->parts[order[end]] == PICTURE_PART_TEST;
        }
        if (train > 0) shared += test;
    }
    return shared;
}

static ocellus_status tell_shared(const struct opening *opening) {
    uint32_t *order = memory_allocate(opening->collection->count, sizeof *order);
    if (!order) return OCELLUS_IO;
    const size_t shared = count_shared(opening, order);
    memory_free(order);
    if (shared > 0)
        log_info("%s: %zu picture%s to test %s to train on too (see: ocellus data check)", opening->collection->name,
                 shared, shared == 1 ? "" : "s", shared == 1 ? "is" : "are");
    return OCELLUS_OK;
}

static ocellus_status decide_parts(struct opening *opening) {
    const struct data_request *request = opening->request;
    const struct split_request asked = split_request_of(request);
    struct split split = {.collection = opening->collection,
                          .facts = opening->survey->facts,
                          .aside = opening->aside,
                          .recorded = opening->recorded,
                          .parts = opening->parts};
    use_split_file(opening);
    TRY(split_make(&asked, &split));
    for (size_t i = 0; i < opening->collection->count && split.between > 0; i++)
        if (!opening->aside[i] && opening->parts[i] == PICTURE_PART_NONE)
            TRY(set_reason(opening, i, "is like pictures to test and like others", ""));
    if (!opening->request->quiet) {
        tell_parts(opening, &split);
        TRY(tell_shared(opening));
    }
    const bool writes = request->folds == 0 && request->keep_split && split.added > 0;
    return writes ? write_split_file(opening) : OCELLUS_OK;
}

/* --- opening --- */

static ocellus_status survey_all(struct opening *opening) {
    struct source *all;
    struct survey survey;
    char *real = realpath(opening->request->path, NULL);
    if (!real) return fail_errno(errno, "%s: cannot be opened", opening->request->path);
    ocellus_status status = collection_source_open(opening->shared, "", NULL, 0, &all);
    if (status == OCELLUS_OK) {
        const struct survey_options options = {
            .threads = opening->request->threads, .cached_for = real, .partial = opening->request->record != NULL};
        status = survey_make(all, &options, &survey);
        source_close(all);
    }
    free(real);
    TRY(status);
    shared_collection_set_survey(opening->shared, &survey);
    opening->survey = shared_collection_survey(opening->shared);
    return OCELLUS_OK;
}

/* The pictures of a part as a source; none: NULL. */
static ocellus_status open_part(const struct opening *opening, enum picture_part part, struct source **source) {
    size_t count = 0;
    for (size_t i = 0; i < opening->collection->count; i++)
        count += shared_collection_part(opening->shared, i) == part;
    if (count == 0) return OCELLUS_OK;
    uint32_t *items = memory_allocate(count, sizeof *items);
    if (!items) return OCELLUS_IO;
    for (size_t i = 0, next = 0; i < opening->collection->count; i++)
        if (shared_collection_part(opening->shared, i) == part) items[next++] = (uint32_t)i;
    return collection_source_open(opening->shared, picture_part_names[part], items, count, source);
}

static ocellus_status open_parts(const struct opening *opening, struct data_parts *parts) {
    TRY(open_part(opening, PICTURE_PART_TRAIN, &parts->train));
    TRY(open_part(opening, PICTURE_PART_VALIDATION, &parts->validation));
    TRY(open_part(opening, PICTURE_PART_TEST, &parts->test));
    if (parts->train) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: no picture is to train on", opening->collection->name);
}

static ocellus_status check_first(struct opening *opening) {
    const struct split_request asked = split_request_of(opening->request);
    if (opening->request->record) return OCELLUS_OK;
    TRY(split_check(&asked));
    return asked.folds == 0 ? read_split_file(opening) : OCELLUS_OK;
}

static ocellus_status look_and_decide(struct opening *opening, struct data_parts *parts) {
    const size_t count = opening->count = opening->collection->count;
    opening->aside = memory_allocate(count, sizeof *opening->aside);
    opening->recorded = memory_allocate(count, sizeof *opening->recorded);
    opening->parts = memory_allocate(count, sizeof *opening->parts);
    opening->reasons = memory_allocate(count, sizeof *opening->reasons);
    if (!opening->aside || !opening->recorded || !opening->parts || !opening->reasons) return OCELLUS_IO;
    TRY(check_first(opening));
    TRY(survey_all(opening));
    if (opening->request->record) {
        TRY(use_record(opening));
        if (opening->request->folds > 0) TRY(decide_parts(opening)); /* the run's pictures, dealt into folds */
    } else {
        TRY(set_aside(opening));
        TRY(decide_parts(opening));
    }
    shared_collection_set_parts(opening->shared, opening->parts, opening->reasons);
    opening->parts = NULL;
    opening->reasons = NULL;
    return open_parts(opening, parts);
}

/* Takes the collection over. */
static ocellus_status open_collection(struct opening *opening, struct collection *collection,
                                      struct data_parts *parts) {
    if (opening->request->record) {
        const ocellus_status status = keep_recorded(opening, collection);
        if (status != OCELLUS_OK) {
            collection_free(collection);
            return status;
        }
    } else if (!opening->request->quiet) {
        tell_junk(collection);
    }
    TRY(shared_collection_create(collection, &opening->shared));
    opening->collection = shared_collection_get(opening->shared);
    const ocellus_status status = look_and_decide(opening, parts);
    if (status == OCELLUS_OK) parts->pictures = opening->shared;
    else shared_collection_release(opening->shared);
    return status;
}

static ocellus_status open_own(struct opening *opening, struct collection *collection, struct data_parts *parts) {
    const ocellus_status status = open_collection(opening, collection, parts);
    for (size_t i = 0; opening->reasons && i < opening->count; i++)
        memory_free(opening->reasons[i]);
    memory_free(opening->reasons);
    memory_free(opening->aside);
    memory_free(opening->recorded);
    memory_free(opening->parts);
    split_file_free(&opening->file);
    if (status != OCELLUS_OK) data_parts_close(parts);
    return status;
}

static ocellus_status check_path(const struct data_request *request, const char *what) {
    if (request->path && *request->path) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: expected its path (--data-path PATH)", what);
}

ocellus_status own_data_open_folder(const struct data_request *request, struct data_parts *parts) {
    struct opening opening = {.request = request};
    struct collection collection;
    TRY(check_path(request, "a folder of pictures"));
    if (request->split && *request->split) TRY(path_join(opening.split_path, "", request->split));
    else TRY(path_join(opening.split_path, request->path, FOLDER_SPLIT_FILE));
    TRY(collection_open_folder(request->path, &collection));
    return open_own(&opening, &collection, parts);
}

ocellus_status own_data_open_list(const struct data_request *request, struct data_parts *parts) {
    struct opening opening = {.request = request};
    struct collection collection;
    TRY(check_path(request, "a list of pictures"));
    const bool given = request->split && *request->split;
    const int size = snprintf(opening.split_path, sizeof opening.split_path, "%s%s",
                              given ? request->split : request->path, given ? "" : ".split.csv");
    if (size < 0 || (size_t)size >= sizeof opening.split_path)
        return fail(OCELLUS_USAGE, "%.80s...: the path is too long", request->path);
    TRY(collection_open_list(request->path, &collection));
    return open_own(&opening, &collection, parts);
}
