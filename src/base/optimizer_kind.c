/* SPDX-License-Identifier: MIT */
#include "base/optimizer_kind.h"

#include <stddef.h>

const char *const optimizer_names[OPTIMIZER_KINDS + 1] = {[OPTIMIZER_SGD] = "sgd", [OPTIMIZER_ADAM] = "adam", NULL};
