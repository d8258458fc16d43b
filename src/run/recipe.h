/* SPDX-License-Identifier: MIT */
/* The recipe: everything that decides what a training run computes, and nothing else (threads, paths of the run and
 * how much is printed are not part of it). One table of keys in recipe.c drives reading, writing, the flags of the
 * command line, validation and suggestions. */
#ifndef RUN_RECIPE_H
#define RUN_RECIPE_H

#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recipe_validation { RECIPE_VALIDATION_HELD_OUT, RECIPE_VALIDATION_TEST, RECIPE_VALIDATION_NONE };
enum recipe_optimizer { RECIPE_OPTIMIZER_ADAM, RECIPE_OPTIMIZER_SGD };
enum { RECIPE_TEXT_SIZE = 1024 };

struct recipe {
    char model_name[RECIPE_TEXT_SIZE];    /* a built-in network */
    char model_weights[RECIPE_TEXT_SIZE]; /* where the values come from: a weight file, or "imagenet"; "": random */
    char model_freeze[RECIPE_TEXT_SIZE];  /* shell patterns of layer names, separated by commas; "": none */
    char data_name[RECIPE_TEXT_SIZE];     /* "cifar10" */
    char data_path[RECIPE_TEXT_SIZE];     /* "": the cache */
    int validation;                       /* enum recipe_validation */
    uint64_t held_out;                    /* images, for RECIPE_VALIDATION_HELD_OUT */
    uint64_t epochs, batch_size;
    uint64_t steps_per_epoch, validation_steps; /* 0: all */
    uint64_t seed;
    uint64_t checkpoint_every; /* steps; 0: at the end of every epoch only */
    int optimizer;             /* enum recipe_optimizer */
    double learning_rate;
    double momentum;                /* SGD */
    bool nesterov;                  /* SGD */
    double beta_1, beta_2, epsilon; /* Adam */
};

enum recipe_type { RECIPE_TEXT, RECIPE_COUNT, RECIPE_REAL, RECIPE_BOOL, RECIPE_CHOICE };

/* A row of the table of keys. */
struct recipe_key {
    const char *section, *key;  /* "training", "batch_size" */
    const char *flag;           /* "batch-size": the flag of the command line without its dashes */
    enum recipe_type type;      /* a RECIPE_BOOL takes "true" and "false" */
    size_t offset;              /* in struct recipe */
    double smallest, largest;   /* of counts and reals, both allowed */
    const char *const *choices; /* of a RECIPE_CHOICE, NULL at the end */
    bool may_change;            /* on resume: it does not change what the steps done so far computed */
    const char *help;           /* one line, with the unit */
};

size_t recipe_key_count(void);
const struct recipe_key *recipe_key_at(size_t index);
/* The key of a flag ("batch-size", without dashes); NULL when there is none. */
const struct recipe_key *recipe_key_for_flag(const char *flag);
/* A choice's name for people and files: recipe_choice_name("validation", recipe.validation) is "held-out". `flag` must be
 * that of a RECIPE_CHOICE and `choice` one of its numbers. */
const char *recipe_choice_name(const char *flag, int choice);

/* The documented defaults: SimCNN on CIFAR-10, Adam 0.001, batch 32, 20 epochs, 5,000 images held out. */
void recipe_defaults(struct recipe *recipe);
/* Reads INI text over what *recipe holds; `source` names it in messages (a path). OCELLUS_USAGE for an unknown section or key (with the nearest known one),
 * a key given twice or a value that is not allowed, naming source, line and key. On
 * failure *recipe is as it was. */
ocellus_status recipe_parse(const char *text, const char *source, struct recipe *recipe);
/* The same from a file of at most 64 KiB. */
ocellus_status recipe_read(const char *path, struct recipe *recipe);
/* Sets one key from text. `source` names where it came from in messages ("--batch-size"). */
ocellus_status recipe_set(struct recipe *recipe, const struct recipe_key *key, const char *value, const char *source);
/* The whole recipe as INI text, every key in the table's order; recipe_read() of it gives the same recipe. */
void recipe_write(const struct recipe *recipe, struct text *out);
/* The command line that trains the recipe: "ocellus train --epochs 2", with what is not the default. */
void recipe_command(const struct recipe *recipe, struct text *out);
/* One key's value as it is written ("0.001"). `out` is at least RECIPE_TEXT_SIZE. */
void recipe_value(const struct recipe *recipe, const struct recipe_key *key, char out[RECIPE_TEXT_SIZE]);
/* The first key whose value differs and that may not change on resume, or NULL. */
const struct recipe_key *recipe_difference(const struct recipe *a, const struct recipe *b);
/* SHA-256 of the text of all keys that may not change on resume. OCELLUS_IO without memory. */
ocellus_status recipe_hash(const struct recipe *recipe, char hash[SHA256_TEXT_SIZE]);

#endif
