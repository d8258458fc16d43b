/* SPDX-License-Identifier: MIT */
/* What data in CIFAR-10's layout is called. The layout says nothing about what the images show: only the published images are
 * CIFAR-10, known by their hash. */
#include "data/cifar10_names.h"

#include "data/class_names.h"

#include <stdio.h>
#include <string.h>

static const char *const published_names[CIFAR10_CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                             "dog",      "frog",       "horse", "ship", "truck"};

static ocellus_status find_names(const char *folder, bool published, const struct source *train,
                                 const struct source *test, struct class_names *names) {
    const size_t used = class_names_used(train), used_by_test = class_names_used(test);
    if (!published)
        return class_names_read(names, folder, "batches.meta.txt", used > used_by_test ? used : used_by_test);
    for (; names->count < CIFAR10_CLASSES; names->count++)
        snprintf(names->of[names->count], CLASS_NAME_SIZE, "%s", published_names[names->count]);
    return OCELLUS_OK;
}

ocellus_status cifar10_name(const char *folder, bool published, struct source *train, struct source *test) {
    struct class_names names;
    TRY(class_names_create(CIFAR10_CLASSES, &names));
    ocellus_status status = find_names(folder, published, train, test, &names);
    class_names_number(&names, CIFAR10_CLASSES);
    if (published) snprintf(train->name, sizeof train->name, CIFAR10_NAME);
    else data_name_after_folder(folder, "CIFAR-10's layout", train->name);
    memcpy(test->name, train->name, sizeof test->name);
    if (status == OCELLUS_OK) status = class_names_set(&names, train);
    if (status == OCELLUS_OK) status = class_names_set(&names, test);
    class_names_free(&names);
    return status;
}
