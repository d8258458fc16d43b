/* SPDX-License-Identifier: MIT */
/* The program: finds the verb and hands over. Verbs answer a status, which is the exit code. */
#include "cli/command.h"

#include "cli/verbs.h"

#include <fcntl.h>
#include <ocellus/version.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct verb {
    const char *name, *summary;
    ocellus_status (*run)(int argc, char **argv);
} verbs[] = {
    {"data", "fetch, show and check data sets: data fetch|show|check NAME", verb_data},
    {"summary", "show a network's layers and parameters", verb_summary},
    {"train", "train a network into a run folder", verb_train},
    {"evaluate", "judge a run on its images, or a file on the test images", verb_evaluate},
    {"predict", "classify image files", verb_predict},
    {"report", "write a run's report page", verb_report},
    {"reproduce", "the whole experiment: data, training, evaluation, report", verb_reproduce},
    {"runs", "list run folders", verb_runs},
    {"bench", "measure a network's speed on this machine", verb_bench},
    {"licences", "show the licences of the program and of what it uses", verb_licences},
    {"info", "show version, processor, kernels and threads", verb_info},
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void print_usage(FILE *stream) {
    fprintf(stream,
            "usage: ocellus VERB [FLAGS] [ARGUMENTS]\n\nOcellus trains, judges and ships CNN image classifiers.\n\n");
    for (size_t i = 0; i < VERBS; i++)
        fprintf(stream, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fprintf(stream, "\nocellus VERB --help says more; ocellus --version prints the version.\n");
}

static ocellus_status run(int argc, char **argv) {
    if (argc < 2) {
        print_usage(stderr);
        return fail(OCELLUS_USAGE, "a verb is missing (try: ocellus reproduce)");
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_usage(stdout);
        return OCELLUS_OK;
    }
    if (strcmp(word, "--version") == 0) {
        printf("ocellus %s\n", OCELLUS_VERSION);
        return OCELLUS_OK;
    }
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(word, verbs[i].name) == 0) return verbs[i].run(argc - 1, argv + 1);
        names[i] = verbs[i].name;
    }
    const char *nearest = text_nearest(word, names, VERBS);
    if (nearest) return fail(OCELLUS_USAGE, "unknown verb '%s' (did you mean '%s'?)", word, nearest);
    return fail(OCELLUS_USAGE, "unknown verb '%s' (see ocellus --help)", word);
}

/* Otherwise the first files that are opened get these numbers, and what is printed lands in them. */
static void fill_standard_streams(void) {
    int file = 0;
    while (file >= 0 && file <= STDERR_FILENO)
        file = open("/dev/null", O_RDWR);
    if (file > STDERR_FILENO) close(file);
}

int main(int argc, char **argv) {
    fill_standard_streams();
    command_exit(run(argc, argv));
}
