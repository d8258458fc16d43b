/* SPDX-License-Identifier: MIT */
#include "reproduce/watch.h"

#include "base/duration.h"
#include "base/log.h"
#include "reproduce/budget.h"

/* Stops when another step would not leave the time to judge. */
static void keep_deadline(struct watch *watch, const struct train_event *event, struct stop_flag *stop) {
    double now = clock_seconds();
    if (event->kind == TRAIN_STEP) watch->steps++;
    if (watch->steps == 0 || (event->kind != TRAIN_STEP && event->kind != TRAIN_VALIDATION_STEP)) return;
    double step = (now - watch->begun) / (double)watch->steps;
    double kept = budget_evaluation(step, watch->batch_size, watch->judged);
    if (!budget_fits(watch->deadline - now, kept, step)) stop_request(stop, OCELLUS_STOPPED);
}

static void tell_time_left(struct watch *watch, const struct train_event *event) {
    static const double between = 600;
    double now = clock_seconds();
    if (event->kind != TRAIN_STEP || now - watch->told < between) return;
    uint64_t done = event->step - watch->first_step;
    uint64_t all = event->plan->epochs * event->plan->steps;
    char text[DURATION_SIZE];
    duration_words((now - watch->begun) / (double)done * (double)(all - event->step) + watch->later, text);
    log_info("%sabout %s left for everything", log_is_terminal() ? "\n" : "", text);
    watch->told = now;
}

void watch_training(void *context, const struct train_event *event, struct stop_flag *stop) {
    struct watch *watch = context;
    if (event->kind == TRAIN_BEGIN) {
        watch->begun = watch->told = clock_seconds();
        watch->first_step = event->step;
    }
    if (watch->deadline > 0) keep_deadline(watch, event, stop);
    if (watch->later >= 0) tell_time_left(watch, event);
}
