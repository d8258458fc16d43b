/* SPDX-License-Identifier: MIT */
/* Facts about the original report. */
#include "reproduce/original.h"

#include "run/records.h"

#include <string.h>

const char original_subject[] = "SimCNN and ResNet50";

static const struct original_claim claims[] = {
    {.key = "simcnn",
     .model = "simcnn",
     .title = "SimCNN",
     .test_accuracy = 0.9019,
     .remark = "",
     .epochs = 20,
     .batch_size = 32,
     .optimizer = OPTIMIZER_ADAM,
     .learning_rate = 0.001},
    {.key = "resnet50-base",
     .model = "resnet50",
     .title = "ResNet50, base",
     .test_accuracy = 0.5595,
     .remark = "overfitting observed",
     .epochs = 1,
     .batch_size = 64,
     .optimizer = -1,
     .pretrained = true},
    {.key = "resnet50-custom",
     .model = "resnet50",
     .title = "ResNet50, custom",
     .test_accuracy = 0.8984,
     .remark = "paper parameters",
     .epochs = 1,
     .batch_size = 32,
     .steps_per_epoch = 550,
     .validation_steps = 1,
     .optimizer = -1,
     .pretrained = true},
};

static const struct {
    const char *model, *section, *text; /* model "": any */
} slips[] = {
    {"", "data",
     "The original report prints (10000, 32, 32, 3) for y_test, by mistake: the labels have the shape (10000, 1)."},
    {"simcnn", "model",
     "The original report's prose has a pooling layer after each of the three convolutions; its own table has two. The "
     "table is what is built here."},
    {"resnet50", "recipe",
     "The original report names neither the optimizer nor the preprocessing of its ResNet50 runs, so no recipe can be "
     "exactly its own."},
};

enum { CLAIM_COUNT = sizeof claims / sizeof claims[0] };

const struct original_claim *original_claim_named(const char *key) {
    for (size_t i = 0; i < CLAIM_COUNT; i++)
        if (strcmp(claims[i].key, key) == 0) return &claims[i];
    return NULL;
}

static void count_departure(size_t *departures, struct text *out) {
    if ((*departures)++ > 0) text_append(out, ", ");
}

static void compare_count(const char *what, uint64_t original, uint64_t here, size_t *departures, struct text *out) {
    if (original == here) return;
    count_departure(departures, out);
    if (here == 0) text_append(out, "%s not limited instead of %llu", what, (unsigned long long)original);
    else if (original == 0) text_append(out, "%s limited to %llu", what, (unsigned long long)here);
    else text_append(out, "%s %llu instead of %llu", what, (unsigned long long)here, (unsigned long long)original);
}

size_t original_departures(const struct original_claim *claim, const struct recipe *recipe, const struct run_data *data,
                           size_t epochs, struct text *out) {
    enum { CIFAR10_TRAIN_IMAGES = 50000 };
    size_t departures = 0;
    compare_count("epochs", claim->epochs, epochs, &departures, out);
    compare_count("batch size", claim->batch_size, recipe->batch_size, &departures, out);
    compare_count("steps per epoch", claim->steps_per_epoch, recipe->steps_per_epoch, &departures, out);
    compare_count("training images", CIFAR10_TRAIN_IMAGES, data->train_images, &departures, out);
    if (claim->pretrained != (*recipe->model_weights != '\0')) {
        count_departure(&departures, out);
        text_append(out,
                    claim->pretrained ? "random instead of pretrained weights" : "trained instead of random weights");
    }
    if (*recipe->model_freeze != '\0') {
        count_departure(&departures, out);
        text_append(out, "frozen layers");
    }
    if (claim->optimizer >= 0 && claim->optimizer != recipe->optimizer) {
        count_departure(&departures, out);
        text_append(out, "optimizer %s instead of %s", optimizer_names[recipe->optimizer],
                    optimizer_names[claim->optimizer]);
    }
    if (claim->learning_rate > 0.0 && claim->learning_rate != recipe->learning_rate) {
        char here[32], original[32];
        text_from_real(recipe->learning_rate, here);
        text_from_real(claim->learning_rate, original);
        count_departure(&departures, out);
        text_append(out, "learning rate %s instead of %s", here, original);
    }
    return departures;
}

const char *original_slip(const char *model, const char *section) {
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++)
        if (strcmp(slips[i].section, section) == 0 && (*slips[i].model == '\0' || strcmp(slips[i].model, model) == 0))
            return slips[i].text;
    return NULL;
}
