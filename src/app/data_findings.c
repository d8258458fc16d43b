/* SPDX-License-Identifier: MIT */
#include "app/data_findings.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool is_sound(const struct checked_picture *picture) {
    return picture->facts->fault == PICTURE_SOUND;
}

/* --- parts and classes --- */

static ocellus_status count_parts(struct data_findings *findings) {
    const struct checked_data *data = &findings->data;
    struct findings_part *of[PICTURE_PARTS] = {NULL};
    for (size_t i = 0; i < data->count; i++) {
        const struct checked_picture *picture = &data->pictures[i];
        struct findings_part *part = of[picture->part];
        if (!part) {
            part = of[picture->part] = &findings->parts[findings->part_count++];
            part->name = picture_part_names[picture->part];
            part->class_counts = memory_allocate(data->classes + 1, sizeof *part->class_counts);
            if (!part->class_counts) return OCELLUS_IO;
        }
        part->pictures++;
        findings->file_bytes += picture->facts->stamp.size;
        if (!is_sound(picture)) continue;
        findings->sound++;
        if (picture->left_out) continue;
        part->used++;
        part->class_counts[picture->label]++;
    }
    return OCELLUS_OK;
}

const struct findings_part *data_findings_training(const struct data_findings *findings) {
    const struct findings_part *first = &findings->parts[0];
    return first->name == picture_part_names[PICTURE_PART_TRAIN] ? first : NULL;
}

static ocellus_status judge_classes(struct data_findings *findings) {
    const size_t classes = findings->data.classes;
    const struct findings_part *train = data_findings_training(findings);
    size_t filled = 0;
    findings->few = memory_allocate(classes + 1, sizeof *findings->few);
    if (!findings->few) return OCELLUS_IO;
    for (size_t c = 0; train && c < classes; c++) {
        const size_t count = train->class_counts[c];
        if (count > train->class_counts[findings->largest_class]) findings->largest_class = c;
        if (count > 0 && (filled == 0 || count < train->class_counts[findings->smallest_class]))
            findings->smallest_class = c;
        filled += count > 0;
        findings->empty_count += count == 0;
        if (count < FINDINGS_FEW) findings->few[findings->few_count++] = c;
    }
    if (!train) findings->stops = "no picture is to train on";
    else if (filled == 0) findings->stops = "no training picture can be read";
    else if (filled == 1) findings->stops = "all training pictures are of one class";
    return OCELLUS_OK;
}

double data_findings_imbalance(const struct data_findings *findings) {
    const struct findings_part *train = data_findings_training(findings);
    if (!train || train->used == 0) return 1.0;
    return (double)train->class_counts[findings->largest_class] / (double)train->class_counts[findings->smallest_class];
}

/* --- sizes --- */

/* Below 0: a before b. */
static int compare_pixels(const struct picture_facts *a, const struct picture_facts *b) {
    const uint64_t x = (uint64_t)a->width * a->height, y = (uint64_t)b->width * b->height;
    return (x > y) - (x < y);
}

static int compare_aspects(const struct picture_facts *a, const struct picture_facts *b) {
    const uint64_t x = (uint64_t)a->width * b->height, y = (uint64_t)b->width * a->height;
    return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_aspect(const void *a, const void *b) {
    const struct picture_facts *const *x = a, *const *y = b;
    return compare_aspects(*x, *y);
}

static ocellus_status find_medians(struct data_findings *findings) {
    const size_t count = findings->sound;
    const struct picture_facts **order = memory_allocate(count, sizeof *order);
    uint32_t *sides = memory_allocate(2 * count, sizeof *sides);
    const bool enough = order && sides;
    size_t at = 0;
    for (size_t i = 0; enough && i < findings->data.count; i++) {
        const struct picture_facts *facts = findings->data.pictures[i].facts;
        if (facts->fault != PICTURE_SOUND) continue;
        order[at] = facts;
        sides[at] = facts->width;
        sides[count + at++] = facts->height;
    }
    if (enough) {
        qsort(order, count, sizeof *order, by_aspect);
        qsort(sides, count, sizeof *sides, by_number);
        qsort(sides + count, count, sizeof *sides, by_number);
        findings->median_width = sides[count / 2];
        findings->median_height = sides[count + count / 2];
        findings->median_aspect = (double)order[count / 2]->width / order[count / 2]->height;
    }
    memory_free(order);
    memory_free(sides);
    return enough ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status measure(struct data_findings *findings) {
    const struct checked_data *data = &findings->data;
    bool first = true;
    for (size_t i = 0; i < data->count; i++) {
        const struct picture_facts *facts = data->pictures[i].facts;
        if (facts->fault != PICTURE_SOUND) continue;
        const uint32_t place = (uint32_t)i;
        findings->formats[facts->format < FINDINGS_FORMATS ? facts->format : FILE_FORMAT_UNKNOWN]++;
        if (data->pictures[i].grey) findings->grey++;
        else findings->colour++;
        if (first) findings->smallest = findings->largest = findings->narrowest = findings->widest = place;
        first = false;
        if (compare_pixels(facts, data->pictures[findings->smallest].facts) < 0) findings->smallest = place;
        if (compare_pixels(facts, data->pictures[findings->largest].facts) > 0) findings->largest = place;
        if (compare_aspects(facts, data->pictures[findings->narrowest].facts) < 0) findings->narrowest = place;
        if (compare_aspects(facts, data->pictures[findings->widest].facts) > 0) findings->widest = place;
    }
    return findings->sound > 0 ? find_medians(findings) : OCELLUS_OK;
}

bool findings_sizes_differ(const struct data_findings *findings) {
    const struct picture_facts *smallest = findings->data.pictures[findings->smallest].facts,
                               *largest = findings->data.pictures[findings->largest].facts,
                               *narrowest = findings->data.pictures[findings->narrowest].facts,
                               *widest = findings->data.pictures[findings->widest].facts;
    return findings->sound > 0 && (compare_pixels(smallest, largest) != 0 || compare_aspects(narrowest, widest) != 0);
}

/* --- lists --- */

static bool is_faulty(const struct checked_picture *picture) {
    return !is_sound(picture);
}
static bool is_left_out(const struct checked_picture *picture) {
    return is_sound(picture) && picture->left_out;
}
static bool is_blank(const struct checked_picture *picture) {
    return is_sound(picture) && picture->facts->blank;
}
static bool is_tiny(const struct checked_picture *picture) {
    return is_sound(picture) && picture->facts->tiny;
}

static ocellus_status list(const struct checked_data *data, bool (*belongs)(const struct checked_picture *),
                           struct place_list *out) {
    for (size_t i = 0; i < data->count; i++)
        out->count += belongs(&data->pictures[i]);
    out->items = memory_allocate(out->count + 1, sizeof *out->items);
    if (!out->items) return OCELLUS_IO;
    for (size_t i = 0, at = 0; i < data->count; i++)
        if (belongs(&data->pictures[i])) out->items[at++] = (uint32_t)i;
    return OCELLUS_OK;
}

struct named {
    const char *name;
    uint32_t place;
};

static int by_letters(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    const int order = text_compare_letters(x->name, y->name);
    return order ? order : strcmp(x->name, y->name);
}

/* Pairs of neighbours in the order of names without capitals. */
static ocellus_status find_capitals(const struct checked_data *data, struct place_list *out) {
    size_t count = 0;
    struct named *order = memory_allocate(data->count + 1, sizeof *order);
    out->items = memory_allocate(2 * data->count + 1, sizeof *out->items);
    const bool enough = order && out->items;
    for (size_t i = 0; enough && i < data->count; i++)
        if (data->pictures[i].name) order[count++] = (struct named){data->pictures[i].name, (uint32_t)i};
    if (count > 0) qsort(order, count, sizeof *order, by_letters);
    for (size_t i = 1; i < count; i++) {
        if (text_compare_letters(order[i].name, order[i - 1].name) != 0) continue;
        if (strcmp(order[i].name, order[i - 1].name) == 0) continue; /* a list may name a file twice */
        out->items[out->count++] = order[i - 1].place;
        out->items[out->count++] = order[i].place;
    }
    memory_free(order);
    return enough ? OCELLUS_OK : OCELLUS_IO;
}

/* --- all --- */

static ocellus_status make(const struct copies *near, struct data_findings *findings) {
    const struct checked_data *data = &findings->data;
    TRY(count_parts(findings));
    TRY(judge_classes(findings));
    TRY(measure(findings));
    TRY(list(data, is_faulty, &findings->faulty));
    TRY(list(data, is_left_out, &findings->left_out));
    TRY(list(data, is_blank, &findings->blank));
    TRY(list(data, is_tiny, &findings->tiny));
    TRY(find_capitals(data, &findings->capitals));
    return copy_groups_near(data, &findings->exact, near, &findings->near);
}

ocellus_status data_findings_make(const struct checked_data *data, struct copy_groups *exact, const struct copies *near,
                                  struct data_findings *findings) {
    *findings = (struct data_findings){.data = *data, .exact = *exact};
    *exact = (struct copy_groups){0};
    const ocellus_status status = make(near, findings);
    if (status != OCELLUS_OK) data_findings_free(findings);
    return status;
}

void data_findings_free(struct data_findings *findings) {
    for (size_t i = 0; i < findings->part_count; i++)
        memory_free(findings->parts[i].class_counts);
    memory_free(findings->few);
    memory_free(findings->faulty.items);
    memory_free(findings->left_out.items);
    memory_free(findings->blank.items);
    memory_free(findings->tiny.items);
    memory_free(findings->capitals.items);
    copy_groups_free(&findings->exact);
    copy_groups_free(&findings->near);
    *findings = (struct data_findings){0};
}

size_t data_findings_count(const struct data_findings *findings) {
    const bool found[] = {findings->faulty.count > 0,  findings->left_out.count > 0,
                          findings->blank.count > 0,   findings->tiny.count > 0,
                          findings->exact.count > 0,   findings->near.count > 0,
                          findings->few_count > 0,     data_findings_imbalance(findings) >= FINDINGS_IMBALANCE,
                          findings->capitals.count > 0};
    size_t count = 0;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        count += found[i];
    return count;
}
