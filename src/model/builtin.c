/* SPDX-License-Identifier: MIT */
/* The built-in networks by name. */
#include "model/builtin.h"

#include "base/text.h"
#include "model/resnet50.h"
#include "model/simcnn.h"

#include <string.h>

static ocellus_status make_resnet50(size_t height, size_t width, size_t channels, size_t classes,
                                    struct graph **graph) {
    return graph_resnet50(height, width, channels, classes, RESNET50_SIDE, RESNET50_EPSILON, graph);
}

/* The same network and weights on smaller images: a fraction of the cost, some points of the accuracy. */
static ocellus_status make_resnet50_at_96(size_t height, size_t width, size_t channels, size_t classes,
                                          struct graph **graph) {
    return graph_resnet50(height, width, channels, classes, 96, RESNET50_EPSILON, graph);
}
static ocellus_status make_resnet50_at_64(size_t height, size_t width, size_t channels, size_t classes,
                                          struct graph **graph) {
    return graph_resnet50(height, width, channels, classes, 64, RESNET50_EPSILON, graph);
}

/* Pictures of that size, as they are. */
static ocellus_status make_resnet50_direct(size_t side, size_t channels, size_t classes, struct graph **graph) {
    (void)channels; /* its preprocessing makes three of any */
    return graph_resnet50_direct(side, classes, RESNET50_EPSILON, graph);
}

static ocellus_status make_simcnn_direct(size_t side, size_t channels, size_t classes, struct graph **graph) {
    return graph_simcnn(side, side, channels, classes, graph);
}

/* Its sizes are its own. */
static ocellus_status make_resnet50_imagenet(size_t height, size_t width, size_t channels, size_t classes,
                                             struct graph **graph) {
    (void)height, (void)width, (void)channels, (void)classes;
    return graph_resnet50_imagenet(RESNET50_EPSILON, graph);
}

static const struct builtin {
    const char *name;
    ocellus_status (*make)(size_t height, size_t width, size_t channels, size_t classes, struct graph **graph);
    /* For pictures of a size of one's own; NULL: the name says the size. */
    ocellus_status (*make_direct)(size_t side, size_t channels, size_t classes, struct graph **graph);
    size_t usual_side; /* where the pictures have different sizes; 0: it must be said */
} builtins[] = {
    {"simcnn", graph_simcnn, make_simcnn_direct, 0},
    {"resnet50", make_resnet50, make_resnet50_direct, RESNET50_SIDE},
    {"resnet50-96", make_resnet50_at_96, NULL, 0},
    {"resnet50-64", make_resnet50_at_64, NULL, 0},
    {RESNET50_IMAGENET_NAME, make_resnet50_imagenet, NULL, 0},
};
enum { BUILTINS = sizeof builtins / sizeof builtins[0] };

const char *graph_builtin_name(size_t index) {
    return index < BUILTINS ? builtins[index].name : NULL;
}

bool graph_is_builtin(const char *name) {
    for (size_t i = 0; i < BUILTINS; i++) {
        if (strcmp(builtins[i].name, name) == 0) return true;
    }
    return false;
}

ocellus_status graph_is_nowhere(const char *name) {
    const char *names[BUILTINS];
    for (size_t i = 0; i < BUILTINS; i++)
        names[i] = builtins[i].name;
    const char *nearest = text_nearest(name, names, BUILTINS);
    return fail(OCELLUS_USAGE, "%s: no such file, folder or built-in network%s%s%s", name,
                nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
}

static ocellus_status find(const char *name, const struct builtin **builtin) {
    for (size_t i = 0; i < BUILTINS; i++) {
        *builtin = &builtins[i];
        if (strcmp(builtins[i].name, name) == 0) return OCELLUS_OK;
    }
    return graph_is_nowhere(name);
}

ocellus_status graph_builtin(const char *name, size_t height, size_t width, size_t channels, size_t classes,
                             struct graph **graph) {
    const struct builtin *builtin;
    TRY(find(name, &builtin));
    return builtin->make(height, width, channels, classes, graph);
}

ocellus_status graph_builtin_of_size(const char *name, size_t side, size_t channels, size_t classes,
                                     struct graph **graph) {
    const struct builtin *builtin;
    TRY(find(name, &builtin));
    if (!builtin->make_direct && side > 0)
        return fail(OCELLUS_USAGE, "%s: input_size: its name says its size (expected 0, got %zu)", name, side);
    if (side == 0) side = builtin->usual_side;
    if (side == 0)
        return fail(OCELLUS_USAGE, "%s: input_size: the pictures have different sizes, so it must be given", name);
    const ocellus_status status = builtin->make_direct(side, channels, classes, graph);
    return status == OCELLUS_OK ? status : fail_within(status, "%s for pictures of %zu x %zu", name, side, side);
}
