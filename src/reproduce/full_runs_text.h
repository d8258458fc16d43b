/* SPDX-License-Identifier: MIT */
/* The results of results/full-runs.json inside the program: an installed program has them too. The build makes it from the
 * file (CMakeLists.txt). */
#ifndef REPRODUCE_FULL_RUNS_TEXT_H
#define REPRODUCE_FULL_RUNS_TEXT_H

extern const char full_runs_text[];

#endif
