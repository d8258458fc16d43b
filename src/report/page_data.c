/* SPDX-License-Identifier: MIT */
#include "report/page_data.h"

#include "base/folders.h"
#include "data/source_summary.h"
#include "report/figures_data.h"
#include "report/number.h"
#include "report/page_pictures.h"

static void append_shapes(const struct page *page, struct html *out) {
    const struct source *sets[2] = {page->train, page->test};
    html_append(out, "<pre class=\"plain\">");
    for (size_t i = 0; i < (page->train == page->test ? 1 : 2); i++) {
        char split[16], shape[96];
        snprintf(split, sizeof split, "%-5.15s", sets[i]->split);
        source_shape_text(sets[i], shape);
        html_append(out, "X_%s  %s\ny_%s  (%zu, 1)\n", split, shape, split, sets[i]->count);
    }
    html_append(out, "</pre>\n");
}

static void append_pixel_statistics(const struct source_summary *summary, struct html *out) {
    static const char *const colors[] = {"red", "green", "blue", "alpha"};
    html_append(out, "<div class=\"wide\"><table><thead><tr><th>Training pixels</th><th>mean</th><th>standard "
                     "deviation</th><th>mean / 255</th><th>s.d. / 255</th></tr></thead><tbody>\n");
    for (size_t c = 0; c < summary->channels; c++)
        html_append(out, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                    summary->channels == 1 ? "grey" : colors[c], number_fixed(summary->mean[c], 2).text,
                    number_fixed(summary->deviation[c], 2).text, number_fixed(summary->mean[c] / 255.0, 4).text,
                    number_fixed(summary->deviation[c] / 255.0, 4).text);
    html_append(out, "</tbody></table></div>\n<p>Every value is a whole number from %u to %u.</p>\n", summary->smallest,
                summary->largest);
}

/* Files are decoded to three channels in any case: grey ones have the same values in each. */
static bool has_colours(const struct source_summary *summary) {
    for (size_t c = 1; c < 3 && summary->channels >= 3; c++)
        if (summary->mean[c] != summary->mean[0] || summary->deviation[c] != summary->deviation[0]) return true;
    return false;
}

ocellus_status page_data_images(const struct page *page, struct html *out) {
    const struct source *train = page->train;
    char images[32], classes[32];
    const bool judged_apart = page->test != train;
    char size[64] = "of many sizes";
    text_with_commas(train->count + (judged_apart ? page->test->count : 0), images);
    if (train->height > 0 && train->width > 0)
        snprintf(size, sizeof size, "of %zu \u00d7 %zu pixels", train->width, train->height);
    text_with_commas(train->classes, classes);
    struct source_summary summary;
    TRY(source_summarize(train, &summary));
    size_t empty = 0;
    for (size_t i = 0; i < train->classes; i++)
        empty += summary.class_counts[i] == 0;
    html_append(out, "<p>%s: %s %simages %s in %s classes", page_data_title(page), images,
                has_colours(&summary) ? "colour " : "", size, classes);
    source_summary_free(&summary);
    if (empty > 0) html_append(out, ", %zu of which have no training image", empty);
    html_append(out, ".</p>\n");
    TRY(page_append_preview(page, out));
    append_shapes(page, out);
    return OCELLUS_OK;
}

static ocellus_status draw_classes(const struct page *page, const struct source_summary *train) {
    char folder[FILE_PATH_SIZE];
    struct source_summary test;
    TRY(path_inside(folder, page->folder, RUN_FIGURES));
    TRY(source_summarize(page->test, &test));
    const struct figure_part parts[] = {{"training", train->class_counts}, {"test", test.class_counts}};
    ocellus_status status = figure_class_distribution(folder, (const char *const *)page->train->class_names,
                                                      page->train->classes, parts, page->train == page->test ? 1 : 2);
    source_summary_free(&test);
    return status;
}

ocellus_status page_data_values(const struct page *page, struct html *out) {
    struct source_summary summary;
    TRY(source_summarize(page->train, &summary));
    append_pixel_statistics(&summary, out);
    ocellus_status status = draw_classes(page, &summary);
    source_summary_free(&summary);
    TRY(status);
    return page_append_figure(page->folder, FIGURE_CLASSES, "data", "Images of each class.", out);
}
