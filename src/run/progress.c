/* SPDX-License-Identifier: MIT */
#include "run/progress.h"

#include "base/folders.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "run/events.h"
#include "run/records.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool get_count(const json_value *event, const char *key, uint64_t *out) {
    int64_t value;
    if (!json_get_integer(json_member(event, key), &value) || value < 0) return false;
    *out = (uint64_t)value;
    return true;
}

static bool take_point(const json_value *event, struct run_point *point) {
    return get_count(event, "step", &point->step) && get_count(event, "epoch", &point->epoch) &&
           get_count(event, "position", &point->position) && get_count(event, "images", &point->images) &&
           json_get_real(json_member(event, "accuracy"), &point->accuracy) &&
           json_get_real(json_member(event, "loss"), &point->loss) &&
           json_get_real(json_member(event, "time"), &point->seconds);
}

static void take_hash(const json_value *event, char hash[SHA256_TEXT_SIZE]) {
    const char *text;
    if (json_get_text(json_member(event, "weights_sha256"), &text)) snprintf(hash, SHA256_TEXT_SIZE, "%s", text);
}

static void take_text(const json_value *event, const char *key, char *out, size_t size) {
    const char *text;
    if (json_get_text(json_member(event, key), &text)) snprintf(out, size, "%s", text);
}

static ocellus_status take_resume(const json_value *event, struct run_progress *progress) {
    struct run_resume resume = {.step = progress->step};
    take_text(event, "kernels", resume.kernels, sizeof resume.kernels);
    take_text(event, "version", resume.version, sizeof resume.version);
    get_count(event, "threads", &resume.threads);
    get_count(event, "epochs", &resume.epochs);
    TRY(memory_grow((void **)&progress->resumes, &progress->resume_capacity, progress->resume_count + 1,
                    sizeof resume));
    progress->resumes[progress->resume_count++] = resume;
    return OCELLUS_OK;
}

/* Events of other kinds, and of these without the fields that older programs did not write, say only the step. */
static ocellus_status take_event(const json_value *event, struct run_progress *progress) {
    const char *kind = "";
    struct run_point point;
    json_get_text(json_member(event, "kind"), &kind);
    get_count(event, "step", &progress->step);
    if (strcmp(kind, "start") == 0) take_hash(event, progress->initial_weights);
    if (strcmp(kind, "epoch") == 0) progress->partial = false;
    if (strcmp(kind, "end") == 0) {
        take_hash(event, progress->final_weights);
        progress->finished = true;
    }
    if (strcmp(kind, "resume") == 0) {
        progress->finished = false; /* a run that was lengthened goes on after its end */
        return take_resume(event, progress);
    }
    if ((strcmp(kind, "step") != 0 && strcmp(kind, "stop") != 0) || !take_point(event, &point)) return OCELLUS_OK;
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
    for (size_t i = 0; i < json_count(events) && status == OCELLUS_OK; i++)
        status = take_event(json_element(events, i), progress);
    json_release(events);
    if (status != OCELLUS_OK) run_progress_free(progress);
    return status;
}

struct run_extent run_extent_of(const struct recipe *recipe, const struct run_data *data, size_t epochs_done,
                                const struct run_progress *progress) {
    const struct run_point *last = &progress->last;
    uint64_t available = data->train_images, batch = recipe->batch_size, limit = recipe->steps_per_epoch * batch;
    uint64_t epoch = limit > 0 && limit < available ? limit : available, steps = (epoch + batch - 1) / batch;
    bool within = progress->partial && last->epoch == epochs_done;
    struct run_extent extent = {.whole = epochs_done >= recipe->epochs,
                                .steps = epochs_done * steps + (within ? last->position : 0),
                                .all_steps = recipe->epochs * steps,
                                .images = epochs_done * epoch + (within ? last->images : 0)};
    double all = (double)recipe->epochs * (double)epoch;
    extent.share = all > 0 ? fmin(1.0, (double)extent.images / all) : 0.0;
    return extent;
}

void run_extent_text(const struct run_extent *extent, char out[80]) {
    enum { OUT_SIZE = 80 };
    char done[32], all[32];
    text_with_commas(extent->steps, done);
    text_with_commas(extent->all_steps, all);
    snprintf(out, OUT_SIZE, "%s of %s steps", done, all);
}

void run_progress_free(struct run_progress *progress) {
    free(progress->resumes);
    free(progress->points);
    *progress = (struct run_progress){0};
}
