/* SPDX-License-Identifier: MIT */
/* The log. Lines go to stderr and, copied, to a run's log file; a progress bar on the terminal gives way to them. */
#include "base/log.h"

#include "base/c_locale.h"
#include "base/files.h"
#include "base/log_lines.h"
#include "base/retry.h"
#include "base/text.h"
#include "base/text_layout.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static enum log_level current_level = LOG_QUIET; /* a library is silent; the program says how much it tells */
static FILE *copy;
static const char *copy_path;
static bool bar_is_drawn;

void log_set_level(enum log_level level) {
    current_level = level;
}
enum log_level log_get_level(void) {
    return current_level;
}

static void stop_copy(int error) {
    if (copy) fclose(copy);
    copy = NULL;
    if (error) log_warning("%s: cannot be written: %s", copy_path, strerror(error));
}

void log_set_file(const char *path) {
    stop_copy(0);
    copy_path = path;
    if (!path) return;
    int file;
    if (file_open_in_place(path, O_WRONLY | O_APPEND, &file) != OCELLUS_OK) {
        log_warning("%s", status_message());
        return;
    }
    copy = file_stream(file);
    if (!copy) stop_copy(errno);
}

void log_bar(const char *bar) {
    if (*bar) fprintf(stderr, "\r%s\033[K", bar);
    else if (bar_is_drawn) fputs("\r\033[K", stderr);
    fflush(stderr);
    bar_is_drawn = *bar != '\0';
}

static void print_wrapped(const char *line, size_t columns) {
    enum { INDENT = 2 };
    struct text wrapped = {0};
    const size_t begin = strspn(line, " "); /* of a list's item */
    text_append(&wrapped, "%.*s", (int)begin, line);
    text_append_wrapped(&wrapped, line, begin, begin + INDENT, columns);
    fprintf(stderr, "%s\n", wrapped.failed || !wrapped.bytes ? line : wrapped.bytes);
    text_free(&wrapped);
}

void log_line(const char *line) {
    log_bar("");
    size_t columns = isatty(STDERR_FILENO) ? (size_t)log_columns() : SIZE_MAX;
    if (text_columns(line) > columns) print_wrapped(line, columns);
    else fprintf(stderr, "%s\n", line);
}

/* The line on stderr from `level` up; the copy has it in any case but for details that nobody asked for. */
static void write_line(enum log_level level, const char *prefix, const char *format, va_list arguments) {
    if (level > current_level && (level == LOG_VERBOSE || !copy)) return;
    enum { LINE_SIZE = 8192 };                /* more than two paths */
    char raw[LINE_SIZE + 8], line[LINE_SIZE]; /* what was cut raw is never reached when escaping */
    size_t used = (size_t)snprintf(raw, sizeof raw, "%s", prefix);
    locale_t before = c_locale_enter();
    if (vsnprintf(raw + used, sizeof raw - used, format, arguments) < 0) snprintf(raw, sizeof raw, "%s", format);
    c_locale_leave(before);
    utf8_escape(raw, line, sizeof line);
    if (level <= current_level) log_line(line);
    if (copy && (fprintf(copy, "%s\n", line) < 0 || fflush(copy) != 0)) stop_copy(errno);
}

#define WRITE_LINE(level, prefix)                                                                                      \
    do {                                                                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        write_line(level, prefix, format, arguments);                                                                  \
        va_end(arguments);                                                                                             \
    } while (0)

void log_error(const char *format, ...) {
    WRITE_LINE(LOG_QUIET, "ocellus: error: ");
}
void log_notice(const char *format, ...) {
    WRITE_LINE(LOG_QUIET, "ocellus: ");
}
void log_warning(const char *format, ...) {
    WRITE_LINE(LOG_QUIET, "ocellus: warning: ");
}
void log_info(const char *format, ...) {
    WRITE_LINE(LOG_NORMAL, "");
}
void log_detail(const char *format, ...) {
    WRITE_LINE(LOG_VERBOSE, "");
}

void log_wrapped(const char *format, ...) {
    if (current_level < LOG_NORMAL) return;
    char raw[2048 + 8], line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    utf8_escape(raw, line, sizeof line);
    log_bar("");
    size_t columns = (size_t)log_columns();
    print_wrapped(line, columns < TEXT_COLUMNS ? columns : TEXT_COLUMNS);
}

double clock_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static bool is_terminal(int stream) {
    const char *kind = getenv("TERM");
    return isatty(stream) && kind && *kind && strcmp(kind, "dumb") != 0;
}

int log_is_terminal(void) {
    return is_terminal(STDERR_FILENO);
}

int log_is_utf8(void) {
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (!locale) return false;
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

int log_has_color(int stream) {
    const char *refused = getenv("NO_COLOR"); /* no-color.org: when present and not empty */
    return is_terminal(stream) && !(refused && *refused);
}

int log_columns(void) {
    struct winsize window;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col : 80;
}
