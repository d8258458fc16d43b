/* SPDX-License-Identifier: MIT */
/* The page's beginning: title, summary, data; and the short cuts that all sections use. */
#include "report/page.h"

#include "base/folders.h"
#include "report/figures.h"
#include "report/number.h"

#include <math.h>
#include <string.h>

const struct evaluation *page_split(const struct page_run *run, enum evaluation_split split) {
    return run->evaluation.present[split] ? &run->evaluation.splits[split] : NULL;
}

double page_running_accuracy(const struct page_run *run) {
    if (run->progress.partial) return run->progress.last.accuracy;
    return run->history.count > 0 ? run->history.rows[run->history.count - 1].accuracy : NAN;
}

double page_seconds(const struct page_run *run) {
    double seconds = run->progress.partial ? run->progress.last.seconds : 0.0;
    for (size_t i = 0; i < run->history.count; i++)
        seconds += run->history.rows[i].time;
    return seconds;
}

const char *page_title(const struct page_run *run) {
    return run->claim != NULL ? run->claim->title : run->recipe.model_name;
}

const char *page_key(const struct page_run *run) {
    return run->claim != NULL ? run->claim->key : "run";
}

bool page_judges_best(const struct page_run *run) {
    return strcmp(path_base_name(run->evaluation.model), RUN_BEST) == 0;
}

uint64_t page_threads(const struct page_run *run) {
    for (size_t i = 0; i < run->progress.resume_count; i++)
        if (run->progress.resumes[i].threads != run->environment.threads) return 0;
    return run->environment.threads;
}

static bool validated_on_all_test_images(const struct page_run *run) {
    enum { FEW = 1000 };
    return run->data.validation == RECIPE_VALIDATION_TEST &&
           (run->recipe.validation_steps == 0 || run->data.validation_images >= FEW);
}

const char *page_validation_name(const struct page_run *run) {
    return validated_on_all_test_images(run) ? "test set" : "validation";
}

struct verdict_facts page_verdict_facts(const struct page_run *run) {
    return (struct verdict_facts){.claim = run->claim,
                                  .history = &run->history,
                                  .train = page_split(run, EVALUATION_TRAIN),
                                  .test = page_split(run, EVALUATION_TEST),
                                  .validation_is_test = validated_on_all_test_images(run),
                                  .best_weights = page_judges_best(run),
                                  .extent = run->extent,
                                  .running_accuracy = page_running_accuracy(run)};
}

const struct page_run *page_first(const struct page *page) {
    for (size_t i = 0; i < page->run_count; i++)
        if (page->runs[i].present) return &page->runs[i];
    return NULL;
}

bool page_compares(const struct page *page) {
    return page->run_count > 1;
}

const struct full_run *page_full(const struct page *page, const struct page_run *run) {
    if (run->claim == NULL) return NULL;
    return full_run_named(page->request->full, page->request->full_count, run->claim->key);
}

static const char *data_title(const struct page *page) {
    return strcmp(page->train->name, "cifar10") == 0 ? "CIFAR-10" : page->train->name;
}

void page_begin_section(struct page *page, const char *title, struct html *out) {
    html_append(out, "<section>\n<h2><span>%zu</span>", ++page->sections);
    html_append(out, "%s", title);
    html_append(out, "</h2>\n");
}

void page_append_words(const char *style, const struct text *words, struct html *out) {
    out->markup.failed = out->markup.failed || words->failed;
    if (words->size == 0) return;
    html_append(out, "<p class=\"%s\">", style);
    html_append(out, "%s", words->bytes);
    html_append(out, "</p>\n");
}

void page_append_fact(struct html *out, const char *name, const char *style, const char *value) {
    html_append(out, "<dt>%s</dt><dd class=\"%s\">", name, style);
    html_append(out, "%s", value);
    html_append(out, "</dd>\n");
}

void page_append_slip(const char *model, const char *section, struct html *out) {
    const char *slip = original_slip(model, section);
    if (slip == NULL) return;
    html_append(out, "<p class=\"soft\">");
    html_append(out, "%s", slip);
    html_append(out, "</p>\n");
}

/* A large number with a small line below it, still open. */
static void begin_key_number(struct html *out, const char *kind, const char *name, const char *value) {
    html_append(out, "<div class=\"%s\"><dt>%s</dt><dd>%s<small>", kind, name, value);
}

static void end_key_number(struct html *out) {
    html_append(out, "</small></dd></div>\n");
}

static void append_threads(const struct page_run *run, struct html *out) {
    uint64_t threads = page_threads(run);
    if (threads > 0) html_append(out, "%llu thread%s", (unsigned long long)threads, threads == 1 ? "" : "s");
}

/* Of a single run: what was measured and how long it took. What part of a run gave is small, and says so. */
static void append_key_numbers(const struct page_run *run, struct html *out) {
    const struct evaluation *test = page_split(run, EVALUATION_TEST), *train = page_split(run, EVALUATION_TRAIN);
    bool part = !run->done.whole;
    html_append(out, "<dl class=\"numbers\">\n");
    begin_key_number(out, part ? "test part" : "test", "Test accuracy", number_percent(test->accuracy, 2).text);
    if (part) html_append(out, "partial: %s<br>", run->partial);
    html_append(out, "95 %% interval %s", number_percent_range(test->interval.low, test->interval.high, 2).text);
    end_key_number(out);
    double training = train != NULL ? train->accuracy : page_running_accuracy(run);
    begin_key_number(out, part ? "training part" : "training", "Training accuracy", number_percent(training, 2).text);
    if (part) html_append(out, "partial: %s<br>", run->partial);
    if (train == NULL) html_append(out, "running mean of the last epoch");
    else html_append(out, "%s", page_judges_best(run) ? "weights of the best epoch" : "last weights");
    end_key_number(out);
    begin_key_number(out, "time", "Training time", number_duration(page_seconds(run)).text);
    html_append(out, "%zu epoch%s", run->history.count, run->history.count == 1 ? "" : "s");
    if (page_threads(run) > 0) html_append(out, ", ");
    append_threads(run, out);
    end_key_number(out);
    html_append(out, "</dl>\n");
}

/* A row's number: a whole run's, here or kept, is large; what part of one gave stands below it, small and marked. */
static void append_row_number(const struct page *page, const struct page_run *run, struct html *out) {
    const struct full_run *full = page_full(page, run);
    const struct evaluation *test = run->present ? page_split(run, EVALUATION_TEST) : NULL;
    bool here = test != NULL && run->done.whole;
    double accuracy = here           ? test->accuracy
                      : full != NULL ? (double)full->test.correct / (double)full->test.count
                                     : (double)NAN;
    begin_key_number(out, "test", page_title(run), isfinite(accuracy) ? number_percent(accuracy, 2).text : "\u2013");
    if (run->claim != NULL) html_append(out, "claimed %s<br>", number_percent(run->claim->test_accuracy, 2).text);
    if (here) html_append(out, "the whole run");
    else if (full != NULL) html_append(out, "a whole run, measured before");
    else html_append(out, "no whole run");
    if (test == NULL) html_append(out, "<br>not run here");
    else if (!here) html_append(out, "<br>here %s, partial: %s", number_percent(test->accuracy, 2).text, run->partial);
    end_key_number(out);
}

static void append_row_numbers(const struct page *page, struct html *out) {
    html_append(out, "<dl class=\"numbers\">\n");
    for (size_t i = 0; i < page->run_count; i++)
        append_row_number(page, &page->runs[i], out);
    double seconds = 0.0;
    bool same = true;
    for (size_t i = 0; i < page->run_count; i++) {
        seconds += page_seconds(&page->runs[i]);
        same = same && (!page->runs[i].present || page_threads(&page->runs[i]) == page_threads(page_first(page)));
    }
    begin_key_number(out, "time", "Training time", number_duration(seconds).text);
    if (same) append_threads(page_first(page), out);
    end_key_number(out);
    html_append(out, "</dl>\n");
}

static void append_training_fact(const struct page_run *run, struct html *out) {
    const struct recipe *recipe = &run->recipe;
    char rate[32];
    text_from_real(recipe->learning_rate, rate);
    html_append(out, "<dt>Training</dt><dd>%zu of %llu epochs, batch size %llu, %s, learning rate %s, seed %llu</dd>\n",
                run->history.count, (unsigned long long)recipe->epochs, (unsigned long long)recipe->batch_size,
                recipe->optimizer == OPTIMIZER_ADAM ? "Adam" : "SGD", rate, (unsigned long long)recipe->seed);
}

/* One sentence a row: what was measured and what that means for the claim; what a whole run gave comes first. */
static void append_row_summary(const struct page *page, const struct page_run *run, struct html *out) {
    const struct full_run *full = page_full(page, run);
    struct text words = {0};
    text_append(&words, "%s:", page_title(run));
    if (full != NULL && (!run->present || !run->done.whole))
        text_append(&words, " a whole run, measured before, gives %s.",
                    number_percent((double)full->test.correct / (double)full->test.count, 2).text);
    if (run->present) {
        struct verdict_facts facts = page_verdict_facts(run);
        char images[32];
        text_with_commas(facts.test->count, images);
        text_append(&words, "%s %s of %s test images%s%s. ",
                    run->done.whole ? "" : " Here, partial:", number_percent(facts.test->accuracy, 2).text, images,
                    run->done.whole ? "" : " after ", run->extent);
        verdict_headline(&facts, &words);
    } else {
        text_append(&words, " Not run here. %s", run->reason != NULL ? run->reason : "");
    }
    page_append_words("lead", &words, out);
    text_free(&words);
}

static void append_summary(const struct page *page, struct html *out) {
    for (size_t i = 0; i < page->run_count; i++)
        append_row_summary(page, &page->runs[i], out);
}

void page_header(const struct page *page, struct html *out) {
    const struct page_run *run = page_first(page);
    html_append(out, "<header>\n<p class=\"kicker\">Ocellus experiment report</p>\n<h1>");
    html_append(out, "%s", page_compares(page) ? "SimCNN and ResNet50" : page_title(run));
    html_append(out, " on ");
    html_append(out, "%s", data_title(page));
    html_append(out, "</h1>\n");
    if (page_compares(page)) {
        html_append(out,
                    "<p class=\"soft\">A published report, done again: what it claims beside what was measured.</p>\n");
        append_row_numbers(page, out);
        append_summary(page, out);
    } else {
        struct verdict_facts facts = page_verdict_facts(run);
        struct text words = {0};
        verdict_measured(&facts, &words);
        page_append_words("lead", &words, out);
        text_free(&words);
        append_key_numbers(run, out);
    }
    html_append(out, "<dl class=\"facts\">\n");
    page_append_fact(out, "Run", "", path_base_name(page_compares(page) ? page->request->folder : run->folder.path));
    page_append_fact(out, "Started", "", run->environment.started);
    if (!page_compares(page)) append_training_fact(run, out);
    page_append_fact(out, "Processor", "", run->environment.processor);
    html_append(out, "</dl>\n</header>\n");
}

static void append_shapes(const struct page *page, struct html *out) {
    const struct dataset *sets[2] = {page->train, page->test};
    html_append(out, "<pre class=\"plain\">");
    for (size_t i = 0; i < 2; i++) {
        char split[16];
        snprintf(split, sizeof split, "%-5.15s", sets[i]->split);
        html_append(out, "X_%s  (%zu, %zu, %zu, %zu)\ny_%s  (%zu, 1)\n", split, sets[i]->count, sets[i]->height,
                    sets[i]->width, sets[i]->channels, split, sets[i]->count);
    }
    html_append(out, "</pre>\n");
}

static void append_pixel_statistics(const struct dataset *dataset, const struct dataset_summary *summary,
                                    struct html *out) {
    static const char *const colors[] = {"red", "green", "blue", "alpha"};
    html_append(out, "<div class=\"wide\"><table><thead><tr><th>Training pixels</th><th>mean</th><th>standard "
                     "deviation</th><th>mean / 255</th><th>s.d. / 255</th></tr></thead><tbody>\n");
    for (size_t c = 0; c < dataset->channels; c++)
        html_append(out, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                    dataset->channels == 1 ? "grey" : colors[c], number_fixed(summary->mean[c], 2).text,
                    number_fixed(summary->deviation[c], 2).text, number_fixed(summary->mean[c] / 255.0, 4).text,
                    number_fixed(summary->deviation[c] / 255.0, 4).text);
    html_append(out, "</tbody></table></div>\n<p>Every value is a whole number from %u to %u.</p>\n", summary->smallest,
                summary->largest);
}

ocellus_status page_data(struct page *page, struct html *out) {
    const struct dataset *train = page->train;
    char images[32], classes[32];
    text_with_commas(train->count + page->test->count, images);
    text_with_commas(train->classes, classes);
    struct dataset_summary summary;
    TRY(dataset_summarize(train, &summary));
    size_t empty = 0;
    for (size_t i = 0; i < train->classes; i++)
        empty += summary.class_counts[i] == 0;
    page_begin_section(page, "Data", out);
    html_append(out, "<p>%s: %s %simages of %zu \u00d7 %zu pixels in %s classes", data_title(page), images,
                train->channels >= 3 ? "colour " : "", train->width, train->height, classes);
    if (empty > 0) html_append(out, ", %zu of which have no training image", empty);
    html_append(out, ".</p>\n");
    ocellus_status status = page_append_preview(page, out);
    append_shapes(page, out);
    if (page_compares(page)) page_append_slip("", "data", out);
    append_pixel_statistics(train, &summary, out);
    dataset_summary_free(&summary);
    TRY(status);
    TRY(page_append_figure(page->request->folder, FIGURE_CLASSES, "data", "Images of each class.", out));
    html_append(out, "</section>\n");
    return OCELLUS_OK;
}
