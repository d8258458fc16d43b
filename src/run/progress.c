/* SPDX-License-Identifier: MIT */
#include "run/progress.h"

#include "base/folders.h"
#include "base/json_members.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "run/events.h"
#include "run/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(member) JSON_ROW(struct run_point, MEMBER_COUNT, member)
#define REAL(member)  JSON_ROW(struct run_point, MEMBER_REAL, member)
static const struct json_member_row point_rows[] = {
    COUNT(step),
    COUNT(epoch),
    COUNT(position),
    COUNT(images),
    REAL(accuracy),
    REAL(loss),
    JSON_ROW_NAMED(struct run_point, MEMBER_REAL, seconds, "time", false),
    {0},
};

static const struct json_member_row resume_rows[] = {
    JSON_ROW_OPTIONAL(struct run_resume, MEMBER_TEXT, kernels),
    JSON_ROW_OPTIONAL(struct run_resume, MEMBER_TEXT, version),
    JSON_ROW_OPTIONAL(struct run_resume, MEMBER_COUNT, threads),
    JSON_ROW_OPTIONAL(struct run_resume, MEMBER_COUNT, epochs),
    {0},
};

#define WEIGHTS(member) JSON_ROW_NAMED(struct run_progress, MEMBER_TEXT, member, "weights_sha256", true)
static const struct json_member_row step_rows[] = {JSON_ROW(struct run_progress, MEMBER_COUNT, step), {0}};
static const struct json_member_row start_rows[] = {WEIGHTS(initial_weights), {0}};
static const struct json_member_row end_rows[] = {WEIGHTS(final_weights), {0}};

static ocellus_status take_resume(const json_value *event, const char *where, struct run_progress *progress) {
    struct run_resume resume = {.step = progress->step};
    TRY(json_members_get(event, where, resume_rows, &resume));
    TRY(memory_grow((void **)&progress->resumes, &progress->resume_capacity, progress->resume_count + 1,
                    sizeof resume));
    progress->resumes[progress->resume_count++] = resume;
    return OCELLUS_OK;
}

/* Events of other kinds, and of these without the fields that older programs did not write, say only the step. */
static ocellus_status take_event(const json_value *event, const char *where, struct run_progress *progress) {
    const char *kind = "";
    struct run_point point;
    json_get_text(json_member(event, "kind"), &kind);
    TRY(json_members_get(event, where, step_rows, progress));
    if (strcmp(kind, "start") == 0) return json_members_get(event, where, start_rows, progress);
    if (strcmp(kind, "epoch") == 0) progress->partial = false;
    if (strcmp(kind, "end") == 0) {
        progress->finished = true;
        return json_members_get(event, where, end_rows, progress);
    }
    if (strcmp(kind, "resume") == 0) {
        progress->finished = false; /* a run that was lengthened goes on after its end */
        return take_resume(event, where, progress);
    }
    if (strcmp(kind, "step") != 0 && strcmp(kind, "stop") != 0) return OCELLUS_OK;
    if (json_members_get(event, where, point_rows, &point) != OCELLUS_OK) return OCELLUS_OK;
    progress->partial = point.position > 0;
    progress->last = point;
    /* A stop after a recorded step, or between two epochs, tells nothing new. */
    bool known = progress->count > 0 && progress->points[progress->count - 1].step == point.step;
    if (known || !progress->partial) return OCELLUS_OK;
    TRY(memory_grow((void **)&progress->points, &progress->capacity, progress->count + 1, sizeof point));
    progress->points[progress->count++] = point;
    return OCELLUS_OK;
}

ocellus_status run_progress_read(const struct run_folder *run, struct run_progress *progress) {
    *progress = (struct run_progress){0};
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(run, RUN_EVENTS, path));
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    json_value *events = NULL;
    TRY(run_events_read(run, &events));
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < json_count(events) && status == OCELLUS_OK; i++) {
        char where[FILE_PATH_SIZE + 32];
        snprintf(where, sizeof where, "%s: line %zu", path, i + 1);
        status = take_event(json_element(events, i), where, progress);
    }
    json_release(events);
    if (status != OCELLUS_OK) run_progress_free(progress);
    return status;
}

void run_progress_free(struct run_progress *progress) {
    free(progress->resumes);
    free(progress->points);
    *progress = (struct run_progress){0};
}
