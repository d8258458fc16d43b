/* SPDX-License-Identifier: MIT */
/* evaluation.json. What is read is not believed: the confusion matrix decides, the other figures must agree with it. */
#include "run/evaluation_file.h"

#include "base/format_number.h"
#include "base/json_members.h"
#include "base/json_parse.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVALUATION_FORMAT = 1, EVALUATION_MAX_CLASSES = 4096, EVALUATION_MAX_BYTES = 256 * 1024 * 1024 };

static const struct json_member_row record_rows[] = {
    JSON_ROW(struct evaluation_record, MEMBER_TEXT, model),
    JSON_ROW_OPTIONAL(struct evaluation_record, MEMBER_TEXT, weights_sha256),     /* older runs do not tell */
    JSON_ROW_OPTIONAL(struct evaluation_record, MEMBER_TEXT, predictions_sha256), /* nor this */
    JSON_ROW_OPTIONAL(struct evaluation_record, MEMBER_COUNT, folds),
    {0},
};

/* What is told of a split beside its classes and its confusion matrix. */
struct split_record {
    uint64_t count, correct;
    double accuracy, low, high, loss, macro_f1;
};
static const struct json_member_row split_rows[] = {
    JSON_ROW(struct split_record, MEMBER_COUNT, count),   JSON_ROW(struct split_record, MEMBER_COUNT, correct),
    JSON_ROW(struct split_record, MEMBER_REAL, accuracy), JSON_ROW(struct split_record, MEMBER_REAL, low),
    JSON_ROW(struct split_record, MEMBER_REAL, high),     JSON_ROW(struct split_record, MEMBER_MEASURED, loss),
    JSON_ROW(struct split_record, MEMBER_REAL, macro_f1), {0},
};
/* Of which these are read: the others are computed anew. */
static const struct json_member_row stored_rows[] = {
    JSON_ROW(struct split_record, MEMBER_COUNT, count),
    JSON_ROW(struct split_record, MEMBER_COUNT, correct),
    JSON_ROW_OPTIONAL(struct split_record, MEMBER_MEASURED, loss),
    {0},
};

const char *evaluation_split_name(enum evaluation_split split) {
    static const char *const names[EVALUATION_SPLITS] = {"train", "validation", "test"};
    return names[split];
}

static ocellus_status copy_names(const char *const *names, size_t classes, struct evaluation_record *record) {
    record->class_names = memory_allocate(classes, sizeof *record->class_names);
    if (record->class_names == NULL) return OCELLUS_IO;
    record->classes = classes;
    for (size_t i = 0; i < classes; i++)
        if ((record->class_names[i] = memory_copy_text(names[i])) == NULL) return OCELLUS_IO;
    return OCELLUS_OK;
}

ocellus_status evaluation_record_create(const char *model, const char *const *class_names, size_t classes,
                                        struct evaluation_record *record) {
    *record = (struct evaluation_record){0};
    snprintf(record->model, sizeof record->model, "%s", model);
    ocellus_status status = copy_names(class_names, classes, record);
    if (status != OCELLUS_OK) evaluation_record_free(record);
    return status;
}

void evaluation_record_free(struct evaluation_record *record) {
    for (size_t i = 0; record->class_names != NULL && i < record->classes; i++)
        memory_free(record->class_names[i]);
    memory_free(record->class_names);
    for (size_t i = 0; i < EVALUATION_SPLITS; i++)
        if (record->present[i]) evaluation_free(&record->splits[i]);
    if (record->reestimated_images > 0) evaluation_free(&record->reestimated);
    *record = (struct evaluation_record){0};
}

static json_value *per_class_to_json(const struct evaluation *evaluation, char *const *names) {
    json_value *list = json_new_list();
    bool made = list != NULL;
    for (size_t i = 0; i < evaluation->classes && made; i++) {
        const struct class_metrics *metrics = &evaluation->per_class[i];
        json_value *map = json_new_map();
        made = json_set(map, "name", json_new_text(names[i]));
        made = made && json_set(map, "support", json_new_integer((int64_t)metrics->support));
        made = made && json_set(map, "precision", json_new_real(metrics->precision));
        made = made && json_set(map, "recall", json_new_real(metrics->recall));
        made = made && json_set(map, "f1", json_new_real(metrics->f1));
        made = json_append(list, map) && made;
    }
    if (made) return list;
    json_release(list);
    return NULL;
}

static json_value *confusion_to_json(const struct evaluation *evaluation) {
    json_value *rows = json_new_list();
    bool made = rows != NULL;
    for (size_t i = 0; i < evaluation->classes && made; i++) {
        json_value *row = json_new_list();
        for (size_t j = 0; j < evaluation->classes && made; j++)
            made = json_append(row, json_new_integer((int64_t)evaluation->confusion[i * evaluation->classes + j]));
        made = json_append(rows, row) && made;
    }
    if (made) return rows;
    json_release(rows);
    return NULL;
}

static json_value *split_to_json(const struct evaluation *evaluation, char *const *names) {
    json_value *map = json_new_map();
    const struct split_record record = {evaluation->count,        evaluation->correct,       evaluation->accuracy,
                                        evaluation->interval.low, evaluation->interval.high, evaluation->loss,
                                        evaluation->macro_f1};
    bool made = json_members_set(map, split_rows, &record);
    made = made && json_set(map, "per_class", per_class_to_json(evaluation, names));
    made = made && json_set(map, "confusion", confusion_to_json(evaluation));
    if (made) return map;
    json_release(map);
    return NULL;
}

json_value *evaluation_record_to_json(const struct evaluation_record *record) {
    json_value *root = json_new_map(), *splits = json_new_map();
    bool made =
        json_set(root, "format", json_new_integer(EVALUATION_FORMAT)) && json_members_set(root, record_rows, record);
    for (size_t i = 0; i < EVALUATION_SPLITS && made; i++)
        if (record->present[i])
            made = json_set(splits, evaluation_split_name((enum evaluation_split)i),
                            split_to_json(&record->splits[i], record->class_names));
    made = json_set(root, "splits", splits) && made;
    if (record->reestimated_images > 0) {
        json_value *again = json_new_map();
        made = json_set(again, "images", json_new_integer((int64_t)record->reestimated_images)) && made;
        made = json_set(again, "test", split_to_json(&record->reestimated, record->class_names)) && made;
        made = json_set(root, "reestimated", again) && made;
    }
    if (made) return root;
    json_release(root);
    return NULL;
}

ocellus_status evaluation_file_guard(const char *path) {
    return format_number_guard(path, EVALUATION_MAX_BYTES, EVALUATION_FORMAT);
}

ocellus_status evaluation_file_write(const char *path, const struct evaluation_record *record) {
    return json_write_file(path, evaluation_record_to_json(record), 1);
}

/* The names, which every split repeats; the first split that is read sets them. */
static ocellus_status read_names(const char *path, const char *split, const json_value *per_class,
                                 struct evaluation_record *record) {
    size_t classes = json_count(per_class);
    if (json_type_of(per_class) != JSON_TYPE_LIST || classes == 0 || classes > EVALUATION_MAX_CLASSES)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: per_class: expected a list of 1 to %d classes", path, split,
                    EVALUATION_MAX_CLASSES);
    if (record->classes != 0 && classes != record->classes)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: per_class: %zu classes (expected %zu as before)", path, split,
                    classes, record->classes);
    const char **names = memory_allocate(classes, sizeof *names);
    if (names == NULL) return OCELLUS_IO;
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < classes && status == OCELLUS_OK; i++) {
        if (!json_get_text(json_member(json_element(per_class, i), "name"), &names[i]))
            status = fail(OCELLUS_BAD_CONTENT, "%s: %s: per_class: %zu: name is missing", path, split, i);
        else if (record->classes != 0 && strcmp(names[i], record->class_names[i]) != 0)
            status = fail(OCELLUS_BAD_CONTENT, "%s: %s: per_class: %zu: \"%s\" (expected \"%s\" as before)", path,
                          split, i, names[i], record->class_names[i]);
    }
    if (status == OCELLUS_OK && record->classes == 0) status = copy_names(names, classes, record);
    memory_free(names);
    return status;
}

static ocellus_status read_confusion(const char *path, const char *split, const json_value *rows, size_t classes,
                                     size_t *confusion) {
    if (json_count(rows) != classes)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: confusion: %zu rows (expected %zu)", path, split, json_count(rows),
                    classes);
    for (size_t i = 0; i < classes; i++) {
        const json_value *row = json_element(rows, i);
        if (json_count(row) != classes)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: confusion: row %zu: %zu values (expected %zu)", path, split, i,
                        json_count(row), classes);
        for (size_t j = 0; j < classes; j++) {
            int64_t value;
            if (!json_get_integer(json_element(row, j), &value) || value < 0)
                return fail(OCELLUS_BAD_CONTENT, "%s: %s: confusion: row %zu, column %zu: expected a count", path,
                            split, i, j);
            confusion[i * classes + j] = (size_t)value;
        }
    }
    return OCELLUS_OK;
}

/* `name` is the split's in messages; *evaluation belongs to the record. */
static ocellus_status read_split(const char *path, const char *name, const json_value *map,
                                 struct evaluation_record *record, struct evaluation *evaluation) {
    TRY(read_names(path, name, json_member(map, "per_class"), record));
    struct split_record stored = {.loss = NAN}; /* null when it was not finite */
    ocellus_status status = json_members_get(map, name, stored_rows, &stored);
    if (status != OCELLUS_OK) return fail_within(status, "%s", path);
    size_t *confusion = memory_allocate(record->classes * record->classes, sizeof *confusion);
    if (confusion == NULL) return OCELLUS_IO;
    status = read_confusion(path, name, json_member(map, "confusion"), record->classes, confusion);
    if (status == OCELLUS_OK) {
        status = evaluation_from_confusion(record->classes, confusion, stored.loss, evaluation);
        if (status != OCELLUS_OK) fail_within(status, "%s: %s", path, name);
    }
    memory_free(confusion);
    if (status != OCELLUS_OK) return status;
    if (stored.count == evaluation->count && stored.correct == evaluation->correct) return OCELLUS_OK;
    fail(OCELLUS_BAD_CONTENT, "%s: %s: %llu of %llu correct (its confusion matrix says %zu of %zu)", path, name,
         (unsigned long long)stored.correct, (unsigned long long)stored.count, evaluation->correct, evaluation->count);
    evaluation_free(evaluation);
    return OCELLUS_BAD_CONTENT;
}

static ocellus_status read_reestimated(const char *path, const json_value *map, struct evaluation_record *record) {
    int64_t images;
    if (!json_get_integer(json_member(map, "images"), &images) || images <= 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: reestimated: images: expected a count", path);
    TRY(read_split(path, "reestimated test", json_member(map, "test"), record, &record->reestimated));
    record->reestimated_images = (size_t)images;
    return OCELLUS_OK;
}

ocellus_status evaluation_file_read(const char *path, struct evaluation_record *record) {
    *record = (struct evaluation_record){0};
    json_value *root;
    TRY(json_parse_file(path, EVALUATION_MAX_BYTES, &root));
    int64_t format; /* version 0.1.0 wrote none */
    ocellus_status status = format_number_read(root, path, EVALUATION_FORMAT, 1, &format);
    if (status == OCELLUS_OK) status = json_members_get(root, path, record_rows, record);
    const json_value *splits = json_member(root, "splits");
    for (size_t i = 0; i < EVALUATION_SPLITS && status == OCELLUS_OK; i++) {
        const char *name = evaluation_split_name((enum evaluation_split)i);
        const json_value *map = json_member(splits, name);
        if (map == NULL) continue;
        status = read_split(path, name, map, record, &record->splits[i]);
        record->present[i] = status == OCELLUS_OK;
    }
    const json_value *reestimated = json_member(root, "reestimated");
    if (status == OCELLUS_OK && reestimated != NULL) status = read_reestimated(path, reestimated, record);
    if (status == OCELLUS_OK && record->classes == 0)
        status = fail(OCELLUS_BAD_CONTENT, "%s: splits: none of train, validation and test", path);
    json_release(root);
    if (status != OCELLUS_OK) evaluation_record_free(record);
    return status;
}
