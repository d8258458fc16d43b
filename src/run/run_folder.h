/* SPDX-License-Identifier: MIT */
/* The run folder: a run is a folder, never overwritten. docs/architecture.md lists its files; here are its names, its
 * lock, its small records and its events. */
#ifndef RUN_RUN_FOLDER_H
#define RUN_RUN_FOLDER_H

#include "base/files.h"
#include "base/folders.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "run/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_RECIPE            "recipe.ini"
#define RUN_ENVIRONMENT       "environment.json"
#define RUN_DATA              "data.json"
#define RUN_PICTURES          "data.csv"
#define RUN_ASIDE             "data-set-aside.csv"
#define RUN_CHOICE            "choice.txt"
#define RUN_SUMMARY           "summary.txt"
#define RUN_HISTORY           "history.csv"
#define RUN_EVENTS            "metrics.jsonl"
#define RUN_LAST              "last.safetensors"
#define RUN_BEST              "best.safetensors"
#define RUN_CHECKPOINTS       "checkpoint"
#define RUN_EVALUATION        "evaluation.json"
#define RUN_PREDICTIONS       "predictions.csv"
#define RUN_CROSS_VALIDATION  "cross-validation.json"
#define RUN_CROSS_PREDICTIONS "cross-validation.csv"
#define RUN_FIGURES           "figures"
#define RUN_REPORT            "report.html"
#define RUN_LOG               "train.log"
#define RUN_LOCK              "lock"

enum { RUN_DATA_NAME_SIZE = 128 };

struct run_folder {
    char path[FILE_PATH_SIZE];
    int lock; /* file descriptor that holds the flock; -1 when not locked */
};

/* "runs/MODEL-YYYYMMDD-HHMMSS", local time, with "-2" and so on where that is taken. The folder is made, and empty. */
ocellus_status run_folder_default(const char *model, char out[FILE_PATH_SIZE]);
/* Makes a new run folder (and its parents) and locks it. OCELLUS_USAGE when the path is not free: nothing is touched. */
ocellus_status run_folder_create(struct run_folder *run, const char *path);
/* Whether a run may begin there: nothing has that name, or a folder that holds no more than what a training leaves that
 * was ended before its run began. */
ocellus_status run_folder_is_free(const char *path, bool *is_free);
/* An existing run folder (one that holds recipe.ini), not locked: for reading. OCELLUS_USAGE when it is none. */
ocellus_status run_folder_open(struct run_folder *run, const char *path);
/* The same, locked: for resuming. Temporary files of saves that were killed are removed. OCELLUS_IN_USE names the process
 * that holds it. */
ocellus_status run_folder_open_locked(struct run_folder *run, const char *path);
/* Releases the lock, if held. */
void run_folder_close(struct run_folder *run);
/* out = the path of a file in it (RUN_HISTORY, "checkpoint/a.safetensors"). Every file of a run is found by this: a run may
 * have come from anywhere, and one that is a link, or lies behind one, is refused (OCELLUS_USAGE). */
ocellus_status run_folder_file(const struct run_folder *run, const char *name, char out[FILE_PATH_SIZE]);
/* Whether `path` is a folder that holds recipe.ini; for faces that take a run, a model file or a name. */
bool run_folder_is_run(const char *path);

#endif
