/* SPDX-License-Identifier: MIT */
/* The run's small records: environment.json and data.json. */
#include "run/records.h"

#include "base/cpu.h"
#include "base/folders.h"

#include <ocellus/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_LIMIT = 64 * 1024 };

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* Writes a map and releases it. */
static ocellus_status write_record(const struct run_folder *run, const char *name, json_value *map, bool complete) {
    char path[FILE_PATH_SIZE];
    char *text = complete ? json_write(map, 2) : NULL;
    json_release(map);
    if (!text) return fail(OCELLUS_IO, "%s: no memory", name);
    struct text line = {0};
    text_append(&line, "%s\n", text);
    free(text);
    ocellus_status status = line.failed ? fail(OCELLUS_IO, "%s: no memory", name) : run_folder_file(run, name, path);
    if (status == OCELLUS_OK) status = file_write(path, line.bytes, line.size);
    text_free(&line);
    return status;
}

static ocellus_status read_text(const json_value *map, const char *path, const char *key, char *out, size_t size) {
    const char *text = NULL;
    if (!json_get_text(json_member(map, key), &text)) {
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: missing or not text", path, key);
    }
    if (strlen(text) >= size)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: too long (expected at most %zu bytes)", path, key, size - 1);
    strcpy(out, text);
    return OCELLUS_OK;
}

static ocellus_status read_count(const json_value *map, const char *path, const char *key, uint64_t *out) {
    int64_t number = 0;
    if (!json_get_integer(json_member(map, key), &number) || number < 0) {
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: missing or not a count", path, key);
    }
    *out = (uint64_t)number;
    return OCELLUS_OK;
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
    json_value *map = json_new_map();
    bool complete = json_set(map, "version", json_new_text(environment->version)) &&
                    json_set(map, "compiler", json_new_text(environment->compiler)) &&
                    json_set(map, "system", json_new_text(environment->system)) &&
                    json_set(map, "processor", json_new_text(environment->processor)) &&
                    json_set(map, "kernels", json_new_text(environment->kernels)) &&
                    json_set(map, "threads", json_new_integer((int64_t)environment->threads)) &&
                    json_set(map, "started", json_new_text(environment->started)) &&
                    json_set(map, "command_line", json_new_text(environment->command_line)) &&
                    json_set(map, "working_folder", json_new_text(environment->working_folder));
    return write_record(run, RUN_ENVIRONMENT, map, complete);
}

ocellus_status run_environment_read(const struct run_folder *run, struct run_environment *environment) {
    char path[FILE_PATH_SIZE];
    json_value *map = NULL;
    TRY(run_folder_file(run, RUN_ENVIRONMENT, path));
    TRY(json_parse_file(path, RECORD_LIMIT, &map));
    struct run_environment *e = environment;
    *e = (struct run_environment){0};
    ocellus_status status = read_text(map, path, "version", e->version, sizeof e->version);
    if (!status) status = read_text(map, path, "compiler", e->compiler, sizeof e->compiler);
    if (!status) status = read_text(map, path, "system", e->system, sizeof e->system);
    if (!status) status = read_text(map, path, "processor", e->processor, sizeof e->processor);
    if (!status) status = read_text(map, path, "kernels", e->kernels, sizeof e->kernels);
    if (!status) status = read_count(map, path, "threads", &e->threads);
    if (!status) status = read_text(map, path, "started", e->started, sizeof e->started);
    if (!status) status = read_text(map, path, "command_line", e->command_line, sizeof e->command_line);
    if (!status && json_member(map, "working_folder"))
        status = read_text(map, path, "working_folder", e->working_folder, sizeof e->working_folder);
    json_release(map);
    return status;
}

ocellus_status run_data_write(const struct run_folder *run, const struct run_data *data) {
    json_value *map = json_new_map();
    const char *validation = recipe_choice_name("validation", (int)data->validation);
    bool complete = json_set(map, "name", json_new_text(data->name)) &&
                    json_set(map, "train_sha256", json_new_text(data->train_sha256)) &&
                    json_set(map, "test_sha256", json_new_text(data->test_sha256)) &&
                    json_set(map, "train_images", json_new_integer((int64_t)data->train_images)) &&
                    json_set(map, "validation_images", json_new_integer((int64_t)data->validation_images)) &&
                    json_set(map, "test_images", json_new_integer((int64_t)data->test_images)) &&
                    json_set(map, "validation", json_new_text(validation));
    return write_record(run, RUN_DATA, map, complete);
}

static ocellus_status read_validation(const json_value *map, const char *path, enum recipe_validation *out) {
    char name[32];
    TRY(read_text(map, path, "validation", name, sizeof name));
    const struct recipe_key *key = recipe_key_for_flag("validation");
    for (int i = 0; key->choices[i]; i++) {
        if (strcmp(key->choices[i], name) != 0) continue;
        *out = (enum recipe_validation)i;
        return OCELLUS_OK;
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: validation: unknown (got \"%s\")", path, name);
}

ocellus_status run_data_read(const struct run_folder *run, struct run_data *data) {
    char path[FILE_PATH_SIZE];
    json_value *map = NULL;
    TRY(run_folder_file(run, RUN_DATA, path));
    TRY(json_parse_file(path, RECORD_LIMIT, &map));
    ocellus_status status = read_text(map, path, "name", data->name, sizeof data->name);
    if (!status) status = read_text(map, path, "train_sha256", data->train_sha256, sizeof data->train_sha256);
    if (!status) status = read_text(map, path, "test_sha256", data->test_sha256, sizeof data->test_sha256);
    if (!status) status = read_count(map, path, "train_images", &data->train_images);
    if (!status) status = read_count(map, path, "validation_images", &data->validation_images);
    data->test_images = 0; /* older runs do not tell */
    if (!status && json_member(map, "test_images") != NULL)
        status = read_count(map, path, "test_images", &data->test_images);
    if (!status) status = read_validation(map, path, &data->validation);
    json_release(map);
    return status;
}
