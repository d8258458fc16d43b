/* SPDX-License-Identifier: MIT */
/* The run folder: a run is a folder, never overwritten. docs/architecture.md lists its files; here are its names, its
 * lock, its small records and its events. */
#ifndef RUN_RUN_FOLDER_H
#define RUN_RUN_FOLDER_H

#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "run/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_RECIPE      "recipe.ini"
#define RUN_ENVIRONMENT "environment.json"
#define RUN_DATA        "data.json"
#define RUN_SUMMARY     "summary.txt"
#define RUN_HISTORY     "history.csv"
#define RUN_EVENTS      "metrics.jsonl"
#define RUN_LAST        "last.safetensors"
#define RUN_BEST        "best.safetensors"
#define RUN_CHECKPOINTS "checkpoint"
#define RUN_EVALUATION  "evaluation.json"
#define RUN_PREDICTIONS "predictions.csv"
#define RUN_FIGURES     "figures"
#define RUN_REPORT      "report.html"
#define RUN_LOG         "train.log"
#define RUN_LOCK        "lock"

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

/* environment.json: what the run ran on. None of it changes what is computed but `kernels`. */
struct run_environment {
    char version[32], compiler[128], system[256], processor[128], kernels[16];
    uint64_t threads;
    char started[32];                    /* "2025-03-01T12:34:56+00:00" */
    char command_line[4096];             /* a longer one is cut and ends in "..." */
    char working_folder[FILE_PATH_SIZE]; /* where relative paths of recipe and command line begin; "": not recorded */
};
/* Fills version, compiler, system, processor, started and working_folder from this program and machine; the caller sets the rest. */
void run_environment_fill(struct run_environment *environment);
/* argv joined by spaces, words that a shell would split quoted. */
void run_environment_set_command(struct run_environment *environment, int argc, const char *const *argv);
ocellus_status run_environment_write(const struct run_folder *run, const struct run_environment *environment);
ocellus_status run_environment_read(const struct run_folder *run, struct run_environment *environment);

/* data.json: which images the run trained on and which it was judged by during training. */
struct run_data {
    char name[RUN_DATA_NAME_SIZE]; /* as the dataset's */
    char train_sha256[SHA256_TEXT_SIZE], test_sha256[SHA256_TEXT_SIZE];
    uint64_t train_images, validation_images;
    uint64_t test_images; /* of the whole test set; 0: not recorded */
    enum recipe_validation validation;
};
ocellus_status run_data_write(const struct run_folder *run, const struct run_data *data);
ocellus_status run_data_read(const struct run_folder *run, struct run_data *data);

/* metrics.jsonl: one JSON object a line, {"t": seconds since 1970, "kind": ..., "step": ..., more}. */
struct run_events {
    FILE *stream;
    char path[FILE_PATH_SIZE];
};
/* Opens for appending; keeps the lines up to the first that is torn or whose step lies after `last_step` and cuts the
 * rest off (a resumed run makes them again). A new run passes 0. */
ocellus_status run_events_open(const struct run_folder *run, uint64_t last_step, struct run_events *events);
/* A new event: a map with t, kind and step, to which more members can be set. NULL only without memory. */
json_value *run_event(const char *kind, uint64_t step);
/* Appends the event as one line and flushes it to the file. The event is taken over; NULL is accepted as "no memory". */
ocellus_status run_events_append(struct run_events *events, json_value *event);
void run_events_close(struct run_events *events);
/* Reads all lines as a list of maps; a torn last line is left out. Release with json_release(). */
ocellus_status run_events_read(const struct run_folder *run, json_value **list);

#endif
