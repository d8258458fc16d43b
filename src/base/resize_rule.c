/* SPDX-License-Identifier: MIT */
#include "base/resize_rule.h"

#include <stddef.h>

const char *const resize_rule_names[RESIZE_RULES + 1] = {
    [RESIZE_STRETCH] = "stretch", [RESIZE_CROP] = "crop", [RESIZE_PAD] = "pad", NULL};
