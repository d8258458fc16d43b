/* SPDX-License-Identifier: MIT */
/* The small records of a run: environment.json, data.json. */
#ifndef RUN_RECORDS_H
#define RUN_RECORDS_H

#include "run/run_folder.h"

#include <stdint.h>

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
    char name[RUN_DATA_NAME_SIZE];                                      /* as the dataset's */
    char train_sha256[SHA256_TEXT_SIZE], test_sha256[SHA256_TEXT_SIZE]; /* test_sha256 "": no test images */
    char validation_sha256[SHA256_TEXT_SIZE]; /* of validation images that are a part of their own; else "" */
    uint64_t train_images, validation_images;
    uint64_t test_images; /* of the whole test set; 0: not recorded */
    enum recipe_validation validation;
};
ocellus_status run_data_write(const struct run_folder *run, const struct run_data *data);
ocellus_status run_data_read(const struct run_folder *run, struct run_data *data);

#endif
