/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include "answer.h"
#include "base/files.h"
#include "base/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(const struct peer_command *command, int input, int output) {
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    for (const char *const *variable = command->environment; variable && *variable; variable++)
        putenv((char *)(uintptr_t)*variable);
    execvp(command->argv[0], (char **)(uintptr_t)command->argv);
    fprintf(stderr, "%s: %s\n", command->argv[0], strerror(errno));
    _exit(127);
}

static void name_peer(const struct peer_command *command, char *name, size_t size) {
    size_t at = 0;
    *name = '\0';
    for (size_t i = 0; command->argv[i] && at < size; i++) {
        int more = snprintf(name + at, size - at, "%s%s", i ? " " : "", path_base_name(command->argv[i]));
        at += more > 0 ? (size_t)more : 0;
    }
}

static ocellus_status gone(struct peer *peer) {
    peer_stop(peer);
    return fail(OCELLUS_IO, "%s: it ended early", peer->name);
}

static ocellus_status fork_peer(struct peer *peer, const struct peer_command *command) {
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0) return fail_errno(errno, "a pipe");
    if (pipe2(up, O_CLOEXEC) != 0) {
        close(down[0]), close(down[1]);
        return fail_errno(errno, "a pipe");
    }
    fflush(NULL);
    peer->pid = fork();
    if (peer->pid == 0) become(command, down[0], up[1]);
    close(down[0]), close(up[1]);
    if (peer->pid < 0) {
        peer->pid = 0;
        close(down[1]), close(up[0]);
        return fail_errno(errno, "%s", peer->name);
    }
    peer->commands = fdopen(down[1], "w");
    peer->answers = fdopen(up[0], "r");
    return peer->commands && peer->answers ? OCELLUS_OK : fail_errno(errno, "%s", peer->name);
}

ocellus_status peer_start(struct peer *peer, const struct peer_command *command) {
    *peer = (struct peer){0};
    name_peer(command, peer->name, sizeof peer->name);
    ocellus_status status = fork_peer(peer, command);
    if (status != OCELLUS_OK) {
        peer_stop(peer);
        return status;
    }
    char line[256];
    if (!fgets(line, sizeof line, peer->answers)) return gone(peer);
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "ready parameters=%lf flops=%lf about %127[^\n]", &peer->parameters, &peer->flops, peer->about) ==
        3)
        return OCELLUS_OK;
    peer_stop(peer);
    return fail(OCELLUS_IO, "%s: expected \"ready ...\", got \"%s\"", peer->name, line);
}

ocellus_status peer_go(struct peer *peer, size_t which, size_t times, double *seconds) {
    char line[64], *end;
    if (fprintf(peer->commands, "go %zu %zu\n", which, times) < 0 || fflush(peer->commands) != 0 ||
        !fgets(line, sizeof line, peer->answers))
        return gone(peer);
    *seconds = strtod(line, &end);
    if (end == line || !(*seconds > 0)) return fail(OCELLUS_IO, "%s: answered \"%s\"", peer->name, line);
    return OCELLUS_OK;
}

ocellus_status peer_calibrate(struct peer *peer, size_t which, double turn) {
    double seconds;
    peer->times = 1;
    TRY(peer_go(peer, which, 1, &seconds));
    for (;;) {
        TRY(peer_go(peer, which, peer->times, &seconds));
        double wanted = ceil((double)peer->times * turn / seconds);
        if (seconds >= turn / 2) {
            peer->rate = (double)peer->times / seconds;
            peer->times = (size_t)wanted;
            return OCELLUS_OK;
        }
        peer->times = wanted < 16 * (double)peer->times ? (size_t)wanted : 16 * peer->times;
    }
}

double peer_peak_bytes(const struct peer *peer) {
    char path[64], line[128];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)peer->pid);
    FILE *file = peer->pid ? fopen(path, "r") : NULL;
    while (file && fgets(line, sizeof line, file) && sscanf(line, "VmHWM: %lf", &kib) != 1)
        ;
    if (file) fclose(file);
    return 1024 * kib;
}

void peer_stop(struct peer *peer) {
    if (peer->commands) fclose(peer->commands);
    if (peer->answers) fclose(peer->answers);
    if (peer->pid > 0) waitpid(peer->pid, NULL, 0);
    peer->commands = peer->answers = NULL;
    peer->pid = 0;
}

ocellus_status peer_run_once(const struct peer_command *command, double *seconds) {
    char name[64];
    int status = 0;
    name_peer(command, name, sizeof name);
    fflush(NULL);
    double start = wall_seconds();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        become(command, null, null);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) return fail_errno(errno, "%s", name);
    if (seconds) *seconds = wall_seconds() - start;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OCELLUS_OK;
    return fail(OCELLUS_IO, "%s: it failed (status %d)", name, status);
}
