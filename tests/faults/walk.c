/* SPDX-License-Identifier: MIT */
/* walk PROGRAM LIBRARY DATA FOLDER JOBS KIND=STRIDE...
 * Makes every STRIDE-th call of a kind fail (see interposer.c), one a time, in a short training and in the resumption of one
 * that was killed, and holds each time:
 *   - the program ends by itself, with exit code 0 or 4, and on a failure says one line that begins with "ocellus: error:";
 *     an interrupted call fails nothing;
 *   - without failures the run then goes on, or begins, to the weights, the history and the record of an undisturbed one.
 * Prints a table of counts; exit code 1 when anything did not hold. */
#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "base/text.h"
#include "run/events.h"
#include "run/history.h"
#include "run/progress.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST_SECONDS = 30 };
static const char *program, *library, *data, *folder;
static long jobs;

/* What an undisturbed training gave. */
static struct {
    struct history history;
    char initial[SHA256_TEXT_SIZE], final[SHA256_TEXT_SIZE], last[SHA256_TEXT_SIZE], best[SHA256_TEXT_SIZE];
} expected;

static struct counts { atomic_long cases, failed_well, wrong; } * counts; /* shared by the processes of one walk */

/* One case, for messages. */
struct trial {
    const char *phase, *kind;
    long at;
    char run[256], scratch[256], report[300], output[300];
};

static _Noreturn void die(const char *what) {
    fprintf(stderr, "walk: %s: %s\n", what, status_message());
    exit(2);
}

static void check(ocellus_status status, const char *what) {
    if (status != OCELLUS_OK) die(what);
}

__attribute__((format(printf, 2, 3))) static void wrong(const struct trial *trial, const char *format, ...) {
    char what[512], called[64] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    size_t got = 0;
    if (file_read_start(trial->report, sizeof called - 1, (unsigned char *)called, &got) == OCELLUS_OK)
        called[got] = '\0';
    called[strcspn(called, "\n")] = '\0';
    atomic_fetch_add(&counts->wrong, 1);
    fprintf(stderr, "BAD  %s, %s %s: %s\n", trial->phase, trial->kind, called, what);
}

/* --- running the program --- */

static void set_faults(const struct trial *trial) {
    char at[24];
    if (!trial->kind) return;
    snprintf(at, sizeof at, "%ld", trial->at);
    setenv("LD_PRELOAD", library, 1);
    setenv("FAULTS_KIND", trial->kind, 1);
    setenv("FAULTS_AT", at, 1);
    setenv("FAULTS_REPORT", trial->report, 1);
}

/* The wait status; with faults when trial->kind says so. Both streams go to trial->output. */
static int run_program(const struct trial *trial, const char *const arguments[]) {
    pid_t child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_RDONLY), output = open(trial->output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (nothing < 0 || output < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(99);
        set_faults(trial);
        alarm(LONGEST_SECONDS); /* outlives exec; a hang then is a death by SIGALRM */
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(99);
    }
    int result = 0;
    if (child < 0 || waitpid(child, &result, 0) != child) die("cannot run a program");
    return result;
}

static int train(const struct trial *trial) {
    return run_program(trial, (const char *const[]){program, "train", "--data-path", data, "--held-out", "2",
                                                    "--batch-size", "4", "--checkpoint-every", "1", "--epochs", "2",
                                                    "--threads", "2", "--quiet", "--run", trial->run, NULL});
}

static int resume(const struct trial *trial) {
    return run_program(trial, (const char *const[]){program, "train", "--resume", "--threads", "2", "--quiet", "--run",
                                                    trial->run, NULL});
}

static int copy_folder(const struct trial *trial, const char *from) {
    return run_program(&(struct trial){.output = "/dev/null"},
                       (const char *const[]){"cp", "-r", from, trial->run, NULL});
}

/* --- what must hold --- */

static void check_end(const struct trial *trial, int result) {
    char *text = NULL;
    size_t size = 0, lines = 0;
    check(file_read(trial->output, 1 << 20, (unsigned char **)&text, &size), "output");
    for (const char *at = text; (at = strstr(at, "ocellus: error: ")); at++)
        lines++;
    const char *last = text;
    for (const char *at = text; (at = strchr(at, '\n')) && at[1]; at++)
        last = at + 1;
    int code = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    if (WIFSIGNALED(result) && WTERMSIG(result) == SIGALRM) wrong(trial, "hangs");
    else if (WIFSIGNALED(result)) wrong(trial, "dies of signal %d: %s", WTERMSIG(result), last);
    else if (code != 0 && code != 4) wrong(trial, "exit code %d: %s", code, last);
    else if (code == 4 && strcmp(trial->kind, "interrupt") == 0) wrong(trial, "fails when interrupted: %s", last);
    else if (lines != (code == 4)) wrong(trial, "exit code %d with %zu error lines: %s", code, lines, last);
    else if (code == 4) atomic_fetch_add(&counts->failed_well, 1);
    free(text);
}

static void check_file(const struct trial *trial, const char *name, const char *hash) {
    char path[FILE_PATH_SIZE], got[SHA256_TEXT_SIZE];
    check(path_join(path, trial->run, name), name);
    if (sha256_file(path, got) != OCELLUS_OK) wrong(trial, "afterwards: %s", status_message());
    else if (strcmp(got, hash) != 0) wrong(trial, "afterwards: another %s", name);
}

static bool same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

static void check_history(const struct trial *trial, const struct run_folder *run) {
    char path[FILE_PATH_SIZE];
    struct history history = {0};
    check(run_folder_file(run, RUN_HISTORY, path), "history");
    if (history_read(path, &history) != OCELLUS_OK) wrong(trial, "afterwards: %s", status_message());
    bool equal = history.count == expected.history.count;
    for (size_t i = 0; equal && i < history.count; i++) {
        const struct history_row *a = &history.rows[i], *b = &expected.history.rows[i];
        equal = same(a->loss, b->loss) && same(a->accuracy, b->accuracy) && same(a->val_loss, b->val_loss);
    }
    if (!equal) wrong(trial, "afterwards: another history");
    history_free(&history);
}

/* The epochs of the record, each once, in their order, and a start and an end: what may be there more than once is a start
 * that was made again from the beginning. */
static void check_record(const struct trial *trial, const struct run_folder *run) {
    json_value *events = NULL;
    struct run_progress progress = {0};
    if (run_events_read(run, &events) != OCELLUS_OK || run_progress_read(run, &progress) != OCELLUS_OK)
        wrong(trial, "afterwards: %s", status_message());
    int64_t epochs = 0, epoch = 0;
    bool in_order = true;
    for (size_t i = 0; i < json_count(events); i++) {
        const char *kind = "";
        json_get_text(json_member(json_element(events, i), "kind"), &kind);
        if (strcmp(kind, "epoch") != 0) continue;
        in_order =
            json_get_integer(json_member(json_element(events, i), "epoch"), &epoch) && epoch == epochs && in_order;
        epochs++;
    }
    if (!in_order || epochs != (int64_t)expected.history.count)
        wrong(trial, "afterwards: epochs missing in the record");
    if (strcmp(progress.initial_weights, expected.initial) != 0) wrong(trial, "afterwards: no start in the record");
    if (!progress.finished) wrong(trial, "afterwards: no end in the record");
    else if (strcmp(progress.final_weights, expected.final) != 0) wrong(trial, "afterwards: other weights at the end");
    run_progress_free(&progress);
    json_release(events);
}

static void check_no_leftovers(const struct trial *trial, const char *path) {
    char **names = NULL;
    size_t count = 0;
    check(folder_names(path, &names, &count), "names");
    for (size_t i = 0; i < count; i++)
        if (names[i][0] == '.' || strstr(names[i], ".tmp")) wrong(trial, "afterwards: %s is left", names[i]);
    names_free(names);
}

static void check_run(const struct trial *trial) {
    struct run_folder run;
    char checkpoints[FILE_PATH_SIZE];
    if (run_folder_open(&run, trial->run) != OCELLUS_OK) {
        wrong(trial, "afterwards: %s", status_message());
        return;
    }
    check_file(trial, RUN_LAST, expected.last);
    check_file(trial, RUN_BEST, expected.best);
    check_history(trial, &run);
    check_record(trial, &run);
    check_no_leftovers(trial, trial->run);
    check(path_join(checkpoints, trial->run, RUN_CHECKPOINTS), "checkpoints");
    if (path_is_folder(checkpoints)) check_no_leftovers(trial, checkpoints);
}

/* Goes on without failures: a run that was begun is resumed; one of which nothing is kept may be begun anew. */
static void go_on(const struct trial *trial) {
    struct trial calm = *trial;
    calm.kind = NULL;
    int resumed = resume(&calm), begun = resumed == 0 ? 0 : train(&calm);
    if (resumed != 0 && begun != 0)
        wrong(trial, "afterwards: neither goes on (exit code %d) nor begins (exit code %d)", WEXITSTATUS(resumed),
              WEXITSTATUS(begun));
    else check_run(trial);
}

/* --- the walk --- */

static void name_trial(struct trial *trial, long job) {
    snprintf(trial->scratch, sizeof trial->scratch, "%s/job-%ld", folder, job);
    snprintf(trial->run, sizeof trial->run, "%s/job-%ld/run", folder, job);
    snprintf(trial->report, sizeof trial->report, "%s/report", trial->scratch);
    snprintf(trial->output, sizeof trial->output, "%s/output", trial->scratch);
    if (path_exists(trial->scratch)) check(folder_remove(trial->scratch), "scratch");
    check(folder_make(trial->scratch), "scratch");
}

static int disturb(const struct trial *trial, const char *prepared) {
    if (!prepared) return train(trial);
    if (copy_folder(trial, prepared) != 0) die("cannot copy");
    return resume(trial);
}

static void try_one(struct trial *trial, const char *prepared, long job) {
    name_trial(trial, job);
    int result = disturb(trial, prepared);
    atomic_fetch_add(&counts->cases, 1);
    if (strcmp(trial->kind, "kill") != 0) check_end(trial, result);
    if (result == 0) check_run(trial);
    else if (path_exists(trial->run)) go_on(trial);
}

/* How many calls of a kind there are. */
static long count_calls(const char *phase, const char *kind, const char *prepared) {
    struct trial trial = {.phase = phase, .kind = kind};
    name_trial(&trial, 0);
    if (disturb(&trial, prepared) != 0) die("an undisturbed run fails");
    unsigned char text[64] = "";
    size_t got = 0;
    check(file_read_start(trial.report, sizeof text - 1, text, &got), "report");
    return atol((const char *)text);
}

static void walk(const char *phase, const char *kind, long stride, const char *prepared) {
    long calls = count_calls(phase, kind, prepared);
    *counts = (struct counts){0};
    pid_t children[64];
    for (long job = 0; job < jobs; job++) {
        if ((children[job] = fork()) != 0) continue;
        for (long at = 1 + job * stride; at <= calls; at += jobs * stride) {
            struct trial trial = {.phase = phase, .kind = kind, .at = at};
            try_one(&trial, prepared, job);
        }
        exit(0);
    }
    long broken = 0;
    for (long job = 0; job < jobs; job++) {
        int result = 0;
        if (children[job] < 0 || waitpid(children[job], &result, 0) < 0 || result != 0) broken++;
    }
    if (broken) die("a job ended early");
    printf("%-10s %-10s %7ld %7ld %9ld %7ld\n", phase, kind, calls, atomic_load(&counts->cases),
           atomic_load(&counts->failed_well), atomic_load(&counts->wrong));
}

static void take_expected(void) {
    struct trial trial = {.phase = "undisturbed"};
    char path[FILE_PATH_SIZE];
    struct run_folder run;
    struct run_progress progress;
    name_trial(&trial, 0);
    if (train(&trial) != 0) die("an undisturbed training fails");
    check(run_folder_open(&run, trial.run), "run");
    check(run_progress_read(&run, &progress), "record");
    snprintf(expected.initial, sizeof expected.initial, "%s", progress.initial_weights);
    snprintf(expected.final, sizeof expected.final, "%s", progress.final_weights);
    run_progress_free(&progress);
    check(run_folder_file(&run, RUN_HISTORY, path), "history");
    check(history_read(path, &expected.history), "history");
    check(run_folder_file(&run, RUN_LAST, path), "last");
    check(sha256_file(path, expected.last), "last");
    check(run_folder_file(&run, RUN_BEST, path), "best");
    check(sha256_file(path, expected.best), "best");
}

/* A run that was killed within its second epoch: the first two thirds of its calls were made. */
static void prepare(const char *prepared) {
    struct trial trial = {.phase = "prepare", .kind = "kill", .at = 0};
    trial.at = count_calls("train", "kill", NULL) * 4 / 5;
    name_trial(&trial, 0);
    train(&trial);
    if (rename(trial.run, prepared) != 0) die("nothing to resume");
}

int main(int argc, char **argv) {
    if (argc < 7 || (jobs = atol(argv[5])) < 1 || jobs > 64) {
        fprintf(stderr, "usage: walk PROGRAM LIBRARY DATA FOLDER JOBS KIND=STRIDE...\n");
        return 2;
    }
    program = argv[1];
    library = argv[2];
    data = argv[3];
    folder = argv[4];
    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED) die("no memory");
    char prepared[300];
    snprintf(prepared, sizeof prepared, "%s/prepared", folder);
    take_expected();
    prepare(prepared);
    long bad = 0;
    setvbuf(stdout, NULL, _IOLBF, 0); /* the walks fork */
    printf("%-10s %-10s %7s %7s %9s %7s\n", "phase", "kind", "calls", "tried", "exit 4", "wrong");
    for (int i = 6; i < argc; i++) {
        char *stride = strchr(argv[i], '=');
        if (!stride || atol(stride + 1) < 1) die("no KIND=STRIDE");
        *stride++ = '\0';
        walk("train", argv[i], atol(stride), NULL);
        bad += atomic_load(&counts->wrong);
        walk("resume", argv[i], atol(stride), prepared);
        bad += atomic_load(&counts->wrong);
    }
    return bad > 0;
}
