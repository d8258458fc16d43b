/* SPDX-License-Identifier: MIT */
/* The recipe: everything that decides what a training run computes, and nothing else (threads, paths of the run and
 * how much is printed are not part of it). One table of keys in recipe.c drives defaults, reading, writing, the flags of the
 * command line, validation, suggestions and the hash.
 *
 * Three values of a key must not be taken for each other:
 * - its value in this recipe;
 * - its default: what a new recipe has that does not name the key. A later version may have another one.
 * - its neutral value: with it the program computes what it computed before the key existed. It is fixed for ever.
 * The hash covers the keys that are not neutral, so that a new key breaks no checkpoint, and a default that changes turns no
 * recipe into another. A run's recipe.ini holds every key of its time: what it lacks is younger than the run, and neutral. */
#ifndef RUN_RECIPE_H
#define RUN_RECIPE_H

#include "base/optimizer_kind.h"
#include "base/resize_rule.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recipe_validation { RECIPE_VALIDATION_HELD_OUT, RECIPE_VALIDATION_TEST, RECIPE_VALIDATION_NONE };
enum recipe_features { RECIPE_FEATURES_NONE, RECIPE_FEATURES_CACHED };
enum { RECIPE_TEXT_SIZE = 1024 };

struct recipe {
    char model_name[RECIPE_TEXT_SIZE];    /* a built-in network, a run folder or a file of a network */
    char model_weights[RECIPE_TEXT_SIZE]; /* where the values come from: a run, a file, or "imagenet"; "": the network's
                                           * own file, else random */
    char model_freeze[RECIPE_TEXT_SIZE];  /* shell patterns of layer names, separated by commas; "": none */
    char model_unfreeze[RECIPE_TEXT_SIZE]; /* EPOCH:PATTERN, separated by commas: they learn from its end on */
    uint64_t model_input_size;             /* side of the square that the network takes; 0: its own, or the pictures' */
    int model_features;                    /* enum recipe_features */
    int model_resize;                      /* enum resize_rule */
    bool model_jpeg_scaled;                /* JPEG is decoded no larger than is needed */
    char data_name[RECIPE_TEXT_SIZE];      /* "cifar10" */
    char data_path[RECIPE_TEXT_SIZE];      /* "": the cache */
    int validation;                        /* enum recipe_validation */
    uint64_t held_out;                     /* images, for RECIPE_VALIDATION_HELD_OUT */
    char data_split[RECIPE_TEXT_SIZE];     /* the split file of pictures of one's own; "": beside them */
    double test_share, validation_share;   /* of those pictures, where nothing says which */
    uint64_t folds, fold;                  /* cross-validation: 0, or fold of 1..folds validates */
    uint64_t epochs, batch_size;
    uint64_t steps_per_epoch, validation_steps; /* 0: all */
    uint64_t seed;
    uint64_t checkpoint_every; /* steps; 0: at the end of every epoch only */
    int optimizer;             /* enum optimizer_kind */
    double learning_rate;
    char rates[RECIPE_TEXT_SIZE];   /* PATTERN:SCALE of layers' learning rates, separated by commas; "": all 1 */
    double momentum;                /* SGD */
    bool nesterov;                  /* SGD */
    double beta_1, beta_2, epsilon; /* Adam */
    uint64_t views; /* [augment]: 0: new ones in each epoch; V: view e mod V of each picture in epoch e */
    /* [augment]: data/augment.h says what each does. */
    double resized_crop_smallest, resized_crop_aspect;
    uint64_t crop_padding;
    double flip;
    bool alternating_flip;
    double rotation, shift, zoom;
    int border; /* enum augment_border */
    bool trivial_augment;
    double brightness, contrast, saturation, hue, greyscale;
    double erasing;
    int erasing_fill; /* enum augment_erasing */
    double mixup, cutmix;
};

enum recipe_type { RECIPE_TEXT, RECIPE_COUNT, RECIPE_REAL, RECIPE_BOOL, RECIPE_CHOICE };

/* A row of the table of keys. Values stand in it as a recipe would write them. */
struct recipe_key {
    const char *section, *key;  /* "training", "batch_size" */
    const char *flag;           /* "batch-size": the flag of the command line without its dashes */
    enum recipe_type type;      /* a RECIPE_BOOL takes "true" and "false" */
    size_t offset;              /* in struct recipe */
    const char *neutral;        /* as told above: it never changes */
    const char *usual;          /* the default; NULL: the neutral value */
    bool in_format_1;           /* of version 0.1.0, whose hash is over these keys, neutral or not */
    double smallest, largest;   /* of counts and reals, both allowed; largest 0 of a count: any */
    const char *const *choices; /* of a RECIPE_CHOICE, NULL at the end */
    unsigned optimizers;        /* that use it: 1 << enum optimizer_kind, or'ed; 0: it is not an optimizer's own */
    bool may_change;            /* on resume: it does not change what the steps done so far computed */
    const char *help;           /* one line, with the unit */
};

enum { RECIPE_KEYS_MOST = 64 };
size_t recipe_key_count(void);
const struct recipe_key *recipe_key_at(size_t index);
/* The key of a flag ("batch-size", without dashes); NULL when there is none. */
const struct recipe_key *recipe_key_for_flag(const char *flag);
/* The key of a member of struct recipe: RECIPE_KEY(data_path). Every member has one (a test holds it): never NULL. */
const struct recipe_key *recipe_key_for_offset(size_t offset);
#define RECIPE_KEY(member) recipe_key_for_offset(offsetof(struct recipe, member))
/* The name of validation, for people and files: "held-out", "test", "none"; NULL at the end. */
extern const char *const recipe_validation_names[];

/* The documented defaults: SimCNN on CIFAR-10, Adam 0.001, batch 32, 20 epochs, 5,000 images held out. */
void recipe_defaults(struct recipe *recipe);
/* Every key neutral: what a run's recipe.ini is read over. */
void recipe_neutral(struct recipe *recipe);
/* Sets one key from text. `source` names where it came from in messages ("--batch-size"). */
ocellus_status recipe_set(struct recipe *recipe, const struct recipe_key *key, const char *value, const char *source);
/* For a new recipe, once all is set: OCELLUS_USAGE when a key is not neutral that belongs to other optimizers than the
 * recipe's, that has no effect without another one, or that contradicts another one. (Runs of earlier versions may have such
 * keys, and go on.) */
ocellus_status recipe_check(const struct recipe *recipe);
/* The whole recipe as INI text, every key in the table's order; recipe_read() of it gives the same recipe. */
void recipe_write(const struct recipe *recipe, struct text *out);
/* The command line that trains the recipe: "ocellus train --epochs 2", with what is not the default. */
void recipe_command(const struct recipe *recipe, struct text *out);
/* One key's value as it is written ("0.001"). `out` is at least RECIPE_TEXT_SIZE. */
void recipe_value(const struct recipe *recipe, const struct recipe_key *key, char out[RECIPE_TEXT_SIZE]);
/* The first key whose value differs and that may not change on resume, or NULL. */
const struct recipe_key *recipe_difference(const struct recipe *a, const struct recipe *b);

/* What the hash is over, by the format number of the checkpoints that hold it. */
enum recipe_hash_format {
    RECIPE_HASH_FORMAT_1 = 1, /* every key of version 0.1.0, and what is not neutral of later ones */
    RECIPE_HASH_FORMAT_2 = 2  /* what is not neutral */
};
/* SHA-256 of those keys as INI text, without those that may change on resume. The text is in the table's order: keys keep
 * their order among themselves for ever. OCELLUS_IO without memory. */
ocellus_status recipe_hash(const struct recipe *recipe, enum recipe_hash_format format, char hash[SHA256_TEXT_SIZE]);
/* The same by another table of keys, as a later version's. */
ocellus_status recipe_hash_keys(const struct recipe_key *keys, size_t count, const struct recipe *recipe,
                                enum recipe_hash_format format, char hash[SHA256_TEXT_SIZE]);

#endif
