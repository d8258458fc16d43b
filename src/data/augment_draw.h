/* SPDX-License-Identifier: MIT */
/* What augmentation draws at random beside plain numbers: rectangles and shares. */
#ifndef DATA_AUGMENT_DRAW_H
#define DATA_AUGMENT_DRAW_H

#include "base/random.h"
#include "data/augment_geometry.h"

/* Uniform between the two. */
double augment_between(struct random_stream *numbers, double low, double high);

/* torchvision's RandomResizedCrop (after Szegedy et al. 2015): a share of the area, uniform from `smallest` to 1, and an
 * aspect, log-uniform from 1 / aspect to aspect, anywhere where the box fits; ten tries, then the largest box in the middle
 * whose aspect is in that range. */
struct augment_box augment_draw_crop(struct random_stream *numbers, const struct augment_form *form, double smallest,
                                     double aspect);
/* torchvision's RandomErasing (Zhong et al. 2017): a share of the area from 0.02 to 0.33, a height of 0.3 to 3.3 widths,
 * log-uniform, less than the picture's both ways; ten tries, then an empty box. */
struct augment_box augment_draw_erasing(struct random_stream *numbers, const struct augment_form *form);

enum { AUGMENT_SHARES = 65536 };
/* A share by Beta(alpha, alpha), alpha > 0, in 1/AUGMENT_SHARES: 0 to AUGMENT_SHARES, both too. Of alpha 1 every one of them is
 * as likely; else Devroye's "one line of code" for the symmetric beta (1996), to which Bailey's t (1994) leads: with U
 * uniform and C the cosine of a uniform angle, (1 +- sqrt((1 - P) C^2 / (P + (1 - P) C^2))) / 2, P = U^(1 / alpha). */
uint32_t augment_draw_share(struct random_stream *numbers, double alpha);

#endif
