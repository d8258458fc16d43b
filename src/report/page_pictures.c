/* SPDX-License-Identifier: MIT */
#include "report/page_pictures.h"

#include "base/folders.h"
#include "base/memory.h"
#include "data/image.h"
#include "data/image_png.h"
#include "data/preview.h"
#include "report/number.h"
#include "run/predictions_file.h"

#include <stdlib.h>
#include <string.h>

enum { FIGURE_MAX_BYTES = 64 * 1024 * 1024, PREVIEW_IMAGES = 40, GALLERY_IMAGES = 24 };

static void append_base64(struct html *out, const unsigned char *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t have = size - i < 3 ? size - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (have > 1) group |= (uint32_t)bytes[i + 1] << 8;
        if (have > 2) group |= bytes[i + 2];
        char quad[4] = {digits[group >> 18], digits[group >> 12 & 63], have > 1 ? digits[group >> 6 & 63] : '=',
                        have > 2 ? digits[group & 63] : '='};
        html_append_markup(out, quad, sizeof quad);
    }
}

/* An image of a source as an <img>; the browser enlarges it without smoothing. */
static ocellus_status append_image(const struct source *source, size_t index, const char *description,
                                   struct html *out) {
    struct image image;
    TRY(preview_image(source, index, PREVIEW_SIDE, &image));
    unsigned char *bytes = NULL;
    size_t size = 0;
    const size_t width = image.width, height = image.height;
    ocellus_status status = image_encode_png(&image, &bytes, &size);
    image_free(&image);
    if (status != OCELLUS_OK) return status;
    html_append(out, "<img src=\"data:image/png;base64,");
    append_base64(out, bytes, size);
    free(bytes);
    html_append(out, "\" width=\"%zu\" height=\"%zu\" alt=\"%s\">", width, height, description);
    return OCELLUS_OK;
}

ocellus_status page_append_preview(const struct page *page, struct html *out) {
    const struct source *train = page->train;
    size_t indices[PREVIEW_IMAGES], count = train->count < PREVIEW_IMAGES ? train->count : PREVIEW_IMAGES;
    TRY(preview_choose(train, page_first(page)->recipe.seed, count, indices));
    html_append(out, "<ul class=\"pictures\">\n");
    for (size_t i = 0; i < count; i++) {
        const char *name = train->class_names[source_label(train, indices[i])];
        html_append(out, "<li>");
        TRY(append_image(train, indices[i], name, out));
        html_append(out, "%s</li>\n", name);
    }
    html_append(out, "</ul>\n<p class=\"soft\">%zu random training images.</p>\n", count);
    return OCELLUS_OK;
}

/* Mistakes first, the surest of them in front; then by index, so that the order is one. */
static int compare_mistakes(const void *a, const void *b) {
    const struct prediction *first = a, *second = b;
    bool first_wrong = first->predicted != first->label, second_wrong = second->predicted != second->label;
    if (first_wrong != second_wrong) return first_wrong ? -1 : 1;
    if (first->probability > second->probability) return -1;
    if (first->probability < second->probability) return 1;
    return first->index < second->index ? -1 : first->index > second->index;
}

static ocellus_status append_mistake(const struct source *test, const struct prediction *mistake, struct html *out) {
    const char *label = test->class_names[mistake->label], *predicted = test->class_names[mistake->predicted];
    html_append(out, "<li>");
    TRY(append_image(test, mistake->index, label, out));
    html_append(out, "<b>%s</b><em>%s %s</em>", label, predicted, number_part((double)mistake->probability, 1).text);
    const char *name = source_picture_name(test, mistake->index);
    if (name != NULL) html_append(out, "<small>%s</small>", name);
    html_append(out, "</li>\n");
    return OCELLUS_OK;
}

ocellus_status page_append_gallery(const struct page *page, const struct page_run *run, struct html *out) {
    size_t count = run->prediction_count, shown = 0;
    struct prediction *sorted = memory_allocate(count, sizeof *sorted);
    if (sorted == NULL) return OCELLUS_IO;
    memcpy(sorted, run->predictions, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_mistakes);
    while (shown < count && shown < GALLERY_IMAGES && sorted[shown].predicted != sorted[shown].label)
        shown++;
    html_append(out, "<h4>The surest mistakes</h4>\n");
    ocellus_status status = OCELLUS_OK;
    if (shown == 0) {
        html_append(out, "<p>There are none: every test image that was judged is classified correctly.</p>\n");
    } else {
        html_append(
            out,
            "<p>The %zu wrongly classified test images that the network gave the largest probabilities: the true "
            "class in bold, below it what the network says and how sure it is.</p>\n"
            "<ul class=\"pictures mistakes\">\n",
            shown);
        for (size_t i = 0; i < shown && status == OCELLUS_OK; i++)
            status = append_mistake(page->test, &sorted[i], out);
        html_append(out, "</ul>\n");
    }
    memory_free(sorted);
    return status;
}

/* Copies SVG, giving every id and every use of one the row's and the figure's name in front: several figures share the
 * page. */
static void append_svg_body(struct html *out, const char *svg, const char *row, const char *name) {
    static const char *const openings[] = {"id='", "id=\"", "href='#", "href=\"#", "url(#"};
    while (*svg != '\0') {
        size_t length = 0;
        for (size_t i = 0; i < sizeof openings / sizeof openings[0] && length == 0; i++)
            if (strncmp(svg, openings[i], strlen(openings[i])) == 0) length = strlen(openings[i]);
        if (length > 0) {
            html_append_markup(out, svg, length);
            html_append(out, "%s-%s-", row, name);
            svg += length;
        } else {
            html_append_markup(out, svg++, 1);
        }
    }
}

ocellus_status page_append_figure(const char *folder, const char *name, const char *row, const char *caption,
                                  struct html *out) {
    char file[128], path[FILE_PATH_SIZE];
    unsigned char *bytes;
    size_t size;
    snprintf(file, sizeof file, RUN_FIGURES "/%s.svg", name);
    TRY(path_inside(path, folder, file));
    TRY(file_read(path, FIGURE_MAX_BYTES, &bytes, &size));
    /* Without the XML prologue, and without gnuplot's title, which would pop up under the pointer. */
    const char *start = strstr((const char *)bytes, "<svg"), *title = NULL, *rest = NULL;
    if (start != NULL) title = strstr(start, "<title>");
    if (title != NULL) rest = strstr(title, "</desc>");
    if (rest == NULL) {
        free(bytes);
        return fail(OCELLUS_BAD_CONTENT, "%s: not an SVG file made by gnuplot", path);
    }
    html_append(out, "<figure class=\"chart\"><svg role=\"img\" aria-label=\"%s\"", name);
    html_append_markup(out, start + 4, (size_t)(title - start) - 4);
    append_svg_body(out, rest + strlen("</desc>"), row, name);
    html_append(out, "<figcaption>%s</figcaption></figure>\n", caption);
    free(bytes);
    return OCELLUS_OK;
}
