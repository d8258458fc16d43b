/* SPDX-License-Identifier: MIT */
/* What windows read beyond the edges. */
#ifndef ENGINE_OPERATORS_PADDING_H
#define ENGINE_OPERATORS_PADDING_H

#include "engine/planner.h"

/* The value that an operation with a window reads, inside a new image that carries the padding; without padding as it is. */
ocellus_status plan_padded_source(struct planner *planner, size_t operation, real fill, struct view *view,
                                  struct extent *extent);
bool window_pads(const struct window *window);

#endif
