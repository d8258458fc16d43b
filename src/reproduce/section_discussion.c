/* SPDX-License-Identifier: MIT */
#include "reproduce/section_discussion.h"

#include "base/memory.h"
#include "report/page_markup.h"
#include "reproduce/claims.h"
#include "reproduce/discussion.h"

#include <math.h>

/* A line of `words` is a paragraph. */
static void append_paragraphs(const struct text *words, struct html *out) {
    struct text line = {0};
    for (size_t i = 0; i < words->size; i++) {
        if (words->bytes[i] != '\n') text_append_bytes(&line, words->bytes + i, 1);
        if (words->bytes[i] != '\n' && i + 1 < words->size) continue;
        page_append_words("discussed", &line, out);
        text_free(&line);
    }
}

static struct discussion_row make_row(const struct page *page, const struct claims *claims,
                                      const struct page_run *run) {
    const struct original_claim *claim = claims_of(claims, page, run);
    return (struct discussion_row){
        .claim = claim,
        .full = claims_full(claims, page, run),
        .test = run->present ? page_split(run, EVALUATION_TEST) : NULL,
        .share = run->done.share,
        .training = run->present ? page_running_accuracy(run) : (double)NAN,
        .pretrained = run->present ? *run->recipe.model_weights != '\0' : claim->pretrained,
    };
}

ocellus_status section_discussion(struct page *page, void *context, struct html *out) {
    const struct claims *claims = context;
    const struct discussion_optimizers optimizers = {
        .sgd = full_run_named(claims->full, claims->full_count, "resnet50-64-sgd"),
        .adam = full_run_named(claims->full, claims->full_count, "resnet50-64-adam")};
    struct discussion_row *rows = memory_allocate(page->run_count, sizeof *rows);
    struct text words = {0};
    if (rows == NULL) return OCELLUS_IO;
    for (size_t i = 0; i < page->run_count; i++)
        rows[i] = make_row(page, claims, &page->runs[i]);
    page_begin_section(page, "Discussion", out);
    discussion_write(rows, page->run_count, page->pairs, page->pair_count, &optimizers, &words);
    out->markup.failed = out->markup.failed || words.failed;
    append_paragraphs(&words, out);
    page_end_section(out);
    text_free(&words);
    memory_free(rows);
    return OCELLUS_OK;
}
