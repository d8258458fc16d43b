/* SPDX-License-Identifier: MIT */
/* The rules that turn numbers into sentences. */
#include "report/verdict.h"

#include "report/number.h"

#include <math.h>
#include <stdio.h>

size_t verdict_epoch_reaching(const struct history *history, double accuracy) {
    for (size_t i = 0; i < history->count; i++)
        if (history->rows[i].accuracy >= accuracy) return i + 1;
    return 0;
}

size_t verdict_best_validation_epoch(const struct history *history) {
    size_t best = 0;
    for (size_t i = 0; i < history->count; i++) {
        double accuracy = history->rows[i].val_accuracy;
        if (isfinite(accuracy) && (best == 0 || accuracy > history->rows[best - 1].val_accuracy)) best = i + 1;
    }
    return best;
}

static size_t lowest_validation_loss_epoch(const struct history *history) {
    size_t lowest = 0;
    for (size_t i = 0; i < history->count; i++) {
        double loss = history->rows[i].val_loss;
        if (isfinite(loss) && (lowest == 0 || loss < history->rows[lowest - 1].val_loss)) lowest = i + 1;
    }
    return lowest;
}

static const char *validation_name(const struct verdict_facts *facts) {
    return facts->validation_is_test ? "test" : "validation";
}

bool verdict_is_part(const struct verdict_facts *facts) {
    return facts->extent != NULL && *facts->extent != '\0';
}

/* The running training accuracy in the end. */
static double running_accuracy(const struct verdict_facts *facts) {
    return verdict_is_part(facts) ? facts->running_accuracy : facts->history->rows[facts->history->count - 1].accuracy;
}

/* A gap between training and test accuracy that the test interval cannot explain, and a validation loss that has turned
 * upwards, are the signs of overfitting. */
static void append_overfitting(const struct verdict_facts *facts, struct text *out) {
    const struct history *history = facts->history;
    double training = facts->train != NULL ? facts->train->accuracy : running_accuracy(facts);
    double gap = training - facts->test->accuracy;
    size_t lowest = lowest_validation_loss_epoch(history);
    const struct history_row *last = lowest != 0 ? &history->rows[history->count - 1] : NULL;
    bool rises = last != NULL && lowest < history->count && last->val_loss > 1.05 * history->rows[lowest - 1].val_loss;
    bool apart = training > facts->test->interval.high;
    if (apart) text_append(out, " Training accuracy lies %s above test accuracy", number_points(gap, 1).text);
    else text_append(out, " Training accuracy does not lie above the interval of test accuracy");
    if (rises)
        text_append(out, ", and the %s loss, lowest after epoch %zu (%s), has risen to %s since",
                    validation_name(facts), lowest, number_fixed(history->rows[lowest - 1].val_loss, 3).text,
                    number_fixed(last->val_loss, 3).text);
    text_append(out, apart && rises ? ": the network overfits." : ".");
}

void verdict_measured(const struct verdict_facts *facts, struct text *out) {
    const struct evaluation *test = facts->test;
    char count[32], epochs[32];
    size_t best = facts->best_weights ? verdict_best_validation_epoch(facts->history) : 0;
    text_with_commas(test->count, count);
    snprintf(epochs, sizeof epochs, "%zu epoch%s", facts->history->count, facts->history->count == 1 ? "" : "s");
    if (best != 0) text_append(out, "With the weights of epoch %zu, the best in validation, of %s ", best, epochs);
    else text_append(out, "After %s ", verdict_is_part(facts) ? facts->extent : epochs);
    if (facts->folds > 0)
        text_append(out,
                    "%s of %s images are classified correctly by networks that did not learn from them (%llu parts",
                    number_percent(test->accuracy, 2).text, count, (unsigned long long)facts->folds);
    else
        text_append(out, "the network classifies %s of %s test images correctly (95 %% interval",
                    number_percent(test->accuracy, 2).text, count);
    text_append(out, "%s %s)", facts->folds > 0 ? "; 95 % interval" : "",
                number_percent_range(test->interval.low, test->interval.high, 2).text);
    if (facts->train != NULL) {
        text_with_commas(facts->train->count, count);
        text_append(out,
                    facts->folds > 0 ? "; this network classifies %s of the %s that it learned from."
                                     : " and %s of %s training images.",
                    number_percent(facts->train->accuracy, 2).text, count);
    } else
        text_append(out, "; the running training accuracy of the last epoch is %s.",
                    number_percent(running_accuracy(facts), 2).text);
    append_overfitting(facts, out);
}
