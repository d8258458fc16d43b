/* SPDX-License-Identifier: MIT */
#include "train/layers.h"

#include "base/memory.h"
#include "base/text.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum item_form { PATTERN_ALONE, PATTERN_FIRST, NUMBER_FIRST };

/* One item of a list: a pattern, and in two of the keys a number. */
struct item {
    char text[RECIPE_TEXT_SIZE], pattern[RECIPE_TEXT_SIZE], number[RECIPE_TEXT_SIZE];
};

/* Without the blanks at its ends. */
static void copy_trimmed(char *dst, const char *text, size_t size) {
    while (size > 0 && *text == ' ') {
        text++;
        size--;
    }
    while (size > 0 && text[size - 1] == ' ')
        size--;
    memcpy(dst, text, size);
    dst[size] = '\0';
}

/* Takes the first item off the list; false when none is left. A name may hold a colon: the last one parts the number from a
 * pattern that is in front. */
static bool next_item(const char **list, enum item_form form, struct item *item) {
    if (!**list) return false;
    const size_t size = strcspn(*list, ",");
    copy_trimmed(item->text, *list, size);
    *list += size + ((*list)[size] == ',');
    memcpy(item->pattern, item->text, sizeof item->pattern);
    *item->number = '\0';
    const char *colon = form == NUMBER_FIRST ? strchr(item->text, ':') : strrchr(item->text, ':');
    if (form == PATTERN_ALONE || !colon) return true;
    const size_t first = (size_t)(colon - item->text), rest = strlen(colon + 1);
    copy_trimmed(form == NUMBER_FIRST ? item->number : item->pattern, item->text, first);
    copy_trimmed(form == NUMBER_FIRST ? item->pattern : item->number, colon + 1, rest);
    return true;
}

static bool matches(const struct item *item, const struct node *node) {
    return fnmatch(item->pattern, node->name, 0) == 0;
}

static bool read_epoch(const struct item *item, uint64_t *epoch) {
    return text_to_unsigned(item->number, epoch) && *epoch >= 1 && *epoch <= 1000000;
}

static bool read_rate(const struct item *item, double *rate) {
    return text_to_real(item->number, rate) && *rate >= 0 && *rate <= 1e6;
}

static bool any_matches(const char *list, enum item_form form, const struct node *node) {
    struct item item;
    while (next_item(&list, form, &item)) {
        if (matches(&item, node)) return true;
    }
    return false;
}

/* --- checking --- */

static ocellus_status check_pattern(const char *key, const struct item *item, const struct graph *graph,
                                    const char *frozen) {
    size_t layers = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        const int result = fnmatch(item->pattern, node->name, 0);
        if (result != 0 && result != FNM_NOMATCH)
            return fail(OCELLUS_USAGE, "%s: '%s' cannot be read as a pattern of layer names", key, item->pattern);
        layers += result == 0 && (!frozen || any_matches(frozen, PATTERN_ALONE, node));
    }
    if (layers > 0) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: '%s' matches no %slayer of %s", key, item->pattern, frozen ? "frozen " : "",
                graph->name);
}

ocellus_status layers_check(const struct recipe *recipe, const struct graph *graph) {
    struct item item;
    const char *list = recipe->model_freeze;
    while (next_item(&list, PATTERN_ALONE, &item))
        TRY(check_pattern("freeze", &item, graph, NULL));
    list = recipe->model_unfreeze;
    while (next_item(&list, NUMBER_FIRST, &item)) {
        uint64_t epoch;
        if (!read_epoch(&item, &epoch))
            return fail(OCELLUS_USAGE, "unfreeze: '%s' is no EPOCH:PATTERN (expected an epoch from 1 to 1000000)",
                        item.text);
        TRY(check_pattern("unfreeze", &item, graph, recipe->model_freeze));
    }
    list = recipe->rates;
    while (next_item(&list, PATTERN_FIRST, &item)) {
        double rate;
        if (!read_rate(&item, &rate))
            return fail(OCELLUS_USAGE, "rates: '%s' is no PATTERN:SCALE (expected a scale from 0 to 1000000)",
                        item.text);
        TRY(check_pattern("rates", &item, graph, NULL));
    }
    return OCELLUS_OK;
}

/* --- frozen layers --- */

size_t layers_stage(const struct recipe *recipe, uint64_t epochs) {
    struct item item;
    const char *list = recipe->model_unfreeze;
    size_t stage = 0;
    while (next_item(&list, NUMBER_FIRST, &item)) {
        uint64_t epoch;
        stage += read_epoch(&item, &epoch) && epoch <= epochs;
    }
    return stage;
}

/* After how many epochs a layer begins to learn: 0 for one that is never frozen, UINT64_MAX where it is for ever. */
static uint64_t learns_after(const struct recipe *recipe, const struct node *node) {
    struct item item;
    const char *list = recipe->model_unfreeze;
    uint64_t first = UINT64_MAX;
    if (!any_matches(recipe->model_freeze, PATTERN_ALONE, node)) return 0;
    while (next_item(&list, NUMBER_FIRST, &item)) {
        uint64_t epoch;
        if (matches(&item, node) && read_epoch(&item, &epoch) && epoch < first) first = epoch;
    }
    return first;
}

void layers_freeze(const struct recipe *recipe, uint64_t epochs, struct graph *graph) {
    for (size_t i = 0; i < graph->count; i++)
        graph->nodes[i].frozen = learns_after(recipe, &graph->nodes[i]) > epochs;
}

/* --- rates --- */

static double rate_of(const struct recipe *recipe, const struct node *node) {
    struct item item;
    const char *list = recipe->rates;
    double rate;
    while (next_item(&list, PATTERN_FIRST, &item)) {
        if (matches(&item, node) && read_rate(&item, &rate)) return rate;
    }
    return 1;
}

/* A pattern that matches the name alone. */
static void escape_name(const char *name, char pattern[2 * GRAPH_NAME_SIZE]) {
    for (; *name; name++) {
        if (strchr("*?[]\\", *name)) *pattern++ = '\\';
        *pattern++ = *name;
    }
    *pattern = '\0';
}

ocellus_status layers_group(const struct recipe *recipe, const struct graph *graph, uint64_t epochs, uint64_t steps,
                            struct layer_groups *groups) {
    *groups = (struct layer_groups){0};
    groups->groups = memory_allocate(graph->count, sizeof *groups->groups);
    groups->patterns = memory_allocate(graph->count, sizeof *groups->patterns);
    if (!groups->groups || !groups->patterns) return OCELLUS_IO;
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        const double rate = rate_of(recipe, node);
        const uint64_t after = learns_after(recipe, node);
        if (node->parameter_count == 0 || after > epochs || (rate == 1 && after == 0)) continue;
        escape_name(node->name, groups->patterns[groups->count]);
        groups->groups[groups->count] = (struct parameter_group){
            .pattern = groups->patterns[groups->count], .rate_scale = rate, .updates_before = after * steps};
        groups->count++;
    }
    return OCELLUS_OK;
}

void layer_groups_free(struct layer_groups *groups) {
    memory_free(groups->groups);
    memory_free(groups->patterns);
    *groups = (struct layer_groups){0};
}
