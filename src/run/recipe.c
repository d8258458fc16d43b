/* SPDX-License-Identifier: MIT */
/* The table of a recipe's keys, and everything that is driven by it but the reading of files (recipe_ini.c). */
#include "run/recipe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const recipe_validation_names[] = {"held-out", "test", "none", NULL};
static const char *const border_names[] = {"reflect", "zero", "nearest",
                                           NULL};                           /* in the order of enum augment_border */
static const char *const erasing_names[] = {"zero", "mean", "noise", NULL}; /* in the order of enum augment_erasing */

static const char *const feature_choices[] = {"none", "cached", NULL};

#define AT(member) offsetof(struct recipe, member)
#define OF(kind)   (1U << OPTIMIZER_##kind)

/* Keys of a section stand together. Epochs are counted in 32 bits by the random numbers; a seed may be any 64-bit number,
 * which a double cannot bound. */
static const struct recipe_key keys[] = {
    {"model", "name", "model", RECIPE_TEXT, AT(model_name), .neutral = "simcnn", .in_format_1 = true,
     .help = "network to train: a built-in one, a run or a file"},
    {"model", "weights", "weights", RECIPE_TEXT, AT(model_weights), .neutral = "", .in_format_1 = true,
     .help = "weights to start from: imagenet, a run or a file"},
    {"model", "freeze", "freeze", RECIPE_TEXT, AT(model_freeze), .neutral = "", .in_format_1 = true,
     .help = "layers that are not trained: patterns, separated by commas"},
    {"model", "unfreeze", "unfreeze", RECIPE_TEXT, AT(model_unfreeze), .neutral = "",
     .help = "frozen layers that learn later: EPOCH:PATTERN, by commas"},
    {"model", "input_size", "input-size", RECIPE_COUNT, AT(model_input_size), .neutral = "0", .largest = 65500,
     .help = "side of the pictures the network takes (0: as it has it)"},
    {"model", "features", "features", RECIPE_CHOICE, AT(model_features), .neutral = "none", .choices = feature_choices,
     .help = "whether what a frozen beginning gives is made once"},
    {"model", "resize", "resize", RECIPE_CHOICE, AT(model_resize), .neutral = "stretch", .choices = resize_rule_names,
     .help = "how pictures of other sizes come to the network's"},
    {"model", "jpeg_scaled", "jpeg-scaled", RECIPE_BOOL, AT(model_jpeg_scaled), .neutral = "false",
     .help = "whether JPEG is decoded no larger than is needed: faster"},
    {"data", "name", "data", RECIPE_TEXT, AT(data_name), .neutral = "cifar10", .in_format_1 = true, .help = "dataset"},
    {"data", "path", "data-path", RECIPE_TEXT, AT(data_path), .neutral = "", .in_format_1 = true, .may_change = true,
     .help = "folder of the dataset (empty: the cache)"},
    {"data", "validation", "validation", RECIPE_CHOICE, AT(validation), .neutral = "held-out", .in_format_1 = true,
     .choices = recipe_validation_names, .help = "images to validate on after each epoch"},
    {"data", "held_out", "held-out", RECIPE_COUNT, AT(held_out), .neutral = "5000", .in_format_1 = true, .smallest = 1,
     .largest = 1e9, .help = "training images held out for validation"},
    {"data", "split", "split", RECIPE_TEXT, AT(data_split), .neutral = "", .may_change = true,
     .help = "file that keeps which pictures are to test (empty: beside them)"},
    {"data", "test_share", "test-share", RECIPE_REAL, AT(test_share), .neutral = "0.15", .largest = 0.9,
     .help = "share of one's own pictures to test"},
    {"data", "validation_share", "validation-share", RECIPE_REAL, AT(validation_share), .neutral = "0.15",
     .largest = 0.9, .help = "share of one's own pictures to validate on"},
    {"data", "folds", "folds", RECIPE_COUNT, AT(folds), .neutral = "0", .largest = 1000,
     .help = "parts of one's own pictures for cross-validation (0: none)"},
    {"data", "fold", "fold", RECIPE_COUNT, AT(fold), .neutral = "0", .largest = 1000,
     .help = "which of the folds validates, from 1"},
    {"training", "epochs", "epochs", RECIPE_COUNT, AT(epochs), .neutral = "20", .in_format_1 = true, .smallest = 1,
     .largest = 1e6, .may_change = true, .help = "epochs to train"},
    {"training", "batch_size", "batch-size", RECIPE_COUNT, AT(batch_size), .neutral = "32", .in_format_1 = true,
     .smallest = 1, .largest = 1e6, .help = "images in a step"},
    {"training", "steps_per_epoch", "steps-per-epoch", RECIPE_COUNT, AT(steps_per_epoch), .neutral = "0",
     .in_format_1 = true, .largest = 1e9, .help = "steps in an epoch (0: all)"},
    {"training", "validation_steps", "validation-steps", RECIPE_COUNT, AT(validation_steps), .neutral = "0",
     .in_format_1 = true, .largest = 1e9, .help = "batches in a validation (0: all)"},
    {"training", "seed", "seed", RECIPE_COUNT, AT(seed), .neutral = "1", .in_format_1 = true,
     .help = "seed of initial values, order and split"},
    {"training", "checkpoint_every", "checkpoint-every", RECIPE_COUNT, AT(checkpoint_every), .neutral = "0",
     .in_format_1 = true, .largest = 1e9, .may_change = true,
     .help = "steps between checkpoints within an epoch (0: only at its end)"},
    {"optimizer", "name", "optimizer", RECIPE_CHOICE, AT(optimizer), .neutral = "adam", .in_format_1 = true,
     .choices = optimizer_names, .help = "optimizer"},
    {"optimizer", "learning_rate", "learning-rate", RECIPE_REAL, AT(learning_rate), .neutral = "0.001",
     .in_format_1 = true, .largest = 1e30, .help = "learning rate"},
    {"optimizer", "rates", "rates", RECIPE_TEXT, AT(rates), .neutral = "",
     .help = "layers' shares of the rate: PATTERN:SCALE, by commas"},
    {"optimizer", "momentum", "momentum", RECIPE_REAL, AT(momentum), .neutral = "0", .in_format_1 = true, .largest = 1,
     .optimizers = OF(SGD), .help = "momentum of sgd"},
    {"optimizer", "nesterov", "nesterov", RECIPE_BOOL, AT(nesterov), .neutral = "false", .in_format_1 = true,
     .optimizers = OF(SGD), .help = "whether sgd's momentum looks ahead"},
    {"optimizer", "beta_1", "beta-1", RECIPE_REAL, AT(beta_1), .neutral = "0.9", .in_format_1 = true,
     .largest = 0.9999999, .optimizers = OF(ADAM), .help = "decay of adam's first moment"},
    {"optimizer", "beta_2", "beta-2", RECIPE_REAL, AT(beta_2), .neutral = "0.999", .in_format_1 = true,
     .largest = 0.9999999, .optimizers = OF(ADAM), .help = "decay of adam's second moment"},
    {"optimizer", "epsilon", "epsilon", RECIPE_REAL, AT(epsilon), .neutral = "1e-07", .in_format_1 = true, .largest = 1,
     .optimizers = OF(ADAM), .help = "added to adam's denominator"},
    {"augment", "views", "views", RECIPE_COUNT, AT(views), .neutral = "0", .largest = 1000000,
     .help = "fixed views of each picture (0: new ones each epoch)"},
    {"augment", "resized_crop_smallest", "resized-crop-smallest", RECIPE_REAL, AT(resized_crop_smallest),
     .neutral = "0", .largest = 1, .help = "smallest share of the area of a random crop (0: no crop)"},
    {"augment", "resized_crop_aspect", "resized-crop-aspect", RECIPE_REAL, AT(resized_crop_aspect), .neutral = "1.3333",
     .smallest = 1, .largest = 100, .help = "largest aspect ratio of that crop"},
    {"augment", "crop_padding", "crop-padding", RECIPE_COUNT, AT(crop_padding), .neutral = "0", .largest = 10000,
     .help = "pixels around a picture, of which its size is cut (0: no crop)"},
    {"augment", "flip", "flip", RECIPE_REAL, AT(flip), .neutral = "0", .largest = 1,
     .help = "probability that left becomes right"},
    {"augment", "alternating_flip", "alternating-flip", RECIPE_BOOL, AT(alternating_flip), .neutral = "false",
     .help = "whether each picture is flipped every other epoch"},
    {"augment", "rotation", "rotation", RECIPE_REAL, AT(rotation), .neutral = "0", .largest = 180,
     .help = "degrees of rotation, at most, either way"},
    {"augment", "shift", "shift", RECIPE_REAL, AT(shift), .neutral = "0", .largest = 1,
     .help = "share of each side that a picture moves, at most, either way"},
    {"augment", "zoom", "zoom", RECIPE_REAL, AT(zoom), .neutral = "0", .largest = 10,
     .help = "scale, from 1/(1+X) to 1+X"},
    {"augment", "border", "border", RECIPE_CHOICE, AT(border), .neutral = "reflect", .choices = border_names,
     .help = "what lies outside a picture that is cut or moved"},
    {"augment", "trivial_augment", "trivial-augment", RECIPE_BOOL, AT(trivial_augment), .neutral = "false",
     .help = "whether one operation of TrivialAugment's 14 is applied"},
    {"augment", "brightness", "brightness", RECIPE_REAL, AT(brightness), .neutral = "0", .largest = 10,
     .help = "brightness, from 1-X to 1+X times"},
    {"augment", "contrast", "contrast", RECIPE_REAL, AT(contrast), .neutral = "0", .largest = 10,
     .help = "contrast, from 1-X to 1+X times"},
    {"augment", "saturation", "saturation", RECIPE_REAL, AT(saturation), .neutral = "0", .largest = 10,
     .help = "saturation, from 1-X to 1+X times"},
    {"augment", "hue", "hue", RECIPE_REAL, AT(hue), .neutral = "0", .largest = 0.5,
     .help = "turns of the hue's circle, at most, either way"},
    {"augment", "greyscale", "greyscale", RECIPE_REAL, AT(greyscale), .neutral = "0", .largest = 1,
     .help = "probability that a picture loses its colours"},
    {"augment", "erasing", "erasing", RECIPE_REAL, AT(erasing), .neutral = "0", .largest = 1,
     .help = "probability that a rectangle is erased"},
    {"augment", "erasing_fill", "erasing-fill", RECIPE_CHOICE, AT(erasing_fill), .neutral = "zero",
     .choices = erasing_names, .help = "what the erased rectangle is filled with"},
    {"augment", "mixup", "mixup", RECIPE_REAL, AT(mixup), .neutral = "0", .largest = 1000,
     .help = "alpha of mixup: shares by Beta(alpha, alpha) (0: none)"},
    {"augment", "cutmix", "cutmix", RECIPE_REAL, AT(cutmix), .neutral = "0", .largest = 1000,
     .help = "alpha of cutmix; with mixup one of them by lot (0: none)"},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };
_Static_assert((int)KEY_COUNT <= (int)RECIPE_KEYS_MOST,
               "RECIPE_KEYS_MOST, by which others keep room for all keys, is too small");

size_t recipe_key_count(void) {
    return KEY_COUNT;
}

const struct recipe_key *recipe_key_at(size_t index) {
    return &keys[index];
}

const struct recipe_key *recipe_key_for_flag(const char *flag) {
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].flag, flag) == 0) return &keys[i];
    return NULL;
}

const struct recipe_key *recipe_key_for_offset(size_t offset) {
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (keys[i].offset == offset) return &keys[i];
    return NULL;
}

/* A table's own values are sound: a test holds it. */
void recipe_defaults(struct recipe *recipe) {
    *recipe = (struct recipe){0};
    for (size_t i = 0; i < KEY_COUNT; i++)
        (void)recipe_set(recipe, &keys[i], keys[i].usual ? keys[i].usual : keys[i].neutral, keys[i].flag);
}

void recipe_neutral(struct recipe *recipe) {
    *recipe = (struct recipe){0};
    for (size_t i = 0; i < KEY_COUNT; i++)
        (void)recipe_set(recipe, &keys[i], keys[i].neutral, keys[i].flag);
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether INI gives the text back as it was: it drops blanks at the ends, and takes a ';' after a blank (one stands before
 * the value) for a comment. A test asks the reader itself. */
static bool ini_keeps(const char *value) {
    size_t size = strlen(value);
    for (size_t i = 0; i < size; i++) {
        bool after_blank = i == 0 || is_blank(value[i - 1]);
        if (value[i] == '\n' || (value[i] == ';' && after_blank)) return false;
    }
    return size == 0 || (!is_blank(value[0]) && !is_blank(value[size - 1]));
}

static ocellus_status set_text(char *member, const char *value, const char *source) {
    size_t size = strlen(value);
    if (size >= RECIPE_TEXT_SIZE)
        return fail(OCELLUS_USAGE, "%s: text is too long (expected at most %d bytes, got %zu)", source,
                    RECIPE_TEXT_SIZE - 1, size);
    if (!ini_keeps(value))
        return fail(OCELLUS_USAGE, "%s: a recipe cannot hold this text (blank ends, line breaks or \" ;\"): %s", source,
                    value);
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
    size_t count = 0;
    for (; key->choices[count]; count++) {
        if (strcmp(key->choices[count], value) != 0) continue;
        *member = (int)count;
        return OCELLUS_OK;
    }
    struct text known = {0};
    for (size_t i = 0; i < count; i++)
        text_append(&known, "%s%s", i ? ", " : "", key->choices[i]);
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

/* Writes the keys that `wanted` takes, in the table's order. */
static void write_keys(const struct recipe_key *table, size_t count, const struct recipe *recipe,
                       bool (*wanted)(const struct recipe_key *key, const char *value), struct text *out) {
    const char *section = "";
    for (size_t i = 0; i < count; i++) {
        char value[RECIPE_TEXT_SIZE];
        recipe_value(recipe, &table[i], value);
        if (!wanted(&table[i], value)) continue;
        if (strcmp(section, table[i].section) != 0) {
            text_append(out, "%s[%s]\n", *section ? "\n" : "", table[i].section);
            section = table[i].section;
        }
        text_append(out, *value ? "%s = %s\n" : "%s =%s\n", table[i].key, value);
    }
}

static bool take_all(const struct recipe_key *key, const char *value) {
    (void)key, (void)value;
    return true;
}

static bool take_not_neutral(const struct recipe_key *key, const char *value) {
    return !key->may_change && strcmp(value, key->neutral) != 0;
}

static bool take_format_1(const struct recipe_key *key, const char *value) {
    return !key->may_change && (key->in_format_1 || strcmp(value, key->neutral) != 0);
}

void recipe_write(const struct recipe *recipe, struct text *out) {
    write_keys(keys, KEY_COUNT, recipe, take_all, out);
}

ocellus_status recipe_hash_keys(const struct recipe_key *table, size_t count, const struct recipe *recipe,
                                enum recipe_hash_format format, char hash[SHA256_TEXT_SIZE]) {
    struct text text = {0};
    text_append(&text, "%s", ""); /* where no key is taken */
    write_keys(table, count, recipe, format == RECIPE_HASH_FORMAT_1 ? take_format_1 : take_not_neutral, &text);
    ocellus_status status = text.failed ? OCELLUS_IO : OCELLUS_OK;
    if (status == OCELLUS_OK) sha256_bytes(text.bytes, text.size, hash);
    text_free(&text);
    return status;
}

ocellus_status recipe_hash(const struct recipe *recipe, enum recipe_hash_format format, char hash[SHA256_TEXT_SIZE]) {
    return recipe_hash_keys(keys, KEY_COUNT, recipe, format, hash);
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

/* "sgd", or "sgd or another". */
static void append_optimizers(unsigned optimizers, struct text *out) {
    const char *between = "";
    for (int kind = 0; kind < OPTIMIZER_KINDS; kind++) {
        if (!(optimizers >> kind & 1)) continue;
        text_append(out, "%s%s", between, optimizer_names[kind]);
        between = " or ";
    }
}

static ocellus_status check_optimizer(const struct recipe *recipe) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const struct recipe_key *key = &keys[i];
        char value[RECIPE_TEXT_SIZE];
        recipe_value(recipe, key, value);
        if (!key->optimizers || key->optimizers >> recipe->optimizer & 1 || strcmp(value, key->neutral) == 0) continue;
        struct text owners = {0};
        append_optimizers(key->optimizers, &owners);
        ocellus_status status =
            fail(OCELLUS_USAGE, "recipe: [%s] %s: used by %s, not by %s (expected %s, got %s)", key->section, key->key,
                 owners.failed ? "?" : owners.bytes, optimizer_names[recipe->optimizer], key->neutral, value);
        text_free(&owners);
        return status;
    }
    return OCELLUS_OK;
}

static bool is_neutral(const struct recipe *recipe, size_t offset) {
    const struct recipe_key *key = recipe_key_for_offset(offset);
    char value[RECIPE_TEXT_SIZE];
    recipe_value(recipe, key, value);
    return strcmp(value, key->neutral) == 0;
}

/* A key does nothing without one of those (0 at the end: no key of these is the struct's first member). */
static const struct {
    size_t key, needs[5];
} needs[] = {
    {AT(resized_crop_aspect), {AT(resized_crop_smallest)}},
    {AT(border), {AT(crop_padding), AT(rotation), AT(shift), AT(zoom)}},
    {AT(erasing_fill), {AT(erasing)}},
};

static ocellus_status check_needs(const struct recipe *recipe) {
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        const struct recipe_key *key = recipe_key_for_offset(needs[i].key);
        char value[RECIPE_TEXT_SIZE];
        bool used = is_neutral(recipe, needs[i].key);
        struct text names = {0};
        for (size_t n = 0; needs[i].needs[n]; n++) {
            used = used || !is_neutral(recipe, needs[i].needs[n]);
            text_append(&names, "%s%s", n ? ", " : "", recipe_key_for_offset(needs[i].needs[n])->key);
        }
        recipe_value(recipe, key, value);
        const ocellus_status status =
            used ? OCELLUS_OK
                 : fail(OCELLUS_USAGE, "recipe: [%s] %s: of no effect without %s (expected %s, got %s)", key->section,
                        key->key, names.failed ? "?" : names.bytes, key->neutral, value);
        text_free(&names);
        TRY(status);
    }
    return OCELLUS_OK;
}

/* Two ways to do one thing. */
static const size_t rivals[][2] = {
    {AT(alternating_flip), AT(flip)},
    {AT(resized_crop_smallest), AT(crop_padding)},
};

static ocellus_status check_rivals(const struct recipe *recipe) {
    for (size_t i = 0; i < sizeof rivals / sizeof *rivals; i++) {
        const struct recipe_key *one = recipe_key_for_offset(rivals[i][0]);
        if (is_neutral(recipe, rivals[i][0]) || is_neutral(recipe, rivals[i][1])) continue;
        return fail(OCELLUS_USAGE, "recipe: [%s] %s: does not go with %s", one->section, one->key,
                    recipe_key_for_offset(rivals[i][1])->key);
    }
    return OCELLUS_OK;
}

ocellus_status recipe_check(const struct recipe *recipe) {
    TRY(check_optimizer(recipe));
    TRY(check_needs(recipe));
    return check_rivals(recipe);
}
