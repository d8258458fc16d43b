/* SPDX-License-Identifier: MIT */
/* What `make bench` compares: one function a section, which writes its table with say(). */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

#include "contest.h"
#include "layers.h"

enum { NUMBER_SIZE = 24 };
extern const char python[], torch_script[];
extern const char *const torch_environment[], *const direction_names[DIRECTIONS];

/* To stdout at once, and into the report. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct section {
    const char *name, *title;
    ocellus_status (*run)(const struct settings *settings);
};
ocellus_status compare_depthwise(const struct settings *settings); /* depthwise_section.c */
extern const struct section sections[];
extern const size_t section_count;

#endif
