/* SPDX-License-Identifier: MIT */
/* evaluation.json. What is read is not believed: the confusion matrix decides, the other figures must agree with it. */
#include "run/evaluation_file.h"

#include "base/json_parse.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVALUATION_MAX_CLASSES = 4096, EVALUATION_MAX_BYTES = 256 * 1024 * 1024 };

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
    bool made = json_set(map, "count", json_new_integer((int64_t)evaluation->count));
    made = made && json_set(map, "correct", json_new_integer((int64_t)evaluation->correct));
    made = made && json_set(map, "accuracy", json_new_real(evaluation->accuracy));
    made = made && json_set(map, "low", json_new_real(evaluation->interval.low));
    made = made && json_set(map, "high", json_new_real(evaluation->interval.high));
    made = made && json_set(map, "loss", json_new_real(evaluation->loss));
    made = made && json_set(map, "macro_f1", json_new_real(evaluation->macro_f1));
    made = made && json_set(map, "per_class", per_class_to_json(evaluation, names));
    made = made && json_set(map, "confusion", confusion_to_json(evaluation));
    if (made) return map;
    json_release(map);
    return NULL;
}

json_value *evaluation_record_to_json(const struct evaluation_record *record) {
    json_value *root = json_new_map(), *splits = json_new_map();
    bool made = json_set(root, "model", json_new_text(record->model));
    if (*record->weights_sha256 != '\0')
        made = made && json_set(root, "weights_sha256", json_new_text(record->weights_sha256));
    if (*record->predictions_sha256)
        made = made && json_set(root, "predictions_sha256", json_new_text(record->predictions_sha256));
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

ocellus_status evaluation_file_write(const char *path, const struct evaluation_record *record) {
    json_value *root = evaluation_record_to_json(record);
    char *text = root != NULL ? json_write(root, 1) : NULL;
    json_release(root);
    if (text == NULL) return fail(OCELLUS_IO, "%s: no memory", path);
    ocellus_status status = file_write(path, text, strlen(text));
    free(text);
    return status;
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
    int64_t count = -1, correct = -1;
    double loss = NAN; /* stored as null when it was not finite */
    json_get_integer(json_member(map, "count"), &count);
    json_get_integer(json_member(map, "correct"), &correct);
    json_get_real(json_member(map, "loss"), &loss);
    size_t *confusion = memory_allocate(record->classes * record->classes, sizeof *confusion);
    if (confusion == NULL) return OCELLUS_IO;
    ocellus_status status = read_confusion(path, name, json_member(map, "confusion"), record->classes, confusion);
    if (status == OCELLUS_OK) {
        status = evaluation_from_confusion(record->classes, confusion, loss, evaluation);
        if (status != OCELLUS_OK) fail_within(status, "%s: %s", path, name);
    }
    memory_free(confusion);
    if (status != OCELLUS_OK) return status;
    if (count >= 0 && (size_t)count == evaluation->count && correct >= 0 && (size_t)correct == evaluation->correct)
        return OCELLUS_OK;
    fail(OCELLUS_BAD_CONTENT, "%s: %s: %lld of %lld correct (its confusion matrix says %zu of %zu)", path, name,
         (long long)correct, (long long)count, evaluation->correct, evaluation->count);
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
    ocellus_status status = OCELLUS_OK;
    const char *model;
    if (json_get_text(json_member(root, "model"), &model)) snprintf(record->model, sizeof record->model, "%s", model);
    else status = fail(OCELLUS_BAD_CONTENT, "%s: model: expected a text", path);
    const char *hash;
    if (status == OCELLUS_OK && json_get_text(json_member(root, "weights_sha256"), &hash))
        snprintf(record->weights_sha256, sizeof record->weights_sha256, "%s", hash);
    if (status == OCELLUS_OK && json_get_text(json_member(root, "predictions_sha256"), &hash))
        snprintf(record->predictions_sha256, sizeof record->predictions_sha256, "%s", hash);
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
