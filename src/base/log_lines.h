/* SPDX-License-Identifier: MIT */
/* What log.c lends to progress.c: the terminal's last line. */
#ifndef BASE_LOG_LINES_H
#define BASE_LOG_LINES_H

/* A line on stderr, in place of the bar when one is drawn. Not copied to the log file. */
void log_line(const char *line);
/* Draws the bar over the one before, without a line break; "" removes it. Only for a terminal. */
void log_bar(const char *bar);

#endif
