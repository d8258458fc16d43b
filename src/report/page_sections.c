/* SPDX-License-Identifier: MIT */
/* The page's beginning: title, summary, data; and the short cuts that all sections use. */
#include "report/page.h"

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
                                  .departures = run->departures.size > 0 ? run->departures.bytes : "",
                                  .history = &run->history,
                                  .train = page_split(run, EVALUATION_TRAIN),
                                  .test = page_split(run, EVALUATION_TEST),
                                  .validation_is_test = validated_on_all_test_images(run),
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

void page_begin_section(struct page *page, const char *title, struct text *out) {
    text_append(out, "<section>\n<h2><span>%zu</span>", ++page->sections);
    text_append_html(out, title);
    text_append(out, "</h2>\n");
}

void page_append_words(const char *style, const struct text *words, struct text *out) {
    out->failed = out->failed || words->failed;
    if (words->size == 0) return;
    text_append(out, "<p class=\"%s\">", style);
    text_append_html(out, words->bytes);
    text_append(out, "</p>\n");
}

void page_append_verdict(const struct page_run *run, void (*say)(const struct verdict_facts *, struct text *),
                         const char *style, struct text *out) {
    struct verdict_facts facts = page_verdict_facts(run);
    struct text words = {0};
    say(&facts, &words);
    page_append_words(style, &words, out);
    text_free(&words);
}

void page_append_fact(struct text *out, const char *name, const char *style, const char *value) {
    text_append(out, "<dt>%s</dt><dd class=\"%s\">", name, style);
    text_append_html(out, value);
    text_append(out, "</dd>\n");
}

void page_append_slip(const char *model, const char *section, struct text *out) {
    const char *slip = original_slip(model, section);
    if (slip == NULL) return;
    text_append(out, "<p class=\"soft\">");
    text_append_html(out, slip);
    text_append(out, "</p>\n");
}

static void append_key_number(struct text *out, const char *kind, const char *name, const char *value) {
    text_append(out, "<div class=\"%s\"><dt>%s</dt><dd>%s<small>", kind, name, value);
}

/* Of a single run: what was measured, what was claimed, how long it took. */
static void append_key_numbers(const struct page_run *run, struct text *out) {
    const struct evaluation *test = page_split(run, EVALUATION_TEST), *train = page_split(run, EVALUATION_TRAIN);
    text_append(out, "<dl class=\"numbers\">\n");
    append_key_number(out, "test", "Test accuracy, measured", number_percent(test->accuracy, 2).text);
    text_append(out, "95 %% interval %s</small></dd></div>\n",
                number_percent_range(test->interval.low, test->interval.high, 2).text);
    double training = train != NULL ? train->accuracy : page_running_accuracy(run);
    append_key_number(out, "training", "Training accuracy, measured", number_percent(training, 2).text);
    text_append(out, "%s</small></dd></div>\n", train != NULL ? "final weights" : "running mean of the last epoch");
    if (run->claim != NULL) {
        append_key_number(out, "claimed", "Test accuracy, claimed", number_percent(run->claim->test_accuracy, 2).text);
        text_append(out, "by the original report</small></dd></div>\n");
    }
    append_key_number(out, "time", "Training time", number_duration(page_seconds(run)).text);
    text_append(out, "%zu epoch%s, %llu thread%s</small></dd></div>\n</dl>\n", run->history.count,
                run->history.count == 1 ? "" : "s", (unsigned long long)run->environment.threads,
                run->environment.threads == 1 ? "" : "s");
}

/* Of several rows: each one's test accuracy beside its claim. */
static void append_row_numbers(const struct page *page, struct text *out) {
    text_append(out, "<dl class=\"numbers\">\n");
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        const struct full_run *full = page_full(page, run);
        const struct evaluation *test = run->present ? page_split(run, EVALUATION_TEST) : NULL;
        append_key_number(out, "test", page_title(run),
                          test != NULL ? number_percent(test->accuracy, 2).text : "\u2013");
        if (run->claim != NULL) text_append(out, "claimed %s<br>", number_percent(run->claim->test_accuracy, 2).text);
        if (test == NULL) text_append(out, "not run");
        else if (*run->extent != '\0') text_append(out, "after %s of the run", number_percent(run->share, 1).text);
        else text_append(out, "the whole run");
        if (full != NULL && *run->extent != '\0')
            text_append(out, "<br>whole: %s",
                        number_percent((double)full->test.correct / (double)full->test.count, 2).text);
        text_append(out, "</small></dd></div>\n");
    }
    double seconds = 0.0;
    for (size_t i = 0; i < page->run_count; i++)
        seconds += page_seconds(&page->runs[i]);
    append_key_number(out, "time", "Training time", number_duration(seconds).text);
    text_append(out, "%llu threads</small></dd></div>\n</dl>\n",
                (unsigned long long)page_first(page)->environment.threads);
}

static void append_training_fact(const struct page_run *run, struct text *out) {
    const struct recipe *recipe = &run->recipe;
    char rate[32];
    text_from_real(recipe->learning_rate, rate);
    text_append(out, "<dt>Training</dt><dd>%zu of %llu epochs, batch size %llu, %s, learning rate %s, seed %llu</dd>\n",
                run->history.count, (unsigned long long)recipe->epochs, (unsigned long long)recipe->batch_size,
                recipe->optimizer == RECIPE_OPTIMIZER_ADAM ? "Adam" : "SGD", rate, (unsigned long long)recipe->seed);
}

/* One sentence a row: what was measured and what that means for the claim. */
static void append_summary(const struct page *page, struct text *out) {
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        struct text words = {0};
        text_append(&words, "%s: ", page_title(run));
        if (!run->present)
            text_append(&words, "not run%s%s.", run->reason != NULL ? ": " : "",
                        run->reason != NULL ? run->reason : "");
        else {
            struct verdict_facts facts = page_verdict_facts(run);
            const struct evaluation *test = facts.test;
            char images[32];
            text_with_commas(test->count, images);
            text_append(&words, "%s of %s test images%s%s. ", number_percent(test->accuracy, 2).text, images,
                        *run->extent != '\0' ? " after " : "", run->extent);
            verdict_headline(&facts, &words);
        }
        const struct full_run *full = page_full(page, run);
        if (full != NULL && (!run->present || *run->extent != '\0')) {
            double accuracy = (double)full->test.correct / (double)full->test.count;
            text_append(&words, " The whole run, measured before, gives %s.", number_percent(accuracy, 2).text);
        }
        page_append_words("lead", &words, out);
        text_free(&words);
    }
}

void page_header(const struct page *page, struct text *out) {
    const struct page_run *run = page_first(page);
    text_append(out, "<header>\n<p class=\"kicker\">Ocellus experiment report</p>\n<h1>");
    text_append_html(out, page_compares(page) ? "SimCNN and ResNet50" : page_title(run));
    text_append(out, " on ");
    text_append_html(out, data_title(page));
    text_append(out, "</h1>\n");
    if (page_compares(page)) {
        text_append(out,
                    "<p class=\"soft\">A published report, done again: what it claims beside what was measured.</p>\n");
        append_row_numbers(page, out);
        append_summary(page, out);
    } else {
        page_append_verdict(run, verdict_measured, "lead", out);
        page_append_verdict(run, verdict_headline, "lead", out);
        append_key_numbers(run, out);
    }
    text_append(out, "<dl class=\"facts\">\n");
    page_append_fact(out, "Run", "", path_base_name(page_compares(page) ? page->request->folder : run->folder.path));
    page_append_fact(out, "Started", "", run->environment.started);
    if (!page_compares(page)) append_training_fact(run, out);
    page_append_fact(out, "Processor", "", run->environment.processor);
    text_append(out, "</dl>\n</header>\n");
}

static void append_shapes(const struct page *page, struct text *out) {
    const struct dataset *sets[2] = {page->train, page->test};
    text_append(out, "<pre class=\"plain\">");
    for (size_t i = 0; i < 2; i++)
        text_append(out, "X_%-5s  (%zu, %zu, %zu, %zu)\ny_%-5s  (%zu, 1)\n", sets[i]->split, sets[i]->count,
                    sets[i]->height, sets[i]->width, sets[i]->channels, sets[i]->split, sets[i]->count);
    text_append(out, "</pre>\n");
}

static void append_pixel_statistics(const struct dataset *dataset, const struct dataset_summary *summary,
                                    struct text *out) {
    static const char *const colors[] = {"red", "green", "blue", "alpha"};
    text_append(out, "<div class=\"wide\"><table><thead><tr><th>Training pixels</th><th>mean</th><th>standard "
                     "deviation</th><th>mean / 255</th><th>s.d. / 255</th></tr></thead><tbody>\n");
    for (size_t c = 0; c < dataset->channels; c++)
        text_append(out, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                    dataset->channels == 1 ? "grey" : colors[c], number_fixed(summary->mean[c], 2).text,
                    number_fixed(summary->deviation[c], 2).text, number_fixed(summary->mean[c] / 255.0, 4).text,
                    number_fixed(summary->deviation[c] / 255.0, 4).text);
    text_append(out, "</tbody></table></div>\n<p>Every value is a whole number from %u to %u.</p>\n", summary->smallest,
                summary->largest);
}

ocellus_status page_data(struct page *page, struct text *out) {
    const struct dataset *train = page->train;
    char images[32], classes[32];
    text_with_commas(train->count + page->test->count, images);
    text_with_commas(train->classes, classes);
    page_begin_section(page, "Data", out);
    text_append(out, "<p>");
    text_append_html(out, data_title(page));
    text_append(out, ": %s colour images of %zu \u00d7 %zu pixels in %s classes.</p>\n", images, train->width,
                train->height, classes);
    TRY(page_append_preview(page, out));
    append_shapes(page, out);
    page_append_slip("", "data", out);
    struct dataset_summary summary;
    TRY(dataset_summarize(train, &summary));
    append_pixel_statistics(train, &summary, out);
    dataset_summary_free(&summary);
    TRY(page_append_figure(page->request->folder, FIGURE_CLASSES, "data", "Images of each class.", out));
    text_append(out, "</section>\n");
    return OCELLUS_OK;
}
