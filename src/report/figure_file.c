/* SPDX-License-Identifier: MIT */
#include "report/figure_file.h"

#include "base/files.h"
#include "base/folders.h"
#include "report/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void figure_append_name(struct text *table, const char *name) {
    double number;
    bool formula = *name != '\0' && strchr("=+-@", *name) != NULL && !text_to_real(name, &number);
    text_append(table, formula ? "\"'" : "\"");
    for (; *name != '\0'; name++) {
        unsigned char c = (unsigned char)*name;
        if (c == '"') text_append(table, "'");          /* gnuplot does not read doubled quotes */
        else if (c == '\\') text_append(table, "\\\\"); /* gnuplot reads escapes */
        else if (c < 0x20 || c == 0x7f) text_append(table, " ");
        else text_append_bytes(table, name, 1);
    }
    text_append(table, "\"");
}

void figure_append_real(struct text *table, double value) {
    char number[32] = ""; /* an empty cell is a missing value */
    if (isfinite(value)) text_from_real(value, number);
    text_append(table, ",%s", number);
}

static ocellus_status part_path(const struct figure *figure, const char *folder, const char *ending,
                                char path[FILE_PATH_SIZE]) {
    char file[128];
    snprintf(file, sizeof file, "%s.%s", figure->name, ending);
    return path_inside(path, folder, file);
}

static ocellus_status write_part(const struct figure *figure, const char *folder, const char *ending,
                                 const struct text *content) {
    char path[FILE_PATH_SIZE];
    TRY(part_path(figure, folder, ending, path));
    if (content->failed) return OCELLUS_IO;
    return file_write(path, content->bytes, content->size);
}

static void append_whole_script(const struct figure *figure, struct text *whole) {
    const char *name = figure->name;
    int width = figure->width, height = figure->height;
    text_append(whole,
                "# Draws %s.svg and %s.png from %s.csv: gnuplot -d %s.gnuplot\n"
                "set encoding utf8\n"
                "set datafile separator comma\n"
                "set datafile columnheaders\n"
                "set border 0\n"
                "unset key\n"
                "set tics scale 0 textcolor rgb '" COLOR_TEXT "'\n"
                "set style fill solid 1.0 noborder\n"
                "set style line 9 linetype 1 linecolor rgb '" COLOR_GRID "' linewidth 1\n%s",
                name, name, name, name, figure->script.bytes);
    text_append(whole,
                "set terminal svg size %d,%d dynamic rounded noenhanced font 'sans-serif,13' background rgb 'white'\n"
                "set output '%s.svg'\n"
                "%s\n",
                width, height, name, figure->plot.bytes);
    text_append(whole,
                "set terminal pngcairo size %d,%d noenhanced font 'sans-serif,10' background rgb 'white' fontscale 2 "
                "linewidth 2 pointscale 2\n"
                "set output '%s.png'\n"
                "replot\n",
                2 * width, 2 * height, name);
}

static ocellus_status draw_in(const struct figure *figure, const char *folder) {
    static const char *const endings[] = {"csv", "gnuplot", "svg", "png"};
    enum { ENDINGS = sizeof endings / sizeof *endings };
    struct text whole = {0};
    char script[128], from[FILE_PATH_SIZE], to[FILE_PATH_SIZE];
    append_whole_script(figure, &whole);
    snprintf(script, sizeof script, "%s.gnuplot", figure->name);
    ocellus_status status = write_part(figure, folder, "csv", &figure->table);
    if (status == OCELLUS_OK) status = write_part(figure, folder, "gnuplot", &whole);
    if (status == OCELLUS_OK) status = gnuplot_run(folder, script);
    for (size_t i = 0; i < ENDINGS && status == OCELLUS_OK; i++) {
        status = part_path(figure, folder, endings[i], from);
        if (status == OCELLUS_OK) status = part_path(figure, figure->folder, endings[i], to);
        if (status == OCELLUS_OK) status = file_move(from, to);
    }
    text_free(&whole);
    return status;
}

/* gnuplot opens what it finds under the names of its outputs, also a link or a pipe: it draws in a folder of its own, from
 * which the files are moved. Only then is a figure replaced. */
static ocellus_status draw(const struct figure *figure) {
    char folder[FILE_PATH_SIZE];
    int lock;
    if (figure->script.failed || figure->plot.failed) return OCELLUS_IO;
    TRY(folder_make(figure->folder));
    TRY(temporaries_sweep(figure->folder));
    TRY(folder_make_temporary(figure->folder, folder, &lock));
    ocellus_status status = draw_in(figure, folder);
    char message[STATUS_MESSAGE_SIZE];
    snprintf(message, sizeof message, "%s", status_message());
    ocellus_status removed = folder_remove(folder);
    if (status != OCELLUS_OK) fail(status, "%s", message);
    else status = removed;
    if (lock >= 0) close(lock);
    return status;
}

ocellus_status figure_end(struct figure *figure) {
    ocellus_status status = draw(figure);
    text_free(&figure->table);
    text_free(&figure->script);
    text_free(&figure->plot);
    return status;
}
