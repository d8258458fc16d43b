/* SPDX-License-Identifier: MIT */
#include "data/loader_picture.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

ocellus_status loader_scratch_create(const struct loader_task *task, struct loader_scratch *scratch) {
    if (!task->augments) return OCELLUS_OK;
    scratch->augmented = memory_allocate(task->values, 1);
    scratch->other = scratch->augmented ? memory_allocate(task->values, 1) : NULL;
    scratch->mixed = scratch->other ? memory_allocate(task->values, 1) : NULL;
    return scratch->mixed ? OCELLUS_OK : OCELLUS_IO;
}

void loader_scratch_free(struct loader_scratch *scratch) {
    batch_room_free(&scratch->room);
    memory_free(scratch->augmented);
    memory_free(scratch->other);
    memory_free(scratch->mixed);
    *scratch = (struct loader_scratch){0};
}

/* Whether the source owns the pixels, for as long as it is open. */
static bool is_lent(const struct batch_room *room, const uint8_t *view) {
    return view != room->view.view && view != room->picture.room;
}

static ocellus_status find_view(struct loader_task *task, const struct loader_picture *picture,
                                struct loader_scratch *scratch, const uint8_t **view, bool *stays) {
    *view = kept_views_find(&task->kept, picture->position);
    *stays = *view != NULL;
    if (*stays) return OCELLUS_OK;
    TRY(batch_view(&task->set, picture->position, &task->form.view, &scratch->room, view));
    *stays = is_lent(&scratch->room, *view);
    if (!*stays) kept_views_put(&task->kept, picture->position, *view);
    return OCELLUS_OK;
}

/* The epoch, or where views are fixed the number of the view. */
static uint32_t view_of(const struct loader_task *task, const struct loader_picture *picture) {
    return task->views > 0 ? (uint32_t)(picture->epoch % task->views) : picture->epoch;
}

void loader_picture_features(const struct loader_task *task, const struct loader_picture *picture,
                             struct loader_failure *failure, float *dst) {
    const size_t views = feature_store_form(task->features)->views;
    failure->status = feature_store_read(task->features, picture->position, picture->epoch % views, dst);
    if (failure->status != OCELLUS_OK) snprintf(failure->message, sizeof failure->message, "%s", status_message());
}

void loader_picture_make(struct loader_task *task, struct loader_picture *picture, struct loader_failure *failure,
                         struct loader_scratch *scratch) {
    const uint8_t *view;
    bool stays;
    failure->status = find_view(task, picture, scratch, &view, &stays);
    picture->view = NULL;
    if (failure->status != OCELLUS_OK) {
        snprintf(failure->message, sizeof failure->message, "%s", status_message());
        return;
    }
    if (task->augments) {
        const uint32_t index = (uint32_t)image_set_index(&task->set, picture->position);
        const struct augment_place at = {.seed = task->seed,
                                         .epoch = view_of(task, picture),
                                         .place = task->views > 0 ? index : picture->place,
                                         .picture = index};
        uint8_t *dst = picture->room ? picture->room : scratch->augmented;
        augment_picture(task->augments, &at, &task->size, view, dst, scratch->other);
        view = dst;
    } else if (picture->room && !stays) {
        memcpy(picture->room, view, task->values);
        view = picture->room;
    }
    picture->view = view;
}

void loader_picture_finish(const struct loader_task *task, const struct loader_picture *picture,
                           const struct loader_picture *partner, struct loader_scratch *scratch, float *dst) {
    const uint8_t *view = picture->view;
    if (!view) {
        memset(dst, 0, task->values * sizeof *dst);
        return;
    }
    if (partner != picture && partner->view) {
        memcpy(scratch->mixed, view, task->values);
        augment_mix_pictures(&picture->mixture, &task->size, partner->view, scratch->mixed);
        view = scratch->mixed;
    }
    batch_fill_image(view, task->values, task->form.view.channels, &task->form.transform, dst);
}
