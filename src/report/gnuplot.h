/* SPDX-License-Identifier: MIT */
/* The gnuplot program, started without a shell. */
#ifndef REPORT_GNUPLOT_H
#define REPORT_GNUPLOT_H

#include "base/status.h"

/* OCELLUS_IO with a word on what to install when gnuplot cannot be started. To be called before long work whose figures
 * need it. */
ocellus_status gnuplot_check(void);

/* A gnuplot that takes longer is ended: OCELLUS_IO. To be changed by tests only. */
extern double gnuplot_limit_seconds;

/* Runs the script `folder`/`script` inside that folder, without the user's start-up files. OCELLUS_IO with gnuplot's
 * first words when it fails. */
ocellus_status gnuplot_run(const char *folder, const char *script);

#endif
