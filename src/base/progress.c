/* SPDX-License-Identifier: MIT */
/* The progress of long work: a bar on a terminal, plain lines elsewhere. */
#include "base/progress.h"

#include "base/duration.h"
#include "base/log.h"
#include "base/log_lines.h"
#include "base/sizes.h"
#include "base/text.h"
#include "base/text_layout.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { BAR_MOST = 30, BAR_LEAST = 8 };

static const double between_bars = 0.1, between_lines = 15;

static void append_time(struct text *out, double seconds) {
    char time[DURATION_SIZE];
    duration_clock(seconds, time);
    text_append(out, "%s", time);
}

/* Names a file more often than not, and so may hold anything. */
static void append_what(struct text *out, const struct progress *progress) {
    char safe[256];
    utf8_escape(progress->what, safe, sizeof safe);
    text_append_bytes(out, safe, strlen(safe));
}

static bool counts_bytes(const struct progress *progress) {
    return strcmp(progress->unit, "B") == 0;
}

static bool counts_nothing(const struct progress *progress) {
    return progress->unit[0] == '\0';
}

/* "12.5 of 50.0 MB", "300 of 1,000 images", or without a total "300 images". */
static void append_count(struct text *out, const struct progress *progress, uint64_t done) {
    char part[32], whole[32];
    if (counts_bytes(progress)) {
        snprintf(part, sizeof part, "%.1f", size_megabytes(done));
        snprintf(whole, sizeof whole, "%.1f", size_megabytes(progress->total));
    } else {
        text_with_commas(done, part);
        text_with_commas(progress->total, whole);
    }
    text_append(out, "%s", part);
    if (progress->total > 0) text_append(out, " of %s", whole);
    text_append(out, " %s", counts_bytes(progress) ? "MB" : progress->unit);
}

static double fraction(const struct progress *progress, uint64_t done) {
    return done < progress->total ? (double)done / (double)progress->total : 1;
}

/* ", 3.1 MB/s, 0:12 left", or without a total ", 3.1 MB/s, 0:40 so far". */
static void append_rate(struct text *out, const struct progress *progress, uint64_t done, double elapsed) {
    double rate = elapsed > 0 ? (double)done / elapsed : 0;
    if (counts_bytes(progress)) text_append(out, ", %.1f MB/s, ", size_megabytes((uint64_t)rate));
    else text_append(out, rate < 10 ? ", %.1f %s/s, " : ", %.0f %s/s, ", rate, progress->unit);
    if (progress->total == 0) {
        append_time(out, elapsed);
        text_append(out, " so far");
    } else if (rate > 0) {
        append_time(out, done < progress->total ? (double)(progress->total - done) / rate : 0);
        text_append(out, " left");
    } else {
        text_append(out, "?:?? left");
    }
}

/* How far the work is: count and rate, or the time alone where nothing is counted. */
static void append_state(struct text *out, const struct progress *progress, uint64_t done, double elapsed) {
    if (counts_nothing(progress)) {
        append_time(out, elapsed);
        text_append(out, " so far");
        return;
    }
    append_count(out, progress, done);
    append_rate(out, progress, done, elapsed);
}

static void append_bar(struct text *out, double part, int width) {
    bool utf8 = log_is_utf8();
    int filled = (int)(part * width);
    for (int i = 0; i < width; i++)
        text_append(out, "%s", i < filled ? (utf8 ? "\u2501" : "=") : (utf8 ? "\u2500" : "."));
    text_append(out, " ");
}

static void draw_bar(struct progress *progress, uint64_t done, double elapsed) {
    struct text head = {0}, tail = {0};
    int columns = log_columns() - 1; /* the last column would wrap on some terminals */
    if (progress->total > 0) text_append(&tail, "%3.0f%% ", 100 * fraction(progress, done));
    append_state(&tail, progress, done, elapsed);
    append_what(&head, progress);
    text_append(&head, " ");
    int room =
        columns - (int)text_columns(head.bytes ? head.bytes : "") - (int)text_columns(tail.bytes ? tail.bytes : "") - 1;
    if (progress->total > 0 && room >= BAR_LEAST)
        append_bar(&head, fraction(progress, done), room < BAR_MOST ? room : BAR_MOST);
    if (!tail.failed) text_append_bytes(&head, tail.bytes, tail.size);
    if (!head.failed) {
        head.bytes[text_prefix(head.bytes, columns > 0 ? (size_t)columns : 0)] = '\0';
        log_bar(head.bytes);
    }
    text_free(&head);
    text_free(&tail);
}

static void write_state(struct progress *progress, uint64_t done, double elapsed) {
    struct text line = {0};
    append_what(&line, progress);
    text_append(&line, ": ");
    if (progress->total > 0) text_append(&line, "%.0f%%, ", 100 * fraction(progress, done));
    append_state(&line, progress, done, elapsed);
    if (!line.failed) log_line(line.bytes);
    text_free(&line);
}

void progress_begin(struct progress *progress, const char *what, const char *unit, uint64_t total) {
    *progress = (struct progress){.what = what, .unit = unit, .total = total, .started = clock_seconds()};
    progress->drawn = progress->started;
    if (log_get_level() == LOG_QUIET) return;
    if (log_is_terminal()) {
        draw_bar(progress, 0, 0);
        return;
    }
    struct text line = {0};
    append_what(&line, progress);
    text_append(&line, " ...");
    if (!line.failed) log_line(line.bytes);
    text_free(&line);
}

void progress_update(struct progress *progress, uint64_t done) {
    double now = clock_seconds();
    bool terminal = log_is_terminal();
    if (log_get_level() == LOG_QUIET || now - progress->drawn < (terminal ? between_bars : between_lines)) return;
    progress->drawn = now;
    if (terminal) draw_bar(progress, done, now - progress->started);
    else write_state(progress, done, now - progress->started);
}

void progress_end(struct progress *progress, uint64_t done) {
    if (log_get_level() == LOG_QUIET) return;
    struct text line = {0};
    double elapsed = clock_seconds() - progress->started;
    struct progress whole = *progress;
    if (done == whole.total) whole.total = 0; /* "50.0 MB", not "50.0 of 50.0 MB" */
    append_what(&line, progress);
    text_append(&line, ": ");
    if (!counts_nothing(progress)) {
        append_count(&line, &whole, done);
        text_append(&line, " in ");
    }
    append_time(&line, elapsed);
    if (!line.failed) log_line(line.bytes);
    text_free(&line);
}
