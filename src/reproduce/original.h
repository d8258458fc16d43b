/* SPDX-License-Identifier: MIT */
/* The original report, 'CIFAR-10 Image Classification with SimCNN and ResNet50': what it claims and how it says it got
 * there. All facts about it that the program knows stand in original.c. */
#ifndef REPRODUCE_ORIGINAL_H
#define REPRODUCE_ORIGINAL_H

#include "base/text.h"
#include "run/recipe.h"
#include "run/records.h"
#include "run/run_folder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct original_claim {
    const char *key;   /* "simcnn", "resnet50-base", "resnet50-custom" */
    const char *model; /* the network's built-in name */
    const char *title; /* for people */
    double test_accuracy;
    const char *remark; /* what it says about the run; "" nothing */
    /* Its recipe; 0, or -1 for the optimizer, where it says nothing. */
    uint64_t epochs, batch_size, steps_per_epoch, validation_steps;
    int optimizer; /* enum optimizer_kind */
    double learning_rate;
    bool pretrained; /* starts from trained weights */
};

extern const char original_subject[]; /* "SimCNN and ResNet50" */

const struct original_claim *original_claim_named(const char *key); /* NULL when there is none */

/* Appends where the run, of `epochs` finished epochs, departs from the original's recipe as far as that is told: a list
 * in one line ("epochs 5 instead of 20, training images 45000 instead of 50000"). Returns how many departures there are. */
size_t original_departures(const struct original_claim *claim, const struct recipe *recipe, const struct run_data *data,
                           size_t epochs, struct text *out);

/* Its slips that a reader who compares should know, by the section they belong to ("data", "model", "recipe"); NULL
 * when there is none. */
const char *original_slip(const char *model, const char *section);

#endif
