/* SPDX-License-Identifier: MIT */
/* {"format": 1, "runs": [...]}, one map a run with the names of struct full_run. */
#include "reproduce/full_runs.h"

#include "base/json.h"
#include "base/json_members.h"
#include "base/json_parse.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_RUNS_FORMAT = 1 };

#define ROW(kind, member) JSON_ROW(struct full_run, kind, member)
static const struct json_member_row run_rows[] = {
    ROW(MEMBER_TEXT, row),
    ROW(MEMBER_TEXT, started),
    ROW(MEMBER_TEXT, processor),
    ROW(MEMBER_TEXT, version),
    ROW(MEMBER_COUNT, seed),
    ROW(MEMBER_COUNT, steps),
    ROW(MEMBER_COUNT, images),
    ROW(MEMBER_MEASURED, seconds),
    ROW(MEMBER_MEASURED, running_accuracy),
    ROW(MEMBER_MEASURED, validation_accuracy),
    ROW(MEMBER_TEXT, weights_sha256),
    {0},
};

static const struct json_member_row accuracy_rows[] = {JSON_ROW(struct full_run_accuracy, MEMBER_COUNT, correct),
                                                       JSON_ROW(struct full_run_accuracy, MEMBER_COUNT, count),
                                                       {0}};

/* What a run was judged on. */
static const struct {
    const char *key;
    size_t offset;
    bool optional;
} judged[] = {{"train", offsetof(struct full_run, train), true},
              {"test", offsetof(struct full_run, test), false},
              {"reestimated", offsetof(struct full_run, reestimated), true}};
enum { JUDGED = sizeof judged / sizeof *judged };

static ocellus_status take_accuracy(const json_value *map, const char *key, struct full_run_accuracy *out) {
    TRY(json_members_get(json_member(map, key), key, accuracy_rows, out));
    if (out->count > 0 && out->correct <= out->count) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: %llu of %llu correct", key, (unsigned long long)out->correct,
                (unsigned long long)out->count);
}

static ocellus_status take_run(const json_value *map, const char *where, struct full_run *run) {
    *run = (struct full_run){0};
    TRY(json_members_get(map, where, run_rows, run));
    if (run->seconds < 0 || run->running_accuracy < 0 || run->validation_accuracy < 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: a time or an accuracy is negative", where);
    for (size_t i = 0; i < JUDGED; i++) {
        void *accuracy = (char *)run + judged[i].offset;
        if (judged[i].optional && !json_member(map, judged[i].key)) continue;
        ocellus_status status = take_accuracy(map, judged[i].key, accuracy);
        if (status != OCELLUS_OK) return fail_within(status, "%s", where);
    }
    return OCELLUS_OK;
}

ocellus_status full_runs_parse(const char *text, const char *source, struct full_run **runs, size_t *count) {
    json_value *root;
    int64_t format = 0;
    size_t capacity = 0;
    *runs = NULL;
    *count = 0;
    TRY(json_parse(text, strlen(text), source, &root));
    const json_value *list;
    ocellus_status status = json_member_list(root, source, "runs", &list);
    if (!json_get_integer(json_member(root, "format"), &format) || format != FULL_RUNS_FORMAT)
        status = fail(OCELLUS_BAD_CONTENT, "%s: format: expected %d", source, FULL_RUNS_FORMAT);
    for (size_t i = 0; status == OCELLUS_OK && i < json_count(list); i++) {
        char where[FILE_PATH_SIZE];
        snprintf(where, sizeof where, "%s: runs: %zu", source, i);
        status = memory_grow((void **)runs, &capacity, i + 1, sizeof **runs);
        if (status == OCELLUS_OK) status = take_run(json_element(list, i), where, &(*runs)[i]);
        if (status == OCELLUS_OK) (*count)++;
    }
    json_release(root);
    if (status != OCELLUS_OK) {
        free(*runs);
        *runs = NULL;
        *count = 0;
    }
    return status;
}

static json_value *run_to_json(const struct full_run *run) {
    json_value *map = json_new_map();
    bool made = json_members_set(map, run_rows, run);
    for (size_t i = 0; i < JUDGED && made; i++) {
        const struct full_run_accuracy *accuracy = (const void *)((const char *)run + judged[i].offset);
        if (accuracy->count == 0) continue;
        json_value *member = json_new_map();
        made = json_members_set(member, accuracy_rows, accuracy);
        made = json_set(map, judged[i].key, member) && made;
    }
    if (made) return map;
    json_release(map);
    return NULL;
}

ocellus_status full_runs_write(const char *path, const struct full_run *runs, size_t count) {
    json_value *root = json_new_map(), *list = json_new_list();
    bool made = json_set(root, "format", json_new_integer(FULL_RUNS_FORMAT)) && list != NULL;
    for (size_t i = 0; i < count && made; i++)
        made = json_append(list, run_to_json(&runs[i]));
    made = json_set(root, "runs", list) && made;
    if (made) return json_write_file(path, root, 2);
    json_release(root);
    return OCELLUS_IO;
}

const struct full_run *full_run_named(const struct full_run *runs, size_t count, const char *row) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(runs[i].row, row) == 0) return &runs[i];
    return NULL;
}
