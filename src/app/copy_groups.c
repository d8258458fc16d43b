/* SPDX-License-Identifier: MIT */
#include "app/copy_groups.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Sets of places: each points to one before it or to itself, which is then the first of its set. */
struct sets {
    uint32_t *before; /* [count] */
    size_t count;
};

static uint32_t first_of(const struct sets *sets, uint32_t place) {
    while (sets->before[place] != place) {
        sets->before[place] = sets->before[sets->before[place]];
        place = sets->before[place];
    }
    return place;
}

static void join(const struct sets *sets, uint32_t a, uint32_t b) {
    a = first_of(sets, a);
    b = first_of(sets, b);
    if (a < b) sets->before[b] = a;
    else sets->before[a] = b;
}

static ocellus_status make_sets(size_t count, struct sets *sets) {
    *sets = (struct sets){.before = memory_allocate(count + 1, sizeof *sets->before), .count = count};
    if (!sets->before) return OCELLUS_IO;
    for (size_t i = 0; i < count; i++)
        sets->before[i] = (uint32_t)i;
    return OCELLUS_OK;
}

static int by_severity(const void *a, const void *b) {
    const struct copy_group *x = a, *y = b;
    if (x->leak != y->leak) return x->leak ? -1 : 1;
    if (x->labels != y->labels) return x->labels ? -1 : 1;
    return (x->members[0] > y->members[0]) - (x->members[0] < y->members[0]);
}

static void judge(const struct checked_data *data, struct copy_groups *groups) {
    for (size_t g = 0; g < groups->count; g++) {
        struct copy_group *group = &groups->items[g];
        bool train = false, judged = false;
        for (size_t i = 0; i < group->count; i++) {
            const struct checked_picture *picture = &data->pictures[group->members[i]];
            if (picture->part == PICTURE_PART_TRAIN) train = true;
            else judged = true;
            if (picture->label != data->pictures[group->members[0]].label) group->labels = true;
        }
        group->leak = train && judged;
        groups->leaks += group->leak;
        groups->labels += group->labels;
    }
    if (groups->count > 0) qsort(groups->items, groups->count, sizeof *groups->items, by_severity);
}

enum { NO_GROUP = UINT32_MAX };

/* Sets of more than one picture as groups. next[place], zeroes: work room for each. */
static ocellus_status gather(const struct checked_data *data, const struct sets *sets, uint32_t *next,
                             struct copy_groups *groups) {
    for (size_t i = 0; i < sets->count; i++)
        next[first_of(sets, (uint32_t)i)]++;
    for (size_t i = 0; i < sets->count; i++) {
        if (next[i] < 2) continue;
        groups->count++;
        groups->pictures += next[i];
    }
    groups->items = memory_allocate(groups->count + 1, sizeof *groups->items);
    groups->members = memory_allocate(groups->pictures + 1, sizeof *groups->members);
    if (!groups->items || !groups->members) return OCELLUS_IO;
    uint32_t used = 0;
    for (size_t i = 0, group = 0; i < sets->count; i++) {
        const uint32_t size = next[i];
        next[i] = size < 2 ? NO_GROUP : used; /* from here on where the set's next member goes */
        if (size < 2) continue;
        groups->items[group++] = (struct copy_group){.members = groups->members + used, .count = size};
        used += size;
    }
    for (size_t i = 0; i < sets->count; i++) {
        uint32_t *at = &next[first_of(sets, (uint32_t)i)];
        if (*at != NO_GROUP) groups->members[(*at)++] = (uint32_t)i;
    }
    judge(data, groups);
    return OCELLUS_OK;
}

static ocellus_status make_groups(const struct checked_data *data, struct sets *sets, struct copy_groups *groups) {
    uint32_t *next = memory_allocate(sets->count + 1, sizeof *next);
    const ocellus_status status = next ? gather(data, sets, next, groups) : OCELLUS_IO;
    memory_free(next);
    if (status != OCELLUS_OK) copy_groups_free(groups);
    return status;
}

struct hashed {
    const uint8_t *pixels;
    uint32_t place;
};

static int by_pixels(const void *a, const void *b) {
    const struct hashed *x = a, *y = b;
    const int order = memcmp(x->pixels, y->pixels, PICTURE_HASH_SIZE);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

ocellus_status copy_groups_exact(const struct checked_data *data, struct copy_groups *groups) {
    *groups = (struct copy_groups){0};
    struct sets sets;
    TRY(make_sets(data->count, &sets));
    struct hashed *order = memory_allocate(data->count + 1, sizeof *order);
    size_t sound = 0;
    for (size_t i = 0; order && i < data->count; i++)
        if (data->pictures[i].facts->fault == PICTURE_SOUND)
            order[sound++] = (struct hashed){data->pictures[i].facts->pixels, (uint32_t)i};
    if (sound > 0) qsort(order, sound, sizeof *order, by_pixels);
    for (size_t i = 1; i < sound; i++)
        if (memcmp(order[i].pixels, order[i - 1].pixels, PICTURE_HASH_SIZE) == 0)
            join(&sets, order[i - 1].place, order[i].place);
    const ocellus_status status = order ? make_groups(data, &sets, groups) : OCELLUS_IO;
    memory_free(order);
    memory_free(sets.before);
    return status;
}

ocellus_status copy_groups_near(const struct checked_data *data, const struct copy_groups *exact,
                                const struct copies *near, struct copy_groups *groups) {
    *groups = (struct copy_groups){0};
    struct sets sets;
    TRY(make_sets(data->count, &sets));
    bool *joined = memory_allocate(data->count + 1, sizeof *joined);
    for (size_t i = 0; joined && i < near->count; i++) {
        const struct copy_pair *pair = &near->pairs[i];
        join(&sets, pair->first, pair->second);
        joined[pair->first] = joined[pair->second] = true;
    }
    for (size_t g = 0; joined && g < exact->count; g++) {
        const struct copy_group *group = &exact->items[g];
        for (size_t i = 1; i < group->count && joined[group->members[0]]; i++)
            join(&sets, group->members[0], group->members[i]);
    }
    const ocellus_status status = joined ? make_groups(data, &sets, groups) : OCELLUS_IO;
    memory_free(joined);
    memory_free(sets.before);
    return status;
}

void copy_group_choose_two(const struct checked_data *data, const struct copy_group *group, uint32_t two[2]) {
    two[0] = group->members[0];
    two[1] = group->members[1];
    for (size_t i = 1; i < group->count; i++) {
        const struct checked_picture *first = &data->pictures[two[0]], *other = &data->pictures[group->members[i]];
        const bool sides = (first->part == PICTURE_PART_TRAIN) != (other->part == PICTURE_PART_TRAIN);
        if (group->leak ? !sides : first->label == other->label) continue;
        two[1] = group->members[i];
        return;
    }
}

void copy_groups_free(struct copy_groups *groups) {
    memory_free(groups->items);
    memory_free(groups->members);
    *groups = (struct copy_groups){0};
}
