/* SPDX-License-Identifier: MIT */
/* A library to preload: makes one call of a program fail, and says how many there were. The count begins with main().
 *   FAULTS_KIND=memory|io|interrupt|kill   which calls are counted, and what happens to the chosen one: no memory; EIO, or
 *       ENOSPC where it writes; EINTR; SIGKILL before it is made
 *   FAULTS_AT=N      the one that fails, from 1; 0: none
 *   FAULTS_REPORT=PATH   gets "CALLS NAME": how many were counted, and what the failed one was called ("-": none yet) */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

enum kind { NOTHING, MEMORY, IO, INTERRUPT, KILL };
static enum kind kind; /* set once main() begins: what comes before is not the program's */
static long chosen;
static atomic_long calls;
static int report = -1;

/* Written at once: a program that dies says nothing later. Not by stdio, which allocates. */
static void tell(const char *name) {
    char line[96];
    int length = snprintf(line, sizeof line, "%ld %s\n", atomic_load(&calls), name);
    if (report >= 0 && length > 0) (void)!syscall(SYS_pwrite64, report, line, (size_t)length, (off_t)0);
}

/* Counts a call; whether it is the one to fail. */
static bool falls(enum kind is, const char *name) {
    if (kind == NOTHING || (kind == MEMORY) != (is == MEMORY)) return false;
    if (atomic_fetch_add(&calls, 1) + 1 != chosen) return false;
    tell(name);
    if (kind == KILL) raise(SIGKILL);
    return true;
}

static void begin(void) {
    const char *name = getenv("FAULTS_KIND"), *at = getenv("FAULTS_AT"), *path = getenv("FAULTS_REPORT");
    static const char *const names[] = {"", "memory", "io", "interrupt", "kill"};
    if (path) report = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    chosen = at ? atol(at) : 0;
    for (enum kind i = MEMORY; name && i <= KILL; i++)
        if (strcmp(names[i], name) == 0) kind = i;
    unsetenv("LD_PRELOAD"); /* programs that it starts are another matter */
}

__attribute__((destructor)) static void end(void) {
    if (kind != NOTHING && chosen == 0) tell("-");
}

typedef int main_function(int, char **, char **);
static main_function *program;

static int counted_main(int argc, char **argv, char **environment) {
    begin();
    return program(argc, argv, environment);
}

typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
PUBLIC int __libc_start_main(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
PUBLIC int __libc_start_main(main_function *main_of_program, int argc, char **argv, void (*init)(void),
                             void (*fini)(void), void (*loader_fini)(void), void *stack_end) {
    start_function *start;
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    program = main_of_program;
    return start(counted_main, argc, argv, init, fini, loader_fini, stack_end);
}

/* --- memory: glibc's own names, since dlsym() itself allocates --- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

PUBLIC void *malloc(size_t size) {
    return falls(MEMORY, "malloc") ? no_memory() : __libc_malloc(size);
}
PUBLIC void *calloc(size_t count, size_t size) {
    return falls(MEMORY, "calloc") ? no_memory() : __libc_calloc(count, size);
}
PUBLIC void *realloc(void *memory, size_t size) {
    return falls(MEMORY, "realloc") ? no_memory() : __libc_realloc(memory, size);
}
PUBLIC void *aligned_alloc(size_t alignment, size_t size) {
    return falls(MEMORY, "aligned_alloc") ? no_memory() : __libc_memalign(alignment, size);
}
PUBLIC int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = falls(MEMORY, "posix_memalign") ? NULL : __libc_memalign(alignment, size);
    if (made) *memory = made;
    return made ? 0 : ENOMEM;
}

/* --- files --- */

static int fault_number(int usual) {
    return kind == INTERRUPT ? EINTR : usual;
}

/* The function behind NAME, as `real`. */
#define REAL(name)                                                                                                     \
    static __typeof__(name) *real;                                                                                     \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

/* A function NAME that answers FAILED, with ERROR, when it is the one to fail. */
#define WRAP(type, name, parameters, arguments, failed, error)                                                         \
    PUBLIC type name parameters {                                                                                      \
        REAL(name);                                                                                                    \
        if (falls(IO, #name)) {                                                                                        \
            errno = fault_number(error);                                                                               \
            return failed;                                                                                             \
        }                                                                                                              \
        return real arguments;                                                                                         \
    }

/* The same where a signal cannot interrupt. */
#define WRAP_STEADY(type, name, parameters, arguments, failed, error)                                                  \
    PUBLIC type name parameters {                                                                                      \
        REAL(name);                                                                                                    \
        if (kind != INTERRUPT && falls(IO, #name)) {                                                                   \
            errno = error;                                                                                             \
            return failed;                                                                                             \
        }                                                                                                              \
        return real arguments;                                                                                         \
    }

/* The mode of an open() that may make a file. */
#define TAKE_MODE                                                                                                      \
    mode_t mode = 0;                                                                                                   \
    if (flags & O_CREAT) {                                                                                             \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode = va_arg(arguments, mode_t);                                                                              \
        va_end(arguments);                                                                                             \
    }

#define WRAP_OPEN(name)                                                                                                \
    PUBLIC int name(const char *path, int flags, ...) {                                                                \
        TAKE_MODE                                                                                                      \
        REAL(name);                                                                                                    \
        if (falls(IO, #name)) {                                                                                        \
            errno = fault_number(flags & O_CREAT ? ENOSPC : EIO);                                                      \
            return -1;                                                                                                 \
        }                                                                                                              \
        return real(path, flags, mode);                                                                                \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_OPENAT(name)                                                                                              \
    PUBLIC int name(int folder, const char *path, int flags, ...) {                                                    \
        TAKE_MODE                                                                                                      \
        REAL(name);                                                                                                    \
        if (falls(IO, #name)) {                                                                                        \
            errno = fault_number(flags & O_CREAT ? ENOSPC : EIO);                                                      \
            return -1;                                                                                                 \
        }                                                                                                              \
        return real(folder, path, flags, mode);                                                                        \
    }
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

WRAP(ssize_t, read, (int file, void *bytes, size_t size), (file, bytes, size), -1, EIO)
WRAP(ssize_t, pread, (int file, void *bytes, size_t size, off_t at), (file, bytes, size, at), -1, EIO)
WRAP(ssize_t, write, (int file, const void *bytes, size_t size), (file, bytes, size), -1, ENOSPC)
WRAP(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at), -1, ENOSPC)
WRAP(int, fsync, (int file), (file), -1, EIO)
WRAP(int, fdatasync, (int file), (file), -1, EIO)
WRAP(int, ftruncate, (int file, off_t size), (file, size), -1, EIO)
WRAP(int, flock, (int file, int operation), (file, operation), -1, ENOLCK)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1, EIO)
WRAP(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), -1, EIO)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, ENOSPC)
WRAP(int, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), -1, ENOSPC)
WRAP(int, unlink, (const char *path), (path), -1, EIO)
WRAP(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags), -1, EIO)
WRAP(int, rmdir, (const char *path), (path), -1, EIO)
WRAP(int, access, (const char *path, int mode), (path, mode), -1, EIO)
WRAP(int, faccessat, (int folder, const char *path, int mode, int flags), (folder, path, mode, flags), -1, EIO)
WRAP(int, stat, (const char *path, struct stat *about), (path, about), -1, EIO)
WRAP(int, lstat, (const char *path, struct stat *about), (path, about), -1, EIO)
WRAP(int, fstat, (int file, struct stat *about), (file, about), -1, EIO)
WRAP(int, fstatat, (int folder, const char *path, struct stat *about, int flags), (folder, path, about, flags), -1, EIO)
WRAP_STEADY(int, fflush, (FILE * stream), (stream), EOF, ENOSPC)
WRAP_STEADY(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EIO)

WRAP_STEADY(DIR *, fdopendir, (int file), (file), NULL, EIO)
WRAP_STEADY(struct dirent *, readdir, (DIR * folder), (folder), NULL, EIO)

/* posix_fallocate() answers the number itself. */
PUBLIC int posix_fallocate(int file, off_t at, off_t size) {
    REAL(posix_fallocate);
    return falls(IO, "posix_fallocate") ? fault_number(ENOSPC) : real(file, at, size);
}

/* close() has closed whatever it answers. */
PUBLIC int close(int file) {
    REAL(close);
    int result = real(file);
    if (!falls(IO, "close")) return result;
    errno = fault_number(EIO);
    return -1;
}
PUBLIC int fclose(FILE *stream) {
    REAL(fclose);
    int result = real(stream);
    if (kind == INTERRUPT || !falls(IO, "fclose")) return result;
    errno = EIO;
    return EOF;
}
