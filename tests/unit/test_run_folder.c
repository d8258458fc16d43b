/* SPDX-License-Identifier: MIT */
/* Run folders: never overwritten, one process at a time, and every record reads back as it was written. */
#include "base/folders.h"
#include "run/events.h"
#include "run/history.h"
#include "run/records.h"
#include "run/run_folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/ocellus-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return folder_remove(folder) == OCELLUS_OK ? 0 : -1;
}

static void run_path(char out[FILE_PATH_SIZE]) {
    assert_int_equal(path_join(out, folder, "deep/er/run"), OCELLUS_OK);
}

static void create(struct run_folder *run) {
    char path[FILE_PATH_SIZE];
    run_path(path);
    assert_int_equal(run_folder_create(run, path), OCELLUS_OK);
}

static void write_text(const struct run_folder *run, const char *name, const char *text) {
    char path[FILE_PATH_SIZE];
    assert_int_equal(run_folder_file(run, name, path), OCELLUS_OK);
    assert_int_equal(file_write(path, text, strlen(text)), OCELLUS_OK);
}

static void read_text(const struct run_folder *run, const char *name, char *out, size_t size) {
    char path[FILE_PATH_SIZE];
    unsigned char *bytes = NULL;
    size_t read = 0;
    assert_int_equal(run_folder_file(run, name, path), OCELLUS_OK);
    assert_int_equal(file_read(path, size - 1, &bytes, &read), OCELLUS_OK);
    memcpy(out, bytes, read + 1);
    free(bytes);
}

static void an_existing_folder_is_left_alone(void **state) {
    (void)state;
    struct run_folder run, second;
    create(&run);
    write_text(&run, "something", "precious");
    run_folder_close(&run);
    assert_int_equal(run_folder_create(&second, run.path), OCELLUS_USAGE);
    assert_non_null(strstr(status_message(), "exists already"));
    char text[64], **names = NULL;
    size_t count = 0;
    read_text(&run, "something", text, sizeof text);
    assert_string_equal(text, "precious");
    assert_int_equal(folder_names(run.path, &names, &count), OCELLUS_OK);
    assert_int_equal(count, 2); /* the lock and the file */
    names_free(names);
}

static void a_folder_without_recipe_is_no_run(void **state) {
    (void)state;
    struct run_folder run, opened;
    create(&run);
    assert_int_equal(run_folder_open(&opened, run.path), OCELLUS_USAGE);
    assert_false(run_folder_is_run(run.path));
    write_text(&run, RUN_RECIPE, "");
    assert_int_equal(run_folder_open(&opened, run.path), OCELLUS_OK);
    assert_true(run_folder_is_run(run.path));
    assert_int_equal(run_folder_open(&opened, "/no/such/run"), OCELLUS_USAGE);
    run_folder_close(&run);
}

static void a_locked_run_names_its_process(void **state) {
    (void)state;
    struct run_folder run, other;
    create(&run);
    write_text(&run, RUN_RECIPE, "");
    char expected[64];
    snprintf(expected, sizeof expected, "in use by process %ld", (long)getpid());
    pid_t child = fork();
    if (child == 0) {
        bool refused = run_folder_open_locked(&other, run.path) == OCELLUS_IN_USE;
        _exit(refused && strstr(status_message(), expected) ? 0 : 1);
    }
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    run_folder_close(&run);
    assert_int_equal(run_folder_open_locked(&other, run.path), OCELLUS_OK);
    run_folder_close(&other);
}

/* A process that dies leaves the lock's file, not the lock. */
static void a_dead_process_holds_no_lock(void **state) {
    (void)state;
    char path[FILE_PATH_SIZE];
    struct run_folder run;
    run_path(path);
    pid_t child = fork();
    if (child == 0) _exit(run_folder_create(&run, path) == OCELLUS_OK ? 0 : 1);
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    strcpy(run.path, path);
    write_text(&run, RUN_RECIPE, "");
    assert_int_equal(run_folder_open_locked(&run, path), OCELLUS_OK);
    run_folder_close(&run);
}

static void records_read_back(void **state) {
    (void)state;
    struct run_folder run;
    create(&run);
    struct run_environment environment, environment_again;
    run_environment_fill(&environment);
    strcpy(environment.kernels, "avx2");
    environment.threads = 3;
    const char *const argv[] = {"ocellus", "train", "--run", "a b", "it's", ""};
    run_environment_set_command(&environment, 6, argv);
    assert_string_equal(environment.command_line, "ocellus train --run 'a b' 'it'\\''s' ''");
    assert_int_equal(run_environment_write(&run, &environment), OCELLUS_OK);
    memset(&environment_again, 0, sizeof environment_again);
    assert_int_equal(run_environment_read(&run, &environment_again), OCELLUS_OK);
    assert_string_equal(environment_again.command_line, environment.command_line);
    assert_string_equal(environment_again.compiler, environment.compiler);
    assert_string_equal(environment_again.processor, environment.processor);
    assert_string_equal(environment_again.started, environment.started);
    assert_string_equal(environment_again.working_folder, environment.working_folder);
    assert_int_equal(environment_again.threads, 3);
    assert_int_equal(strlen(environment.started), 25);

    /* static: with zeros between the members */
    static const struct run_data data = {"cifar10", "aa", "bb", "cc", 45000, 5000, 10000, RECIPE_VALIDATION_HELD_OUT};
    static struct run_data data_again;
    assert_int_equal(run_data_write(&run, &data), OCELLUS_OK);
    assert_int_equal(run_data_read(&run, &data_again), OCELLUS_OK);
    assert_memory_equal(&data, &data_again, sizeof data);
    /* As older programs wrote it. */
    write_text(&run, RUN_DATA,
               "{\"name\": \"cifar10\", \"train_sha256\": \"aa\", \"test_sha256\": \"bb\", \"train_images\": 45000, "
               "\"validation_images\": 5000, \"validation\": \"held-out\"}\n");
    assert_int_equal(run_data_read(&run, &data_again), OCELLUS_OK);
    assert_int_equal(data_again.test_images, 0);
    write_text(&run, RUN_DATA, "{\"name\": \"cifar10\"}\n");
    assert_int_equal(run_data_read(&run, &data_again), OCELLUS_BAD_CONTENT);
    run_folder_close(&run);
}

static void a_newer_version_s_records_are_left_alone(void **state) {
    (void)state;
    struct run_folder run;
    struct run_environment environment;
    static const struct run_data data = {"cifar10", "aa", "bb", "cc", 45000, 5000, 10000, RECIPE_VALIDATION_HELD_OUT};
    struct run_data data_again;
    static const char newer[] = "{\"format\": 2}\n";
    create(&run);
    run_environment_fill(&environment);
    write_text(&run, RUN_DATA, newer);
    write_text(&run, RUN_ENVIRONMENT, newer);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(i == 0   ? run_data_write(&run, &data)
                         : i == 1 ? run_data_read(&run, &data_again)
                         : i == 2 ? run_environment_write(&run, &environment)
                                  : run_environment_read(&run, &environment),
                         OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), i < 2 ? RUN_DATA : RUN_ENVIRONMENT));
        assert_non_null(strstr(status_message(),
                               ": made by a newer Ocellus, which can read it (format 2; this one reads up to 1)"));
    }
    static const char *const names[] = {RUN_DATA, RUN_ENVIRONMENT};
    for (size_t i = 0; i < 2; i++) {
        char path[FILE_PATH_SIZE];
        unsigned char *bytes;
        size_t size;
        assert_int_equal(run_folder_file(&run, names[i], path), OCELLUS_OK);
        assert_int_equal(file_read(path, 1000, &bytes, &size), OCELLUS_OK);
        assert_string_equal((const char *)bytes, newer);
        free(bytes);
    }
    run_folder_close(&run);
}

static void long_command_lines_are_cut_visibly(void **state) {
    (void)state;
    static char word[8192];
    static struct run_environment environment;
    memset(word, 'w', sizeof word - 1);
    const char *const argv[] = {"ocellus", word};
    run_environment_set_command(&environment, 2, argv);
    assert_int_equal(strlen(environment.command_line), sizeof environment.command_line - 1);
    assert_string_equal(environment.command_line + sizeof environment.command_line - 4, "...");
}

static void history_reads_back_to_the_bit(void **state) {
    (void)state;
    struct run_folder run;
    create(&run);
    char path[FILE_PATH_SIZE], text[1024];
    assert_int_equal(run_folder_file(&run, RUN_HISTORY, path), OCELLUS_OK);
    struct history history = {0}, again;
    const struct history_row rows[] = {{0.1 + 0.2, 0.001, 1.0 / 3, 0.25, 1e-7, 12.5}, {1, 1e-30, 0, NAN, NAN, 3}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(history_append(&history, &rows[i]), OCELLUS_OK);
    assert_int_equal(history_write(&history, path), OCELLUS_OK);
    read_text(&run, RUN_HISTORY, text, sizeof text);
    assert_string_equal(text, "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss,time\n"
                              "0,0.30000000000000004,0.001,0.3333333333333333,0.25,1e-07,12.5\n"
                              "1,1,1e-30,0,,,3\n");
    assert_int_equal(history_read(path, &again), OCELLUS_OK);
    assert_int_equal(again.count, 2);
    assert_memory_equal(&again.rows[0], &rows[0], sizeof rows[0]);
    assert_true(isnan(again.rows[1].val_accuracy) && isnan(again.rows[1].val_loss));
    history_free(&history);
    history_free(&again);
    run_folder_close(&run);
}

static void broken_histories_are_refused(void **state) {
    (void)state;
    struct run_folder run;
    create(&run);
    static const char *const bad[] = {"",
                                      "epoch,loss\n",
                                      "H\n1,1,1,1,1,1,1\n",
                                      "H\n0,,1,1,1,1,1\n",
                                      "H\n0,1,1,1,1,1\n",
                                      "H\n0,1,1,1,1,1,1,1\n",
                                      "H\n0,1,1,1,1,1,x\n",
                                      "H\n\n0,1,1,1,1,1,1\n"};
    char path[FILE_PATH_SIZE];
    assert_int_equal(run_folder_file(&run, RUN_HISTORY, path), OCELLUS_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        bool header = bad[i][0] == 'H';
        snprintf(text, sizeof text, "%s%s",
                 header ? "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss,time" : "", bad[i] + header);
        write_text(&run, RUN_HISTORY, text);
        struct history history;
        assert_int_equal(history_read(path, &history), OCELLUS_BAD_CONTENT);
        assert_null(history.rows);
    }
    run_folder_close(&run);
}

static void append_event(struct run_events *events, const char *kind, uint64_t step) {
    assert_int_equal(run_events_append(events, run_event(kind, step)), OCELLUS_OK);
}

static void events_are_cut_back_to_a_step(void **state) {
    (void)state;
    struct run_folder run;
    struct run_events events;
    create(&run);
    assert_int_equal(run_events_open(&run, 0, &events), OCELLUS_OK);
    append_event(&events, "start", 0);
    append_event(&events, "checkpoint", 10);
    append_event(&events, "epoch", 20);
    fputs("{\"t\": 1, \"kind\": \"to", events.stream); /* the process dies while it writes */
    run_events_close(&events);

    json_value *list = NULL;
    assert_int_equal(run_events_read(&run, &list), OCELLUS_OK);
    assert_int_equal(json_count(list), 3);
    json_release(list);

    assert_int_equal(run_events_open(&run, 10, &events), OCELLUS_OK);
    append_event(&events, "resume", 10);
    run_events_close(&events);
    assert_int_equal(run_events_read(&run, &list), OCELLUS_OK);
    assert_int_equal(json_count(list), 3);
    const char *kind = NULL;
    assert_true(json_get_text(json_member(json_element(list, 2), "kind"), &kind));
    assert_string_equal(kind, "resume");
    json_release(list);

    write_text(&run, RUN_EVENTS, "not an event\n");
    assert_int_equal(run_events_read(&run, &list), OCELLUS_BAD_CONTENT);
    run_folder_close(&run);
}

/* A path of that many bytes below `folder`, in parts that a file system takes. */
static void long_path(size_t size, char path[FILE_PATH_SIZE]) {
    assert_int_equal(path_join(path, "", folder), OCELLUS_OK);
    for (size_t length = strlen(path); length < size; path[length] = '\0') {
        size_t part = size - length < 200 ? size - length : 100;
        path[length] = '/';
        memset(path + length + 1, 'd', part - 1);
        length += part;
    }
}

static void the_longest_path_has_room_for_every_name(void **state) {
    (void)state;
    char path[FILE_PATH_SIZE], checkpoints[FILE_PATH_SIZE];
    struct run_folder run;
    bool taken = false;
    for (size_t size = FILE_PATH_SIZE - 1; !taken && size > 3900; size--) {
        long_path(size, path);
        ocellus_status status = run_folder_create(&run, path);
        taken = status == OCELLUS_OK;
        if (!taken) {
            assert_int_equal(status, OCELLUS_USAGE);
            assert_false(path_exists(path));
        }
    }
    assert_true(taken);
    assert_int_equal(run_folder_file(&run, RUN_CHECKPOINTS, checkpoints), OCELLUS_OK);
    assert_int_equal(folder_make(checkpoints), OCELLUS_OK);
    write_text(&run, RUN_CHECKPOINTS "/a.safetensors", "");
    assert_int_equal(path_join(checkpoints, checkpoints, ".ocellus-4194304-4294967295.tmp"), OCELLUS_OK);
    run_folder_close(&run);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_existing_folder_is_left_alone),
        TEST(a_folder_without_recipe_is_no_run),
        TEST(a_locked_run_names_its_process),
        TEST(a_dead_process_holds_no_lock),
        TEST(records_read_back),
        TEST(a_newer_version_s_records_are_left_alone),
        cmocka_unit_test(long_command_lines_are_cut_visibly),
        TEST(history_reads_back_to_the_bit),
        TEST(broken_histories_are_refused),
        TEST(events_are_cut_back_to_a_step),
        TEST(the_longest_path_has_room_for_every_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
