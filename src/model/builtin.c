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

/* Its sizes are its own. */
static ocellus_status make_resnet50_imagenet(size_t height, size_t width, size_t channels, size_t classes,
                                             struct graph **graph) {
    (void)height, (void)width, (void)channels, (void)classes;
    return graph_resnet50_imagenet(RESNET50_EPSILON, graph);
}

static const struct builtin {
    const char *name;
    ocellus_status (*make)(size_t height, size_t width, size_t channels, size_t classes, struct graph **graph);
} builtins[] = {
    {"simcnn", graph_simcnn},
    {"resnet50", make_resnet50},
    {"resnet50-96", make_resnet50_at_96},
    {"resnet50-64", make_resnet50_at_64},
    {RESNET50_IMAGENET_NAME, make_resnet50_imagenet},
};
enum { BUILTINS = sizeof builtins / sizeof builtins[0] };

const char *graph_builtin_name(size_t index) {
    return index < BUILTINS ? builtins[index].name : NULL;
}

ocellus_status graph_builtin(const char *name, size_t height, size_t width, size_t channels, size_t classes,
                             struct graph **graph) {
    const char *names[BUILTINS];
    for (size_t i = 0; i < BUILTINS; i++) {
        if (strcmp(builtins[i].name, name) == 0) return builtins[i].make(height, width, channels, classes, graph);
        names[i] = builtins[i].name;
    }
    const char *nearest = text_nearest(name, names, BUILTINS);
    return fail(OCELLUS_USAGE, "%s: no such file, run folder or built-in network%s%s%s", name,
                nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "");
}
