/* SPDX-License-Identifier: MIT */
/* What is known of pictures from before, used inside this folder only. */
#ifndef DATA_SURVEY_CACHE_H
#define DATA_SURVEY_CACHE_H

#include "data/picture_facts.h"

/* Fills the facts of each picture whose name and stamp the cache holds, and sets known[]. No cache and a damaged one, or one of
 * another version of this program, hold none. OCELLUS_IO where a stamp cannot be had, or there is no memory. */
ocellus_status survey_cache_load(const char *cached_for, const struct source *source, struct picture_facts *facts,
                                 uint8_t *known);
/* Writes the facts of the first `count` pictures, whole or not at all. With `others` it keeps what the cache held of other
 * names. Where it cannot be written it is a line of the log. */
void survey_cache_save(const char *cached_for, const struct source *source, const struct picture_facts *facts,
                       size_t count, bool others);

#endif
