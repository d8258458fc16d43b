/* SPDX-License-Identifier: MIT */
/* metrics.jsonl: what happened when. */
#ifndef RUN_EVENTS_H
#define RUN_EVENTS_H

#include "base/json.h"
#include "run/run_folder.h"

#include <stdint.h>

/* metrics.jsonl: one JSON object a line, {"t": seconds since 1970, "kind": ..., "step": ..., more}. */
struct run_events {
    FILE *stream;
    char path[FILE_PATH_SIZE];
};
/* Opens for appending; keeps the lines up to the first that is torn or whose step lies after `last_step` and cuts the
 * rest off (a resumed run makes them again). A new run passes 0. */
ocellus_status run_events_open(const struct run_folder *run, uint64_t last_step, struct run_events *events);
/* A new event: a map with t, kind and step, to which more members can be set. NULL only without memory. */
json_value *run_event(const char *kind, uint64_t step);
/* Appends the event as one line and flushes it to the file. The event is taken over; NULL is
 * accepted: made without memory, whose message is kept. */
ocellus_status run_events_append(struct run_events *events, json_value *event);
void run_events_close(struct run_events *events);
/* Reads all lines as a list of maps; a torn last line is left out. Release with json_release(). */
ocellus_status run_events_read(const struct run_folder *run, json_value **list);

#endif
