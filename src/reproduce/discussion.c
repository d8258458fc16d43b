/* SPDX-License-Identifier: MIT */
/* The rules: each looks at the numbers, and says what they say or nothing. */
#include "reproduce/discussion.h"

#include "report/number.h"

#include <math.h>
#include <string.h>

static const double whole = 1.0;

struct discussion_evidence discussion_evidence(const struct discussion_row *row) {
    struct discussion_evidence here = {.kind = EVIDENCE_NONE, .accuracy = NAN, .training = NAN};
    if (row->test != NULL)
        here = (struct discussion_evidence){row->share >= whole ? EVIDENCE_WHOLE : EVIDENCE_PART, row->test->accuracy,
                                            row->training, row->test->interval};
    if (here.kind == EVIDENCE_WHOLE || row->full == NULL) return here;
    const struct full_run_accuracy *kept = &row->full->test;
    return (struct discussion_evidence){EVIDENCE_KEPT, (double)kept->correct / (double)kept->count,
                                        row->full->running_accuracy, wilson_interval(kept->correct, kept->count)};
}

static const char *evidence_words(const struct discussion_evidence *evidence) {
    static const char *const words[] = {[EVIDENCE_NONE] = "",
                                        [EVIDENCE_PART] = "in part of a run",
                                        [EVIDENCE_KEPT] = "in the kept whole run",
                                        [EVIDENCE_WHOLE] = "in the whole run"};
    return words[evidence->kind];
}

/* Below, within or above the interval: -1, 0, 1. */
static int place(double value, const struct interval *interval) {
    return value < interval->low ? -1 : value > interval->high;
}

/* A part of a run decides nothing about a claim for the whole. */
static bool decides(const struct discussion_evidence *evidence) {
    return evidence->kind == EVIDENCE_KEPT || evidence->kind == EVIDENCE_WHOLE;
}

/* One line a row: where its claim lies. */
static void append_claim(const struct discussion_row *row, struct text *out) {
    struct discussion_evidence evidence = discussion_evidence(row);
    double claimed = row->claim->test_accuracy;
    text_append(out, "%s: claimed %s, ", row->claim->title, number_percent(claimed, 2).text);
    if (evidence.kind == EVIDENCE_NONE) {
        text_append(out, "not measured here.\n");
        return;
    }
    text_append(out, "measured %s (%s) %s", number_percent(evidence.accuracy, 2).text,
                number_percent_range(evidence.interval.low, evidence.interval.high, 2).text, evidence_words(&evidence));
    if (!decides(&evidence)) {
        text_append(out, ", which cannot decide about the claim.\n");
        return;
    }
    int where = place(claimed, &evidence.interval);
    if (where == 0) text_append(out, ", which agrees.");
    else
        text_append(out, "; the claim lies %s %s.", number_points(fabs(claimed - evidence.accuracy), 1).text,
                    where > 0 ? "higher" : "lower");
    if (where > 0 && evidence.training >= claimed)
        text_append(out, " Its training accuracy does reach the claim (%s).",
                    number_percent(evidence.training, 2).text);
    text_append(out, "\n");
}

static void write_claims(const struct discussion_row *rows, size_t count, struct text *out) {
    static const char *const numerals[] = {"none", "one", "two", "three", "four"};
    size_t measured = 0, agree = 0;
    for (size_t i = 0; i < count; i++) {
        struct discussion_evidence evidence = discussion_evidence(&rows[i]);
        if (!decides(&evidence)) continue;
        measured++;
        agree += place(rows[i].claim->test_accuracy, &evidence.interval) == 0;
    }
    if (measured > 1 && measured <= 4) /* one alone is told by its own line */
        text_append(out, "Of %s claimed accuracies that whole runs can judge, %s agree%s with the measurement.\n",
                    numerals[measured], numerals[agree], agree == 1 ? "s" : "");
    for (size_t i = 0; i < count; i++)
        append_claim(&rows[i], out);
}

/* The row with the highest claim or, with `measured`, the highest evidence; `count` when none has any. */
static size_t best_row(const struct discussion_row *rows, size_t count, bool measured) {
    size_t best = count;
    double highest = -1;
    for (size_t i = 0; i < count; i++) {
        double value = measured ? discussion_evidence(&rows[i]).accuracy : rows[i].claim->test_accuracy;
        if (!(value > highest)) continue; /* NaN is not */
        best = i;
        highest = value;
    }
    return best;
}

static void write_order(const struct discussion_row *rows, size_t count, struct text *out) {
    size_t claimed = best_row(rows, count, false), measured = best_row(rows, count, true), with = 0;
    for (size_t i = 0; i < count; i++) {
        struct discussion_evidence evidence = discussion_evidence(&rows[i]);
        with += decides(&evidence);
    }
    if (with < count || count < 2) return;
    const char *title = rows[measured].claim->title;
    if (claimed == measured) text_append(out, "The best row is the same as claimed: %s.", title);
    else text_append(out, "The original report has %s in front; measured, %s is.", rows[claimed].claim->title, title);
    /* What pretraining brings: the best pretrained row beside the best that started from random values. */
    struct discussion_evidence best[2] = {{.accuracy = NAN}, {.accuracy = NAN}};
    for (size_t i = 0; i < count; i++) {
        struct discussion_evidence evidence = discussion_evidence(&rows[i]);
        struct discussion_evidence *other = &best[rows[i].pretrained];
        if (evidence.kind != EVIDENCE_NONE && !(other->accuracy >= evidence.accuracy)) *other = evidence;
    }
    double gain = best[1].accuracy - best[0].accuracy;
    if (isfinite(gain) && best[1].interval.low > best[0].interval.high)
        text_append(out, " The best row that starts from pretrained weights lies %s above the best from random ones.",
                    number_points(gain, 1).text);
    else if (isfinite(gain) && best[1].interval.high < best[0].interval.low)
        text_append(out, " The best row that starts from pretrained weights lies %s behind the best from random ones.",
                    number_points(-gain, 1).text);
    else if (isfinite(gain))
        text_append(out, " The intervals of the best row with pretrained weights and the best without overlap.");
    text_append(out, "\n");
}

static const struct discussion_row *row_named(const struct discussion_row *rows, size_t count, const char *key) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].claim->key, key) == 0) return &rows[i];
    return NULL;
}

/* The original's odd row: base far behind custom, put down to overfitting. */
static void write_odd_row(const struct discussion_row *rows, size_t count, struct text *out) {
    const struct discussion_row *base = row_named(rows, count, "resnet50-base"),
                                *custom = row_named(rows, count, "resnet50-custom");
    if (base == NULL || custom == NULL) return;
    struct discussion_evidence first = discussion_evidence(base), second = discussion_evidence(custom);
    double claimed = custom->claim->test_accuracy - base->claim->test_accuracy;
    double measured = second.accuracy - first.accuracy;
    text_append(out, "The original report puts %s %s behind %s. ", base->claim->title, number_points(claimed, 1).text,
                custom->claim->title);
    if (!decides(&first) || !decides(&second)) {
        text_append(out, "Only whole runs of both can tell whether that is so.\n");
        return;
    }
    if (measured > 0.5 * claimed)
        text_append(out, "A gap of that kind is seen here too (%s).", number_points(measured, 1).text);
    else if (measured > 0)
        text_append(out, "Measured, the gap is %s: the settings that are told do not explain the claimed one.",
                    number_points(measured, 1).text);
    else
        text_append(out,
                    "Measured, it is the other way round by %s: the settings that are told do not explain the "
                    "claimed gap.",
                    number_points(-measured, 1).text);
    double over = first.training - first.accuracy;
    if (!isfinite(over)) text_append(out, "\n");
    else if (first.training > first.interval.high)
        text_append(out,
                    " Its word for it is overfitting: here the training accuracy of %s lies %s above its test "
                    "accuracy.\n",
                    base->claim->title, number_points(over, 1).text);
    else
        text_append(out,
                    " Its word for it is overfitting: here the training accuracy of %s (%s) "
                    "does not lie above its test accuracy (%s), so there is none to see.\n",
                    base->claim->title, number_percent(first.training, 2).text, number_percent(first.accuracy, 2).text);
}

static double share_right(const struct full_run_accuracy *accuracy) {
    return accuracy->count > 0 ? (double)accuracy->correct / (double)accuracy->count : (double)NAN;
}

static void append_run(const char *name, const struct full_run *run, struct text *out) {
    struct interval interval = wilson_interval(run->test.correct, run->test.count);
    text_append(out, "%s gives %s (%s)", name, number_percent(share_right(&run->test), 2).text,
                number_percent_range(interval.low, interval.high, 2).text);
    if (run->reestimated.count > 0)
        text_append(out, ", with re-estimated statistics %s", number_percent(share_right(&run->reestimated), 2).text);
}

/* What Adam costs, and how much of it is given back by BatchNormalization's statistics re-estimated with the weights at rest:
 * those moving along trail weights that change fast. */
static void append_loss(const struct full_run *sgd, const struct full_run *adam, struct text *out) {
    double loss = share_right(&sgd->test) - share_right(&adam->test);
    double given_back = share_right(&adam->reestimated) - share_right(&adam->test);
    struct interval interval = wilson_interval(sgd->test.correct, sgd->test.count);
    if (share_right(&adam->test) >= interval.low) {
        text_append(out, " Adam is not behind here, so the optimizer does not explain the claimed figure.\n");
        return;
    }
    text_append(out, " Adam costs %s.", number_points(loss, 1).text);
    if (isfinite(given_back) && given_back > 0.5 * loss)
        text_append(out, " Statistics re-estimated afterwards give back most of that (%s).",
                    number_points(given_back, 1).text);
    else if (isfinite(given_back) && given_back > 0)
        text_append(out, " Statistics re-estimated afterwards give back %s of it; the rest lies in the weights.",
                    number_points(given_back, 1).text);
    else if (isfinite(given_back))
        text_append(out, " Statistics re-estimated afterwards give nothing of it back: it lies in the weights.");
    text_append(out, "\n");
}

static void write_optimizers(const struct discussion_row *rows, size_t count,
                             const struct discussion_optimizers *optimizers, struct text *out) {
    const struct discussion_row *base = row_named(rows, count, "resnet50-base");
    const struct full_run *sgd = optimizers->sgd, *adam = optimizers->adam;
    if (base == NULL || sgd == NULL || adam == NULL) return;
    text_append(out,
                "The original report names no optimizer. One epoch of the base recipe on images of 64x64 only (kept "
                "runs): ");
    append_run("SGD 0.01", sgd, out);
    text_append(out, "; ");
    append_run("Adam 0.001", adam, out);
    text_append(out, ".");
    append_loss(sgd, adam, out);
}

static bool is_part(const struct discussion_row *row) {
    return row->test != NULL && row->share < whole;
}

static void write_pairs(const struct discussion_row *rows, const struct page_pair *pairs, size_t count,
                        struct text *out) {
    if (count == 0) return;
    bool parts = false;
    for (size_t i = 0; i < count; i++) {
        parts = parts || is_part(&rows[pairs[i].first]) || is_part(&rows[pairs[i].second]);
    }
    text_append(out, parts ? "Between the rows as far as each came here, on the same test images:"
                           : "Between rows, on the same test images:");
    for (size_t i = 0; i < count; i++) {
        const struct page_pair *pair = &pairs[i];
        bool first = pair->test.only_first > pair->test.only_second;
        const char *better = rows[first ? pair->first : pair->second].claim->title;
        const char *worse = rows[first ? pair->second : pair->first].claim->title;
        if (pair->test.exact < PAGE_SIGNIFICANT)
            text_append(out, " %s is better than %s, by more than chance would make (p %s%s);", better, worse,
                        pair->test.exact < 1e-4 ? "below 0.0001" : "= ",
                        pair->test.exact < 1e-4 ? "" : number_fixed(pair->test.exact, 4).text);
        else
            text_append(out, " the difference of %s and %s may be chance (p = %s);", rows[pair->first].claim->title,
                        rows[pair->second].claim->title, number_fixed(pair->test.exact, 2).text);
    }
    if (!out->failed) out->bytes[out->size - 1] = '.'; /* the last semicolon */
    text_append(out, " That counts the chance of the images alone; each row is one seed.\n");
}

static void write_parts(const struct discussion_row *rows, size_t count, struct text *out) {
    size_t parts = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_part(&rows[i])) continue;
        text_append(out, "%s%s here is %s of its run, judged on %zu test images", parts++ > 0 ? "; " : "",
                    rows[i].claim->title, number_part(rows[i].share, 1).text, rows[i].test->count);
    }
    if (parts > 0)
        text_append(out, ". Such figures say how far the time given reached, not what the recipe gives; ocellus "
                         "reproduce --full runs everything whole.\n");
}

void discussion_write(const struct discussion_row *rows, size_t row_count, const struct page_pair *pairs,
                      size_t pair_count, const struct discussion_optimizers *optimizers, struct text *out) {
    write_claims(rows, row_count, out);
    write_order(rows, row_count, out);
    write_odd_row(rows, row_count, out);
    write_optimizers(rows, row_count, optimizers, out);
    write_pairs(rows, pairs, pair_count, out);
    write_parts(rows, row_count, out);
}
