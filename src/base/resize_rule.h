/* SPDX-License-Identifier: MIT */
/* How a picture of another size or shape comes to a network's size: a word that recipes, models and data share. */
#ifndef BASE_RESIZE_RULE_H
#define BASE_RESIZE_RULE_H

enum resize_rule {
    RESIZE_STRETCH, /* each side by itself: all of the picture, its shape is lost */
    RESIZE_CROP,    /* the largest part of the network's shape, from the middle: the long side's ends are lost */
    RESIZE_PAD,     /* all of the picture in its shape, in the middle of black: the long side fits */
    RESIZE_RULES
};

/* "stretch", "crop", "pad", by rule: in recipes and model files for ever. NULL at the end. */
extern const char *const resize_rule_names[RESIZE_RULES + 1];

#endif
