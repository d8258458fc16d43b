/* SPDX-License-Identifier: MIT */
/* metrics.jsonl: what happened when, one JSON object a line, appended and flushed at once. */
#include "run/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_LIMIT = 1 << 30 };

/* Whether bytes [0, size) begin with a whole line that is a JSON map with a step; *length counts its line break. The map
 * is stored when it is. */
static bool take_line(const char *bytes, size_t size, const char *path, size_t *length, int64_t *step,
                      json_value **map) {
    const char *end = memchr(bytes, '\n', size);
    if (!end || json_parse(bytes, (size_t)(end - bytes), path, map) != OCELLUS_OK) return false;
    *length = (size_t)(end - bytes) + 1;
    if (json_get_integer(json_member(*map, "step"), step)) return true;
    json_release(*map);
    return false;
}

/* How many bytes of the file tell of steps up to last_step. */
static ocellus_status find_cut(const char *path, uint64_t last_step, size_t *cut) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    *cut = 0;
    if (!path_exists(path)) return OCELLUS_OK;
    TRY(file_read(path, EVENTS_LIMIT, &bytes, &size));
    size_t length = 0;
    int64_t step = 0;
    json_value *map = NULL;
    while (take_line((const char *)bytes + *cut, size - *cut, path, &length, &step, &map)) {
        json_release(map);
        if (step < 0 || (uint64_t)step > last_step) break;
        *cut += length;
    }
    free(bytes);
    return OCELLUS_OK;
}

ocellus_status run_events_open(const struct run_folder *run, uint64_t last_step, struct run_events *events) {
    size_t cut = 0;
    events->stream = NULL;
    TRY(run_folder_file(run, RUN_EVENTS, events->path));
    TRY(find_cut(events->path, last_step, &cut));
    int file;
    TRY(file_open_in_place(events->path, O_WRONLY | O_APPEND, &file));
    events->stream = fdopen(file, "a");
    if (!events->stream) {
        int error = errno;
        close(file);
        return fail_errno(error, "%s: cannot open", events->path);
    }
    if (ftruncate(fileno(events->stream), (off_t)cut) != 0) {
        ocellus_status status = fail_errno(errno, "%s: cannot cut back", events->path);
        run_events_close(events);
        return status;
    }
    return OCELLUS_OK;
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
    if (!line) return fail(OCELLUS_IO, "%s: no memory", events->path);
    bool written = fprintf(events->stream, "%s\n", line) > 0 && fflush(events->stream) == 0;
    int error = errno;
    free(line);
    return written ? OCELLUS_OK : fail_errno(error, "%s: cannot write", events->path);
}

void run_events_close(struct run_events *events) {
    if (events->stream) fclose(events->stream);
    events->stream = NULL;
}

ocellus_status run_events_read(const struct run_folder *run, json_value **list) {
    char path[FILE_PATH_SIZE];
    unsigned char *bytes = NULL;
    size_t size = 0, done = 0, length = 0;
    TRY(run_folder_file(run, RUN_EVENTS, path));
    TRY(file_read(path, EVENTS_LIMIT, &bytes, &size));
    *list = json_new_list();
    bool memory = *list != NULL;
    int64_t step = 0;
    json_value *map = NULL;
    while (memory && take_line((const char *)bytes + done, size - done, path, &length, &step, &map)) {
        memory = json_append(*list, map);
        done += length;
    }
    bool torn_end = done == size || !memchr(bytes + done, '\n', size - done);
    free(bytes);
    if (memory && torn_end) return OCELLUS_OK;
    ocellus_status status = memory
                                ? fail(OCELLUS_BAD_CONTENT, "%s: line %zu: not an event", path, json_count(*list) + 1)
                                : fail(OCELLUS_IO, "%s: no memory", path);
    json_release(*list);
    return status;
}
