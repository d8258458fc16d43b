/* SPDX-License-Identifier: MIT */
#include "app/data_check_text.h"

#include "base/sizes.h"
#include "base/text_layout.h"
#include "base/utf8.h"
#include "report/bars.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL = 13, INDENT = 2, SHOWN = 10 };

/* --- pieces --- */

/* Ends the line: a label and words of the program's own, broken where they need be. Frees the words. */
static void end_line(struct text *out, const char *label, struct text *words) {
    text_append(out, "%-*s", LABEL, label);
    if (words->failed || !words->bytes) out->failed = true;
    else text_append_wrapped(out, words->bytes, LABEL, LABEL, TEXT_COLUMNS);
    text_append(out, "\n");
    text_free(words);
}

static void append_number(struct text *out, uint64_t number) {
    char digits[32];
    text_with_commas(number, digits);
    text_append(out, "%s", digits);
}

/* "1 picture", "2,000 pictures". */
static void append_pictures(struct text *out, uint64_t count) {
    append_number(out, count);
    text_append(out, count == 1 ? " picture" : " pictures");
}

void checked_picture_append(const struct checked_picture *picture, struct text *out) {
    if (picture->name) text_append(out, "%s", picture->name);
    else text_append(out, "%s image %u", picture_part_names[picture->part], picture->number);
}

/* Escaped, in at most so many columns: of a long path the end is what tells it from others. */
static void append_fitting(struct text *out, const char *raw, size_t columns) {
    struct text escaped = {0};
    text_append_escaped(&escaped, raw);
    const char *shown = escaped.failed || !escaped.bytes ? "" : escaped.bytes;
    size_t wide = text_columns(shown);
    const bool cut = wide > columns;
    while (wide > columns - cut) {
        const size_t length = utf8_length(shown, strlen(shown));
        shown += length ? length : 1;
        wide = text_columns(shown);
    }
    text_append(out, "%s%s", cut ? "\u2026" : "", shown);
    out->failed = out->failed || escaped.failed;
    text_free(&escaped);
}

static void append_picture(struct text *out, const struct checked_picture *picture, size_t columns) {
    struct text name = {0};
    checked_picture_append(picture, &name);
    append_fitting(out, name.failed ? "" : name.bytes, columns);
    out->failed = out->failed || name.failed;
    text_free(&name);
}

/* What follows when a list is not all shown. */
static void append_rest(struct text *out, size_t rest, const char *noun, const char *list) {
    if (rest == 0) return;
    text_append(out, "%*sand ", INDENT, "");
    append_number(out, rest);
    text_append(out, " more%s", noun);
    if (*list) {
        text_append(out, ", all in ");
        text_append_escaped(out, list);
    }
    text_append(out, "\n");
}

/* A line for each picture, with what is to be said of it on the next. */
static void append_list(struct text *out, const struct data_findings *findings, const struct place_list *list,
                        const char *(*reason)(const struct checked_picture *), const char *file) {
    for (size_t i = 0; i < list->count && i < SHOWN; i++) {
        const struct checked_picture *picture = &findings->data.pictures[list->items[i]];
        text_append(out, "%*s", INDENT, "");
        append_picture(out, picture, TEXT_COLUMNS - INDENT);
        text_append(out, "\n");
        if (!reason) continue;
        text_append(out, "%*s", 2 * INDENT, "");
        append_fitting(out, reason(picture), TEXT_COLUMNS - 2 * INDENT);
        text_append(out, "\n");
    }
    append_rest(out, list->count > SHOWN ? list->count - SHOWN : 0, "", file);
}

/* --- sections --- */

static void append_head(struct text *out, const struct data_findings *findings) {
    text_append_escaped(out, findings->data.name);
    text_append(out, ": ");
    append_pictures(out, findings->data.count);
    text_append(out, " in ");
    append_number(out, findings->data.classes);
    text_append(out, findings->data.classes == 1 ? " class" : " classes");
    if (findings->file_bytes > 0) text_append(out, ", %.1f MB", size_megabytes(findings->file_bytes));
    text_append(out, "\n\n");
}

static void append_classes(struct text *out, const struct data_findings *findings) {
    struct bars_part parts[PICTURE_PARTS];
    for (size_t i = 0; i < findings->part_count; i++)
        parts[i] = (struct bars_part){findings->parts[i].name, findings->parts[i].class_counts};
    bars_append(out, findings->data.class_names, findings->data.classes, parts, findings->part_count, TEXT_COLUMNS,
                false);
    text_append(out, "\n");
}

static void append_few(struct text *out, const struct data_findings *findings, const char *file) {
    const struct findings_part *train = data_findings_training(findings);
    if (findings->few_count == 0 || !train) return;
    struct text words = {0};
    append_number(&words, findings->few_count);
    text_append(&words, findings->few_count == 1 ? " class has" : " classes have");
    text_append(&words, " fewer than %d training pictures", FINDINGS_FEW);
    if (findings->empty_count > 0) {
        text_append(&words, ", ");
        append_number(&words, findings->empty_count);
        text_append(&words, " of them none");
    }
    end_line(out, "few", &words);
    for (size_t i = 0; i < findings->few_count && i < SHOWN; i++) {
        const size_t class = findings->few[i];
        text_append(out, "%*s", INDENT, "");
        append_fitting(out, findings->data.class_names[class], TEXT_COLUMNS - INDENT - 12);
        text_append(out, ": %zu\n", train->class_counts[class]);
    }
    append_rest(out, findings->few_count > SHOWN ? findings->few_count - SHOWN : 0, "", file);
}

static void append_balance(struct text *out, const struct data_findings *findings) {
    const struct findings_part *train = data_findings_training(findings);
    struct text words = {0};
    if (!train || train->used == 0) return;
    const size_t largest = findings->largest_class, smallest = findings->smallest_class;
    if (train->class_counts[largest] == train->class_counts[smallest]) {
        text_append(&words, "every class has ");
        append_number(&words, train->class_counts[largest]);
        text_append(&words, train->class_counts[largest] == 1 ? " training picture" : " training pictures");
    } else {
        text_append(&words, "the largest class has %.1f times the training pictures of the smallest: ",
                    data_findings_imbalance(findings));
        append_fitting(&words, findings->data.class_names[largest], 24);
        text_append(&words, " ");
        append_number(&words, train->class_counts[largest]);
        text_append(&words, ", ");
        append_fitting(&words, findings->data.class_names[smallest], 24);
        text_append(&words, " ");
        append_number(&words, train->class_counts[smallest]);
    }
    end_line(out, "balance", &words);
}

/* "640 x 480 (cat/a.jpg)" on a line of its own. */
static void append_extreme(struct text *out, const char *label, const char *word, const struct data_findings *findings,
                           uint32_t place) {
    const struct checked_picture *picture = &findings->data.pictures[place];
    const size_t start = out->size;
    text_append(out, "%-*s%s %u x %u  ", LABEL, label, word, picture->facts->width, picture->facts->height);
    if (!out->failed) append_picture(out, picture, TEXT_COLUMNS - (out->size - start));
    text_append(out, "\n");
}

static void append_sizes(struct text *out, const struct data_findings *findings) {
    const struct picture_facts *narrowest = findings->data.pictures[findings->narrowest].facts,
                               *widest = findings->data.pictures[findings->widest].facts;
    struct text words = {0};
    if (!findings_sizes_differ(findings)) {
        text_append(&words, "all are %u x %u", widest->width, widest->height);
        end_line(out, "size", &words);
        return;
    }
    append_extreme(out, "size", "smallest", findings, findings->smallest);
    append_extreme(out, "", "largest ", findings, findings->largest);
    text_append(out, "%*smedian   %u x %u\n", LABEL, "", findings->median_width, findings->median_height);
    text_append(&words, "width to height from %.2f to %.2f, median %.2f", (double)narrowest->width / narrowest->height,
                (double)widest->width / widest->height, findings->median_aspect);
    end_line(out, "aspect", &words);
}

const char *picture_format_name(size_t format) {
    static const char *const names[FINDINGS_FORMATS] = {[FILE_FORMAT_PNG] = "PNG",
                                                        [FILE_FORMAT_JPEG] = "JPEG",
                                                        [FILE_FORMAT_WEBP] = "WebP",
                                                        [FILE_FORMAT_HEIC] = "HEIC"};
    return names[format];
}

static void append_formats(struct text *out, const struct data_findings *findings) {
    struct text words = {0};
    for (size_t format = 0; format < FINDINGS_FORMATS; format++) {
        if (findings->formats[format] == 0 || !picture_format_name(format)) continue;
        text_append(&words, "%s%s ", words.size ? ", " : "", picture_format_name(format));
        append_number(&words, findings->formats[format]);
    }
    if (words.size) end_line(out, "format", &words);
    append_number(&words, findings->colour);
    text_append(&words, " colour, ");
    append_number(&words, findings->grey);
    text_append(&words, " grey");
    end_line(out, "colour", &words);
}

static const char *fault_reason(const struct checked_picture *picture) {
    return picture->facts->reason ? picture->facts->reason : picture_fault_names[picture->facts->fault];
}
static const char *left_out_reason(const struct checked_picture *picture) {
    return picture->left_out;
}

static void append_faults(struct text *out, const struct data_findings *findings, const char *file) {
    static const struct {
        const char *label, *one, *many;
        size_t list;
        const char *(*reason)(const struct checked_picture *);
    } kinds[] = {
        {"cannot read", " picture is set aside: no training uses it", " pictures are set aside: no training uses them",
         offsetof(struct data_findings, faulty), fault_reason},
        {"left out", " picture takes no part", " pictures take no part", offsetof(struct data_findings, left_out),
         left_out_reason},
        {"blank", " picture is of one colour", " pictures are of one colour", offsetof(struct data_findings, blank),
         NULL},
        {"tiny", " picture is tiny: a side has fewer than 8 pixels",
         " pictures are tiny: a side has fewer than 8 pixels", offsetof(struct data_findings, tiny), NULL},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct place_list *list = (const struct place_list *)((const char *)findings + kinds[i].list);
        struct text words = {0};
        if (list->count == 0) continue;
        append_number(&words, list->count);
        text_append(&words, "%s", list->count == 1 ? kinds[i].one : kinds[i].many);
        end_line(out, kinds[i].label, &words);
        append_list(out, findings, list, kinds[i].reason, file);
    }
}

static void append_junk(struct text *out, const struct data_findings *findings) {
    struct text words = {0};
    for (size_t i = 0; i < findings->data.junk_kinds; i++) {
        text_append(&words, "%s", words.size ? ", " : "files that are no pictures: ");
        append_number(&words, findings->data.junk[i].count);
        text_append(&words, " %s", findings->data.junk[i].kind);
    }
    if (words.size) end_line(out, "passed over", &words);
}

static void append_capitals(struct text *out, const struct data_findings *findings, const char *file) {
    struct text words = {0};
    const size_t pairs = findings->capitals.count / 2;
    if (pairs == 0) return;
    append_number(&words, pairs);
    text_append(&words, "%s differ by capitals only: on some disks they are one file",
                pairs == 1 ? " pair of names" : " pairs of names");
    end_line(out, "names", &words);
    for (size_t i = 0; i < pairs && i < SHOWN; i++) {
        text_append(out, "%*s", INDENT, "");
        append_picture(out, &findings->data.pictures[findings->capitals.items[2 * i]], 37);
        text_append(out, ", ");
        append_picture(out, &findings->data.pictures[findings->capitals.items[2 * i + 1]], 37);
        text_append(out, "\n");
    }
    append_rest(out, pairs > SHOWN ? pairs - SHOWN : 0, "", file);
}

/* --- copies --- */

/* Whether a picture lies in a folder that is called after its part. */
static bool names_its_part(const struct checked_picture *picture) {
    char first[16];
    enum picture_part part;
    const size_t length = strcspn(picture->name, "/");
    if (length >= sizeof first) return false;
    memcpy(first, picture->name, length);
    first[length] = '\0';
    return picture_part_from_name(first, &part) && part == picture->part;
}

static void append_member(struct text *out, const struct data_findings *findings, const struct copy_group *group,
                          uint32_t place) {
    const struct checked_picture *picture = &findings->data.pictures[place];
    struct text before = {0};
    if (picture->name && findings->part_count > 1 && !names_its_part(picture))
        text_append(&before, "%s ", picture_part_names[picture->part]);
    if (group->labels) {
        append_fitting(&before, findings->data.class_names[picture->label], 12);
        text_append(&before, ": ");
    }
    if (before.size) text_append(out, "%s", before.bytes);
    append_picture(out, picture, 36 - (before.size ? text_columns(before.bytes) : 0));
    out->failed = out->failed || before.failed;
    text_free(&before);
}

static void append_groups(struct text *out, const struct data_findings *findings, const struct copy_groups *groups,
                          const char *file) {
    for (size_t i = 0; i < groups->count && i < SHOWN; i++) {
        const struct copy_group *group = &groups->items[i];
        uint32_t two[2];
        copy_group_choose_two(&findings->data, group, two);
        text_append(out, "%*s", INDENT, "");
        append_member(out, findings, group, two[0]);
        text_append(out, " = ");
        append_member(out, findings, group, two[1]);
        if (group->count > 2) text_append(out, " +%zu", group->count - 2);
        text_append(out, "\n");
    }
    append_rest(out, groups->count > SHOWN ? groups->count - SHOWN : 0,
                groups->count - SHOWN == 1 ? " group" : " groups", file);
}

static void append_copies(struct text *out, const struct data_findings *findings, const char *label, const char *what,
                          const struct copy_groups *groups, const char *file) {
    struct text words = {0};
    if (groups->count == 0) {
        text_append(&words, "none");
        end_line(out, label, &words);
        return;
    }
    append_pictures(&words, groups->pictures);
    text_append(&words, " in ");
    append_number(&words, groups->count);
    text_append(&words, groups->count == 1 ? " group %s" : " groups %s", what);
    if (groups->leaks > 0) {
        text_append(&words, "; ");
        append_number(&words, groups->leaks);
        text_append(&words, groups->leaks == 1 ? " group is" : " groups are");
        text_append(&words, " both to train on and to be judged by, which makes an accuracy too good");
    }
    if (groups->labels > 0) {
        text_append(&words, "; ");
        append_number(&words, groups->labels);
        text_append(&words, groups->labels == 1 ? " group has" : " groups have");
        text_append(&words, " different classes: a label is wrong");
    }
    end_line(out, label, &words);
    append_groups(out, findings, groups, file);
}

/* --- all --- */

static void append_verdict(struct text *out, const struct data_findings *findings) {
    const size_t things = data_findings_count(findings);
    struct text words = {0};
    if (findings->stops) text_append(&words, "no training can begin: %s", findings->stops);
    else if (things == 0) text_append(&words, "nothing was found that is in the way of a training");
    else if (things == 1) text_append(&words, "a training can begin; one thing above is worth a look before");
    else text_append(&words, "a training can begin; %zu things above are worth a look before", things);
    text_append(out, "\n");
    end_line(out, "verdict", &words);
}

void data_findings_append(const struct data_findings *findings, const char *list, const char *copies,
                          struct text *out) {
    append_head(out, findings);
    append_classes(out, findings);
    append_balance(out, findings);
    append_few(out, findings, list);
    if (findings->sound > 0) {
        append_sizes(out, findings);
        append_formats(out, findings);
    }
    append_faults(out, findings, list);
    append_copies(out, findings, "same pixels", "of the same pixels", &findings->exact, copies);
    append_copies(out, findings, "copies", "of copies: saved again, in another size, brighter, or cut at the edges",
                  &findings->near, copies);
    append_capitals(out, findings, list);
    append_junk(out, findings);
    append_verdict(out, findings);
}
