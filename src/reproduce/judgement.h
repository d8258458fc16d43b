/* SPDX-License-Identifier: MIT */
/* What the numbers of a run mean for a claimed accuracy. Plain text. */
#ifndef REPRODUCE_JUDGEMENT_H
#define REPRODUCE_JUDGEMENT_H

#include "report/verdict.h"

/* One sentence, which the numbers choose. `claimed`: 0..1, of test images. */
void judgement_append(const struct verdict_facts *facts, double claimed, struct text *out);

#endif
