/* SPDX-License-Identifier: MIT */
/* What goes to stderr as a pipe and as a terminal, and to the copy. */
#include "base/folders.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/text_layout.h"
#include "temporary.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs `work` in a child whose stderr is the given file, and closes it here. */
static void run_with_stderr(int stderr_file, void (*work)(void)) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(stderr_file, STDERR_FILENO);
        work();
        fflush(stderr);
        _exit(0);
    }
    close(stderr_file);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

static char output[1 << 16];

static void read_output(int file) {
    size_t used = 0;
    ssize_t got;
    while (used < sizeof output - 1 && (got = read(file, output + used, sizeof output - 1 - used)) > 0)
        used += (size_t)got;
    output[used] = '\0';
    close(file);
}

static const char *piped(void (*work)(void)) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    run_with_stderr(ends[1], work);
    read_output(ends[0]);
    return output;
}

/* On a pseudo-terminal; its "\r\n" are made "\n" again. NULL when the system has none. */
static const char *on_terminal(unsigned short columns, void (*work)(void)) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return NULL;
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (terminal < 0) return NULL;
    struct winsize window = {.ws_row = 24, .ws_col = columns};
    ioctl(terminal, TIOCSWINSZ, &window);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    run_with_stderr(terminal, work);
    read_output(master);
    char *to = output;
    for (char *from = output; *from; from++)
        if (!(from[0] == '\r' && from[1] == '\n')) *to++ = *from;
    *to = '\0';
    return output;
}

static void write_three(void) {
    log_detail("detail %d", 1);
    log_info("info %d", 2);
    log_warning("warning %d", 3);
}
static void write_three_quiet(void) {
    log_set_level(LOG_QUIET);
    write_three();
}
static void write_three_verbose(void) {
    log_set_level(LOG_VERBOSE);
    write_three();
}

static enum log_level level_at_start;
static int be_the_program(void **state) {
    (void)state;
    level_at_start = log_get_level();
    log_set_level(LOG_NORMAL);
    return 0;
}

static void test_levels(void **state) {
    (void)state;
    assert_int_equal(level_at_start, LOG_QUIET); /* a library is silent */
    assert_string_equal(piped(write_three), "info 2\nocellus: warning: warning 3\n");
    assert_string_equal(piped(write_three_quiet), "ocellus: warning: warning 3\n");
    assert_string_equal(piped(write_three_verbose), "detail 1\ninfo 2\nocellus: warning: warning 3\n");
}

static void write_nasty(void) {
    char longest[10000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    log_info("%s", "a\x1b[2Jb\nc\xFF");
    log_info("%s", longest);
}

static void test_lines_are_safe(void **state) {
    (void)state;
    const char *text = piped(write_nasty);
    assert_ptr_equal(strstr(text, "a\\x1b[2Jb\\x0ac\\xff\nxxx"), text);
    assert_int_equal(strspn(strchr(text, '\n') + 1, "x"), 8191);
}

static const char *copy_path;
static void write_copied(void) {
    log_info("before");
    log_set_file(copy_path);
    write_three();
    log_set_level(LOG_QUIET);
    log_info("quiet");
    log_set_level(LOG_VERBOSE);
    log_detail("asked for");
    log_set_file(NULL);
    log_info("after");
}

static void test_copy_is_appended(void **state) {
    copy_path = temporary_path(*state, "train.log");
    temporary_file(copy_path, "old\n");
    assert_string_equal(piped(write_copied), "before\ninfo 2\nocellus: warning: warning 3\nasked for\nafter\n");
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read(copy_path, 1000, &bytes, &size), OCELLUS_OK);
    assert_string_equal((char *)bytes, "old\ninfo 2\nocellus: warning: warning 3\nquiet\nasked for\n");
    free(bytes);
}

static void write_to_no_copy(void) {
    log_set_file(copy_path);
    log_info("one");
    log_info("two");
}

/* A file that may not grow stands for a full disk. */
static void write_to_full_copy(void) {
    struct rlimit none = {0}, before;
    log_set_file(copy_path);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    none.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &none);
    log_info("one");
    setrlimit(RLIMIT_FSIZE, &before);
    log_info("two");
}

static void test_copy_that_cannot_be_written(void **state) {
    copy_path = temporary_path(*state, "none/train.log");
    const char *text = piped(write_to_no_copy);
    assert_non_null(strstr(text, "ocellus: warning: "));
    assert_non_null(strstr(text, "cannot be written: No such file or directory\none\ntwo\n"));
    copy_path = temporary_path(*state, "train.log");
    text = piped(write_to_full_copy);
    assert_non_null(strstr(text, "ocellus: warning: "));
    assert_non_null(strstr(text, "train.log: cannot be written: File too large\ntwo\n"));
    copy_path = "/dev/full"; /* devices are nobody's log */
    text = piped(write_to_no_copy);
    assert_non_null(strstr(text, "/dev/full: is a device or pipe"));
    assert_non_null(strstr(text, "\none\ntwo\n"));
}

/* A log that came with a run folder may be another file's second name. */
static void test_copy_of_another_name(void **state) {
    const char *other = temporary_path(*state, "other");
    char kept[FILE_PATH_SIZE];
    snprintf(kept, sizeof kept, "%s", other);
    temporary_file(kept, "precious\n");
    for (int hard = 0; hard < 2; hard++) {
        copy_path = temporary_path(*state, hard ? "hard.log" : "soft.log");
        assert_int_equal(hard ? link(kept, copy_path) : symlink(kept, copy_path), 0);
        assert_non_null(strstr(piped(write_to_no_copy), "ocellus: warning: "));
    }
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read(kept, 1000, &bytes, &size), OCELLUS_OK);
    assert_string_equal((char *)bytes, "precious\n");
    free(bytes);
}

static void wait_a_tenth(void) {
    nanosleep(&(struct timespec){.tv_nsec = 110000000}, NULL);
}

static void show_progress(void) {
    struct progress progress;
    progress_begin(&progress, "unpacking a\x1b.png", "B", 50000000);
    for (int i = 0; i < 1000; i++)
        progress_update(&progress, 12500000); /* too soon to be drawn */
    wait_a_tenth();
    progress_update(&progress, 12500000);
    log_info("a line between");
    wait_a_tenth();
    progress_update(&progress, 60000000); /* more than was announced */
    progress_end(&progress, 50000000);
}

static void show_progress_quiet(void) {
    log_set_level(LOG_QUIET);
    show_progress();
}

static void show_plain_line_every_15_seconds(void) {
    struct progress progress;
    progress_begin(&progress, "training", "images", 1000);
    progress.started -= 20;
    progress.drawn -= 20;
    progress_update(&progress, 250);
    progress_update(&progress, 300);
    progress_end(&progress, 999);
    progress_begin(&progress, "counting", "images", 0);
    progress.started -= 100;
    progress.drawn -= 100;
    progress_update(&progress, 1500);
    progress_end(&progress, 1500);
}

static void test_progress_in_a_pipe(void **state) {
    (void)state;
    assert_string_equal(piped(show_progress),
                        "unpacking a\\x1b.png ...\na line between\nunpacking a\\x1b.png: 50.0 MB in 0:00\n");
    assert_string_equal(piped(show_progress_quiet), "");
    assert_string_equal(piped(show_plain_line_every_15_seconds),
                        "training ...\n"
                        "training: 25%, 250 of 1,000 images, 12 images/s, 1:00 left\n"
                        "training: 999 of 1,000 images in 0:20\n"
                        "counting ...\n"
                        "counting: 1,500 images, 15 images/s, 1:40 so far\n"
                        "counting: 1,500 images in 1:40\n");
}

static void test_progress_on_a_terminal(void **state) {
    (void)state;
    setenv("LC_ALL", "C", 1);
    const char *text = on_terminal(100, show_progress);
    if (!text) skip();
    assert_ptr_equal(strstr(text, "\runpacking a\\x1b.png ..."), text);
    assert_non_null(strstr(text, "\runpacking a\\x1b.png =======......................."));
    assert_non_null(strstr(text, " 25% 12.5 of 50.0 MB, "));
    assert_non_null(strstr(text, " left\033[K\r\033[Ka line between\n\r")); /* the bar gives way, and comes back */
    assert_non_null(strstr(text, "=============================="));
    assert_non_null(strstr(text, "100% 60.0 of 50.0 MB, "));
    assert_non_null(strstr(text, "\r\033[Kunpacking a\\x1b.png: 50.0 MB in 0:00\n"));
    size_t bars = 0;
    for (const char *at = text; (at = strstr(at, "\033[K")); at++)
        bars++;
    assert_int_equal(bars, 5); /* three drawn, two removed */
    setenv("LC_ALL", "C.UTF-8", 1);
    text = on_terminal(100, show_progress);
    assert_non_null(strstr(text, "\xE2\x94\x81\xE2\x94\x81\xE2\x94\x80\xE2\x94\x80"));
    assert_null(strchr(text, '='));
}

static void test_bar_fits_any_width(void **state) {
    (void)state;
    setenv("LC_ALL", "C.UTF-8", 1);
    for (unsigned short columns = 1; columns < 130; columns = (unsigned short)(columns + 9)) {
        char *text = (char *)(uintptr_t)on_terminal(columns, show_progress);
        if (!text) skip();
        for (char *bar = strtok(text, "\r\n"); bar; bar = strtok(NULL, "\r\n")) {
            char *end = strstr(bar, "\033[K");
            if (!end || end == bar) continue;
            *end = '\0';
            assert_true(text_columns(bar) < columns);
        }
    }
}

static void say_terminal(void) {
    fprintf(stderr, "%d %d %d", log_is_terminal(), log_has_color(2), log_columns());
    setenv("NO_COLOR", "1", 1);
    fprintf(stderr, " %d", log_has_color(2));
    setenv("TERM", "dumb", 1);
    fprintf(stderr, " %d %d", log_is_terminal(), log_has_color(2));
}

static void test_terminal(void **state) {
    (void)state;
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    assert_string_equal(piped(say_terminal), "0 0 80 0 0 0");
    const char *text = on_terminal(123, say_terminal);
    if (!text) skip();
    assert_string_equal(text, "1 1 123 0 0 0");
}

static void test_clock(void **state) {
    (void)state;
    double before = clock_seconds();
    wait_a_tenth();
    double passed = clock_seconds() - before;
    assert_true(passed > 0.1 && passed < 10);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_lines_are_safe),
        IN_FOLDER(test_copy_is_appended),
        IN_FOLDER(test_copy_that_cannot_be_written),
        IN_FOLDER(test_copy_of_another_name),
        cmocka_unit_test(test_progress_in_a_pipe),
        cmocka_unit_test(test_progress_on_a_terminal),
        cmocka_unit_test(test_bar_fits_any_width),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, be_the_program, NULL);
}
