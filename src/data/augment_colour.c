/* SPDX-License-Identifier: MIT */
#include "data/augment_colour.h"

#include "data/image.h"

#include <float.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "floats are computed as floats");

enum { VALUES = 256 };

static uint8_t blend(int from, int to, float factor) {
    const float value = (float)from + factor * (float)(to - from);
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

static void look_up(size_t values, const uint8_t table[VALUES], uint8_t *pixels) {
    for (size_t i = 0; i < values; i++)
        pixels[i] = table[pixels[i]];
}

static void blend_with(const struct augment_form *form, int from, double factor, uint8_t *pixels) {
    uint8_t table[VALUES];
    for (int v = 0; v < VALUES; v++)
        table[v] = blend(from, v, (float)factor);
    look_up(augment_form_values(form), table, pixels);
}

void augment_brightness(const struct augment_form *form, double factor, uint8_t *pixels) {
    blend_with(form, 0, factor, pixels);
}

void augment_contrast(const struct augment_form *form, double factor, uint8_t *pixels) {
    const size_t count = form->height * form->width, channels = form->channels;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += channels == 3 ? image_luma(pixels + i * 3) : pixels[i * channels];
    blend_with(form, (int)((2 * sum + count) / (2 * count)), factor, pixels);
}

void augment_saturation(const struct augment_form *form, double factor, uint8_t *pixels) {
    if (form->channels != 3) return;
    for (uint8_t *p = pixels, *end = pixels + augment_form_values(form); p < end; p += 3) {
        const int from = image_luma(p);
        for (size_t c = 0; c < 3; c++)
            p[c] = blend(from, p[c], (float)factor);
    }
}

void augment_sharpness(const struct augment_form *form, double factor, const uint8_t *src, uint8_t *dst) {
    const size_t channels = form->channels, line = form->width * channels;
    memcpy(dst, src, augment_form_values(form));
    for (size_t y = 1; y + 1 < form->height; y++) {
        for (size_t x = channels; x + channels < line; x++) {
            const uint8_t *at = src + y * line + x;
            int sum = 4 * *at; /* and once more among the nine */
            for (size_t row = 0; row < 3; row++) {
                const uint8_t *middle = src + (y + row - 1) * line + x;
                sum += middle[0] + *(middle - channels) + middle[channels];
            }
            dst[y * line + x] = blend((2 * sum + 13) / 26, *at, (float)factor);
        }
    }
}

/* The hue of a pixel, its largest and smallest channel apart by `range`, in units of 2^-16 of a sixth of a turn. */
enum { SIXTH = 65536, TURN = 6 * SIXTH };
static int hue_of(const uint8_t *rgb, int largest, int range) {
    const int r = rgb[0], g = rgb[1], b = rgb[2];
    if (largest == r) return (g - b) * SIXTH / range + (g < b ? TURN : 0);
    return largest == g ? 2 * SIXTH + (b - r) * SIXTH / range : 4 * SIXTH + (r - g) * SIXTH / range;
}

/* Which value a channel has, by the sixth of the turn. */
enum { LARGEST, SMALLEST, RISING, FALLING };
static const uint8_t sixths[6][3] = {
    {LARGEST, RISING, SMALLEST},  {FALLING, LARGEST, SMALLEST}, {SMALLEST, LARGEST, RISING},
    {SMALLEST, FALLING, LARGEST}, {RISING, SMALLEST, LARGEST},  {LARGEST, SMALLEST, FALLING},
};

static void turn_hue(uint8_t *rgb, int turn) {
    int largest = rgb[0] > rgb[1] ? rgb[0] : rgb[1], smallest = rgb[0] < rgb[1] ? rgb[0] : rgb[1];
    largest = rgb[2] > largest ? rgb[2] : largest;
    smallest = rgb[2] < smallest ? rgb[2] : smallest;
    if (largest == smallest) return;
    const int hue = (hue_of(rgb, largest, largest - smallest) + turn) % TURN;
    const int part = ((largest - smallest) * (hue % SIXTH) + SIXTH / 2) / SIXTH;
    const int values[] = {largest, smallest, smallest + part, largest - part};
    for (size_t c = 0; c < 3; c++)
        rgb[c] = (uint8_t)values[sixths[hue / SIXTH][c]];
}

void augment_hue(const struct augment_form *form, double turns, uint8_t *pixels) {
    if (form->channels != 3) return;
    const int turn = (int)((turns < 0 ? turns + 1 : turns) * TURN + 0.5);
    for (uint8_t *p = pixels, *end = pixels + augment_form_values(form); p < end; p += 3)
        turn_hue(p, turn);
}

void augment_greyscale(const struct augment_form *form, uint8_t *pixels) {
    if (form->channels != 3) return;
    for (uint8_t *p = pixels, *end = pixels + augment_form_values(form); p < end; p += 3)
        memset(p, image_luma(p), 3);
}

void augment_posterize(const struct augment_form *form, unsigned bits, uint8_t *pixels) {
    const unsigned lost = (1U << (8 - bits)) - 1;
    for (size_t i = 0; i < augment_form_values(form); i++)
        pixels[i] = (uint8_t)(pixels[i] & ~lost);
}

void augment_solarize(const struct augment_form *form, double threshold, uint8_t *pixels) {
    uint8_t table[VALUES];
    for (int v = 0; v < VALUES; v++)
        table[v] = (uint8_t)(v < threshold ? v : 255 - v);
    look_up(augment_form_values(form), table, pixels);
}

/* One channel's values by a table that is made of their histogram. */
static void look_up_channels(const struct augment_form *form, uint8_t *pixels,
                             void (*make_table)(const uint64_t histogram[VALUES], uint8_t table[VALUES])) {
    const size_t channels = form->channels, values = augment_form_values(form);
    for (size_t c = 0; c < channels; c++) {
        uint64_t histogram[VALUES] = {0};
        uint8_t table[VALUES];
        for (size_t i = c; i < values; i += channels)
            histogram[pixels[i]]++;
        make_table(histogram, table);
        for (size_t i = c; i < values; i += channels)
            pixels[i] = table[pixels[i]];
    }
}

static void stretch(const uint64_t histogram[VALUES], uint8_t table[VALUES]) {
    int low = 0, high = VALUES - 1;
    while (!histogram[low])
        low++;
    while (!histogram[high])
        high--;
    const double scale = high > low ? 255.0 / (high - low) : 1, offset = high > low ? -low * scale : 0;
    for (int v = 0; v < VALUES; v++) {
        const double value = v * scale + offset;
        table[v] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
    }
}

void augment_autocontrast(const struct augment_form *form, uint8_t *pixels) {
    look_up_channels(form, pixels, stretch);
}

/* A step is what a value would hold if all but the pixels of the largest one were spread over 255; where it is none, as with
 * one value alone, all stays. */
static void flatten(const uint64_t histogram[VALUES], uint8_t table[VALUES]) {
    uint64_t count = 0, last = 0;
    for (int v = 0; v < VALUES; v++) {
        count += histogram[v];
        if (histogram[v]) last = histogram[v];
    }
    const uint64_t step = (count - last) / 255;
    uint64_t before = step / 2;
    for (int v = 0; v < VALUES; before += histogram[v], v++) {
        const uint64_t value = step ? before / step : (uint64_t)v;
        table[v] = value > 255 ? 255 : (uint8_t)value;
    }
}

void augment_equalize(const struct augment_form *form, uint8_t *pixels) {
    look_up_channels(form, pixels, flatten);
}

void augment_mean(const struct augment_form *form, const uint8_t *pixels, uint8_t *mean) {
    const size_t channels = form->channels, count = form->height * form->width;
    for (size_t c = 0; c < channels; c++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += pixels[i * channels + c];
        mean[c] = (uint8_t)((2 * sum + count) / (2 * count));
    }
}
