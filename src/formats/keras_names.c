/* SPDX-License-Identifier: MIT */
#include "formats/keras_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* "res4f_branch2c", "bn4f_branch2c": the stage, the block as a letter, and the place in the block: 1 is the shortcut, which is
 * 0 today; 2a, 2b and 2c are 1, 2 and 3. */
static bool block_layer(const char *layer, char out[TENSOR_NAME_SIZE]) {
    const bool convolution = strncmp(layer, "res", 3) == 0, normalization = strncmp(layer, "bn", 2) == 0;
    if (!convolution && !normalization) return false;
    const char *place = layer + (convolution ? 3 : 2);
    if (place[0] < '2' || place[0] > '5' || place[1] < 'a' || place[1] > 'f') return false;
    static const char *const branches[] = {"_branch1", "_branch2a", "_branch2b", "_branch2c"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(place + 2, branches[i]) != 0) continue;
        snprintf(out, TENSOR_NAME_SIZE, "conv%c_block%d_%d_%s", place[0], place[1] - 'a' + 1, i,
                 convolution ? "conv" : "bn");
        return true;
    }
    return false;
}

static void canonical_layer(const char *layer, char out[TENSOR_NAME_SIZE]) {
    static const char *const others[][2] = {
        {"conv1", "conv1_conv"}, {"bn_conv1", "conv1_bn"}, {"fc1000", "predictions"}};
    if (block_layer(layer, out)) return;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(layer, others[i][0]) == 0) layer = others[i][1];
    }
    snprintf(out, TENSOR_NAME_SIZE, "%s", layer);
}

/* Keras 1's "LAYER_W" or "LAYER_W_1", and the depthwise kernel of Keras 2, to today's role; `role` itself when it is none of
 * those. */
static const char *canonical_role(const char *layer, const char *role) {
    static const char *const roles[][2] = {{"W", "kernel"},
                                           {"b", "bias"},
                                           {"gamma", "gamma"},
                                           {"beta", "beta"},
                                           {"running_mean", "moving_mean"},
                                           {"running_std", "moving_variance"}};
    const size_t length = strlen(layer);
    if (strcmp(role, "depthwise_kernel") == 0) return "kernel";
    if (strncmp(role, layer, length) != 0 || role[length] != '_') return role;
    const char *old = role + length + 1;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        const size_t size = strlen(roles[i][0]);
        if (strncmp(old, roles[i][0], size) != 0) continue;
        const char *rest = old + size;
        if (*rest == '\0' || (rest[0] == '_' && rest[1] && strspn(rest + 1, "0123456789") == strlen(rest + 1)))
            return roles[i][1];
    }
    return role;
}

void keras_names_short(const char *path, char out[TENSOR_NAME_SIZE]) {
    size_t length = strlen(path);
    if (length > 2 && strcmp(path + length - 2, ":0") == 0) length -= 2;
    const char *start = path + length;
    for (int slashes = 0; start > path; start--)
        if (start[-1] == '/' && ++slashes == 2) break;
    snprintf(out, TENSOR_NAME_SIZE, "%.*s", (int)(path + length - start), start);
}

void keras_names_canonical(const char *name, char out[TENSOR_NAME_SIZE]) {
    char brief[TENSOR_NAME_SIZE], old[TENSOR_NAME_SIZE], layer[TENSOR_NAME_SIZE], joined[2 * TENSOR_NAME_SIZE];
    keras_names_short(name, brief);
    const char *slash = strchr(brief, '/');
    if (!slash) {
        memcpy(out, brief, TENSOR_NAME_SIZE);
        return;
    }
    snprintf(old, sizeof old, "%.*s", (int)(slash - brief), brief);
    canonical_layer(old, layer);
    snprintf(joined, sizeof joined, "%s/%s", layer, canonical_role(old, slash + 1));
    snprintf(out, TENSOR_NAME_SIZE, "%.*s", TENSOR_NAME_SIZE - 1, joined); /* only short names grow: nothing is cut */
}
