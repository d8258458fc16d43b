/* SPDX-License-Identifier: MIT */
/* What data in CIFAR-10's layout is called. The layout says nothing about what the images show: only the published images are
 * CIFAR-10, known by their hash. */
#include "data/cifar10_names.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const published_names[CIFAR10_CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                             "dog",      "frog",       "horse", "ship", "truck"};

enum { NAMES_LIMIT = 16 * 1024, NAME_SIZE = 65 };

/* Names of classes; "" where there is none. */
struct names {
    char of[CIFAR10_CLASSES][NAME_SIZE];
    size_t count;
};

static ocellus_status set_names(struct source *source, const struct names *names) {
    const char *of[CIFAR10_CLASSES];
    for (size_t i = 0; i < CIFAR10_CLASSES; i++)
        of[i] = names->of[i];
    return source_set_class_names(source, of);
}

/* Text that a line of a terminal, a table and a page can show as it is. */
static bool is_plain(const char *name) {
    char shown[4 * NAME_SIZE];
    utf8_escape(name, shown, sizeof shown);
    return strcmp(shown, name) == 0;
}

static bool is_known(const struct names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->of[i], name) == 0) return true;
    return false;
}

/* Takes the lines of the file; what is wrong with them, or NULL. */
static const char *take_lines(char *text, struct names *names) {
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t size = strlen(line);
        while (size > 0 && strchr(" \t\r", line[size - 1]))
            line[--size] = '\0';
        if (size == 0 && (!rest || rest[strspn(rest, " \t\r\n")] == '\0')) break; /* only empty lines are left */
        if (size == 0) return "an empty name";
        if (names->count == CIFAR10_CLASSES) return "more than 10 names";
        if (size >= NAME_SIZE) return "a name of more than 64 bytes";
        if (!is_plain(line)) return "a name that is not plain UTF-8 text";
        if (is_known(names, line)) return "a name given twice";
        memcpy(names->of[names->count++], line, size + 1);
    }
    return names->count > 0 ? NULL : "no name";
}

static size_t classes_used(const struct source *source) {
    size_t used = 0;
    for (size_t i = 0; i < source->count; i++)
        if (source_label(source, i) >= used) used = source_label(source, i) + 1;
    return used;
}

/* The names in the folder's batches.meta.txt, when it is there and sound. */
static ocellus_status read_names(const char *folder, size_t used, struct names *names) {
    char path[FILE_PATH_SIZE];
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(path_join(path, folder, "batches.meta.txt"));
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    TRY(file_read(path, NAMES_LIMIT, &bytes, &size));
    const char *wrong = strlen((const char *)bytes) == size ? take_lines((char *)bytes, names) : "a zero byte";
    free(bytes);
    if (!wrong && names->count < used) wrong = "fewer names than classes with images";
    if (!wrong) return OCELLUS_OK;
    *names = (struct names){.count = 0};
    log_info("%s: %s; the classes are called by their numbers", path, wrong); /* no warning: a library is silent */
    return OCELLUS_OK;
}

/* A class without a name is called by its number. A name that is itself a number of another class would make two of one. */
static void number_the_rest(struct names *names) {
    size_t named = names->count;
    for (size_t i = named; i < CIFAR10_CLASSES; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        snprintf(names->of[i], NAME_SIZE, is_known(names, number) ? "class %s" : "%s", number);
    }
}

/* The folder as a word for people: its own name, not the way to it. */
static void name_after_folder(const char *folder, char name[SOURCE_NAME_SIZE]) {
    char shown[80], *real = realpath(folder, NULL);
    utf8_escape(path_base_name(real ? real : folder), shown, sizeof shown);
    snprintf(name, SOURCE_NAME_SIZE, "%s (CIFAR-10's layout)", *shown ? shown : "data");
    free(real);
}

ocellus_status cifar10_name(const char *folder, bool published, struct source *train, struct source *test) {
    struct names names = {.count = 0};
    char name[SOURCE_NAME_SIZE] = CIFAR10_NAME;
    if (published) {
        for (size_t i = 0; i < CIFAR10_CLASSES; i++)
            snprintf(names.of[i], NAME_SIZE, "%s", published_names[i]);
    } else {
        size_t used = classes_used(train), used_by_test = classes_used(test);
        TRY(read_names(folder, used > used_by_test ? used : used_by_test, &names));
        number_the_rest(&names);
        name_after_folder(folder, name);
    }
    memcpy(train->name, name, sizeof name);
    memcpy(test->name, name, sizeof name);
    TRY(set_names(train, &names));
    return set_names(test, &names);
}
