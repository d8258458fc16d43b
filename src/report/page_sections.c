/* SPDX-License-Identifier: MIT */
/* The sections of the page before its results: title, data, model, recipe, training. */
#include "report/page.h"

#include "report/figures.h"
#include "report/number.h"

#include <string.h>

const struct evaluation *page_split(const struct page_run *run, enum evaluation_split split) {
    return run->evaluation.present[split] ? &run->evaluation.splits[split] : NULL;
}

const struct history_row *page_last_epoch(const struct page_run *run) {
    return run->history.count > 0 ? &run->history.rows[run->history.count - 1] : NULL;
}

const char *page_validation_name(const struct page_run *run) {
    return run->data.validation == RECIPE_VALIDATION_TEST ? "test set" : "validation";
}

static const char *data_title(const struct page *page) {
    return strcmp(page->train->name, "cifar10") == 0 ? "CIFAR-10" : page->train->name;
}

static const char *model_title(const struct page *page) {
    return page->run.claim != NULL ? page->run.claim->title : page->run.recipe.model_name;
}

static double total_seconds(const struct history *history) {
    double seconds = 0.0;
    for (size_t i = 0; i < history->count; i++)
        seconds += history->rows[i].time;
    return seconds;
}

static void append_key_number(struct text *out, const char *kind, const char *name, const char *value) {
    text_append(out, "<div class=\"%s\"><dt>%s</dt><dd>%s<small>", kind, name, value);
}

static void append_key_numbers(const struct page *page, struct text *out) {
    const struct evaluation *test = page_split(&page->run, EVALUATION_TEST),
                            *train = page_split(&page->run, EVALUATION_TRAIN);
    const struct history *history = &page->run.history;
    text_append(out, "<dl class=\"numbers\">\n");
    append_key_number(out, "test", "Test accuracy, measured", number_percent(test->accuracy, 2).text);
    text_append(out, "95 %% interval %s</small></dd></div>\n",
                number_percent_range(test->interval.low, test->interval.high, 2).text);
    double training = train != NULL ? train->accuracy : page_last_epoch(&page->run)->accuracy;
    append_key_number(out, "training", "Training accuracy, measured", number_percent(training, 2).text);
    text_append(out, "%s</small></dd></div>\n", train != NULL ? "final weights" : "running mean of the last epoch");
    if (page->run.claim != NULL) {
        append_key_number(out, "claimed", "Test accuracy, claimed",
                          number_percent(page->run.claim->test_accuracy, 2).text);
        text_append(out, "by the original report</small></dd></div>\n");
    }
    append_key_number(out, "time", "Training time", number_duration(total_seconds(history)).text);
    text_append(out, "%zu epoch%s, %llu thread%s</small></dd></div>\n</dl>\n", history->count,
                history->count == 1 ? "" : "s", (unsigned long long)page->environment.threads,
                page->environment.threads == 1 ? "" : "s");
}

struct verdict_facts page_verdict_facts(const struct page *page) {
    return (struct verdict_facts){.claim = page->run.claim,
                                  .departures = page->departures.size > 0 ? page->departures.bytes : "",
                                  .history = &page->run.history,
                                  .train = page_split(&page->run, EVALUATION_TRAIN),
                                  .test = page_split(&page->run, EVALUATION_TEST),
                                  .validation_is_test = page->run.data.validation == RECIPE_VALIDATION_TEST};
}

/* Appends what a verdict function says, escaped. */
static void append_verdict(const struct page *page, void (*say)(const struct verdict_facts *, struct text *),
                           struct text *out) {
    struct verdict_facts facts = page_verdict_facts(page);
    struct text words = {0};
    say(&facts, &words);
    if (words.failed) out->failed = true;
    else if (words.size > 0) text_append_html(out, words.bytes);
    text_free(&words);
}

static void append_fact(struct text *out, const char *name, const char *value) {
    text_append(out, "<dt>%s</dt><dd>", name);
    text_append_html(out, value);
    text_append(out, "</dd>\n");
}

void page_header(const struct page *page, struct text *out) {
    const struct recipe *recipe = &page->run.recipe;
    text_append(out, "<header>\n<p class=\"kicker\">Ocellus experiment report</p>\n<h1>");
    text_append_html(out, model_title(page));
    text_append(out, " on ");
    text_append_html(out, data_title(page));
    text_append(out, "</h1>\n<p class=\"lead\">");
    append_verdict(page, verdict_measured, out);
    text_append(out, "</p>\n<p class=\"lead\">");
    append_verdict(page, verdict_headline, out);
    text_append(out, "</p>\n");
    append_key_numbers(page, out);
    text_append(out, "<dl class=\"facts\">\n");
    append_fact(out, "Run", path_base_name(page->run.folder.path));
    append_fact(out, "Started", page->environment.started);
    text_append(out, "<dt>Training</dt><dd>%zu of %llu epochs, batch size %llu, %s, learning rate ",
                page->run.history.count, (unsigned long long)recipe->epochs, (unsigned long long)recipe->batch_size,
                recipe->optimizer == RECIPE_OPTIMIZER_ADAM ? "Adam" : "SGD");
    char rate[32];
    text_from_real(recipe->learning_rate, rate);
    text_append(out, "%s, seed %llu</dd>\n", rate, (unsigned long long)recipe->seed);
    append_fact(out, "Processor", page->environment.processor);
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

static void append_slip(const struct page *page, const char *section, struct text *out) {
    const char *slip = original_slip(page->run.recipe.model_name, section);
    if (slip == NULL) return;
    text_append(out, "<p class=\"soft\">");
    text_append_html(out, slip);
    text_append(out, "</p>\n");
}

ocellus_status page_data(const struct page *page, struct text *out) {
    const struct dataset *train = page->train;
    char images[32], classes[32];
    text_with_commas(train->count + page->test->count, images);
    text_with_commas(train->classes, classes);
    text_append(out, "<section>\n<h2><span>1</span>Data</h2>\n<p>");
    text_append_html(out, data_title(page));
    text_append(out, ": %s colour images of %zu \u00d7 %zu pixels in %s classes.</p>\n", images, train->width,
                train->height, classes);
    TRY(page_append_preview(page, out));
    append_shapes(page, out);
    append_slip(page, "data", out);
    struct dataset_summary summary;
    TRY(dataset_summarize(train, &summary));
    append_pixel_statistics(train, &summary, out);
    dataset_summary_free(&summary);
    TRY(page_append_figure(page, FIGURE_CLASSES, "Images of each class.", out));
    text_append(out, "</section>\n");
    return OCELLUS_OK;
}

void page_model(const struct page *page, struct text *out) {
    text_append(out, "<section>\n<h2><span>2</span>Model</h2>\n<pre>");
    text_append_html(out, page->summary);
    text_append(out, "</pre>\n");
    append_slip(page, "model", out);
    text_append(out, "</section>\n");
}

/* The keys that decide this run: the other optimizer's and empty texts are left out. */
static bool setting_matters(const struct recipe *recipe, const struct recipe_key *key, const char *value) {
    bool adam = recipe->optimizer == RECIPE_OPTIMIZER_ADAM;
    if (*value == '\0') return false;
    if (strcmp(key->flag, "held-out") == 0) return recipe->validation == RECIPE_VALIDATION_HELD_OUT;
    if (strcmp(key->section, "optimizer") != 0) return true;
    if (strcmp(key->key, "momentum") == 0 || strcmp(key->key, "nesterov") == 0) return !adam;
    if (strncmp(key->key, "beta_", 5) == 0 || strcmp(key->key, "epsilon") == 0) return adam;
    return true;
}

static void append_settings(const struct recipe *recipe, struct text *out) {
    text_append(out, "<div class=\"wide\"><table><thead><tr><th>Setting</th><th class=\"left\">Value</th>"
                     "<th class=\"left\">Meaning</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < recipe_key_count(); i++) {
        const struct recipe_key *key = recipe_key_at(i);
        char value[RECIPE_TEXT_SIZE];
        recipe_value(recipe, key, value);
        if (!setting_matters(recipe, key, value)) continue;
        text_append(out, "<tr><td><span class=\"soft\">%s.</span>%s</td><td class=\"left\">", key->section, key->key);
        text_append_html(out, value);
        text_append(out, "</td><td class=\"left soft\">");
        text_append_html(out, key->help);
        text_append(out, "</td></tr>\n");
    }
    text_append(out, "</tbody></table></div>\n");
}

static void append_validation_note(const struct page *page, struct text *out) {
    char train[32], validation[32];
    text_with_commas(page->run.data.train_images, train);
    text_with_commas(page->run.data.validation_images, validation);
    switch (page->run.data.validation) {
    case RECIPE_VALIDATION_TEST:
        text_append(
            out,
            "<p class=\"note\"><strong>The test set served as validation data, as in the original report.</strong> "
            "All %s training images were trained on, and the validation curve below is the test set\u2019s. It is no "
            "independent evidence: an epoch or a setting must not be chosen by it.</p>\n",
            train);
        break;
    case RECIPE_VALIDATION_HELD_OUT:
        text_append(
            out,
            "<p>Validation: %s training images were held out, in equal numbers of each class; the other %s were "
            "trained on. The test set was not used in training.</p>\n",
            validation, train);
        break;
    default:
        text_append(out,
                    "<p>There was no validation: all %s training images were trained on, and the test set was not "
                    "used in training.</p>\n",
                    train);
    }
}

void page_recipe(const struct page *page, struct text *out) {
    text_append(out, "<section>\n<h2><span>3</span>Recipe</h2>\n");
    append_validation_note(page, out);
    if (page->run.claim != NULL) {
        if (page->departures.size > 0) {
            text_append(out, "<p>It departs from the original report\u2019s recipe: ");
            text_append_html(out, page->departures.bytes);
            text_append(out, ".</p>\n");
        } else {
            text_append(out, "<p>It is the original report\u2019s recipe, as far as that is told.</p>\n");
        }
    }
    append_slip(page, "recipe", out);
    append_settings(&page->run.recipe, out);
    text_append(out, "</section>\n");
}

static void append_history(const struct page *page, struct text *out) {
    const struct history *history = &page->run.history;
    bool validated = page->run.data.validation != RECIPE_VALIDATION_NONE;
    const char *name = page_validation_name(&page->run);
    size_t passes = page->run.claim != NULL ? verdict_epoch_reaching(history, page->run.claim->test_accuracy) : 0;
    text_append(out, "<div class=\"wide\"><table class=\"full\"><thead><tr><th>Epoch</th><th>training loss</th>"
                     "<th>training accuracy</th>");
    if (validated) text_append(out, "<th>%s loss</th><th>%s accuracy</th>", name, name);
    text_append(out, "<th>learning rate</th><th>time</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < history->count; i++) {
        const struct history_row *row = &history->rows[i];
        text_append(out, "<tr%s><td>%zu</td><td>%s</td><td>%s</td>", i + 1 == passes ? " class=\"mark\"" : "", i + 1,
                    number_fixed(row->loss, 4).text, number_percent(row->accuracy, 2).text);
        if (validated)
            text_append(out, "<td>%s</td><td>%s</td>", number_fixed(row->val_loss, 4).text,
                        number_percent(row->val_accuracy, 2).text);
        char rate[32];
        text_from_real(row->learning_rate, rate);
        text_append(out, "<td>%s</td><td>%s</td></tr>\n", rate, number_duration(row->time).text);
    }
    text_append(out, "</tbody></table></div>\n");
}

ocellus_status page_training(const struct page *page, struct text *out) {
    const struct page_run *run = &page->run;
    text_append(out, "<section>\n<h2><span>4</span>Training</h2>\n");
    if (run->claim != NULL) {
        double claimed = run->claim->test_accuracy;
        size_t passes = verdict_epoch_reaching(&run->history, claimed);
        if (passes > 0)
            text_append(out,
                        "<p>The running training accuracy passes %s, the test accuracy that the original report "
                        "claims, in <strong>epoch %zu</strong> (marked in the table).</p>\n",
                        number_percent(claimed, 2).text, passes);
        else
            text_append(out,
                        "<p>The running training accuracy reaches %s, the test accuracy that the original report "
                        "claims, in no epoch.</p>\n",
                        number_percent(claimed, 2).text);
    }
    TRY(page_append_figure(page, FIGURE_LOSS,
                           "Loss over the epochs. Training: the mean over the epoch while the network "
                           "changes; validation: after the epoch.",
                           out));
    TRY(page_append_figure(page, FIGURE_ACCURACY, "Accuracy over the epochs, measured in the same way.", out));
    append_history(page, out);
    text_append(out, "</section>\n");
    return OCELLUS_OK;
}
