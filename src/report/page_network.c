/* SPDX-License-Identifier: MIT */
#include "report/page_network.h"

#include "report/number.h"
#include "report/page_pictures.h"

#include <math.h>
#include <string.h>

bool page_model(const struct page *page, size_t index, struct html *out) {
    const struct page_run *run = &page->runs[index];
    html_append(out, "<h3>Model</h3>\n");
    for (size_t i = 0; i < index; i++)
        if (page->runs[i].present && strcmp(page->runs[i].summary, run->summary) == 0) {
            html_append(out, "<p>The network of %s.</p>\n", page->runs[i].title);
            return false;
        }
    html_append(out, "<pre>%s</pre>\n", run->summary);
    return true;
}

/* The keys that decide this run: those of other optimizers, empty texts, and of later keys those that change nothing are left out. */
static bool setting_matters(const struct recipe *recipe, const struct recipe_key *key, const char *value) {
    if (*value == '\0' || (!key->in_format_1 && strcmp(value, key->neutral) == 0)) return false;
    if (key == RECIPE_KEY(held_out)) return recipe->validation == RECIPE_VALIDATION_HELD_OUT;
    return key->optimizers == 0 || (key->optimizers & 1U << recipe->optimizer) != 0;
}

void page_settings(const struct recipe *recipe, struct html *out) {
    html_append(out, "<div class=\"wide\"><table><thead><tr><th>Setting</th><th class=\"left\">Value</th>"
                     "<th class=\"left\">Meaning</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < recipe_key_count(); i++) {
        const struct recipe_key *key = recipe_key_at(i);
        char value[RECIPE_TEXT_SIZE];
        recipe_value(recipe, key, value);
        if (!setting_matters(recipe, key, value)) continue;
        html_append(out,
                    "<tr><td><span class=\"soft\">%s.</span>%s</td><td class=\"left\">%s</td>"
                    "<td class=\"left soft\">%s</td></tr>\n",
                    key->section, key->key, value, key->help);
    }
    html_append(out, "</tbody></table></div>\n");
}

static void append_validation_note(const struct page_run *run, const char *aside, struct html *out) {
    char train[32], validation[32], held[32];
    text_with_commas(run->data.train_images, train);
    text_with_commas(run->data.validation_images, validation);
    text_with_commas(run->recipe.held_out, held);
    switch (run->data.validation) {
    case RECIPE_VALIDATION_TEST:
        html_append(
            out,
            "<p class=\"note\"><strong>The test set served as validation data%s</strong> (%s of its images). No "
            "training image was held out of the %s, and a validation figure below is one of the test set. It "
            "is no independent evidence: an epoch or a setting must not be chosen by it.</p>\n",
            aside, validation, train);
        break;
    case RECIPE_VALIDATION_HELD_OUT:
        html_append(out,
                    "<p>Validation: %s training images were held out, in equal numbers of each class as far as it "
                    "has them; the other %s were for training. A validation looks at %s of them. The test set was not "
                    "used in training.</p>\n",
                    held, train, validation);
        break;
    default:
        html_append(out,
                    "<p>There was no validation: all %s training images were for training, and the test set was not "
                    "used in it.</p>\n",
                    train);
    }
}

/* How much of the data an epoch sees and how sure validation is, where that is not all and well. */
static void append_coverage(const struct page_run *run, struct html *out) {
    uint64_t epoch = run_epoch(&run->recipe, run->data.train_images).images;
    char seen[32], images[32];
    if (epoch < run->data.train_images) {
        text_with_commas(epoch, seen);
        text_with_commas(run->data.train_images, images);
        html_append(out, "<p class=\"note\">An epoch sees %s of the %s training images (%s).</p>\n", seen, images,
                    number_part((double)epoch / (double)run->data.train_images, 1).text);
    }
    size_t count = (size_t)run->data.validation_images;
    if (run->recipe.validation_steps > 0 && count > 0) {
        struct interval interval = wilson_interval((count * 9 + 5) / 10, count);
        html_append(out, "<p class=\"note\">Validation looks at %zu images: near 90 %% that is sure to \u00b1%s.</p>\n",
                    count, number_points((interval.high - interval.low) / 2.0, 1).text);
    }
    if (*run->extent != '\0')
        html_append(out, "<p class=\"note\"><strong>This run is not whole:</strong> it stands after %s.</p>\n",
                    run->extent);
}

void page_recipe(const struct page_run *run, const char *aside, struct html *out) {
    html_append(out, "<h3>Recipe</h3>\n");
    append_validation_note(run, aside, out);
    append_coverage(run, out);
}

static void append_history(const struct page_run *run, struct html *out) {
    const struct history *history = &run->history;
    if (history->count == 0) return;
    bool validated = run->data.validation != RECIPE_VALIDATION_NONE;
    const char *name = page_validation_name(run);
    size_t passes = run->mark != NULL ? verdict_epoch_reaching(history, run->mark->accuracy) : 0;
    html_append(out, "<div class=\"wide\"><table class=\"full\"><thead><tr><th>Epoch</th><th>training loss</th>"
                     "<th>training accuracy</th>");
    if (validated) html_append(out, "<th>%s loss</th><th>%s accuracy</th>", name, name);
    html_append(out, "<th>learning rate</th><th>time</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < history->count; i++) {
        const struct history_row *row = &history->rows[i];
        html_append(out, "<tr class=\"%s\"><td>%zu</td><td>%s</td><td>%s</td>", i + 1 == passes ? "mark" : "", i + 1,
                    number_fixed(row->loss, 4).text, number_percent(row->accuracy, 2).text);
        if (validated)
            html_append(out, "<td>%s</td><td>%s</td>", number_fixed(row->val_loss, 4).text,
                        number_percent(row->val_accuracy, 2).text);
        char rate[32];
        text_from_real(row->learning_rate, rate);
        html_append(out, "<td>%s</td><td>%s</td></tr>\n", rate, number_duration(row->time).text);
    }
    html_append(out, "</tbody></table></div>\n");
}

/* The curves, in the run's own folder. */
static ocellus_status draw_curves(const struct page_run *run, bool steps) {
    char folder[FILE_PATH_SIZE];
    const struct history *history = &run->history;
    const char *validation = page_validation_name(run);
    TRY(run_folder_file(&run->folder, RUN_FIGURES, folder));
    if (!steps) {
        TRY(figure_loss(folder, history, validation));
        return figure_accuracy(folder, history, validation, run->mark);
    }
    double loss = history->count > 0 ? history->rows[0].val_loss : (double)NAN;
    double accuracy = history->count > 0 ? history->rows[0].val_accuracy : (double)NAN;
    TRY(figure_loss_of_steps(folder, &run->progress, loss, validation));
    return figure_accuracy_of_steps(folder, &run->progress, accuracy, validation, run->mark);
}

ocellus_status page_training(const struct page_run *run, struct html *out) {
    const char *row = run->key, *folder = run->folder.path;
    bool steps = run->history.count <= 1 && run->progress.count > 0;
    bool validated = run->history.count > 0 && isfinite(run->history.rows[run->history.count - 1].val_loss);
    TRY(draw_curves(run, steps));
    if (steps) {
        TRY(page_append_figure(folder, FIGURE_LOSS, row,
                               validated ? "Loss over the training images seen. Strong: the mean over the images since "
                                           "the point before; faint: the running mean that Keras shows; single point: "
                                           "validation at the end."
                                         : "Loss over the training images seen. Strong: the mean over the images since "
                                           "the point before; faint: the running mean that Keras shows.",
                               out));
    } else {
        TRY(page_append_figure(folder, FIGURE_LOSS, row,
                               validated ? "Loss over the epochs. Training: the mean over the epoch while the network "
                                           "changes; validation: after the epoch."
                                         : "Loss over the epochs: the mean over the epoch while the network changes.",
                               out));
    }
    TRY(page_append_figure(
        folder, FIGURE_ACCURACY, row,
        steps ? "Accuracy, measured in the same way." : "Accuracy over the epochs, measured in the same way.", out));
    append_history(run, out);
    return OCELLUS_OK;
}

void page_absent(const struct page_run *run, struct html *out) {
    html_append(out, "<p class=\"note\"><strong>Not run.</strong> %s</p>\n", run->reason != NULL ? run->reason : "");
}
