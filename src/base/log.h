/* SPDX-License-Identifier: MIT */
/* The log, and the progress of long work. Both go to stderr; results go to stdout and are none of this file's. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

/* Numbered by how often they come: errors and warnings always, then per run, per epoch, per step. */
enum log_level { LOG_QUIET = 0, LOG_NORMAL = 1, LOG_VERBOSE = 2 };
/* LOG_QUIET until it is set: a library is silent. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* Keeps a copy of all lines in this file from now on, appended (a run's train.log); NULL stops. The path must stay
 * valid. LOG_QUIET silences the terminal, not this file. A file that cannot be written is warned of once and left. */
void log_set_file(const char *path);

/* One line each: no line break at the end; control characters and invalid UTF-8 are escaped. A terminal gets it broken
 * between words where it is wider than the terminal. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));   /* "ocellus: error: ..." */
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));  /* "ocellus: ...", always */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2))); /* "ocellus: warning: ..." */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));    /* LOG_NORMAL and up */
void log_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));  /* LOG_VERBOSE */

/* As log_info(), broken between words at TEXT_COLUMNS wherever it goes. */
void log_wrapped(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Seconds of a monotonic clock. */
double clock_seconds(void);
/* True when stderr is a terminal that can draw over a line: TERM is set, and not "dumb". */
int log_is_terminal(void);
/* True when the user's locale says that the terminal takes UTF-8. */
int log_is_utf8(void);
/* True when colour is wanted on this stream (a terminal, and NO_COLOR is not set): 1 stdout, 2 stderr. */
int log_has_color(int stream);
/* Columns of the terminal on stderr; 80 when unknown. */
int log_columns(void);

#endif
