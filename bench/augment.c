/* SPDX-License-Identifier: MIT */
/* What augmentation takes: microseconds a picture of each operation, the least of many tries on one core, for
 * CIFAR-10's size and ImageNet's. Compares with nothing but a copy. */
#include "data/augment.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 224, TRIES = 50 };

static const struct {
    const char *name;
    struct augmentation settings;
} operations[] = {
    {"copy", {.flip = 0}},
    {"flip", {.flip = 1}},
    {"pad and crop", {.crop_padding = 4}},
    {"flip half, pad and crop", {.flip = 0.5, .crop_padding = 4}},
    {"resized crop", {.resized_crop_smallest = 0.08, .resized_crop_aspect = 1.3333}},
    {"rotation, shift, zoom", {.rotation = 15, .shift = 0.1, .zoom = 0.2}},
    {"brightness", {.brightness = 0.4}},
    {"contrast", {.contrast = 0.4}},
    {"saturation", {.saturation = 0.4}},
    {"hue", {.hue = 0.1}},
    {"erasing", {.erasing = 1}},
    {"TrivialAugment", {.trivial_augment = true}},
};

static double least_seconds(const struct augmentation *settings, size_t side, const uint8_t *src, uint8_t *dst,
                            uint8_t *room) {
    const struct augment_form form = {side, side, 3};
    const uint32_t pictures = side < SIDE ? 100 : 20; /* whose draws differ */
    double least = 1e9;
    for (uint32_t try = 0; try < TRIES; try++) {
        const double start = clock_seconds();
        for (uint32_t i = 0; i < pictures; i++) {
            const struct augment_place at = {.seed = 1, .place = try * pictures + i, .picture = i};
            augment_picture(settings, &at, &form, src, dst, room);
        }
        const double each = (clock_seconds() - start) / pictures;
        least = each < least ? each : least;
    }
    return least;
}

int main(void) {
    static uint8_t src[SIDE * SIDE * 3], dst[SIDE * SIDE * 3], room[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof src; i++)
        src[i] = (uint8_t)(i * 2654435761U >> 13);
    printf("%-24s %10s %10s\n", "microseconds a picture", "32x32", "224x224");
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        printf("%-24s %10.2f %10.2f\n", operations[i].name,
               1e6 * least_seconds(&operations[i].settings, 32, src, dst, room),
               1e6 * least_seconds(&operations[i].settings, SIDE, src, dst, room));
    return 0;
}
