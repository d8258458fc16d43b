/* SPDX-License-Identifier: MIT */
#include "app/data_check.h"

#include "base/memory.h"
#include "base/progress.h"
#include "data/survey.h"

#include <stdatomic.h>
#include <stdio.h>

/* --- which pictures there are --- */

static void add_own(const struct shared_collection *shared, enum picture_part part, struct data_check *check,
                    size_t *count) {
    const struct collection *collection = shared_collection_get(shared);
    const struct survey *survey = shared_collection_survey(shared);
    for (size_t i = 0; i < collection->count; i++) {
        enum picture_part its = shared_collection_part(shared, i);
        const bool used = its != PICTURE_PART_NONE;
        if (!used) its = collection->entries[i].given ? collection->entries[i].given : PICTURE_PART_TRAIN;
        if (its != part) continue;
        check->pictures[(*count)++] =
            (struct checked_picture){.facts = &survey->facts[i],
                                     .name = collection_path(collection, i),
                                     .number = (uint32_t)i,
                                     .label = collection->entries[i].label,
                                     .part = (uint8_t)part,
                                     .left_out = used ? NULL : shared_collection_reason(shared, i)};
    }
}

static ocellus_status gather_own(const struct data_parts *parts, struct data_check *check, struct checked_data *data) {
    const struct collection *collection = shared_collection_get(parts->pictures);
    TRY(collection_source_open(parts->pictures, "", NULL, 0, &check->own));
    check->pictures = memory_allocate(collection->count + 1, sizeof *check->pictures);
    if (!check->pictures) return OCELLUS_IO;
    for (enum picture_part part = PICTURE_PART_TRAIN; part < PICTURE_PARTS; part++) {
        check->sources[part] = check->own;
        add_own(parts->pictures, part, check, &data->count);
    }
    data->junk = collection->junk;
    data->junk_kinds = collection->junk_kinds;
    return OCELLUS_OK;
}

static ocellus_status gather_parts(const struct data_parts *parts, struct data_check *check,
                                   struct checked_data *data) {
    const struct source *const sources[PICTURE_PARTS] = {[PICTURE_PART_TRAIN] = parts->train,
                                                         [PICTURE_PART_VALIDATION] = parts->validation,
                                                         [PICTURE_PART_TEST] = parts->test};
    size_t count = 0;
    for (size_t part = 0; part < PICTURE_PARTS; part++)
        count += sources[part] ? sources[part]->count : 0;
    check->pictures = memory_allocate(count + 1, sizeof *check->pictures);
    if (!check->pictures) return OCELLUS_IO;
    for (size_t part = 0; part < PICTURE_PARTS; part++) {
        const struct source *source = check->sources[part] = sources[part];
        if (!source) continue;
        TRY(survey_make(source, &(struct survey_options){0}, &check->surveys[part]));
        for (size_t i = 0; i < source->count; i++)
            check->pictures[data->count++] = (struct checked_picture){.facts = &check->surveys[part].facts[i],
                                                                      .name = source_picture_name(source, i),
                                                                      .number = (uint32_t)i,
                                                                      .label = (uint16_t)source_label(source, i),
                                                                      .part = (uint8_t)part};
    }
    return OCELLUS_OK;
}

ocellus_status data_check_read(const struct data_check *check, size_t place, const struct picture_wish *wish,
                               struct picture *picture) {
    const struct checked_picture *checked = &check->pictures[place];
    return source_read(check->sources[checked->part], checked->number, wish, picture);
}

/* --- copies --- */

struct looking {
    struct data_check *check;
    struct thumbnail *thumbnails;
    struct looker {
        struct picture picture;
        ocellus_status status; /* of the first picture that failed in this thread */
        size_t failed;
        char message[STATUS_MESSAGE_SIZE];
    } * lookers; /* [threads] */
    atomic_size_t done;
    struct progress progress;
};

static void look(void *context, size_t place, size_t worker) {
    struct looking *looking = context;
    struct looker *looker = &looking->lookers[worker];
    struct checked_picture *checked = &looking->check->pictures[place];
    if (checked->facts->fault == PICTURE_SOUND && looker->status == OCELLUS_OK) {
        const struct picture_wish wish = {.height = THUMBNAIL_SIDE, .width = THUMBNAIL_SIDE};
        looker->status = data_check_read(looking->check, place, &wish, &looker->picture);
        if (looker->status == OCELLUS_OK)
            looker->status = thumbnail_make(&looker->picture, &looking->thumbnails[place]);
        if (looker->status == OCELLUS_OK) checked->grey = picture_is_grey(&looker->picture);
        looker->failed = place;
        if (looker->status != OCELLUS_OK) snprintf(looker->message, sizeof looker->message, "%s", status_message());
    }
    const size_t done = atomic_fetch_add(&looking->done, 1) + 1;
    if (worker == 0) progress_update(&looking->progress, done);
}

static ocellus_status look_at_all(struct data_check *check, size_t count, struct thread_pool *pool,
                                  struct thumbnail *thumbnails) {
    const size_t threads = thread_pool_size(pool);
    struct looking looking = {.check = check, .thumbnails = thumbnails};
    looking.lookers = memory_allocate(threads, sizeof *looking.lookers);
    if (!looking.lookers) return OCELLUS_IO;
    atomic_init(&looking.done, 0);
    progress_begin(&looking.progress, "comparing pictures", "pictures", count);
    parallel_for(pool, count, look, &looking);
    progress_end(&looking.progress, count);
    const struct looker *first = NULL;
    for (size_t t = 0; t < threads; t++) {
        const struct looker *looker = &looking.lookers[t];
        picture_free(&looking.lookers[t].picture);
        if (looker->status != OCELLUS_OK && (!first || looker->failed < first->failed)) first = looker;
    }
    const ocellus_status status = first ? fail(first->status, "%s", first->message) : OCELLUS_OK;
    memory_free(looking.lookers);
    return status;
}

/* Those that need no comparing: not sound, blank, or an exact copy of one that is compared. */
static bool *choose_skipped(const struct checked_data *data, const struct copy_groups *exact) {
    bool *skip = memory_allocate(data->count, sizeof *skip);
    for (size_t i = 0; skip && i < data->count; i++)
        skip[i] = data->pictures[i].facts->fault != PICTURE_SOUND || data->pictures[i].facts->blank;
    for (size_t g = 0; skip && g < exact->count; g++)
        for (size_t i = 1; i < exact->items[g].count; i++)
            skip[exact->items[g].members[i]] = true;
    return skip;
}

static ocellus_status find_copies(struct data_check *check, const struct checked_data *data,
                                  const struct copy_groups *exact, struct copies *near) {
    struct thread_pool *pool;
    TRY(thread_pool_create(0, &pool));
    bool *skip = choose_skipped(data, exact);
    struct thumbnail *thumbnails = memory_allocate(data->count, sizeof *thumbnails);
    ocellus_status status = skip && thumbnails ? OCELLUS_OK : OCELLUS_IO;
    if (status == OCELLUS_OK) status = look_at_all(check, data->count, pool, thumbnails);
    if (status == OCELLUS_OK) status = copies_find(thumbnails, skip, data->count, pool, near);
    memory_free(thumbnails);
    memory_free(skip);
    thread_pool_destroy(pool);
    return status;
}

/* --- all --- */

static ocellus_status make(const struct data_parts *parts, struct data_check *check) {
    struct checked_data data = {.name = parts->train->name,
                                .class_names = (const char *const *)parts->train->class_names,
                                .classes = parts->train->classes};
    struct copy_groups exact;
    struct copies near = {0};
    TRY(parts->pictures ? gather_own(parts, check, &data) : gather_parts(parts, check, &data));
    data.pictures = check->pictures;
    TRY(copy_groups_exact(&data, &exact));
    ocellus_status status = find_copies(check, &data, &exact, &near);
    if (status == OCELLUS_OK) status = data_findings_make(&data, &exact, &near, &check->findings);
    else copy_groups_free(&exact);
    copies_free(&near);
    return status;
}

ocellus_status data_check_make(const struct data_parts *parts, struct data_check *check) {
    *check = (struct data_check){0};
    const ocellus_status status = make(parts, check);
    if (status != OCELLUS_OK) data_check_free(check);
    return status;
}

void data_check_free(struct data_check *check) {
    data_findings_free(&check->findings);
    memory_free(check->pictures);
    source_close(check->own);
    for (size_t part = 0; part < PICTURE_PARTS; part++)
        survey_free(&check->surveys[part]);
    *check = (struct data_check){0};
}
