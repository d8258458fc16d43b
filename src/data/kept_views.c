/* SPDX-License-Identifier: MIT */
#include "data/kept_views.h"

#include "base/memory.h"

#include <string.h>

ocellus_status kept_views_create(size_t count, size_t view_size, struct kept_views *kept) {
    *kept = (struct kept_views){.view_size = view_size};
    if (count == 0) return OCELLUS_OK;
    kept->views = memory_allocate(count, sizeof *kept->views);
    if (!kept->views) return OCELLUS_IO;
    kept->count = count;
    return OCELLUS_OK;
}

void kept_views_free(struct kept_views *kept) {
    for (size_t i = 0; i < kept->count; i++)
        memory_free(atomic_load_explicit(&kept->views[i], memory_order_relaxed));
    memory_free(kept->views);
    *kept = (struct kept_views){0};
}

const uint8_t *kept_views_find(const struct kept_views *kept, size_t position) {
    return position < kept->count ? atomic_load_explicit(&kept->views[position], memory_order_acquire) : NULL;
}

void kept_views_put(struct kept_views *kept, size_t position, const uint8_t *view) {
    uint8_t *none = NULL;
    if (position >= kept->count || kept_views_find(kept, position)) return;
    uint8_t *copy = memory_allocate(kept->view_size, 1);
    if (!copy) return;
    memcpy(copy, view, kept->view_size);
    /* Mixed batches may make a picture twice at once: the first stays. */
    if (!atomic_compare_exchange_strong(&kept->views[position], &none, copy)) memory_free(copy);
}
