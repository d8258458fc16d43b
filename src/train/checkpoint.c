/* SPDX-License-Identifier: MIT */
/* A checkpoint is a safetensors file of every engine tensor. Its metadata hold the state as JSON and a SHA-256 over that
 * JSON and all values, so that a file whose bits have changed is told from a whole one. Reals are stored as their 64 bits
 * in hexadecimal: the running sums must come back exactly. */
#include "train/checkpoint.h"

#include "base/folders.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "formats/safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKPOINT_FORMAT = 1 };
#define STATE_KEY "ocellus_checkpoint"
#define HASH_KEY  "ocellus_checkpoint_sha256"

void train_state_free(struct train_state *state) {
    history_free(&state->history);
    *state = (struct train_state){0};
}

/* --- the state as JSON --- */

static bool set_bits(json_value *map, const char *key, double number) {
    uint64_t bits = 0;
    char text[24];
    memcpy(&bits, &number, sizeof bits);
    snprintf(text, sizeof text, "%016" PRIx64, bits);
    return json_set(map, key, json_new_text(text));
}

static bool set_count(json_value *map, const char *key, uint64_t number) {
    return json_set(map, key, json_new_integer((int64_t)number));
}

static json_value *history_to_json(const struct history *history) {
    json_value *list = json_new_list();
    bool complete = list != NULL;
    for (size_t i = 0; complete && i < history->count; i++) {
        const struct history_row *row = &history->rows[i];
        json_value *map = json_new_map();
        complete = set_bits(map, "accuracy", row->accuracy) && set_bits(map, "learning_rate", row->learning_rate) &&
                   set_bits(map, "loss", row->loss) && set_bits(map, "val_accuracy", row->val_accuracy) &&
                   set_bits(map, "val_loss", row->val_loss) && set_bits(map, "time", row->time);
        complete = json_append(list, map) && complete;
    }
    if (complete) return list;
    json_release(list);
    return NULL;
}

static char *state_to_text(const struct engine *engine, const struct train_state *state,
                           const struct checkpoint_identity *identity) {
    json_value *map = json_new_map();
    bool complete =
        set_count(map, "format", CHECKPOINT_FORMAT) && set_count(map, "step", state->step) &&
        set_count(map, "epoch", state->epoch) && set_count(map, "position", state->position) &&
        set_count(map, "updates", engine_updates(engine)) && set_bits(map, "loss_sum", state->loss_sum) &&
        set_count(map, "correct", state->correct) && set_count(map, "images", state->images) &&
        set_bits(map, "seconds", state->seconds) && json_set(map, "has_best", json_new_bool(state->has_best)) &&
        set_bits(map, "best_accuracy", state->best_accuracy) && set_count(map, "best_epoch", state->best_epoch) &&
        json_set(map, "history", history_to_json(&state->history)) &&
        json_set(map, "recipe_sha256", json_new_text(identity->recipe_hash)) &&
        json_set(map, "data_sha256", json_new_text(identity->data_hash)) &&
        json_set(map, "kernels", json_new_text(engine_kernels_name(engine)));
    char *text = complete ? json_write(map, 0) : NULL;
    json_release(map);
    return text;
}

/* Reads members of a map; the first one that is missing or of another kind fails all. */
struct state_reader {
    const json_value *map;
    const char *path;
    ocellus_status status;
};

static void reader_fail(struct state_reader *reader, const char *key) {
    if (reader->status != OCELLUS_OK) return;
    reader->status = fail(OCELLUS_BAD_CONTENT, "%s: %s: missing or not what it should be", reader->path, key);
}

static uint64_t read_count(struct state_reader *reader, const char *key) {
    int64_t number = 0;
    if (!json_get_integer(json_member(reader->map, key), &number) || number < 0) reader_fail(reader, key);
    return (uint64_t)number;
}

static const char *read_text(struct state_reader *reader, const char *key) {
    const char *text = "";
    if (!json_get_text(json_member(reader->map, key), &text)) reader_fail(reader, key);
    return text;
}

static double read_bits(struct state_reader *reader, const char *key) {
    const char *text = read_text(reader, key);
    char *end = NULL;
    double number = 0;
    uint64_t bits = strtoull(text, &end, 16);
    if (strlen(text) != 16 || *end != '\0') reader_fail(reader, key);
    memcpy(&number, &bits, sizeof number);
    return number;
}

static void read_history(struct state_reader *reader, struct history *history) {
    const json_value *list = json_member(reader->map, "history");
    if (json_type_of(list) != JSON_TYPE_LIST) reader_fail(reader, "history");
    for (size_t i = 0; i < json_count(list) && reader->status == OCELLUS_OK; i++) {
        struct state_reader row_reader = {.map = json_element(list, i), .path = reader->path};
        struct history_row row = {.accuracy = read_bits(&row_reader, "accuracy"),
                                  .learning_rate = read_bits(&row_reader, "learning_rate"),
                                  .loss = read_bits(&row_reader, "loss"),
                                  .val_accuracy = read_bits(&row_reader, "val_accuracy"),
                                  .val_loss = read_bits(&row_reader, "val_loss"),
                                  .time = read_bits(&row_reader, "time")};
        reader->status = row_reader.status;
        if (reader->status == OCELLUS_OK) reader->status = history_append(history, &row);
    }
}

/* --- hashing --- */

/* Both sides hash the tensors in byte order of their names, which is the order in the file. */
static void hash_tensor(struct sha256 *hash, const char *name, const float *values, size_t count) {
    sha256_add(hash, name, strlen(name) + 1);
    sha256_add(hash, values, count * sizeof *values);
}

/* --- writing --- */

static int compare_entries(const void *a, const void *b) {
    return strcmp(((const struct safetensors_entry *)a)->name, ((const struct safetensors_entry *)b)->name);
}

static ocellus_status get_values(void *context, const char *name, float *values, size_t count) {
    return engine_get(context, name, values, count);
}

static ocellus_status hash_engine(const struct engine *engine, const struct safetensors_entry *entries, size_t count,
                                  const char *state_text, char text[SHA256_TEXT_SIZE]) {
    size_t largest = 1;
    for (size_t i = 0; i < count; i++) {
        size_t size = shape_size(entries[i].shape);
        if (size > largest) largest = size;
    }
    float *values = memory_allocate(largest, sizeof *values);
    if (!values) return OCELLUS_IO;
    struct sha256 hash;
    ocellus_status status = OCELLUS_OK;
    sha256_begin(&hash);
    sha256_add(&hash, state_text, strlen(state_text));
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        size_t size = shape_size(entries[i].shape);
        status = engine_get(engine, entries[i].name, values, size);
        hash_tensor(&hash, entries[i].name, values, size);
    }
    sha256_end(&hash, text);
    memory_free(values);
    return status;
}

static ocellus_status write_file(const char *path, const struct engine *engine, const char *state_text) {
    size_t count = engine_tensor_count(engine);
    struct safetensors_entry *entries = memory_allocate(count, sizeof *entries);
    if (!entries) return OCELLUS_IO;
    for (size_t i = 0; i < count; i++) {
        struct engine_tensor tensor = engine_tensor_at(engine, i);
        entries[i] = (struct safetensors_entry){.name = tensor.name, .shape = tensor.shape};
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    char hash[SHA256_TEXT_SIZE];
    ocellus_status status = hash_engine(engine, entries, count, state_text, hash);
    const struct safetensors_text metadata[] = {{STATE_KEY, state_text}, {HASH_KEY, hash}};
    if (status == OCELLUS_OK) {
        status = safetensors_write(path, entries, count, metadata, 2, get_values, (void *)engine);
    }
    memory_free(entries);
    return status;
}

static ocellus_status generation_path(const struct run_folder *run, char generation, char path[FILE_PATH_SIZE]) {
    const char name[] = {generation, '\0'};
    char file[32];
    snprintf(file, sizeof file, "%s/%s.safetensors", RUN_CHECKPOINTS, name);
    return run_folder_file(run, file, path);
}

ocellus_status checkpoint_write(const struct run_folder *run, const struct engine *engine, struct train_state *state,
                                const struct checkpoint_identity *identity, char path[FILE_PATH_SIZE]) {
    char generation = state->generation == 'a' ? 'b' : 'a', folder[FILE_PATH_SIZE];
    TRY(run_folder_file(run, RUN_CHECKPOINTS, folder));
    TRY(folder_make(folder));
    TRY(generation_path(run, generation, path));
    char *text = state_to_text(engine, state, identity);
    if (!text) return fail(OCELLUS_IO, "%s: no memory", path);
    ocellus_status status = write_file(path, engine, text);
    free(text);
    if (status == OCELLUS_OK) state->generation = generation;
    return status;
}

/* --- reading --- */

/* One generation as it was found. */
struct generation {
    char letter, path[FILE_PATH_SIZE];
    bool exists, valid;
    struct safetensors *file;
    json_value *state;
    uint64_t step;
    uint64_t epoch;
    char problem[STATUS_MESSAGE_SIZE];
};

static ocellus_status check_hash(const struct safetensors *file, const char *path, const char *state_text) {
    const char *wanted = safetensors_metadata(file, HASH_KEY);
    char got[SHA256_TEXT_SIZE];
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, state_text, strlen(state_text));
    for (size_t i = 0; i < file->tensors.count; i++) {
        const struct named_tensor *tensor = &file->tensors.items[i];
        hash_tensor(&hash, tensor->name, tensor->values, shape_size(&tensor->shape));
    }
    sha256_end(&hash, got);
    if (wanted && strcmp(wanted, got) == 0) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: SHA-256 of the content (expected %s, got %s)", path, wanted ? wanted : "one",
                got);
}

static ocellus_status read_generation(struct generation *generation) {
    const char *path = generation->path;
    /* Adam's second moment may overflow while the network is sound, so values that are not finite are no damage. */
    TRY(safetensors_read(path, true, &generation->file));
    const char *text = safetensors_metadata(generation->file, STATE_KEY);
    if (!text) return fail(OCELLUS_BAD_CONTENT, "%s: not a checkpoint (no %s)", path, STATE_KEY);
    TRY(check_hash(generation->file, path, text));
    TRY(json_parse(text, strlen(text), path, &generation->state));
    struct state_reader reader = {.map = generation->state, .path = path};
    uint64_t format = read_count(&reader, "format");
    generation->step = read_count(&reader, "step");
    generation->epoch = read_count(&reader, "epoch");
    TRY(reader.status);
    if (format == CHECKPOINT_FORMAT) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: format (expected %d, got %" PRIu64 ")", path, CHECKPOINT_FORMAT, format);
}

static ocellus_status find_generation(const struct run_folder *run, char letter, struct generation *generation) {
    *generation = (struct generation){.letter = letter};
    TRY(generation_path(run, letter, generation->path));
    enum path_kind kind;
    TRY(path_look(generation->path, &kind));
    generation->exists = kind != PATH_NONE;
    if (!generation->exists) return OCELLUS_OK;
    ocellus_status status = read_generation(generation);
    generation->valid = status == OCELLUS_OK;
    if (!generation->valid) snprintf(generation->problem, sizeof generation->problem, "%s", status_message());
    /* Only what the file holds makes it a broken one; no memory or no permission is the machine's failure. */
    return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
}

static void generation_free(struct generation *generation) {
    safetensors_free(generation->file);
    json_release(generation->state);
    generation->file = NULL;
    generation->state = NULL;
}

/* The newer one; an epoch's end has the same step as a stop before its validation, but a later epoch. */
static struct generation *newest(struct generation *a, struct generation *b) {
    if (!a->valid || !b->valid) return a->valid ? a : b;
    if (a->step != b->step) return a->step > b->step ? a : b;
    return a->epoch >= b->epoch ? a : b;
}

static ocellus_status check_identity(const struct generation *generation, const struct checkpoint_identity *identity) {
    struct state_reader reader = {.map = generation->state, .path = generation->path};
    const char *recipe = read_text(&reader, "recipe_sha256"), *data = read_text(&reader, "data_sha256");
    TRY(reader.status);
    if (strcmp(recipe, identity->recipe_hash) != 0) {
        return fail(OCELLUS_USAGE, "%s: made with another recipe (expected SHA-256 %s, got %s)", generation->path,
                    identity->recipe_hash, recipe);
    }
    if (strcmp(data, identity->data_hash) != 0) {
        return fail(OCELLUS_USAGE, "%s: made with other data (expected SHA-256 %s, got %s)", generation->path,
                    identity->data_hash, data);
    }
    return OCELLUS_OK;
}

static ocellus_status set_tensors(struct engine *engine, const struct generation *generation) {
    size_t count = engine_tensor_count(engine);
    if (generation->file->tensors.count != count) {
        return fail(OCELLUS_BAD_CONTENT, "%s: tensors (expected %zu, got %zu)", generation->path, count,
                    generation->file->tensors.count);
    }
    for (size_t i = 0; i < count; i++) {
        struct engine_tensor wanted = engine_tensor_at(engine, i);
        const struct named_tensor *tensor = named_tensors_find(&generation->file->tensors, wanted.name);
        if (!tensor || !shape_equal(&tensor->shape, wanted.shape)) {
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: missing or of another shape", generation->path, wanted.name);
        }
        TRY(engine_set(engine, wanted.name, tensor->values, shape_size(wanted.shape)));
    }
    return OCELLUS_OK;
}

static ocellus_status set_state(struct engine *engine, const struct generation *generation, struct train_state *state) {
    struct state_reader reader = {.map = generation->state, .path = generation->path};
    state->step = generation->step;
    state->epoch = generation->epoch;
    state->generation = generation->letter;
    state->position = read_count(&reader, "position");
    state->loss_sum = read_bits(&reader, "loss_sum");
    state->correct = read_count(&reader, "correct");
    state->images = read_count(&reader, "images");
    state->seconds = read_bits(&reader, "seconds");
    if (!json_get_bool(json_member(reader.map, "has_best"), &state->has_best)) reader_fail(&reader, "has_best");
    state->best_accuracy = read_bits(&reader, "best_accuracy");
    state->best_epoch = read_count(&reader, "best_epoch");
    read_history(&reader, &state->history);
    uint64_t updates = read_count(&reader, "updates");
    const char *kernels = read_text(&reader, "kernels");
    TRY(reader.status);
    engine_set_updates(engine, updates);
    if (strcmp(kernels, engine_kernels_name(engine)) != 0) {
        log_warning("%s: made with the %s kernels; this run goes on with %s, so its bits will differ from an "
                    "uninterrupted run's",
                    generation->path, kernels, engine_kernels_name(engine));
    }
    return OCELLUS_OK;
}

static ocellus_status use_newest(struct engine *engine, const struct checkpoint_identity *identity,
                                 struct generation *a, struct generation *b, struct train_state *state) {
    struct generation *used = newest(a, b), *other = used == a ? b : a;
    if (!used->valid) {
        return fail(OCELLUS_BAD_CONTENT, "no usable checkpoint: %s", a->exists ? a->problem : b->problem);
    }
    if (other->exists && !other->valid) log_warning("%s; going on from %s instead", other->problem, used->path);
    generation_free(other);
    TRY(check_identity(used, identity));
    TRY(set_tensors(engine, used));
    return set_state(engine, used, state);
}

ocellus_status checkpoint_exists(const struct run_folder *run, bool *exists) {
    *exists = false;
    for (char name = 'a'; name <= 'b' && !*exists; name++) {
        char path[FILE_PATH_SIZE];
        enum path_kind kind;
        TRY(generation_path(run, name, path));
        TRY(path_look(path, &kind));
        *exists = kind != PATH_NONE;
    }
    return OCELLUS_OK;
}

ocellus_status checkpoint_read(const struct run_folder *run, struct engine *engine,
                               const struct checkpoint_identity *identity, struct train_state *state, bool *found) {
    struct generation a, b = {0};
    ocellus_status status = find_generation(run, 'a', &a);
    if (status == OCELLUS_OK) status = find_generation(run, 'b', &b);
    *found = a.exists || b.exists;
    if (status == OCELLUS_OK && *found) status = use_newest(engine, identity, &a, &b, state);
    generation_free(&a);
    generation_free(&b);
    return status;
}
