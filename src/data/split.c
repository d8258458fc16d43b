/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include "base/memory.h"
#include "data/split_groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures that stay together. */
struct bundle {
    uint64_t order; /* hash of seed and pixels */
    uint32_t root, size;
    uint16_t label;
    bool may_test;
    uint8_t sides; /* 1 << enum picture_part, of what it is with */
};

struct shares {
    size_t all, test, validation; /* pictures of the class, of them in each part */
    size_t wanted_test, wanted_validation;
};

struct work {
    const struct split_request *request;
    struct split *split;
    bool given[PICTURE_PARTS]; /* whether folder or list name such a part */
    uint8_t *open;             /* [count] 1: the picture's part is to be found */
    struct split_groups groups;
    struct bundle *bundles;
    size_t bundle_count;
    struct shares *shares; /* [classes] */
};

static bool may_test(const struct work *work, size_t entry) {
    return work->split->collection->entries[entry].given == PICTURE_PART_NONE && !work->given[PICTURE_PART_TEST];
}

/* What is fixed from the start; the rest is open. */
static void fix_parts(struct work *work) {
    struct split *split = work->split;
    const struct collection *collection = split->collection;
    for (size_t i = 0; i < collection->count; i++)
        if (!split->aside[i]) work->given[collection->entries[i].given] = true;
    const bool folds = work->request->folds > 0;
    const bool halves = folds || !work->given[PICTURE_PART_VALIDATION]; /* training pictures may be held out */
    for (size_t i = 0; i < collection->count; i++) {
        const enum picture_part given = collection->entries[i].given, recorded = split->recorded[i];
        enum picture_part part = given;
        const bool is_open =
            !split->aside[i] && (given == PICTURE_PART_NONE || (given == PICTURE_PART_TRAIN && halves) ||
                                 (given == PICTURE_PART_VALIDATION && folds));
        if (is_open) part = given == PICTURE_PART_TRAIN && recorded == PICTURE_PART_TEST ? PICTURE_PART_NONE : recorded;
        if (is_open && folds) part = PICTURE_PART_NONE;
        split->parts[i] = (uint8_t)(split->aside[i] ? PICTURE_PART_NONE : part);
        work->open[i] = is_open && part == PICTURE_PART_NONE;
    }
}

/* --- bundles --- */

static uint64_t order_of(uint64_t seed, const uint8_t pixels[PICTURE_HASH_SIZE]) {
    unsigned char bytes[8 + PICTURE_HASH_SIZE];
    char text[SHA256_TEXT_SIZE];
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(seed >> 8 * i);
    memcpy(bytes + 8, pixels, PICTURE_HASH_SIZE);
    sha256_bytes(bytes, sizeof bytes, text);
    text[16] = '\0';
    return strtoull(text, NULL, 16);
}

static int compare_bundles(const void *a, const void *b) {
    const struct bundle *left = a, *right = b;
    if (left->label != right->label) return left->label < right->label ? -1 : 1;
    if (left->order != right->order) return left->order < right->order ? -1 : 1;
    return (left->root > right->root) - (left->root < right->root);
}

/* Its order, class and name are those of the picture with the smallest hash: no order of files matters. */
static ocellus_status gather_bundles(struct work *work) {
    const struct split *split = work->split;
    const struct collection *collection = split->collection;
    const size_t count = collection->count;
    uint32_t *first =
        memory_allocate(count + 1, sizeof *first); /* by root: the picture with the smallest hash, from 1 */
    work->bundles = memory_allocate(count + 1, sizeof *work->bundles);
    if (!first || !work->bundles) {
        memory_free(first);
        return OCELLUS_IO;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t *best = &first[split_groups_root(&work->groups, i)];
        if (!work->open[i]) continue;
        if (!*best || memcmp(split->facts[i].pixels, split->facts[*best - 1].pixels, PICTURE_HASH_SIZE) < 0)
            *best = (uint32_t)i + 1;
    }
    uint32_t *place = memory_allocate(count + 1, sizeof *place); /* by root: its bundle */
    for (size_t i = 0; place && i < count; i++) {
        if (!work->open[i] || split_groups_root(&work->groups, i) != i) continue;
        place[i] = (uint32_t)work->bundle_count;
        work->bundles[work->bundle_count++] = (struct bundle){
            .order = order_of(work->request->seed, split->facts[first[i] - 1].pixels),
            .root = (uint32_t)i,
            .label = collection->entries[first[i] - 1].label,
            .may_test = true,
        };
    }
    for (size_t i = 0; place && i < count; i++) {
        if (!work->open[i]) continue;
        struct bundle *bundle = &work->bundles[place[split_groups_root(&work->groups, i)]];
        bundle->size++;
        bundle->may_test = bundle->may_test && may_test(work, i);
        bundle->sides |= work->groups.sides[i];
    }
    memory_free(first);
    const bool whole = place != NULL;
    memory_free(place);
    if (!whole) return OCELLUS_IO;
    qsort(work->bundles, work->bundle_count, sizeof *work->bundles, compare_bundles);
    return OCELLUS_OK;
}

/* --- dealing --- */

static ocellus_status count_shares(struct work *work) {
    const struct split *split = work->split;
    const struct collection *collection = split->collection;
    work->shares = memory_allocate(collection->classes, sizeof *work->shares);
    if (!work->shares) return OCELLUS_IO;
    for (size_t i = 0; i < collection->count; i++) {
        struct shares *shares = &work->shares[collection->entries[i].label];
        const bool counts = !split->aside[i] && collection->entries[i].given != PICTURE_PART_TEST &&
                            collection->entries[i].given != PICTURE_PART_VALIDATION;
        if (!counts) continue;
        shares->all++;
        shares->test += split->parts[i] == PICTURE_PART_TEST;
        shares->validation += split->parts[i] == PICTURE_PART_VALIDATION;
    }
    const double test = work->given[PICTURE_PART_TEST] ? 0 : work->request->test_share,
                 validation = work->given[PICTURE_PART_VALIDATION] ? 0 : work->request->validation_share;
    for (size_t c = 0; c < collection->classes; c++) {
        struct shares *shares = &work->shares[c];
        shares->wanted_test = (size_t)floor((double)shares->all * test + 0.5);
        shares->wanted_validation = (size_t)floor((double)shares->all * validation + 0.5);
        const size_t most = shares->all > 0 ? shares->all - 1 : 0; /* of few, one is to learn from */
        if (shares->wanted_test > most) shares->wanted_test = most;
        if (shares->wanted_validation > most - shares->wanted_test)
            shares->wanted_validation = most - shares->wanted_test;
    }
    return OCELLUS_OK;
}

/* Whether `more` pictures bring a part nearer to what it should have. */
static bool brings_nearer(size_t has, size_t wanted, size_t more) {
    return has < wanted && 2 * (wanted - has) >= more;
}

static enum picture_part deal(struct shares *shares, const struct bundle *bundle) {
    if (bundle->may_test && brings_nearer(shares->test, shares->wanted_test, bundle->size)) {
        shares->test += bundle->size;
        return PICTURE_PART_TEST;
    }
    if (brings_nearer(shares->validation, shares->wanted_validation, bundle->size)) {
        shares->validation += bundle->size;
        return PICTURE_PART_VALIDATION;
    }
    return PICTURE_PART_TRAIN;
}

/* The part of what it is with; *between: there are two, and one is the test. */
static enum picture_part join_side(const struct bundle *bundle, bool *between) {
    const unsigned test = 1U << PICTURE_PART_TEST, validation = 1U << PICTURE_PART_VALIDATION;
    const unsigned sides = bundle->may_test ? bundle->sides : bundle->sides & ~test; /* the list's word rules */
    *between = (sides & test) != 0 && sides != test;
    if (*between || sides == 0) return PICTURE_PART_NONE;
    return sides == test ? PICTURE_PART_TEST : sides == validation ? PICTURE_PART_VALIDATION : PICTURE_PART_TRAIN;
}

static void give_part(struct work *work, uint8_t *of_root, const struct bundle *bundle, enum picture_part part) {
    of_root[bundle->root] = (uint8_t)part;
    if (part != PICTURE_PART_NONE) work->split->added += bundle->size;
}

static void deal_shares(struct work *work, uint8_t *of_root) {
    struct split *split = work->split;
    for (size_t i = 0; i < work->bundle_count; i++) { /* first those that have no choice: they count */
        const struct bundle *bundle = &work->bundles[i];
        bool between;
        const enum picture_part part = join_side(bundle, &between);
        struct shares *shares = &work->shares[bundle->label];
        give_part(work, of_root, bundle, part);
        if (between) split->between += bundle->size;
        if (part != PICTURE_PART_NONE) split->joined += bundle->size;
        if (part == PICTURE_PART_TEST) shares->test += bundle->size;
        if (part == PICTURE_PART_VALIDATION) shares->validation += bundle->size;
    }
    for (size_t i = 0; i < work->bundle_count; i++) {
        const struct bundle *bundle = &work->bundles[i];
        bool between;
        if (join_side(bundle, &between) != PICTURE_PART_NONE || between) continue;
        give_part(work, of_root, bundle, deal(&work->shares[bundle->label], bundle));
    }
}

/* Each bundle to the fold that has the fewest pictures of its class, then of all, then the first. */
static ocellus_status deal_folds(struct work *work, uint8_t *of_root) {
    const size_t folds = work->request->folds;
    size_t *all = memory_allocate(folds, sizeof *all), *of_class = memory_allocate(folds, sizeof *of_class);
    const bool whole = all && of_class;
    for (size_t i = 0; whole && i < work->bundle_count; i++) {
        const struct bundle *bundle = &work->bundles[i];
        size_t best = 0;
        if (i == 0 || bundle->label != work->bundles[i - 1].label) memset(of_class, 0, folds * sizeof *of_class);
        for (size_t f = 1; f < folds; f++)
            if (of_class[f] < of_class[best] || (of_class[f] == of_class[best] && all[f] < all[best])) best = f;
        of_class[best] += bundle->size;
        all[best] += bundle->size;
        give_part(work, of_root, bundle,
                  best + 1 == work->request->fold ? PICTURE_PART_VALIDATION : PICTURE_PART_TRAIN);
    }
    memory_free(all);
    memory_free(of_class);
    return whole ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status deal_all(struct work *work) {
    const size_t count = work->split->collection->count;
    uint8_t *of_root = memory_allocate(count + 1, sizeof *of_root);
    if (!of_root) return OCELLUS_IO;
    ocellus_status status = OCELLUS_OK;
    if (work->request->folds > 0) status = deal_folds(work, of_root);
    else deal_shares(work, of_root);
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++)
        if (work->open[i]) work->split->parts[i] = of_root[split_groups_root(&work->groups, i)];
    memory_free(of_root);
    return status;
}

static ocellus_status make(struct work *work) {
    const struct split *split = work->split;
    work->open = memory_allocate(split->collection->count + 1, sizeof *work->open);
    if (!work->open) return OCELLUS_IO;
    fix_parts(work);
    TRY(split_groups_make(split->collection, split->facts, split->aside, split->parts, work->open, &work->groups));
    TRY(gather_bundles(work));
    TRY(count_shares(work));
    return deal_all(work);
}

ocellus_status split_check(const struct split_request *request) {
    const double test = request->test_share, validation = request->validation_share;
    if (!(test >= 0 && validation >= 0 && test + validation < 1))
        return fail(OCELLUS_USAGE, "test_share, validation_share: nothing would be left to train on (got %g and %g)",
                    test, validation);
    if (request->folds == 0 && request->fold == 0) return OCELLUS_OK;
    if (request->folds < 2 || request->fold < 1 || request->fold > request->folds)
        return fail(OCELLUS_USAGE, "fold: expected one of 1 to the number of folds, 2 or more (got %llu of %llu)",
                    (unsigned long long)request->fold, (unsigned long long)request->folds);
    return OCELLUS_OK;
}

ocellus_status split_make(const struct split_request *request, struct split *split) {
    TRY(split_check(request));
    struct work work = {.request = request, .split = split};
    split->added = split->joined = split->between = 0;
    const ocellus_status status = make(&work);
    memory_free(work.open);
    memory_free(work.bundles);
    memory_free(work.shares);
    split_groups_free(&work.groups);
    return status;
}
