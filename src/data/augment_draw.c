/* SPDX-License-Identifier: MIT */
#include "data/augment_draw.h"

#include "base/portable.h"

#include <math.h>

enum { TRIES = 10 };

double augment_between(struct random_stream *numbers, double low, double high) {
    return low + (high - low) * random_middle(numbers);
}

static size_t rounded(double value) {
    return (size_t)(value + 0.5);
}

static struct augment_box box_at(size_t top, size_t left, size_t height, size_t width) {
    return (struct augment_box){top, left, top + height, left + width};
}

/* A size by area and aspect, width to height. Four numbers are drawn each try, also when it does not fit. */
static bool try_box(struct random_stream *numbers, const struct augment_form *form, const double area[2],
                    const double log_aspect[2], size_t most_height, size_t most_width, struct augment_box *box) {
    const double pixels = (double)form->height * (double)form->width * augment_between(numbers, area[0], area[1]);
    const double aspect = portable_exp(augment_between(numbers, log_aspect[0], log_aspect[1]));
    const size_t height = rounded(sqrt(pixels / aspect)), width = rounded(sqrt(pixels * aspect));
    const double down = random_middle(numbers), across = random_middle(numbers);
    if (height < 1 || width < 1 || height > most_height || width > most_width) return false;
    *box = box_at((size_t)(down * (double)(form->height - height + 1)),
                  (size_t)(across * (double)(form->width - width + 1)), height, width);
    return true;
}

static struct augment_box crop_in_the_middle(const struct augment_form *form, double aspect) {
    size_t height = form->height, width = form->width;
    if ((double)width * aspect < (double)height) height = rounded((double)width * aspect);
    else if ((double)width > (double)height * aspect) width = rounded((double)height * aspect);
    return box_at((form->height - height) / 2, (form->width - width) / 2, height, width);
}

struct augment_box augment_draw_crop(struct random_stream *numbers, const struct augment_form *form, double smallest,
                                     double aspect) {
    const double area[] = {smallest, 1}, log_aspect[] = {-portable_log(aspect), portable_log(aspect)};
    struct augment_box box;
    for (int i = 0; i < TRIES; i++)
        if (try_box(numbers, form, area, log_aspect, form->height, form->width, &box)) return box;
    return crop_in_the_middle(form, aspect);
}

struct augment_box augment_draw_erasing(struct random_stream *numbers, const struct augment_form *form) {
    const double area[] = {0.02, 0.33}, log_aspect[] = {-portable_log(3.3), -portable_log(0.3)};
    struct augment_box box;
    for (int i = 0; i < TRIES; i++)
        if (try_box(numbers, form, area, log_aspect, form->height - 1, form->width - 1, &box)) return box;
    return (struct augment_box){0};
}

uint32_t augment_draw_share(struct random_stream *numbers, double alpha) {
    if (alpha == 1) return random_below(numbers, AUGMENT_SHARES + 1);
    const double power = portable_exp(portable_log(random_middle(numbers)) / alpha);
    const double cosine = portable_cosine(90 * random_middle(numbers)), spread = (1 - power) * cosine * cosine;
    const double half = sqrt(spread / (power + spread)) / 2;
    const double share = random_bits(numbers) & 1 ? 0.5 + half : 0.5 - half;
    return (uint32_t)rounded(share * AUGMENT_SHARES);
}
