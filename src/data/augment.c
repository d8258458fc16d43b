/* SPDX-License-Identifier: MIT */
#include "data/augment.h"

#include "base/portable.h"
#include "base/random.h"
#include "data/augment_colour.h"
#include "data/augment_draw.h"
#include "data/augment_trivial.h"

#include <string.h>

/* The streams of RANDOM_AUGMENTATION. The values are part of every result: never renumber. */
enum stream {
    STREAM_FLIP,
    STREAM_ALTERNATING_FLIP,
    STREAM_CROP,
    STREAM_RESIZED_CROP,
    STREAM_ROTATION,
    STREAM_SHIFT,
    STREAM_ZOOM,
    STREAM_TRIVIAL_AUGMENT,
    STREAM_BRIGHTNESS,
    STREAM_CONTRAST,
    STREAM_SATURATION,
    STREAM_HUE,
    STREAM_GREYSCALE,
    STREAM_ERASING,
    STREAM_NOISE
};

bool augmentation_mixes(const struct augmentation *augmentation) {
    return augmentation->mixup > 0 || augmentation->cutmix > 0;
}

bool augmentation_is_none(const struct augmentation *augmentation) {
    const struct augmentation *a = augmentation;
    return a->resized_crop_smallest <= 0 && !a->crop_padding && a->flip <= 0 && !a->alternating_flip &&
           a->rotation <= 0 && a->shift <= 0 && a->zoom <= 0 && !a->trivial_augment && a->brightness <= 0 &&
           a->contrast <= 0 && a->saturation <= 0 && a->hue <= 0 && a->greyscale <= 0 && a->erasing <= 0 &&
           !augmentation_mixes(a);
}

static struct random_stream stream_at(const struct augment_place *at, enum stream stream) {
    return random_part(at->seed, RANDOM_AUGMENTATION, stream, at->epoch, at->place);
}

static bool draw(const struct augment_place *at, enum stream stream, double probability) {
    if (probability <= 0) return false;
    struct random_stream numbers = stream_at(at, stream);
    return random_middle(&numbers) < probability;
}

/* airbench94 (Jordan 2024): the first epoch's flips by chance, every further epoch the other way round, so that two epochs
 * in a row show both sides. Keyed by the picture: its place is another one in every epoch. */
static bool flips(const struct augmentation *augmentation, const struct augment_place *at) {
    if (!augmentation->alternating_flip) return draw(at, STREAM_FLIP, augmentation->flip);
    struct random_stream numbers = random_part(at->seed, RANDOM_AUGMENTATION, STREAM_ALTERNATING_FLIP, 0, at->picture);
    return ((random_bits(&numbers) ^ at->epoch) & 1) != 0;
}

/* A picture on its way through operations, some of which need another place to write to. */
struct canvas {
    const struct augment_form *form;
    const uint8_t *now; /* where it is: the source at first */
    uint8_t *dst, *room;
};

/* Where an operation that does not work in place writes to. */
static uint8_t *other_place(const struct canvas *canvas) {
    return canvas->now == canvas->dst ? canvas->room : canvas->dst;
}

/* For operations that work in place. */
static uint8_t *in_place(struct canvas *canvas) {
    if (canvas->now == canvas->dst) return canvas->dst;
    if (canvas->now == canvas->room) return canvas->room;
    memcpy(canvas->dst, canvas->now, augment_form_values(canvas->form));
    canvas->now = canvas->dst;
    return canvas->dst;
}

static void crop(const struct augmentation *augmentation, const struct augment_place *at, struct canvas *canvas) {
    uint8_t *to = other_place(canvas);
    if (augmentation->resized_crop_smallest > 0) {
        struct random_stream numbers = stream_at(at, STREAM_RESIZED_CROP);
        const struct augment_box box = augment_draw_crop(&numbers, canvas->form, augmentation->resized_crop_smallest,
                                                         augmentation->resized_crop_aspect);
        augment_enlarge(canvas->form, &box, canvas->now, to);
        canvas->now = to;
        to = other_place(canvas);
    }
    const uint32_t padding = augmentation->crop_padding;
    if (!padding) return;
    struct random_stream numbers = stream_at(at, STREAM_CROP);
    const ptrdiff_t top = (ptrdiff_t)random_below(&numbers, 2 * padding + 1) - (ptrdiff_t)padding;
    const ptrdiff_t left = (ptrdiff_t)random_below(&numbers, 2 * padding + 1) - (ptrdiff_t)padding;
    augment_window(canvas->form, augmentation->border, top, left, canvas->now, to);
    canvas->now = to;
}

/* From -most to most. */
static double draw_either_way(const struct augment_place *at, enum stream stream, double most) {
    struct random_stream numbers = stream_at(at, stream);
    return augment_between(&numbers, -most, most);
}

/* Rotation, shift and zoom are one map, so that pixels are interpolated once. */
static void move(const struct augmentation *augmentation, const struct augment_place *at, struct canvas *canvas) {
    const struct augment_form *form = canvas->form;
    if (augmentation->rotation <= 0 && augmentation->shift <= 0 && augmentation->zoom <= 0) return;
    struct random_stream shift = stream_at(at, STREAM_SHIFT);
    const double degrees = draw_either_way(at, STREAM_ROTATION, augmentation->rotation);
    const double scale = portable_exp(draw_either_way(at, STREAM_ZOOM, portable_log(1 + augmentation->zoom)));
    const double down = augment_between(&shift, -augmentation->shift, augmentation->shift) * (double)form->height;
    const double right = augment_between(&shift, -augmentation->shift, augmentation->shift) * (double)form->width;
    const struct augment_map map = augment_map_about_centre(form, degrees, scale, down, right);
    uint8_t *to = other_place(canvas);
    augment_remap(form, &map, false, augmentation->border, canvas->now, to);
    canvas->now = to;
}

static void apply_trivial(const struct augment_place *at, struct canvas *canvas) {
    struct random_stream numbers = stream_at(at, STREAM_TRIVIAL_AUGMENT);
    const enum augment_trivial operation = (enum augment_trivial)random_below(&numbers, AUGMENT_TRIVIALS);
    const unsigned strength = random_below(&numbers, AUGMENT_STRENGTHS);
    uint8_t *to = other_place(canvas);
    augment_apply_trivial(canvas->form, operation, strength, random_bits(&numbers) & 1, canvas->now, to);
    canvas->now = to;
}

/* torchvision's ColorJitter, in this order instead of a random one. */
static void jitter(const struct augmentation *augmentation, const struct augment_place *at, struct canvas *canvas) {
    static void (*const change[])(const struct augment_form *form, double factor,
                                  uint8_t *pixels) = {augment_brightness, augment_contrast, augment_saturation};
    const double most[] = {augmentation->brightness, augmentation->contrast, augmentation->saturation};
    const enum stream streams[] = {STREAM_BRIGHTNESS, STREAM_CONTRAST, STREAM_SATURATION};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        if (most[i] <= 0) continue;
        struct random_stream numbers = stream_at(at, streams[i]);
        const double factor = augment_between(&numbers, most[i] < 1 ? 1 - most[i] : 0, 1 + most[i]);
        change[i](canvas->form, factor, in_place(canvas));
    }
    if (augmentation->hue > 0)
        augment_hue(canvas->form, draw_either_way(at, STREAM_HUE, augmentation->hue), in_place(canvas));
    if (draw(at, STREAM_GREYSCALE, augmentation->greyscale)) augment_greyscale(canvas->form, in_place(canvas));
}

/* Uniform, four values a number. */
static void fill_with_noise(const struct augment_place *at, const struct augment_form *form,
                            const struct augment_box *box, uint8_t *pixels) {
    const size_t channels = form->channels, line = form->width * channels;
    struct random_stream noise = stream_at(at, STREAM_NOISE);
    uint32_t bits = 0;
    size_t drawn = 0;
    for (size_t y = box->top; y < box->bottom; y++) {
        for (size_t x = box->left * channels; x < box->right * channels; x++, drawn++, bits >>= 8) {
            if (drawn % 4 == 0) bits = random_bits(&noise);
            pixels[y * line + x] = (uint8_t)bits;
        }
    }
}

static void fill_with_colour(const struct augment_form *form, const struct augment_box *box,
                             const uint8_t colour[AUGMENT_MOST_CHANNELS], uint8_t *pixels) {
    for (size_t y = box->top; y < box->bottom; y++)
        for (size_t x = box->left; x < box->right; x++)
            memcpy(pixels + (y * form->width + x) * form->channels, colour, form->channels);
}

static void erase(const struct augmentation *augmentation, const struct augment_place *at, struct canvas *canvas) {
    struct random_stream numbers = stream_at(at, STREAM_ERASING);
    if (augmentation->erasing <= 0 || random_middle(&numbers) >= augmentation->erasing) return;
    const struct augment_box box = augment_draw_erasing(&numbers, canvas->form);
    uint8_t *pixels = in_place(canvas), colour[AUGMENT_MOST_CHANNELS] = {0};
    if (augmentation->erasing_fill == AUGMENT_ERASING_MEAN) augment_mean(canvas->form, pixels, colour);
    if (augmentation->erasing_fill == AUGMENT_ERASING_NOISE) fill_with_noise(at, canvas->form, &box, pixels);
    else fill_with_colour(canvas->form, &box, colour, pixels);
}

void augment_picture(const struct augmentation *augmentation, const struct augment_place *at,
                     const struct augment_form *form, const uint8_t *src, uint8_t *dst, uint8_t *room) {
    struct canvas canvas = {form, src, dst, room};
    crop(augmentation, at, &canvas);
    if (flips(augmentation, at)) augment_flip(form, in_place(&canvas));
    move(augmentation, at, &canvas);
    if (augmentation->trivial_augment) apply_trivial(at, &canvas);
    jitter(augmentation, at, &canvas);
    erase(augmentation, at, &canvas);
    if (canvas.now != dst) memcpy(dst, canvas.now, augment_form_values(form));
}
