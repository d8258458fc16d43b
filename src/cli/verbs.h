/* SPDX-License-Identifier: MIT */
/* The verbs, one file each; each gets the arguments from its own name on. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "base/status.h"

ocellus_status verb_data(int argc, char **argv);
ocellus_status verb_summary(int argc, char **argv);
ocellus_status verb_train(int argc, char **argv);
ocellus_status verb_evaluate(int argc, char **argv);
ocellus_status verb_predict(int argc, char **argv);
ocellus_status verb_report(int argc, char **argv);
ocellus_status verb_reproduce(int argc, char **argv);
ocellus_status verb_runs(int argc, char **argv);
ocellus_status verb_bench(int argc, char **argv);
ocellus_status verb_licences(int argc, char **argv);
ocellus_status verb_info(int argc, char **argv);

#endif
