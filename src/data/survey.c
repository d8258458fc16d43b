/* SPDX-License-Identifier: MIT */
#include "data/survey.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/threads.h"
#include "data/image.h"
#include "data/image_file.h"
#include "data/survey_cache.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { SLICE = 4096, SETTLED_SECONDS = 2, SAVE_SECONDS = 30, FAILED = PICTURE_FAULTS };

struct look {
    const struct source *source;
    struct survey *survey;
    struct picture *pictures; /* [threads] */
    const uint8_t *known;     /* [count] */
    size_t first;             /* of the slice */
    atomic_size_t done;
    struct progress progress;
};

/* --- one picture --- */

static enum picture_fault fault_of(enum file_format format) {
    const struct file_kind kind = {.format = format};
    const char *message = status_message();
    if (strstr(message, IMAGE_TOO_LARGE) || strstr(message, " bytes (expected at most ")) return PICTURE_TOO_LARGE;
    return format == FILE_FORMAT_UNKNOWN || image_is_readable(&kind) ? PICTURE_DAMAGED : PICTURE_UNSUPPORTED;
}

static ocellus_status look_at(const struct source *source, size_t index, struct picture *picture,
                              struct picture_facts *facts) {
    const time_t now = time(NULL);
    if (source->type->stamp) TRY(source->type->stamp(source, index, &facts->stamp));
    facts->settled = facts->stamp.modified / 1000000000 + SETTLED_SECONDS < now;
    picture->format = FILE_FORMAT_UNKNOWN;
    const ocellus_status status = source->type->read(source, index, NULL, picture);
    if (status != OCELLUS_OK && status != OCELLUS_BAD_CONTENT) return status;
    facts->format = (uint8_t)picture->format;
    if (status == OCELLUS_OK) {
        picture_facts_note(picture, facts);
        return OCELLUS_OK;
    }
    facts->fault = (uint8_t)fault_of(picture->format);
    facts->reason = memory_copy_text(status_message());
    return facts->reason ? OCELLUS_OK : OCELLUS_IO;
}

static void look_task(void *context, size_t chunk, size_t worker) {
    struct look *look = context;
    const size_t index = look->first + chunk;
    struct picture_facts *facts = &look->survey->facts[index];
    if (!look->known[index] && look_at(look->source, index, &look->pictures[worker], facts) != OCELLUS_OK) {
        facts->fault = FAILED; /* told when the slice is done, by the first: whichever thread met it */
        if (!facts->reason) facts->reason = memory_copy_text(status_message());
    }
    const size_t done = atomic_fetch_add(&look->done, !look->known[index]) + !look->known[index];
    if (worker == 0) progress_update(&look->progress, done);
}

/* --- all --- */

static ocellus_status check_slice(const struct look *look, size_t count) {
    for (size_t i = look->first; i < look->first + count; i++) {
        const struct picture_facts *facts = &look->survey->facts[i];
        if (facts->fault != FAILED) continue;
        const char *name = source_picture_name(look->source, i);
        return fail(OCELLUS_IO, "%s: %s: %s", look->source->name, name ? name : "a picture",
                    facts->reason ? facts->reason : "not enough memory");
    }
    return OCELLUS_OK;
}

/* Where it was ended it goes on from what was saved last. */
static ocellus_status look_in_slices(struct look *look, struct thread_pool *pool,
                                     const struct survey_options *options) {
    double saved = clock_seconds();
    for (; look->first < look->source->count; look->first += SLICE) {
        const size_t left = look->source->count - look->first, count = left < SLICE ? left : SLICE;
        parallel_for(pool, count, look_task, look);
        TRY(check_slice(look, count));
        if (clock_seconds() - saved < SAVE_SECONDS || !options->cached_for) continue;
        survey_cache_save(options->cached_for, look->source, look->survey->facts, look->first + count, true);
        saved = clock_seconds();
    }
    return OCELLUS_OK;
}

static ocellus_status look_at_rest(const struct source *source, const struct survey_options *options,
                                   const uint8_t *known, struct survey *survey) {
    struct thread_pool *pool;
    struct look look = {.source = source, .survey = survey, .known = known};
    TRY(thread_pool_create(options->threads, &pool));
    look.pictures = memory_allocate(thread_pool_size(pool), sizeof *look.pictures);
    ocellus_status status = look.pictures ? OCELLUS_OK : OCELLUS_IO;
    atomic_init(&look.done, 0);
    progress_begin(&look.progress, "looking at pictures", "pictures", survey->decoded);
    if (status == OCELLUS_OK) status = look_in_slices(&look, pool, options);
    progress_end(&look.progress, atomic_load(&look.done));
    for (size_t i = 0; look.pictures && i < thread_pool_size(pool); i++)
        picture_free(&look.pictures[i]);
    memory_free(look.pictures);
    thread_pool_destroy(pool);
    return status;
}

/* --- what is known from before --- */

static bool is_as_before(const struct source *source, size_t index, const struct picture_facts *facts,
                         struct picture *picture) {
    struct picture_facts now = {0};
    const ocellus_status status = look_at(source, index, picture, &now);
    memory_free(now.reason);
    return status == OCELLUS_OK && now.fault == facts->fault &&
           memcmp(now.pixels, facts->pixels, PICTURE_HASH_SIZE) == 0;
}

static void forget(struct survey *survey, uint8_t format, uint8_t *known) {
    for (size_t i = 0; i < survey->count; i++) {
        struct picture_facts *facts = &survey->facts[i];
        if (!known[i] || facts->format != format) continue;
        memory_free(facts->reason);
        *facts = (struct picture_facts){0};
        known[i] = 0;
    }
}

/* A decoder may be another one since, or not be there any more: the first picture of each form is looked at again, and where it
 * is another now, so are all of that form. */
static void check_decoders(const struct source *source, struct survey *survey, uint8_t *known) {
    bool seen[UINT8_MAX + 1] = {false};
    struct picture picture = {0};
    for (size_t i = 0; i < survey->count; i++) {
        const struct picture_facts *facts = &survey->facts[i];
        const bool tells = facts->fault == PICTURE_SOUND || facts->fault == PICTURE_UNSUPPORTED;
        if (!known[i] || !tells || seen[facts->format]) continue;
        seen[facts->format] = true;
        if (!is_as_before(source, i, facts, &picture)) forget(survey, facts->format, known);
    }
    picture_free(&picture);
}

static ocellus_status make(const struct source *source, const struct survey_options *options, uint8_t *known,
                           struct survey *survey) {
    if (options->cached_for) {
        TRY(survey_cache_load(options->cached_for, source, survey->facts, known));
        check_decoders(source, survey, known);
    }
    for (size_t i = 0; i < source->count; i++)
        survey->decoded += !known[i];
    if (survey->decoded > 0) {
        TRY(look_at_rest(source, options, known, survey));
        if (options->cached_for)
            survey_cache_save(options->cached_for, source, survey->facts, source->count, options->partial);
    }
    for (size_t i = 0; i < source->count; i++)
        survey->faults[survey->facts[i].fault]++;
    return OCELLUS_OK;
}

ocellus_status survey_make(const struct source *source, const struct survey_options *options, struct survey *survey) {
    *survey = (struct survey){.count = source->count};
    survey->facts = memory_allocate(source->count + 1, sizeof *survey->facts);
    uint8_t *known = memory_allocate(source->count + 1, sizeof *known);
    const ocellus_status status = survey->facts && known ? make(source, options, known, survey) : OCELLUS_IO;
    memory_free(known);
    if (status != OCELLUS_OK) survey_free(survey);
    return status;
}

void survey_free(struct survey *survey) {
    for (size_t i = 0; survey->facts && i < survey->count; i++)
        memory_free(survey->facts[i].reason);
    memory_free(survey->facts);
    *survey = (struct survey){0};
}
