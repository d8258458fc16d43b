/* SPDX-License-Identifier: MIT */
/* {"format": 1, "runs": [...]}, one map a run with the names of struct full_run. */
#include "report/full_runs.h"

#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_RUNS_FORMAT = 1 };

static bool take_text(const json_value *map, const char *key, char *out, size_t size) {
    const char *text;
    if (!json_get_text(json_member(map, key), &text)) return false;
    return snprintf(out, size, "%s", text) < (int)size;
}

static bool take_count(const json_value *map, const char *key, uint64_t *out) {
    int64_t value;
    if (!json_get_integer(json_member(map, key), &value) || value < 0) return false;
    *out = (uint64_t)value;
    return true;
}

/* An accuracy or a time: JSON's null is NaN. */
static bool take_real(const json_value *map, const char *key, double *out) {
    const json_value *value = json_member(map, key);
    *out = NAN;
    if (value != NULL && json_type_of(value) == JSON_TYPE_NULL) return true;
    return json_get_real(value, out) && *out >= 0;
}

/* A key that is absent was not judged. */
static bool take_accuracy(const json_value *map, const char *key, struct full_run_accuracy *out) {
    const json_value *member = json_member(map, key);
    uint64_t correct, count;
    if (member == NULL) return true;
    if (!take_count(member, "correct", &correct) || !take_count(member, "count", &count)) return false;
    *out = (struct full_run_accuracy){(size_t)correct, (size_t)count};
    return count > 0 && correct <= count;
}

/* The key that is wrong, or NULL. */
static const char *take_run(const json_value *map, struct full_run *run) {
    *run = (struct full_run){0};
    if (!take_text(map, "row", run->row, sizeof run->row)) return "row";
    if (!take_text(map, "started", run->started, sizeof run->started)) return "started";
    if (!take_text(map, "processor", run->processor, sizeof run->processor)) return "processor";
    if (!take_text(map, "version", run->version, sizeof run->version)) return "version";
    if (!take_count(map, "seed", &run->seed)) return "seed";
    if (!take_count(map, "steps", &run->steps)) return "steps";
    if (!take_count(map, "images", &run->images)) return "images";
    if (!take_real(map, "seconds", &run->seconds)) return "seconds";
    if (!take_real(map, "running_accuracy", &run->running_accuracy)) return "running_accuracy";
    if (!take_real(map, "validation_accuracy", &run->validation_accuracy)) return "validation_accuracy";
    if (!take_accuracy(map, "train", &run->train)) return "train";
    if (!take_accuracy(map, "test", &run->test) || run->test.count == 0) return "test";
    if (!take_accuracy(map, "reestimated", &run->reestimated)) return "reestimated";
    if (!take_text(map, "weights_sha256", run->weights_sha256, sizeof run->weights_sha256)) return "weights_sha256";
    return NULL;
}

ocellus_status full_runs_parse(const char *text, const char *source, struct full_run **runs, size_t *count) {
    json_value *root;
    int64_t format = 0;
    size_t capacity = 0;
    *runs = NULL;
    *count = 0;
    TRY(json_parse(text, strlen(text), source, &root));
    const json_value *list = json_member(root, "runs");
    ocellus_status status = OCELLUS_OK;
    if (!json_get_integer(json_member(root, "format"), &format) || format != FULL_RUNS_FORMAT)
        status = fail(OCELLUS_BAD_CONTENT, "%s: format: expected %d", source, FULL_RUNS_FORMAT);
    for (size_t i = 0; i < json_count(list) && status == OCELLUS_OK; i++) {
        status = memory_grow((void **)runs, &capacity, i + 1, sizeof **runs);
        if (status != OCELLUS_OK) break;
        const char *wrong = take_run(json_element(list, i), &(*runs)[i]);
        if (wrong != NULL) status = fail(OCELLUS_BAD_CONTENT, "%s: runs: %zu: %s: missing or wrong", source, i, wrong);
        else (*count)++;
    }
    json_release(root);
    if (status != OCELLUS_OK) {
        free(*runs);
        *runs = NULL;
        *count = 0;
    }
    return status;
}

static bool set_accuracy(json_value *map, const char *key, const struct full_run_accuracy *accuracy) {
    if (accuracy->count == 0) return true;
    json_value *member = json_new_map();
    bool made = json_set(member, "correct", json_new_integer((int64_t)accuracy->correct));
    made = json_set(member, "count", json_new_integer((int64_t)accuracy->count)) && made;
    return json_set(map, key, member) && made;
}

static json_value *run_to_json(const struct full_run *run) {
    json_value *map = json_new_map();
    bool made = json_set(map, "row", json_new_text(run->row));
    made = made && json_set(map, "started", json_new_text(run->started));
    made = made && json_set(map, "processor", json_new_text(run->processor));
    made = made && json_set(map, "version", json_new_text(run->version));
    made = made && json_set(map, "seed", json_new_integer((int64_t)run->seed));
    made = made && json_set(map, "steps", json_new_integer((int64_t)run->steps));
    made = made && json_set(map, "images", json_new_integer((int64_t)run->images));
    made = made && json_set(map, "seconds", json_new_real(run->seconds));
    made = made && json_set(map, "running_accuracy", json_new_real(run->running_accuracy));
    made = made && json_set(map, "validation_accuracy", json_new_real(run->validation_accuracy));
    made = made && set_accuracy(map, "train", &run->train);
    made = made && set_accuracy(map, "test", &run->test);
    made = made && set_accuracy(map, "reestimated", &run->reestimated);
    made = made && json_set(map, "weights_sha256", json_new_text(run->weights_sha256));
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
    char *text = made ? json_write(root, 2) : NULL;
    json_release(root);
    if (text == NULL) return fail(OCELLUS_IO, "%s: no memory", path);
    ocellus_status status = file_write(path, text, strlen(text));
    free(text);
    return status;
}

const struct full_run *full_run_named(const struct full_run *runs, size_t count, const char *row) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(runs[i].row, row) == 0) return &runs[i];
    return NULL;
}
