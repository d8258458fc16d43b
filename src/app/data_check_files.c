/* SPDX-License-Identifier: MIT */
#include "app/data_check_files.h"

#include "app/data_check_text.h"
#include "base/files.h"
#include "base/memory.h"
#include "data/image_file.h"
#include "data/preview.h"
#include "report/figures_data.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHEET_COLUMNS = 8, SHEET_ROWS = 10, SHEET_CELLS = SHEET_COLUMNS * SHEET_ROWS };

/* --- lists --- */

/* A cell that no terminal and no spreadsheet runs: "./-a/b.png" is the path "-a/b.png". */
static void append_cell(struct text *out, const char *raw, const char *before_formula) {
    struct text cell = {0};
    text_append(&cell, "%s", *raw && strchr("=+-@", *raw) ? before_formula : "");
    text_append_escaped(&cell, raw);
    text_append_csv(out, cell.failed ? "" : cell.bytes);
    out->failed = out->failed || cell.failed;
    text_free(&cell);
}

/* ",part,class,path,WxH,bytes" of a picture. */
static void append_picture(struct text *out, const struct data_findings *findings, uint32_t place) {
    const struct checked_picture *picture = &findings->data.pictures[place];
    struct text name = {0};
    checked_picture_append(picture, &name);
    text_append(out, ",%s,", picture_part_names[picture->part]);
    append_cell(out, findings->data.class_names[picture->label], "'");
    text_append(out, ",");
    append_cell(out, name.failed ? "" : name.bytes, "./");
    text_append(out, ",%u,%u", picture->facts->width, picture->facts->height);
    out->failed = out->failed || name.failed;
    text_free(&name);
}

static void append_list(struct text *out, const char *finding, const struct data_findings *findings,
                        const struct place_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct checked_picture *picture = &findings->data.pictures[list->items[i]];
        const char *reason = picture->left_out ? picture->left_out : picture->facts->reason;
        text_append(out, "%s", finding);
        append_picture(out, findings, list->items[i]);
        text_append(out, ",");
        append_cell(out, reason ? reason : "", "'");
        text_append(out, "\n");
    }
}

static void append_groups(struct text *out, const char *kind, const struct data_findings *findings,
                          const struct copy_groups *groups) {
    for (size_t i = 0; i < groups->count; i++) {
        for (size_t m = 0; m < groups->items[i].count; m++) {
            text_append(out, "%s,%zu", kind, i + 1);
            append_picture(out, findings, groups->items[i].members[m]);
            text_append(out, "\n");
        }
    }
}

/* What an earlier check left, of which there is nothing now. */
static ocellus_status remove_old(const char *folder, const char *name) {
    char path[FILE_PATH_SIZE];
    TRY(path_inside(path, folder, name));
    if (unlink(path) == 0 || errno == ENOENT) return OCELLUS_OK;
    return fail_errno(errno, "%s: cannot be removed", path);
}

static ocellus_status write_text(struct text *text, const char *folder, const char *name) {
    char path[FILE_PATH_SIZE];
    ocellus_status status = text->failed ? OCELLUS_IO : path_inside(path, folder, name);
    if (status == OCELLUS_OK) status = file_write(path, text->bytes, text->size);
    text_free(text);
    return status;
}

static ocellus_status write_lists(const struct data_findings *findings, const char *folder) {
    struct text out = {0};
    text_append(&out, "finding,part,class,path,width,height,reason\n");
    append_list(&out, "cannot read", findings, &findings->faulty);
    append_list(&out, "left out", findings, &findings->left_out);
    append_list(&out, "blank", findings, &findings->blank);
    append_list(&out, "tiny", findings, &findings->tiny);
    append_list(&out, "capitals", findings, &findings->capitals);
    TRY(write_text(&out, folder, CHECK_PICTURES));
    text_append(&out, "kind,group,part,class,path,width,height\n");
    append_groups(&out, "same pixels", findings, &findings->exact);
    append_groups(&out, "copies", findings, &findings->near);
    return write_text(&out, folder, CHECK_COPIES);
}

/* --- figures --- */

static ocellus_status draw_classes(const struct data_findings *findings, const char *folder) {
    struct figure_part parts[PICTURE_PARTS];
    for (size_t i = 0; i < findings->part_count; i++) {
        const struct findings_part *part = &findings->parts[i];
        parts[i].name = part->name == picture_part_names[PICTURE_PART_TRAIN] ? "training" : part->name;
        parts[i].counts = part->class_counts;
    }
    return figure_class_distribution(folder, findings->data.class_names, findings->data.classes, parts,
                                     findings->part_count);
}

static ocellus_status draw_sizes(const struct data_findings *findings, const char *folder) {
    size_t count = 0;
    struct figure_size *sizes = memory_allocate(findings->sound, sizeof *sizes);
    if (!sizes) return OCELLUS_IO;
    for (size_t i = 0; i < findings->data.count; i++) {
        const struct picture_facts *facts = findings->data.pictures[i].facts;
        if (facts->fault == PICTURE_SOUND) sizes[count++] = (struct figure_size){facts->width, facts->height, 1};
    }
    const ocellus_status status = figure_sizes(folder, sizes, count);
    memory_free(sizes);
    return status;
}

/* --- contact sheets --- */

struct sheet {
    struct image images[SHEET_CELLS]; /* owned */
    char names[SHEET_CELLS][3 * 22];
    size_t count;
};

/* The end of a text in a line of the sheet; the font has no more than ASCII. */
static void copy_end(const char *text, size_t most, char *out) {
    const size_t length = strlen(text);
    snprintf(out, most + 1, "%s%s", length > most ? ".." : "", length > most ? text + length - most + 2 : text);
}

static ocellus_status add_to_sheet(const struct data_check *check, uint32_t place, struct sheet *sheet) {
    enum { LETTERS = 21 };
    const struct checked_picture *picture = &check->pictures[place];
    char part[LETTERS + 1], name[LETTERS + 1], number[32];
    snprintf(number, sizeof number, "image %u", picture->number);
    snprintf(part, sizeof part, "%s %s", picture_part_names[picture->part],
             check->findings.data.class_names[picture->label]);
    copy_end(picture->name ? path_base_name(picture->name) : number, LETTERS, name);
    for (char *c = name; *c; c++)
        if (*c == '\n') *c = ' ';
    TRY(preview_image(check->sources[picture->part], picture->number, PREVIEW_SIDE, &sheet->images[sheet->count]));
    snprintf(sheet->names[sheet->count], sizeof sheet->names[0], "%s\n%s", part, name);
    sheet->count++;
    return OCELLUS_OK;
}

static ocellus_status draw_sheet(const struct sheet *sheet, const char *folder, const char *name) {
    const char *names[SHEET_CELLS];
    struct image image = {0};
    char path[FILE_PATH_SIZE];
    size_t longest = 1;
    for (size_t i = 0; i < sheet->count; i++) {
        const struct image *one = &sheet->images[i];
        names[i] = sheet->names[i];
        if (one->width > longest) longest = one->width;
        if (one->height > longest) longest = one->height;
    }
    TRY(path_inside(path, folder, name));
    const size_t columns = sheet->count < SHEET_COLUMNS ? sheet->count : SHEET_COLUMNS;
    TRY(preview_draw(sheet->images, names, sheet->count, columns, PREVIEW_SIDE / longest, &image));
    const ocellus_status status = image_write_png(path, &image);
    image_free(&image);
    return status;
}

static ocellus_status fill_with_copies(const struct data_check *check, struct sheet *sheet) {
    const struct copy_groups *const kinds[] = {&check->findings.near, &check->findings.exact};
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t g = 0; g < kinds[kind]->count && sheet->count + 2 <= SHEET_CELLS; g++) {
            uint32_t two[2];
            copy_group_choose_two(&check->findings.data, &kinds[kind]->items[g], two);
            TRY(add_to_sheet(check, two[0], sheet));
            TRY(add_to_sheet(check, two[1], sheet));
        }
    }
    return OCELLUS_OK;
}

static ocellus_status fill_with_faults(const struct data_check *check, struct sheet *sheet) {
    const struct place_list *const lists[] = {&check->findings.left_out, &check->findings.blank, &check->findings.tiny};
    for (size_t l = 0; l < 3; l++)
        for (size_t i = 0; i < lists[l]->count && sheet->count < SHEET_CELLS; i++)
            TRY(add_to_sheet(check, lists[l]->items[i], sheet));
    return OCELLUS_OK;
}

static ocellus_status draw_filled(const struct data_check *check,
                                  ocellus_status (*fill)(const struct data_check *, struct sheet *), const char *folder,
                                  const char *name) {
    struct sheet *sheet = memory_allocate(1, sizeof *sheet);
    ocellus_status status = sheet ? fill(check, sheet) : OCELLUS_IO;
    if (status == OCELLUS_OK) status = sheet->count > 0 ? draw_sheet(sheet, folder, name) : remove_old(folder, name);
    for (size_t i = 0; sheet && i < sheet->count; i++)
        image_free(&sheet->images[i]);
    memory_free(sheet);
    return status;
}

ocellus_status data_check_write(const struct data_check *check, const char *folder) {
    const struct data_findings *findings = &check->findings;
    TRY(folder_make(folder));
    TRY(write_lists(findings, folder));
    TRY(draw_filled(check, fill_with_copies, folder, "copies.png"));
    TRY(draw_filled(check, fill_with_faults, folder, "faults.png"));
    TRY(draw_classes(findings, folder));
    if (findings_sizes_differ(findings)) return draw_sizes(findings, folder);
    TRY(remove_old(folder, FIGURE_SIZES ".csv"));
    TRY(remove_old(folder, FIGURE_SIZES ".gnuplot"));
    TRY(remove_old(folder, FIGURE_SIZES ".svg"));
    return remove_old(folder, FIGURE_SIZES ".png");
}
