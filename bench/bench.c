/* SPDX-License-Identifier: MIT */
/* The driver of `make bench`: runs the sections that were asked for and writes the report. See README.md. */
#include "base/cpu.h"
#include "base/files.h"
#include "base/folders.h"
#include "kernels/kernels.h"
#include "sections.h"

#include <getopt.h>
#include <ocellus/version.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#ifdef __clang__
static const char compiler[] = "clang " __clang_version__;
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

static struct text report;

void say(const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    fputs(line, stdout);
    fflush(stdout);
    text_append(&report, "%s", line);
}

static const char usage[] =
    "usage: bench_driver [--sections \"NAME NAME ...\"] [--isa native|avx2] [--pairs N] [--threads N]\n"
    "                    [--batch N] [--turn SECONDS] [--output FILE]\n"
    "sections: simcnn-train simcnn-infer layers depthwise resnet-train resnet-infer predict (default: all)\n"
    "--batch is that of ResNet50's training and of the layers; --turn how long a contender runs at a time\n";

struct options {
    const char *sections, *output; /* NULL: all; NULL: a name under results/ */
};

static bool to_count(const char *text, size_t most, size_t *out) {
    uint64_t number;
    if (!text_to_unsigned(text, &number) || number < 1 || number > most) return false;
    *out = (size_t)number;
    return true;
}

static bool parse(int argc, char **argv, struct settings *settings, struct options *options) {
    static const struct option names[] = {
        {"sections", required_argument, NULL, 's'}, {"isa", required_argument, NULL, 'i'},
        {"pairs", required_argument, NULL, 'p'},    {"threads", required_argument, NULL, 't'},
        {"batch", required_argument, NULL, 'b'},    {"turn", required_argument, NULL, 'u'},
        {"output", required_argument, NULL, 'o'},   {0}};
    int option;
    bool good = true;
    while (good && (option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case 's':
            options->sections = *optarg ? optarg : NULL;
            break;
        case 'i':
            settings->isa = optarg;
            good = strcmp(optarg, "native") == 0 || strcmp(optarg, "avx2") == 0;
            break;
        case 'p':
            good = to_count(optarg, CONTEST_PAIRS, &settings->pairs);
            break;
        case 't':
            good = to_count(optarg, 256, &settings->threads);
            break;
        case 'b':
            good = to_count(optarg, 1024, &settings->batch);
            break;
        case 'u':
            good = text_to_real(optarg, &settings->turn) && settings->turn > 0;
            break;
        case 'o':
            options->output = optarg;
            break;
        default:
            good = false;
        }
    }
    return good && optind == argc;
}

/* Whether a word of the list is the name; a NULL list holds all. */
static bool is_wanted(const char *list, const char *name) {
    if (!list) return true;
    size_t size = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += size) {
        bool begins = at == list || at[-1] == ' ', ends = at[size] == ' ' || at[size] == '\0';
        if (begins && ends) return true;
    }
    return false;
}

static bool sections_exist(const char *list) {
    while (list && *list) {
        size_t size = strcspn(list, " ");
        bool found = size == 0;
        for (size_t i = 0; i < section_count; i++)
            found = found || (strlen(sections[i].name) == size && strncmp(sections[i].name, list, size) == 0);
        if (!found) return false;
        list += size + (list[size] == ' ');
    }
    return true;
}

/* Everybody's instruction set, and their threads. What is set here reaches every contender. */
static void set_environment(const struct settings *settings) {
    char threads[24];
    snprintf(threads, sizeof threads, "%zu", settings->threads);
    setenv("OMP_NUM_THREADS", threads, 1);
    if (strcmp(settings->isa, "avx2") != 0) return;
    setenv("OCELLUS_CPU", "avx2", 1);
    setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
    setenv("DNNL_MAX_CPU_ISA", "AVX2", 1);
    setenv("ATEN_CPU_CAPABILITY", "avx2", 1);
    setenv("OPENBLAS_CORETYPE", "Haswell", 1);
}

static void say_head(const struct settings *settings, int argc, char **argv) {
    char date[32], load[64] = "?";
    time_t now = time(NULL);
    struct tm utc;
    struct utsname system;
    strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
    FILE *file = fopen("/proc/loadavg", "r");
    if (file && fgets(load, sizeof load, file)) load[strcspn(load, " ")] = '\0';
    if (file) fclose(file);
    say("# Bench: %s, %s\n\n", settings->row, date);
    say("- processor: %s, %zu of %zu threads\n", cpu_name(), settings->threads, threads_available());
    if (uname(&system) == 0)
        say("- system: %s %s %s; load before the start: %s\n", system.sysname, system.release, system.machine, load);
    say("- Ocellus %s, kernels %s, built by %s\n", OCELLUS_VERSION, settings->row, compiler);
    say("- FMA peak of these threads now: %.0f GFLOP/s\n", machine_peak(settings));
    say("- command:");
    for (int i = 0; i < argc; i++)
        say(strchr(argv[i], ' ') ? " \"%s\"" : " %s", i ? argv[i] : path_base_name(argv[i]));
    say("\n\nContenders alternate in one run; medians of %zu rounds. Ratio: our speed over theirs, round by round. "
        "Peak: share\n"
        "of the FMA peak measured in the same round.\n",
        settings->pairs);
    if (strcmp(settings->isa, "avx2") == 0)
        say("All contenders are held to AVX2, but for ONNX Runtime, which has no switch for it.\n");
}

static ocellus_status write_report(const struct settings *settings, const struct options *options) {
    char path[FILE_PATH_SIZE], date[16], chosen[128] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (report.failed) return fail(OCELLUS_IO, "no memory for the report");
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &utc));
    if (options->sections) snprintf(chosen, sizeof chosen, "-%s", options->sections);
    for (char *at = chosen; *at; at++)
        if (*at == ' ') *at = '+';
    snprintf(path, sizeof path, "%s/bench-%s-%s%s.md", BENCH_RESULTS, settings->row, date, chosen);
    const char *target = options->output ? options->output : path;
    if (!options->output) TRY(folder_make(BENCH_RESULTS));
    TRY(file_write(target, report.bytes, report.size));
    fprintf(stderr, "written: %s\n", target);
    return OCELLUS_OK;
}

/* A section that fails is said and does not stop the others. */
static ocellus_status run_sections(const struct settings *settings, const struct options *options) {
    ocellus_status answer = OCELLUS_OK;
    for (size_t i = 0; i < section_count; i++) {
        if (!is_wanted(options->sections, sections[i].name)) continue;
        say("\n## %s\n\n", sections[i].title);
        ocellus_status status = sections[i].run(settings);
        if (status == OCELLUS_OK) continue;
        answer = status;
        say("\nNot complete: %s\n", status_message());
    }
    return answer;
}

static ocellus_status run(struct settings *settings, const struct options *options, int argc, char **argv) {
    const char *why = NULL;
    set_environment(settings);
    const struct kernels *row = kernels_select(&why);
    if (!row) return fail(OCELLUS_USAGE, "%s", why);
    settings->row = row->name;
    TRY(thread_pool_create(settings->threads, &settings->pool));
    say_head(settings, argc, argv);
    ocellus_status status = run_sections(settings, options), written = write_report(settings, options);
    thread_pool_destroy(settings->pool);
    return written != OCELLUS_OK ? written : status;
}

int main(int argc, char **argv) {
    struct settings settings = {.pairs = 5, .threads = threads_available(), .batch = 32, .turn = 0.7, .isa = "native"};
    struct options options = {0};
    signal(SIGPIPE, SIG_IGN);
    if (!parse(argc, argv, &settings, &options) || !sections_exist(options.sections)) {
        fputs(usage, stderr);
        return OCELLUS_USAGE;
    }
    ocellus_status status = run(&settings, &options, argc, argv);
    if (status != OCELLUS_OK) fprintf(stderr, "bench: error: %s\n", status_message());
    text_free(&report);
    return (int)status;
}
