/* SPDX-License-Identifier: MIT */
/* The table of a recipe's keys, and everything that is driven by it. */
#include "run/recipe.h"

#include "base/c_locale.h"
#include "base/folders.h"
#include "base/sha256.h"

#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const validation_choices[] = {"held-out", "test", "none", NULL};
static const char *const optimizer_choices[] = {"adam", "sgd", NULL};

#define TEXT(section, key, flag, member, change, help)                                                                 \
    { section, key, flag, RECIPE_TEXT, offsetof(struct recipe, member), 0, 0, NULL, change, help }
#define COUNT(section, key, flag, member, smallest, largest, change, help)                                             \
    { section, key, flag, RECIPE_COUNT, offsetof(struct recipe, member), smallest, largest, NULL, change, help }
#define REAL(section, key, flag, member, smallest, largest, help)                                                      \
    { section, key, flag, RECIPE_REAL, offsetof(struct recipe, member), smallest, largest, NULL, false, help }
#define CHOICE(section, key, flag, member, choices, help)                                                              \
    { section, key, flag, RECIPE_CHOICE, offsetof(struct recipe, member), 0, 0, choices, false, help }

/* Keys of a section stand together. Epochs are counted in 32 bits by the random numbers; a seed may be any 64-bit number,
 * which a double cannot bound: largest 0 means no upper bound. */
static const struct recipe_key keys[] = {
    TEXT("model", "name", "model", model_name, false, "built-in network to train"),
    TEXT("model", "weights", "weights", model_weights, false,
         "weights to start from: imagenet or a file (empty: random)"),
    TEXT("model", "freeze", "freeze", model_freeze, false,
         "layers that are not trained: patterns, separated by commas"),
    TEXT("data", "name", "data", data_name, false, "dataset"),
    TEXT("data", "path", "data-path", data_path, true, "folder of the dataset (empty: the cache)"),
    CHOICE("data", "validation", "validation", validation, validation_choices,
           "images to validate on after each epoch"),
    COUNT("data", "held_out", "held-out", held_out, 1, 1e9, false, "training images held out for validation"),
    COUNT("training", "epochs", "epochs", epochs, 1, 1e6, true, "epochs to train"),
    COUNT("training", "batch_size", "batch-size", batch_size, 1, 1e6, false, "images in a step"),
    COUNT("training", "steps_per_epoch", "steps-per-epoch", steps_per_epoch, 0, 1e9, false,
          "steps in an epoch (0: all)"),
    COUNT("training", "validation_steps", "validation-steps", validation_steps, 0, 1e9, false,
          "batches in a validation (0: all)"),
    COUNT("training", "seed", "seed", seed, 0, 0, false, "seed of initial values, order and split"),
    COUNT("training", "checkpoint_every", "checkpoint-every", checkpoint_every, 0, 1e9, true,
          "steps between checkpoints within an epoch (0: only at its end)"),
    CHOICE("optimizer", "name", "optimizer", optimizer, optimizer_choices, "optimizer"),
    REAL("optimizer", "learning_rate", "learning-rate", learning_rate, 0, 1e30, "learning rate"),
    REAL("optimizer", "momentum", "momentum", momentum, 0, 1, "momentum of sgd"),
    {"optimizer", "nesterov", "nesterov", RECIPE_BOOL, offsetof(struct recipe, nesterov), 0, 0, NULL, false,
     "whether sgd's momentum looks ahead"},
    REAL("optimizer", "beta_1", "beta-1", beta_1, 0, 0.9999999, "decay of adam's first moment"),
    REAL("optimizer", "beta_2", "beta-2", beta_2, 0, 0.9999999, "decay of adam's second moment"),
    REAL("optimizer", "epsilon", "epsilon", epsilon, 0, 1, "added to adam's denominator"),
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

size_t recipe_key_count(void) {
    return KEY_COUNT;
}

const struct recipe_key *recipe_key_at(size_t index) {
    return &keys[index];
}

const struct recipe_key *recipe_key_for_flag(const char *flag) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].flag, flag) == 0) return &keys[i];
    }
    return NULL;
}

const char *recipe_choice_name(const char *flag, int choice) {
    return recipe_key_for_flag(flag)->choices[choice];
}

void recipe_defaults(struct recipe *recipe) {
    *recipe = (struct recipe){.model_name = "simcnn",
                              .data_name = "cifar10",
                              .validation = RECIPE_VALIDATION_HELD_OUT,
                              .held_out = 5000,
                              .epochs = 20,
                              .batch_size = 32,
                              .seed = 1,
                              .optimizer = RECIPE_OPTIMIZER_ADAM,
                              .learning_rate = 0.001,
                              .beta_1 = 0.9,
                              .beta_2 = 0.999,
                              .epsilon = 1e-7};
}

/* How a key is written. */
#define WRITTEN       "%s = %s\n"
#define WRITTEN_EMPTY "%s =%s\n"

enum { RECIPE_LINE_SIZE = RECIPE_TEXT_SIZE + 128, RECIPE_FILE_LIMIT = 64 * 1024 };

/* The library's defaults cut lines at 200 bytes, too short for a path, and read an indented key as more of the value above
 * it. What it takes for a blank is the locale's. */
static int parse_ini(ini_reader next_line, void *stream, ini_handler take_pair, void *context) {
    ini_max_line = RECIPE_LINE_SIZE;
    ini_allow_multiline = false;
    ini_stop_on_first_error = true;
    locale_t before = c_locale_enter();
    int bad_line = ini_parse_stream(next_line, stream, take_pair, context);
    c_locale_leave(before);
    return bad_line;
}

/* What the reader makes of a line with the value. */
struct line_check {
    const char *rest, *value;
    bool same;
};

static char *check_line(char *line, int size, void *stream) {
    struct line_check *check = stream;
    size_t length = strcspn(check->rest, "\n");
    length += check->rest[length] == '\n';
    if (length == 0 || length >= (size_t)size) return NULL;
    memcpy(line, check->rest, length);
    line[length] = '\0';
    check->rest += length;
    return line;
}

static int check_pair(void *context, const char *section, const char *name, const char *value) {
    struct line_check *check = context;
    check->same = !*section && strcmp(name, "key") == 0 && strcmp(value, check->value) == 0;
    return check->same;
}

/* Whether a written value is read again as it was: INI has comments, and drops blanks at the ends. The reader decides. */
static ocellus_status check_text(const char *value, const char *source) {
    char text[RECIPE_TEXT_SIZE + 16];
    snprintf(text, sizeof text, *value ? WRITTEN : WRITTEN_EMPTY, "key", value);
    struct line_check check = {.rest = text, .value = value};
    int bad_line = parse_ini(check_line, &check, check_pair, &check);
    if (bad_line < 0) return fail(OCELLUS_IO, "%s: no memory", source);
    if (bad_line == 0 && check.same) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: a recipe cannot hold this text (blank ends, line breaks or \" ;\"): %s", source,
                value);
}

static ocellus_status set_text(char *member, const char *value, const char *source) {
    size_t size = strlen(value);
    if (size >= RECIPE_TEXT_SIZE)
        return fail(OCELLUS_USAGE, "%s: text is too long (expected at most %d bytes, got %zu)", source,
                    RECIPE_TEXT_SIZE - 1, size);
    TRY(check_text(value, source));
    memset(member, 0, RECIPE_TEXT_SIZE);
    memcpy(member, value, size);
    return OCELLUS_OK;
}

static ocellus_status set_count(uint64_t *member, const struct recipe_key *key, const char *value, const char *source) {
    uint64_t count = 0;
    bool bounded = key->largest > 0;
    uint64_t largest = bounded ? (uint64_t)key->largest : UINT64_MAX;
    if (!text_to_unsigned(value, &count) || count < (uint64_t)key->smallest || count > largest) {
        return fail(OCELLUS_USAGE,
                    "%s: not a valid value (expected a whole number from %" PRIu64 " to %" PRIu64 ", got \"%s\")",
                    source, (uint64_t)key->smallest, largest, value);
    }
    *member = count;
    return OCELLUS_OK;
}

static ocellus_status set_real(double *member, const struct recipe_key *key, const char *value, const char *source) {
    double number = 0;
    if (!text_to_real(value, &number) || number < key->smallest || number > key->largest) {
        char smallest[32], largest[32];
        text_from_real(key->smallest, smallest);
        text_from_real(key->largest, largest);
        return fail(OCELLUS_USAGE, "%s: not a valid value (expected a number from %s to %s, got \"%s\")", source,
                    smallest, largest, value);
    }
    *member = number + 0.0; /* -0 becomes 0: one way to write a value */
    return OCELLUS_OK;
}

static ocellus_status set_choice(int *member, const struct recipe_key *key, const char *value, const char *source) {
    struct text known = {0};
    size_t count = 0;
    for (; key->choices[count]; count++) {
        if (strcmp(key->choices[count], value) == 0) {
            *member = (int)count;
            text_free(&known);
            return OCELLUS_OK;
        }
        text_append(&known, "%s%s", count ? ", " : "", key->choices[count]);
    }
    const char *nearest = text_nearest(value, key->choices, count);
    ocellus_status status = fail(OCELLUS_USAGE, "%s: not a valid value (expected one of %s, got \"%s\")%s%s%s", source,
                                 known.failed ? "?" : known.bytes, value, nearest ? "; did you mean \"" : "",
                                 nearest ? nearest : "", nearest ? "\"?" : "");
    text_free(&known);
    return status;
}

ocellus_status recipe_set(struct recipe *recipe, const struct recipe_key *key, const char *value, const char *source) {
    void *member = (char *)recipe + key->offset;
    switch (key->type) {
    case RECIPE_TEXT:
        return set_text(member, value, source);
    case RECIPE_COUNT:
        return set_count(member, key, value, source);
    case RECIPE_REAL:
        return set_real(member, key, value, source);
    case RECIPE_CHOICE:
        return set_choice(member, key, value, source);
    case RECIPE_BOOL:
        break;
    }
    bool truth = strcmp(value, "true") == 0;
    if (!truth && strcmp(value, "false") != 0) {
        return fail(OCELLUS_USAGE, "%s: not a valid value (expected true or false, got \"%s\")", source, value);
    }
    *(bool *)member = truth;
    return OCELLUS_OK;
}

void recipe_value(const struct recipe *recipe, const struct recipe_key *key, char out[RECIPE_TEXT_SIZE]) {
    const void *member = (const char *)recipe + key->offset;
    char real[32];
    switch (key->type) {
    case RECIPE_TEXT:
        snprintf(out, RECIPE_TEXT_SIZE, "%s", (const char *)member);
        break;
    case RECIPE_COUNT:
        snprintf(out, RECIPE_TEXT_SIZE, "%" PRIu64, *(const uint64_t *)member);
        break;
    case RECIPE_REAL:
        text_from_real(*(const double *)member, real);
        snprintf(out, RECIPE_TEXT_SIZE, "%s", real);
        break;
    case RECIPE_CHOICE:
        snprintf(out, RECIPE_TEXT_SIZE, "%s", key->choices[*(const int *)member]);
        break;
    case RECIPE_BOOL:
        snprintf(out, RECIPE_TEXT_SIZE, "%s", *(const bool *)member ? "true" : "false");
        break;
    }
}

static void write_keys(const struct recipe *recipe, bool with_changing, struct text *out) {
    const char *section = "";
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].may_change && !with_changing) continue;
        if (strcmp(section, keys[i].section) != 0) {
            text_append(out, "%s[%s]\n", *section ? "\n" : "", keys[i].section);
            section = keys[i].section;
        }
        char value[RECIPE_TEXT_SIZE];
        recipe_value(recipe, &keys[i], value);
        text_append(out, *value ? WRITTEN : WRITTEN_EMPTY, keys[i].key, value);
    }
}

void recipe_write(const struct recipe *recipe, struct text *out) {
    write_keys(recipe, true, out);
}

void recipe_command(const struct recipe *recipe, struct text *out) {
    struct recipe defaults;
    char value[RECIPE_TEXT_SIZE], usual[RECIPE_TEXT_SIZE];
    recipe_defaults(&defaults);
    text_append(out, "ocellus train");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        recipe_value(recipe, &keys[i], value);
        recipe_value(&defaults, &keys[i], usual);
        if (strcmp(value, usual) == 0) continue;
        text_append(out, " --%s%s", keys[i].flag, *value == '-' ? "=" : " "); /* a value is no flag */
        text_append_shell_word(out, value);
    }
}

ocellus_status recipe_hash(const struct recipe *recipe, char hash[SHA256_TEXT_SIZE]) {
    struct text text = {0};
    write_keys(recipe, false, &text);
    ocellus_status status = text.failed ? fail(OCELLUS_IO, "recipe: no memory") : OCELLUS_OK;
    if (status == OCELLUS_OK) sha256_bytes(text.bytes, text.size, hash);
    text_free(&text);
    return status;
}

const struct recipe_key *recipe_difference(const struct recipe *a, const struct recipe *b) {
    char value_a[RECIPE_TEXT_SIZE], value_b[RECIPE_TEXT_SIZE];
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].may_change) continue;
        recipe_value(a, &keys[i], value_a);
        recipe_value(b, &keys[i], value_b);
        if (strcmp(value_a, value_b) != 0) return &keys[i];
    }
    return NULL;
}

/* Reading: inih calls back for every "key = value" with the section it stands in. */
struct reading {
    const char *source;
    const char *rest; /* of the text */
    int line;         /* the one being read, from 1 */
    struct recipe recipe;
    int given[KEY_COUNT]; /* the line where a key was given; 0: not yet */
    ocellus_status status;
};

static bool section_known(const char *section) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].section, section) == 0) return true;
    }
    return false;
}

static const char *nearest_section(const char *section) {
    const char *names[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].section;
    return text_nearest(section, names, KEY_COUNT);
}

/* Looks in the section first, then for a slip of the section: the key as it stands under another one. */
static ocellus_status fail_unknown_key(const char *source, int line, const char *section, const char *name) {
    const char *names[KEY_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].section, section) == 0) names[count++] = keys[i].key;
        else if (strcmp(keys[i].key, name) == 0) {
            return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: unknown key; it belongs to [%s]", source, line, section, name,
                        keys[i].section);
        }
    }
    const char *nearest = text_nearest(name, names, count);
    if (!nearest) return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: unknown key", source, line, section, name);
    return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: unknown key; did you mean \"%s\"?", source, line, section, name,
                nearest);
}

static ocellus_status read_key(struct reading *reading, const char *section, const char *name, const char *value) {
    const char *source = reading->source;
    int line = reading->line;
    if (!section_known(section)) {
        const char *nearest = nearest_section(section);
        if (!*section) return fail(OCELLUS_USAGE, "%s:%d: %s: key before any section", source, line, name);
        return fail(OCELLUS_USAGE, "%s:%d: [%s]: unknown section%s%s%s", source, line, section,
                    nearest ? "; did you mean [" : "", nearest ? nearest : "", nearest ? "]?" : "");
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].key, name) != 0) continue;
        if (reading->given[i]) {
            return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: key given twice (first in line %d)", source, line, section,
                        name, reading->given[i]);
        }
        reading->given[i] = line;
        char place[FILE_PATH_SIZE + 128];
        snprintf(place, sizeof place, "%s:%d: [%s] %s", source, line, section, name);
        return recipe_set(&reading->recipe, &keys[i], value, place);
    }
    return fail_unknown_key(source, line, section, name);
}

/* One line of the text, as fgets() would give it. */
static char *next_line(char *line, int size, void *stream) {
    struct reading *reading = stream;
    if (*reading->rest == '\0' || reading->status != OCELLUS_OK) return NULL;
    reading->line++;
    size_t length = strcspn(reading->rest, "\n");
    if (reading->rest[length] == '\n') length++;
    if (length >= (size_t)size) {
        reading->status = fail(OCELLUS_USAGE, "%s:%d: line is too long (expected at most %d bytes)", reading->source,
                               reading->line, size - 1);
        return NULL;
    }
    memcpy(line, reading->rest, length);
    line[length] = '\0';
    reading->rest += length;
    return line;
}

static int take_pair(void *context, const char *section, const char *name, const char *value) {
    struct reading *reading = context;
    reading->status = read_key(reading, section, name, value);
    return reading->status == OCELLUS_OK;
}

ocellus_status recipe_parse(const char *text, const char *source, struct recipe *recipe) {
    struct reading reading = {.source = source, .rest = text, .recipe = *recipe};
    int bad_line = parse_ini(next_line, &reading, take_pair, &reading);
    TRY(reading.status);
    if (bad_line < 0) return fail(OCELLUS_IO, "%s: no memory", source);
    if (bad_line > 0) return fail(OCELLUS_USAGE, "%s:%d: neither [section] nor key = value", source, bad_line);
    *recipe = reading.recipe;
    return OCELLUS_OK;
}

ocellus_status recipe_read(const char *path, struct recipe *recipe) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(file_read(path, RECIPE_FILE_LIMIT, &bytes, &size));
    ocellus_status status = strlen((const char *)bytes) == size
                                ? recipe_parse((const char *)bytes, path, recipe)
                                : fail(OCELLUS_USAGE, "%s: not a recipe (it holds a zero byte)", path);
    free(bytes);
    return status;
}
