/* SPDX-License-Identifier: MIT */
/* metrics.jsonl: what happened when, one JSON object a line, appended and flushed at once. */
#include "run/events.h"

#include "base/folders.h"
#include "base/json_parse.h"
#include "base/retry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_LIMIT = 1 << 30 };

/* Takes the line at *at, a JSON map with a step, and moves *at behind its line break. *map is NULL, and *at stays, where
 * there is no such line. Failing says nothing of the line: no memory. */
static ocellus_status take_line(const char **at, const char *end, const char *path, int64_t *step, json_value **map) {
    *map = NULL;
    const char *line_end = memchr(*at, '\n', (size_t)(end - *at));
    if (!line_end) return OCELLUS_OK;
    ocellus_status status = json_parse(*at, (size_t)(line_end - *at), path, map);
    if (status != OCELLUS_OK) return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
    if (json_get_integer(json_member(*map, "step"), step)) {
        *at = line_end + 1;
        return OCELLUS_OK;
    }
    json_release(*map);
    *map = NULL;
    return OCELLUS_OK;
}

/* How many bytes of the file's tell of steps up to last_step. */
static ocellus_status find_cut_in(const char *bytes, size_t size, const char *path, uint64_t last_step, size_t *cut) {
    const char *at = bytes;
    for (;;) {
        json_value *map;
        int64_t step;
        *cut = (size_t)(at - bytes);
        TRY(take_line(&at, bytes + size, path, &step, &map));
        if (!map) return OCELLUS_OK;
        json_release(map);
        if (step < 0 || (uint64_t)step > last_step) return OCELLUS_OK;
    }
}

static ocellus_status find_cut(const char *path, uint64_t last_step, size_t *cut) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    enum path_kind kind;
    *cut = 0;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    TRY(file_read(path, EVENTS_LIMIT, &bytes, &size));
    ocellus_status status = find_cut_in((const char *)bytes, size, path, last_step, cut);
    free(bytes);
    return status;
}

ocellus_status run_events_open(const struct run_folder *run, uint64_t last_step, struct run_events *events) {
    size_t cut = 0;
    events->stream = NULL;
    TRY(run_folder_file(run, RUN_EVENTS, events->path));
    TRY(find_cut(events->path, last_step, &cut));
    int file;
    TRY(file_open_in_place(events->path, O_WRONLY | O_APPEND, &file));
    if (RETRY(ftruncate(file, (off_t)cut)) != 0) {
        int error = errno;
        close(file);
        return fail_errno(error, "%s: cannot cut back", events->path);
    }
    events->stream = file_stream(file);
    return events->stream ? OCELLUS_OK : fail_errno(errno, "%s: cannot open", events->path);
}

json_value *run_event(const char *kind, uint64_t step) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double seconds = (double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1000;
    json_value *event = json_new_map();
    if (json_set(event, "t", json_new_real(seconds)) && json_set(event, "kind", json_new_text(kind)) &&
        json_set(event, "step", json_new_integer((int64_t)step))) {
        return event;
    }
    json_release(event);
    return NULL;
}

ocellus_status run_events_append(struct run_events *events, json_value *event) {
    char *line = event ? json_write(event, 0) : NULL;
    json_release(event);
    if (!line) return OCELLUS_IO;
    bool written = fprintf(events->stream, "%s\n", line) > 0 && fflush(events->stream) == 0;
    int error = errno;
    free(line);
    return written ? OCELLUS_OK : fail_errno(error, "%s: cannot write", events->path);
}

void run_events_close(struct run_events *events) {
    if (events->stream) fclose(events->stream);
    events->stream = NULL;
}

static ocellus_status read_lines(const char *bytes, size_t size, const char *path, json_value *list) {
    const char *at = bytes, *end = bytes + size;
    json_value *map;
    int64_t step;
    do {
        TRY(take_line(&at, end, path, &step, &map));
        if (map && !json_append(list, map)) return OCELLUS_IO;
    } while (map);
    if (!memchr(at, '\n', (size_t)(end - at))) return OCELLUS_OK; /* at most a torn line is left */
    return fail(OCELLUS_BAD_CONTENT, "%s: line %zu: not an event", path, json_count(list) + 1);
}

ocellus_status run_events_read(const struct run_folder *run, json_value **list) {
    char path[FILE_PATH_SIZE];
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(run_folder_file(run, RUN_EVENTS, path));
    TRY(file_read(path, EVENTS_LIMIT, &bytes, &size));
    *list = json_new_list();
    ocellus_status status = *list ? read_lines((const char *)bytes, size, path, *list) : OCELLUS_IO;
    free(bytes);
    if (status != OCELLUS_OK) json_release(*list);
    return status;
}
