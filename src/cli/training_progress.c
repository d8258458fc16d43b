/* SPDX-License-Identifier: MIT */
#include "cli/training_progress.h"

#include "base/duration.h"
#include "base/log.h"
#include "base/text_layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BAR_WIDTH = 20, BAR_LEAST = 4 };
static const double redraw_seconds = 0.1, line_seconds = 15;

void training_progress_begin(struct training_progress *progress) {
    *progress = (struct training_progress){
        .terminal = log_is_terminal() && log_get_level() != LOG_QUIET,
        .color = log_has_color(2),
        .utf8 = log_is_utf8(),
    };
}

/* As Keras prints metrics: four decimals, or an exponent for the very small. */
static void metric(struct text *out, const char *name, double value) {
    text_append(out, fabs(value) > 1e-3 ? " - %s: %.4f" : " - %s: %.4e", name, value);
}

static void duration(struct text *out, double seconds) {
    char time[DURATION_SIZE];
    duration_clock(seconds, time);
    text_append(out, "%s", time);
}

static void step_time(struct text *out, double seconds) {
    if (seconds >= 1) text_append(out, "%.0fs/step", seconds);
    else if (seconds >= 1e-3) text_append(out, "%.0fms/step", seconds * 1e3);
    else text_append(out, "%.0fus/step", seconds * 1e6);
}

static void bar(const struct training_progress *progress, struct text *out, uint64_t done, uint64_t total,
                uint64_t width) {
    uint64_t filled = total ? done * width / total : width;
    const char *piece = progress->utf8 ? "\u2501" : "=";
    const char *rest = progress->color && progress->utf8 ? piece : progress->utf8 ? " " : ".";
    if (progress->color) text_append(out, "\033[32m");
    for (uint64_t i = 0; i < width; i++) {
        if (i == filled && progress->color) text_append(out, "\033[37m");
        text_append(out, "%s", i < filled ? piece : rest);
    }
    if (progress->color) text_append(out, "\033[0m");
}

/* Seconds one step takes, measured in this session alone. */
static double seconds_per_step(const struct training_progress *progress, const struct train_event *event,
                               uint64_t position) {
    uint64_t steps = position - progress->first_position;
    return steps ? (event->seconds - progress->first_seconds) / (double)steps : 0;
}

/* What is told of a step or an epoch beside the count and the bar, most wanted first: a narrow terminal gets fewer. */
enum { PARTS = 7, PART_SIZE = 48 };
struct parts {
    char texts[PARTS][PART_SIZE];
    size_t count;
};

static void add_part(struct parts *parts, struct text *part) {
    if (parts->count < PARTS)
        snprintf(parts->texts[parts->count++], PART_SIZE, "%s", part->bytes && !part->failed ? part->bytes : "");
    text_free(part);
}

static void add_metric(struct parts *parts, const char *name, double value) {
    struct text part = {0};
    metric(&part, name, value);
    add_part(parts, &part);
}

/* What is worth telling: a hundredth of an epoch, and at least a tenth of a second. */
static bool waited(const struct train_event *event) {
    return event->data_wait >= 0.1 && event->data_wait >= event->seconds / 100;
}

/* " 0:04 5ms/step", " - accuracy: 0.7312", " - loss: 0.7714": the time left while it runs, the time taken in the end. */
static void describe(const struct training_progress *progress, const struct train_event *event, uint64_t position,
                     struct parts *parts) {
    const struct train_plan *plan = event->plan;
    bool done = event->kind == TRAIN_EPOCH;
    double step = seconds_per_step(progress, event, position);
    struct text time = {0};
    text_append(&time, " ");
    if (event->kind == TRAIN_VALIDATION_STEP && plan->validation_images) {
        text_append(&time, "validation %.0f %%",
                    100 * (double)event->validation_done / (double)plan->validation_images);
    } else {
        duration(&time, done ? event->seconds : step * (double)(plan->steps - position));
        text_append(&time, " ");
        step_time(&time, step);
    }
    add_part(parts, &time);
    add_metric(parts, "accuracy", event->accuracy);
    add_metric(parts, "loss", event->loss);
    if (done && !isnan(event->row->val_loss)) {
        add_metric(parts, "val_accuracy", event->row->val_accuracy);
        add_metric(parts, "val_loss", event->row->val_loss);
    }
    if (!done || !waited(event)) return;
    struct text wait = {0};
    text_append(&wait, " - data wait: %.1f s", event->data_wait);
    add_part(parts, &wait);
}

/* "847/1563 ━━━━━━━━━━ 0:04 5ms/step - accuracy: 0.7312 - loss: 0.7714": a line that wraps cannot be drawn over, so parts
 * that find no room are left out, and the bar takes what is left. An epoch that is done tells everything, on more lines
 * where one is too short. */
static void append_bar_line(const struct training_progress *progress, const struct train_event *event, size_t columns,
                            struct text *line) {
    struct parts parts = {0};
    bool done = event->kind == TRAIN_EPOCH;
    uint64_t position = done ? event->plan->steps : event->position;
    char count[48], total[24];
    int digits = snprintf(total, sizeof total, "%llu", (unsigned long long)event->plan->steps);
    snprintf(count, sizeof count, "%*llu/%s", digits, (unsigned long long)position, total);
    describe(progress, event, position, &parts);
    size_t used = strlen(count), shown = 0;
    while (shown < parts.count && used + text_columns(parts.texts[shown]) <= columns)
        used += text_columns(parts.texts[shown++]);
    count[text_prefix(count, columns)] = '\0'; /* of a terminal that is narrower than the count */
    text_append(line, "%s", count);
    if (columns > used + 1 + BAR_LEAST) {
        size_t room = columns - used - 1;
        text_append(line, " ");
        bar(progress, line, position, event->plan->steps, room < BAR_WIDTH ? room : BAR_WIDTH);
    }
    for (size_t i = 0; i < shown; i++)
        text_append(line, "%s", parts.texts[i]);
    size_t column = columns; /* of what is left, in lines of their own */
    for (size_t i = shown; done && i < parts.count; i++) {
        const char *part = parts.texts[i] + strspn(parts.texts[i], " -");
        size_t width = text_columns(part);
        bool fresh = column + 3 + width > columns;
        if (fresh) column = width + 2 <= columns ? 2 : 0;
        text_append(line, "%s%*s", fresh ? "\n" : " - ", fresh ? (int)column : 0, "");
        text_append_wrapped(line, part, fresh ? column : column + 3, 0, columns);
        column += fresh ? width : width + 3;
    }
}

static void draw_bar(struct training_progress *progress, const struct train_event *event) {
    struct text line = {0};
    bool done = event->kind == TRAIN_EPOCH;
    int columns = log_columns();
    text_append(&line, "\r\033[K");
    append_bar_line(progress, event, columns > 1 ? (size_t)columns - 1 : 0, &line);
    text_append(&line, "%s", done ? "\n" : "");
    if (!line.failed) fwrite(line.bytes, 1, line.size, stderr);
    fflush(stderr);
    text_free(&line);
    progress->line_open = !done;
    progress->drawn = clock_seconds();
}

/* For the log, and for a stderr that is no terminal. */
static void epoch_line(const struct train_event *event) {
    struct text line = {0};
    text_append(&line, "epoch %llu/%llu: %.1f s", (unsigned long long)event->epoch + 1,
                (unsigned long long)event->plan->epochs, event->row->time);
    metric(&line, "accuracy", event->row->accuracy);
    metric(&line, "loss", event->row->loss);
    if (!isnan(event->row->val_loss)) {
        metric(&line, "val_accuracy", event->row->val_accuracy);
        metric(&line, "val_loss", event->row->val_loss);
    }
    if (waited(event)) text_append(&line, " - data wait: %.1f s", event->data_wait);
    if (!line.failed) log_info("%s", line.bytes);
    text_free(&line);
}

static void step_line(const struct training_progress *progress, const struct train_event *event) {
    struct text line = {0};
    double step = seconds_per_step(progress, event, event->position);
    text_append(&line, "epoch %llu/%llu step %llu/%llu: ", (unsigned long long)event->epoch + 1,
                (unsigned long long)event->plan->epochs, (unsigned long long)event->position,
                (unsigned long long)event->plan->steps);
    duration(&line, step * (double)(event->plan->steps - event->position));
    text_append(&line, " left, ");
    step_time(&line, step);
    metric(&line, "accuracy", event->accuracy);
    metric(&line, "loss", event->loss);
    if (!line.failed) log_info("%s", line.bytes);
    text_free(&line);
}

void training_progress_show(void *context, const struct train_event *event) {
    struct training_progress *progress = context;
    double now = clock_seconds();
    bool enters = event->kind == TRAIN_BEGIN || event->kind == TRAIN_EPOCH; /* what follows is another epoch */
    bool work = event->kind == TRAIN_STEP || event->kind == TRAIN_VALIDATION_STEP;

    if (progress->terminal) {
        if (event->kind == TRAIN_EPOCH || (work && now - progress->drawn >= redraw_seconds)) {
            if (work && !progress->line_open)
                fprintf(stderr, "Epoch %llu/%llu\n", (unsigned long long)event->epoch + 1,
                        (unsigned long long)event->plan->epochs);
            draw_bar(progress, event);
        }
        if (event->kind == TRAIN_EPOCH) { /* the bar said it on the terminal; train.log wants it too */
            enum log_level level = log_get_level();
            log_set_level(LOG_QUIET);
            epoch_line(event);
            log_set_level(level);
        }
    } else if (event->kind == TRAIN_EPOCH) {
        epoch_line(event);
    } else if (event->kind == TRAIN_STEP && now - progress->drawn >= line_seconds) {
        step_line(progress, event);
        progress->drawn = now;
    }
    if (event->kind == TRAIN_CHECKPOINT)
        log_detail("checkpoint at step %llu: %s", (unsigned long long)event->step, event->path);
    if (enters) {
        progress->drawn = progress->terminal ? 0 : now;
        progress->first_position = event->kind == TRAIN_BEGIN ? event->position : 0;
        progress->first_seconds = event->kind == TRAIN_BEGIN ? event->seconds : 0;
    }
}

void training_progress_end(struct training_progress *progress) {
    if (progress->line_open) fputc('\n', stderr);
    progress->line_open = false;
}
