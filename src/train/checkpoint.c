/* SPDX-License-Identifier: MIT */
/* A checkpoint is a safetensors file of every engine tensor. Its metadata hold the state as JSON and a SHA-256 over that
 * JSON and all values, so that a file whose bits have changed is told from a whole one. Reals are stored as their 64 bits
 * in hexadecimal: the running sums must come back exactly. */
#include "train/checkpoint.h"

#include "base/folders.h"
#include "base/format_number.h"
#include "base/json_members.h"
#include "base/json_parse.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "formats/safetensors.h"
#include "formats/safetensors_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKPOINT_FORMAT = 2 };
#define STATE_KEY "ocellus_checkpoint"
#define HASH_KEY  "ocellus_checkpoint_sha256"

void train_state_free(struct train_state *state) {
    history_free(&state->history);
    *state = (struct train_state){0};
}

/* --- the state as JSON --- */

/* What a checkpoint says beside its tensors, but for the history. */
struct checkpoint_head {
    uint64_t format, updates; /* the engine's */
    struct train_state state;
    char recipe_sha256[SHA256_TEXT_SIZE], data_sha256[SHA256_TEXT_SIZE];
    char kernels[16];
};

#define HEAD(kind, member)  JSON_ROW(struct checkpoint_head, kind, member)
#define STATE(kind, member) JSON_ROW_NAMED(struct checkpoint_head, kind, state.member, #member, false)
static const struct json_member_row head_rows[] = {
    HEAD(MEMBER_COUNT, format),        STATE(MEMBER_COUNT, step),
    STATE(MEMBER_COUNT, epoch),        STATE(MEMBER_COUNT, position),
    HEAD(MEMBER_COUNT, updates),       STATE(MEMBER_BITS, loss_sum),
    STATE(MEMBER_COUNT, correct),      STATE(MEMBER_COUNT, images),
    STATE(MEMBER_BITS, seconds),       STATE(MEMBER_BOOL, has_best),
    STATE(MEMBER_BITS, best_accuracy), STATE(MEMBER_COUNT, best_epoch),
    HEAD(MEMBER_TEXT, recipe_sha256),  HEAD(MEMBER_TEXT, data_sha256),
    HEAD(MEMBER_TEXT, kernels),        {0},
};
#undef HEAD
#undef STATE

#define ROW(member) JSON_ROW(struct history_row, MEMBER_BITS, member)
static const struct json_member_row history_rows[] = {
    ROW(accuracy), ROW(learning_rate), ROW(loss), ROW(val_accuracy), ROW(val_loss), ROW(time), {0},
};
#undef ROW

static json_value *history_to_json(const struct history *history) {
    json_value *list = json_new_list();
    bool complete = list != NULL;
    for (size_t i = 0; complete && i < history->count; i++) {
        json_value *map = json_new_map();
        complete = json_members_set(map, history_rows, &history->rows[i]);
        complete = json_append(list, map) && complete;
    }
    if (complete) return list;
    json_release(list);
    return NULL;
}

static ocellus_status history_from_json(const json_value *map, const char *path, struct history *history) {
    const json_value *list;
    TRY(json_member_list(map, path, "history", &list));
    for (size_t i = 0; i < json_count(list); i++) {
        struct history_row row;
        TRY(json_members_get(json_element(list, i), path, history_rows, &row));
        TRY(history_append(history, &row));
    }
    return OCELLUS_OK;
}

/* The hash of the recipe as checkpoints of that format hold it. */
static ocellus_status hash_recipe(const struct checkpoint_identity *identity, uint64_t format,
                                  char hash[SHA256_TEXT_SIZE]) {
    return recipe_hash(identity->recipe, format == 1 ? RECIPE_HASH_FORMAT_1 : RECIPE_HASH_FORMAT_2, hash);
}

/* Free *text with free(). */
static ocellus_status state_to_text(const struct engine *engine, const struct train_state *state,
                                    const struct checkpoint_identity *identity, char **text) {
    struct checkpoint_head head = {.format = CHECKPOINT_FORMAT, .updates = engine_updates(engine), .state = *state};
    TRY(hash_recipe(identity, CHECKPOINT_FORMAT, head.recipe_sha256));
    snprintf(head.data_sha256, sizeof head.data_sha256, "%s", identity->data_hash);
    snprintf(head.kernels, sizeof head.kernels, "%s", engine_kernels_name(engine));
    json_value *map = json_new_map();
    bool complete =
        json_members_set(map, head_rows, &head) && json_set(map, "history", history_to_json(&state->history));
    *text = complete ? json_write(map, 0) : NULL;
    json_release(map);
    return *text ? OCELLUS_OK : OCELLUS_IO;
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
    char *text;
    TRY(state_to_text(engine, state, identity, &text));
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
    int64_t format; /* as far as it could be read */
    struct safetensors *file;
    json_value *json;
    struct checkpoint_head head;
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
    TRY(json_parse(text, strlen(text), path, &generation->json));
    TRY(format_number_read(generation->json, path, CHECKPOINT_FORMAT, 0, &generation->format));
    TRY(check_hash(generation->file, path, text));
    return json_members_get(generation->json, path, head_rows, &generation->head);
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
    /* A newer version's is no broken one: it would be written over. */
    if (generation->format > CHECKPOINT_FORMAT) return status;
    /* Only what the file holds makes it a broken one; no memory or no permission is the machine's failure. */
    return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
}

static void generation_free(struct generation *generation) {
    safetensors_free(generation->file);
    json_release(generation->json);
    generation->file = NULL;
    generation->json = NULL;
}

/* The newer one; an epoch's end has the same step as a stop before its validation, but a later epoch. */
static struct generation *newest(struct generation *a, struct generation *b) {
    if (!a->valid || !b->valid) return a->valid ? a : b;
    const struct train_state *state_a = &a->head.state, *state_b = &b->head.state;
    if (state_a->step != state_b->step) return state_a->step > state_b->step ? a : b;
    return state_a->epoch >= state_b->epoch ? a : b;
}

static ocellus_status check_identity(const struct generation *generation, const struct checkpoint_identity *identity) {
    const struct checkpoint_head *head = &generation->head;
    char recipe[SHA256_TEXT_SIZE];
    TRY(hash_recipe(identity, head->format, recipe));
    if (strcmp(head->recipe_sha256, recipe) != 0) {
        return fail(OCELLUS_USAGE, "%s: made with another recipe (expected SHA-256 %s, got %s)", generation->path,
                    recipe, head->recipe_sha256);
    }
    if (strcmp(head->data_sha256, identity->data_hash) != 0) {
        return fail(OCELLUS_USAGE, "%s: made with other data (expected SHA-256 %s, got %s)", generation->path,
                    identity->data_hash, head->data_sha256);
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
    const struct checkpoint_head *head = &generation->head;
    *state = head->state;
    state->generation = generation->letter;
    TRY(history_from_json(generation->json, generation->path, &state->history));
    engine_set_updates(engine, head->updates);
    if (strcmp(head->kernels, engine_kernels_name(engine)) != 0) {
        log_warning("%s: made with the %s kernels; this run goes on with %s, so its bits will differ from an "
                    "uninterrupted run's",
                    generation->path, head->kernels, engine_kernels_name(engine));
    }
    return OCELLUS_OK;
}

static ocellus_status use_newest(const struct checkpoint_engine *engine, const struct checkpoint_identity *identity,
                                 struct generation *a, struct generation *b, struct train_state *state) {
    struct generation *used = newest(a, b), *other = used == a ? b : a;
    if (!used->valid) {
        return fail(OCELLUS_BAD_CONTENT, "no usable checkpoint: %s", a->exists ? a->problem : b->problem);
    }
    if (other->exists && !other->valid) log_warning("%s; going on from %s instead", other->problem, used->path);
    generation_free(other);
    TRY(check_identity(used, identity));
    bool changed = false;
    if (engine->enter) TRY(engine->enter(engine->owner, used->head.state.epoch, engine->engine, &changed));
    TRY(set_tensors(*engine->engine, used));
    return set_state(*engine->engine, used, state);
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

ocellus_status checkpoint_read(const struct run_folder *run, const struct checkpoint_engine *engine,
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
