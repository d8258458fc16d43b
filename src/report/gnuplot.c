/* SPDX-License-Identifier: MIT */
/* Starting gnuplot and hearing what it complains about. */
#include "report/gnuplot.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { COMPLAINT_SIZE = 1024 };
double gnuplot_limit_seconds = 120; /* the largest figure takes some three */

/* Whether there is something to read, or the end, before the time on the clock. */
static bool readable_before(int pipe_end, double deadline) {
    for (;;) {
        double left = deadline - clock_seconds();
        struct pollfd wait = {.fd = pipe_end, .events = POLLIN};
        if (left <= 0) return false;
        int ready = poll(&wait, 1, (int)(left * 1000) + 1);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

/* Reads until the child closes the pipe, keeping the beginning; false when the time was over before. */
static bool read_complaint(int pipe_end, char complaint[COMPLAINT_SIZE]) {
    double deadline = clock_seconds() + gnuplot_limit_seconds;
    char buffer[512];
    size_t kept = 0;
    bool ended = false, in_time = true;
    while (!ended && (in_time = readable_before(pipe_end, deadline))) {
        ssize_t got = read(pipe_end, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        ended = got <= 0;
        if (ended) break;
        size_t take = (size_t)got < COMPLAINT_SIZE - 1 - kept ? (size_t)got : COMPLAINT_SIZE - 1 - kept;
        memcpy(complaint + kept, buffer, take);
        kept += take;
    }
    complaint[kept] = '\0';
    return in_time;
}

/* Starts gnuplot with both outputs on `out`; 0 or an errno value. */
static int start(char *const arguments[], const char *folder, int out, pid_t *child) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    if (folder != NULL) error = posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (error == 0) error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    if (error == 0) error = posix_spawnp(child, "gnuplot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* The first line with a letter in it: gnuplot begins with an empty line and the place of the error. */
static const char *first_words(char *complaint) {
    for (char *rest = NULL, *line = strtok_r(complaint, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (strstr(line, "line ") != NULL || strstr(line, "rror") != NULL) return line;
    return "it says nothing";
}

static ocellus_status run(char *const arguments[], const char *folder, const char *what) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "gnuplot: pipe");
    pid_t child = 0;
    int error = start(arguments, folder, ends[1], &child);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        if (error == ENOENT)
            return fail(OCELLUS_IO,
                        "gnuplot: program not found; it draws the figures (install the package gnuplot-nox)");
        return fail_errno(error, "gnuplot: cannot be started");
    }
    char complaint[COMPLAINT_SIZE];
    bool in_time = read_complaint(ends[0], complaint);
    close(ends[0]);
    if (!in_time) kill(child, SIGKILL);
    int state = 0;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR) return fail_errno(errno, "gnuplot: waiting for it");
    if (!in_time)
        return fail(OCELLUS_IO, "gnuplot: %s: not done after %g seconds; it was ended", what, gnuplot_limit_seconds);
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return OCELLUS_OK;
    return fail(OCELLUS_IO, "gnuplot: %s: failed: %s", what, first_words(complaint));
}

ocellus_status gnuplot_check(void) {
    char *const arguments[] = {"gnuplot", "--version", NULL};
    return run(arguments, NULL, "--version");
}

ocellus_status gnuplot_run(const char *folder, const char *script) {
    char *const arguments[] = {"gnuplot", "-d", (char *)script, NULL};
    return run(arguments, folder, script);
}
