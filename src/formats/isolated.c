/* SPDX-License-Identifier: MIT */
#include "formats/isolated.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sanitizers reserve address space by the terabyte. */
#ifdef __has_feature
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* What the child says first, and before each tensor's values. No bool: whoever has taken the child over may send any byte, and a
 * bool that is neither 0 nor 1 has no meaning. */
struct answer {
    ocellus_status status;
    size_t count;
    uint8_t ordered;                   /* 0 or 1 */
    uint8_t has_text[ISOLATED_TEXTS];  /* 0 or 1 */
    size_t text_sizes[ISOLATED_TEXTS]; /* they follow it */
    char message[STATUS_MESSAGE_SIZE];
};
struct part {
    char name[TENSOR_NAME_SIZE];
    struct shape shape;
    size_t place;
    char type[8];
};

void isolated_result_free(struct isolated_result *result) {
    named_tensors_free(&result->tensors);
    for (size_t i = 0; i < ISOLATED_TEXTS; i++)
        free(result->texts[i]);
    *result = (struct isolated_result){0};
}

/* What is not packed takes as much as in the file, or twice as float16; trained weights pack to half of their size or so, those with
 * many zeros to a few hundredths. */
uint64_t isolated_values_limit(uint64_t size) {
    return 4 * size + (64 << 20);
}

static bool send_bytes(int pipe, const void *bytes, size_t size) {
    const char *next = bytes;
    while (size > 0) {
        const ssize_t sent = write(pipe, next, size);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        next += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool receive_bytes(int pipe, void *bytes, size_t size) {
    char *next = bytes;
    while (size > 0) {
        const ssize_t got = read(pipe, next, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        next += got;
        size -= (size_t)got;
    }
    return true;
}

static void lower(struct rlimit *limit, rlim_t wanted) {
    if (limit->rlim_max == RLIM_INFINITY || wanted < limit->rlim_max) limit->rlim_max = wanted;
    if (limit->rlim_cur == RLIM_INFINITY || limit->rlim_max < limit->rlim_cur) limit->rlim_cur = limit->rlim_max;
}

/* Bytes of address space in use; false where that cannot be told. */
static bool address_space(uint64_t *bytes) {
    FILE *stream = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    const bool good = stream && fscanf(stream, "%lu", &pages) == 1;
    if (stream) fclose(stream);
    *bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return good;
}

/* In the child: what it was born with, and what it may use beyond that (0: no bound was set). */
static uint64_t born_with, bound;

static void set_limits(uint64_t size) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CPU, &limit) == 0) {
        /* Two limits: at the first the kernel says why it ends the process, at the second it only kills. */
        lower(&limit, ISOLATED_SECONDS + 5);
        if (limit.rlim_cur > ISOLATED_SECONDS) limit.rlim_cur = ISOLATED_SECONDS;
        setrlimit(RLIMIT_CPU, &limit);
    }
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        lower(&limit, 0);
        setrlimit(RLIMIT_CORE, &limit);
    }
    if (SANITIZED || !address_space(&born_with) || getrlimit(RLIMIT_AS, &limit) != 0) return;
    bound = 2 * (size + isolated_values_limit(size)) + ISOLATED_BYTES;
    lower(&limit, (rlim_t)(born_with + bound));
    setrlimit(RLIMIT_AS, &limit);
}

/* A sound file needs less than half of the bound. Who has used more has met the bound; who has used less, and gets the other half
 * now, was refused for asking for even more. */
bool isolated_out_of_memory(void) {
    uint64_t used;
    if (bound == 0 || !address_space(&used) || used > born_with + bound / 2) return false;
    void *half = malloc((size_t)(bound / 2));
    free(half);
    return half == NULL;
}

static bool send_tensors(int pipe, const struct named_tensors *tensors) {
    bool sent = true;
    for (size_t i = 0; sent && i < tensors->count; i++) {
        const struct named_tensor *tensor = &tensors->items[i];
        struct part part = {.shape = tensor->shape, .place = tensor->place};
        snprintf(part.name, sizeof part.name, "%s", tensor->name);
        snprintf(part.type, sizeof part.type, "%s", tensor->type);
        sent = send_bytes(pipe, &part, sizeof part) &&
               send_bytes(pipe, tensor->values, shape_size(&tensor->shape) * sizeof *tensor->values);
    }
    return sent;
}

/* In the child. Does not return. */
static void work(isolated_reader *reader, const struct file_content *content, int pipe) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        signal(crashes[i], SIG_DFL); /* the program's own handlers are not for us */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    set_limits(content->size);
    struct isolated_result result = {0};
    struct answer answer = {.status = reader(content, &result)};
    if (answer.status == OCELLUS_OK) {
        answer.count = result.tensors.count;
        answer.ordered = result.tensors.ordered;
        for (size_t i = 0; i < ISOLATED_TEXTS; i++) {
            answer.has_text[i] = result.texts[i] != NULL;
            answer.text_sizes[i] = result.texts[i] ? strlen(result.texts[i]) : 0;
        }
    } else {
        snprintf(answer.message, sizeof answer.message, "%s", status_message());
        result = (struct isolated_result){0}; /* nothing more is said */
    }
    bool sent = send_bytes(pipe, &answer, sizeof answer);
    for (size_t i = 0; sent && i < ISOLATED_TEXTS; i++)
        sent = send_bytes(pipe, result.texts[i], answer.text_sizes[i]);
    sent = sent && send_tensors(pipe, &result.tensors);
    _exit(sent ? 0 : 1);
}

static ocellus_status lost(const char *path) {
    return fail(OCELLUS_BAD_CONTENT, "%s: the file breaks its reader, which runs apart: damaged or hostile", path);
}

static ocellus_status receive_texts(const struct file_content *content, int pipe, const struct answer *answer,
                                    struct isolated_result *result) {
    for (size_t i = 0; i < ISOLATED_TEXTS; i++) {
        if (answer->has_text[i] > 1) return lost(content->path);
        if (answer->has_text[i] == 0) continue;
        if (answer->text_sizes[i] > ISOLATED_TEXT_LIMIT) return lost(content->path);
        size_t capacity = 0;
        TRY(memory_grow((void **)&result->texts[i], &capacity, answer->text_sizes[i] + 1, 1));
        if (!receive_bytes(pipe, result->texts[i], answer->text_sizes[i])) return lost(content->path);
        result->texts[i][answer->text_sizes[i]] = '\0';
    }
    return OCELLUS_OK;
}

static ocellus_status receive_tensors(const struct file_content *content, int pipe, const struct answer *answer,
                                      struct named_tensors *tensors) {
    const char *path = content->path;
    uint64_t left = isolated_values_limit(content->size);
    if (!(tensors->path = memory_copy_text(path))) return OCELLUS_IO;
    for (size_t i = 0; i < answer->count; i++) {
        struct part part;
        size_t bytes;
        if (!receive_bytes(pipe, &part, sizeof part)) return lost(path);
        part.name[sizeof part.name - 1] = '\0';
        if (part.shape.rank > GRAPH_MAX_RANK) return lost(path);
        TRY(named_tensor_check(path, part.name, &part.shape, &bytes));
        if (bytes > left) return lost(path);
        left -= bytes;
        TRY(named_tensors_add(tensors, part.name, &part.shape));
        struct named_tensor *tensor = &tensors->items[tensors->count - 1];
        tensor->place = part.place;
        snprintf(tensor->type, sizeof tensor->type, "%.*s", (int)sizeof part.type - 1, part.type);
        if (!receive_bytes(pipe, tensor->values, bytes)) return lost(path);
    }
    tensors->ordered = answer->ordered == 1;
    return named_tensors_finish(tensors, false);
}

/* The child may have been taken over by the file: nothing of what it says is believed unseen. */
static ocellus_status receive(const struct file_content *content, int pipe, struct isolated_result *result) {
    struct answer answer;
    if (!receive_bytes(pipe, &answer, sizeof answer)) return lost(content->path);
    answer.message[sizeof answer.message - 1] = '\0';
    if (answer.status != OCELLUS_OK) {
        const bool known = answer.status == OCELLUS_BAD_CONTENT || answer.status == OCELLUS_IO;
        return known ? fail(answer.status, "%s", answer.message) : lost(content->path);
    }
    if (answer.ordered > 1) return lost(content->path);
    TRY(receive_texts(content, pipe, &answer, result));
    return receive_tensors(content, pipe, &answer, &result->tensors);
}

ocellus_status isolated_read(isolated_reader *reader, const struct file_content *content,
                             struct isolated_result *result) {
    const char *path = content->path;
    *result = (struct isolated_result){0};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "%s: cannot start its reader", path);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        work(reader, content, ends[1]);
    }
    const int error = errno;
    close(ends[1]);
    ocellus_status status = child < 0 ? fail_errno(error, "%s: cannot start its reader", path) : OCELLUS_OK;
    if (status == OCELLUS_OK) status = receive(content, ends[0], result);
    close(ends[0]);
    int end = 0;
    if (child > 0) {
        while (waitpid(child, &end, 0) < 0 && errno == EINTR) {}
    }
    if (status != OCELLUS_OK && WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL)
        status = fail(OCELLUS_IO, "%s: its reader, which runs apart, was killed (is there too little memory?)", path);
    if (status != OCELLUS_OK) isolated_result_free(result);
    return status;
}
