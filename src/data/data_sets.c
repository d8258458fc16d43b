/* SPDX-License-Identifier: MIT */
#include "data/data_sets.h"

#include "data/cifar10.h"
#include "data/cifar100.h"
#include "data/fetch_cifar10.h"
#include "data/fetch_mnist.h"
#include "data/fetch_resnet50.h"
#include "data/idx.h"
#include "data/mnist.h"
#include "data/own_data.h"
#include "data/resnet50.h"

#include <string.h>

static ocellus_status open_cifar10(const struct data_request *request, struct data_parts *parts) {
    const bool given = request->path && *request->path;
    return cifar10_open(given ? request->path : NULL, !given, &parts->train, &parts->test);
}

static ocellus_status open_mnist(const struct data_request *request, struct data_parts *parts) {
    return mnist_open(&mnist_digits, request, parts);
}
static ocellus_status open_fashion_mnist(const struct data_request *request, struct data_parts *parts) {
    return mnist_open(&mnist_fashion, request, parts);
}

const struct data_set data_sets[] = {
    {CIFAR10_NAME, "CIFAR-10", "60,000 colour images of 32 x 32 pixels in 10 classes", fetch_cifar10, open_cifar10},
    {"mnist", "MNIST", "70,000 grey images of 28 x 28 pixels: digits", fetch_mnist, open_mnist},
    {"fashion-mnist", "Fashion-MNIST", "70,000 grey images of 28 x 28 pixels: clothes in 10 classes",
     fetch_fashion_mnist, open_fashion_mnist},
    {CIFAR100_NAME, "CIFAR-100", "its binary files: colour images in 100 classes", NULL, cifar100_open},
    {IDX_NAME, "idx files", "images in the form of MNIST's files", NULL, idx_open},
    {RESNET50_NAME, "ResNet50's ImageNet weights", "weights to start from, no images", fetch_resnet50, NULL},
    {"folder", "a folder of pictures", "pictures of one's own, a folder for each class", NULL, own_data_open_folder},
    {"list", "a list of pictures", "pictures of one's own, a table of paths and labels", NULL, own_data_open_list},
    {0},
};

const struct data_set *data_set_find(const char *name) {
    for (const struct data_set *row = data_sets; row->name; row++)
        if (strcmp(row->name, name) == 0) return row;
    return NULL;
}

ocellus_status data_set_open(const char *name, const struct data_request *request, struct data_parts *parts) {
    const struct data_set *row = data_set_find(name);
    *parts = (struct data_parts){0};
    if (row && row->open) return row->open(request, parts);
    struct text names = {0};
    data_set_append_names(false, &names);
    const ocellus_status status = fail(OCELLUS_USAGE, "data: no such data set '%s' (known: %s)", name,
                                       names.bytes && !names.failed ? names.bytes : "?");
    text_free(&names);
    return status;
}

void data_set_append_names(bool fetched, struct text *out) {
    const char *between = "";
    for (const struct data_set *row = data_sets; row->name; row++) {
        if (fetched ? !row->fetch : !row->open) continue;
        text_append(out, "%s%s", between, row->name);
        between = ", ";
    }
}
