/* SPDX-License-Identifier: MIT */
/* The run's small records: environment.json and data.json. */
#include "run/records.h"

#include "base/cpu.h"
#include "base/folders.h"
#include "base/format_number.h"
#include "base/json_members.h"
#include "base/json_parse.h"

#include <ocellus/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_LIMIT = 64 * 1024, RECORD_FORMAT = 1 };

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#define TEXT(member) JSON_ROW(struct run_environment, MEMBER_TEXT, member)
static const struct json_member_row environment_rows[] = {
    TEXT(version),
    TEXT(compiler),
    TEXT(system),
    TEXT(processor),
    TEXT(kernels),
    JSON_ROW(struct run_environment, MEMBER_COUNT, threads),
    TEXT(started),
    TEXT(command_line),
    JSON_ROW_OPTIONAL(struct run_environment, MEMBER_TEXT, working_folder), /* older runs do not tell */
    {0},
};
#undef TEXT

/* data.json: as struct run_data, but the validation, which has a name there. */
struct data_record {
    struct run_data data;
    char validation[32];
};
#define DATA(kind, member, key, optional) JSON_ROW_NAMED(struct data_record, kind, data.member, key, optional)
static const struct json_member_row data_rows[] = {
    DATA(MEMBER_TEXT, name, "name", false),
    DATA(MEMBER_TEXT, train_sha256, "train_sha256", false),
    DATA(MEMBER_TEXT, test_sha256, "test_sha256", false),
    DATA(MEMBER_TEXT, validation_sha256, "validation_sha256", true), /* nor has every run such a part */
    DATA(MEMBER_COUNT, train_images, "train_images", false),
    DATA(MEMBER_COUNT, validation_images, "validation_images", false),
    DATA(MEMBER_COUNT, test_images, "test_images", true), /* older runs do not tell */
    JSON_ROW(struct data_record, MEMBER_TEXT, validation),
    {0},
};
#undef DATA

static ocellus_status write_record(const struct run_folder *run, const char *name, const struct json_member_row *rows,
                                   const void *record) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(run, name, path));
    TRY(format_number_guard(path, RECORD_LIMIT, RECORD_FORMAT));
    json_value *map = json_new_map();
    if (json_set(map, "format", json_new_integer(RECORD_FORMAT)) && json_members_set(map, rows, record))
        return json_write_file(path, map, 2);
    json_release(map);
    return OCELLUS_IO;
}

static ocellus_status read_record(const struct run_folder *run, const char *name, const struct json_member_row *rows,
                                  void *record) {
    char path[FILE_PATH_SIZE];
    json_value *map;
    TRY(run_folder_file(run, name, path));
    TRY(json_parse_file(path, RECORD_LIMIT, &map));
    int64_t format; /* version 0.1.0 wrote none */
    ocellus_status status = format_number_read(map, path, RECORD_FORMAT, 1, &format);
    if (status == OCELLUS_OK) status = json_members_get(map, path, rows, record);
    json_release(map);
    return status;
}

void run_environment_fill(struct run_environment *environment) {
    *environment = (struct run_environment){0};
    snprintf(environment->version, sizeof environment->version, "%s", OCELLUS_VERSION);
    snprintf(environment->compiler, sizeof environment->compiler, "%s", COMPILER);
    snprintf(environment->processor, sizeof environment->processor, "%s", cpu_name());
    struct utsname system;
    if (uname(&system) == 0) {
        snprintf(environment->system, sizeof environment->system, "%.64s %.96s %.64s", system.sysname, system.release,
                 system.machine);
    }
    if (!getcwd(environment->working_folder, sizeof environment->working_folder)) environment->working_folder[0] = '\0';
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc)) {
        strftime(environment->started, sizeof environment->started, "%Y-%m-%dT%H:%M:%S+00:00", &utc);
    }
}

void run_environment_set_command(struct run_environment *environment, int argc, const char *const *argv) {
    struct text line = {0};
    for (int i = 0; i < argc; i++) {
        if (i > 0) text_append(&line, " ");
        text_append_shell_word(&line, argv[i]);
    }
    size_t size = sizeof environment->command_line;
    snprintf(environment->command_line, size, "%s", line.bytes ? line.bytes : "");
    if (line.failed || line.size >= size) {
        size_t kept = strlen(environment->command_line);
        strcpy(environment->command_line + (kept > size - 4 ? size - 4 : kept), "...");
    }
    text_free(&line);
}

ocellus_status run_environment_write(const struct run_folder *run, const struct run_environment *environment) {
    return write_record(run, RUN_ENVIRONMENT, environment_rows, environment);
}

ocellus_status run_environment_read(const struct run_folder *run, struct run_environment *environment) {
    *environment = (struct run_environment){0};
    return read_record(run, RUN_ENVIRONMENT, environment_rows, environment);
}

ocellus_status run_data_write(const struct run_folder *run, const struct run_data *data) {
    struct data_record record = {.data = *data};
    snprintf(record.validation, sizeof record.validation, "%s", recipe_validation_names[data->validation]);
    return write_record(run, RUN_DATA, data_rows, &record);
}

ocellus_status run_data_read(const struct run_folder *run, struct run_data *data) {
    struct data_record record = {0};
    TRY(read_record(run, RUN_DATA, data_rows, &record));
    *data = record.data;
    for (int i = 0; recipe_validation_names[i]; i++) {
        if (strcmp(recipe_validation_names[i], record.validation) != 0) continue;
        data->validation = (enum recipe_validation)i;
        return OCELLUS_OK;
    }
    return fail(OCELLUS_BAD_CONTENT, "%s/" RUN_DATA ": validation: unknown (got \"%s\")", run->path, record.validation);
}
