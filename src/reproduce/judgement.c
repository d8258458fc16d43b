/* SPDX-License-Identifier: MIT */
#include "reproduce/judgement.h"

#include "report/number.h"

#include <math.h>

/* Where a claim stands beside what was measured. */
enum judgement {
    CLAIM_WITHIN,      /* the test interval */
    CLAIM_BELOW,       /* it */
    CLAIM_VALIDATION,  /* above it, but a validation accuracy reached the claim */
    CLAIM_TRAINING,    /* above it and above every validation accuracy; only training accuracy reached the claim */
    CLAIM_UNEXPLAINED, /* above everything measured */
};

static enum judgement judge(const struct verdict_facts *facts, double claimed) {
    if (claimed < facts->test->interval.low) return CLAIM_BELOW;
    if (claimed <= facts->test->interval.high) return CLAIM_WITHIN;
    size_t best = verdict_best_validation_epoch(facts->history);
    if (best != 0 && facts->history->rows[best - 1].val_accuracy >= claimed) return CLAIM_VALIDATION;
    bool trained = facts->train != NULL && facts->train->accuracy >= claimed;
    return trained || verdict_epoch_reaching(facts->history, claimed) != 0 ? CLAIM_TRAINING : CLAIM_UNEXPLAINED;
}

/* How far outside the interval of the test accuracy the claim lies. */
static double distance_from_interval(const struct verdict_facts *facts, double claimed) {
    return fmax(claimed - facts->test->interval.high, facts->test->interval.low - claimed);
}

void judgement_append(const struct verdict_facts *facts, double claimed, struct text *out) {
    bool part = verdict_is_part(facts);
    text_append(out, part ? "So far the claimed %s " : "The claimed %s ", number_percent(claimed, 2).text);
    enum judgement judgement = judge(facts, claimed);
    if (judgement == CLAIM_WITHIN) text_append(out, "lies within the interval of the measured test accuracy.");
    else
        text_append(out, "lies %s %s the interval of the measured test accuracy",
                    number_points(distance_from_interval(facts, claimed), 2).text,
                    judgement == CLAIM_BELOW ? "below" : "above");
    if (part) {
        text_append(out, judgement == CLAIM_WITHIN ? "" : ".");
        return;
    }
    if (judgement == CLAIM_BELOW) text_append(out, ": this run does better.");
    if (judgement == CLAIM_VALIDATION) text_append(out, ", though an epoch reached it in validation.");
    if (judgement == CLAIM_TRAINING) text_append(out, "; a training accuracy reaches it, no test accuracy does.");
    if (judgement == CLAIM_UNEXPLAINED) text_append(out, ", and nothing measured in this run reaches it.");
}
