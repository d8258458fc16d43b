/* SPDX-License-Identifier: MIT */
/* A first look at pictures of one's own, and at the machine: what a choice is made from. */
#ifndef APP_LOOK_H
#define APP_LOOK_H

#include "app/choose.h"
#include "data/data_parts.h"

/* The data set's name for what lies at an existing path: "folder", "list" for a table, or that of a set's own files. NULL in *name
 * where it is no set of pictures: a run, or a file of another kind. */
ocellus_status look_recognise(const char *path, const char **name);

/* The pictures and classes of a set, in numbers; nothing is read. */
ocellus_status look_at_classes(const struct data_parts *parts, struct choose_facts *facts);
/* What a choice must know of a set, and the seconds that one thread takes to read and decode a picture: those of some pictures,
 * spread over the set, by which its sizes and colours are judged too where it was not surveyed. facts->pretrained is left to the
 * caller. OCELLUS_BAD_CONTENT when none of them can be read. */
ocellus_status look_at_pictures(const struct data_parts *parts, struct choose_facts *facts, double *decode);

/* Measures what choose_speed says but for decoding, on random pixels; `decode` is that of one thread. Takes some seconds. */
ocellus_status look_at_machine(enum choose_network network, const struct choose_facts *facts, double decode,
                               size_t threads, struct choose_speed *speed);

#endif
