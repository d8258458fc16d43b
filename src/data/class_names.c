/* SPDX-License-Identifier: MIT */
#include "data/class_names.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_LIMIT = 16 * 1024 };

ocellus_status class_names_create(size_t room, struct class_names *names) {
    *names = (struct class_names){.of = memory_allocate(room, CLASS_NAME_SIZE), .room = room};
    return names->of ? OCELLUS_OK : OCELLUS_IO;
}

void class_names_free(struct class_names *names) {
    memory_free(names->of);
    *names = (struct class_names){0};
}

/* Text that a line of a terminal, a table and a page can show as it is. */
static bool is_plain(const char *name) {
    char shown[4 * CLASS_NAME_SIZE];
    utf8_escape(name, shown, sizeof shown);
    return strcmp(shown, name) == 0;
}

static bool is_known(const struct class_names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->of[i], name) == 0) return true;
    return false;
}

/* Takes the lines of the file; false, and what is wrong with them. */
static bool take_lines(char *text, struct class_names *names, char wrong[64]) {
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t size = strlen(line);
        const char *fault = NULL;
        while (size > 0 && strchr(" \t\r", line[size - 1]))
            line[--size] = '\0';
        if (size == 0 && (!rest || rest[strspn(rest, " \t\r\n")] == '\0')) break; /* only empty lines are left */
        if (size == 0) fault = "an empty name";
        else if (size >= CLASS_NAME_SIZE) fault = "a name of more than 64 bytes";
        else if (!is_plain(line)) fault = "a name that is not plain UTF-8 text";
        else if (is_known(names, line)) fault = "a name given twice";
        if (fault) snprintf(wrong, 64, "%s", fault);
        else if (names->count == names->room) snprintf(wrong, 64, "more than %zu names", names->room);
        else memcpy(names->of[names->count++], line, size + 1);
        if (*wrong) return false;
    }
    if (names->count == 0) snprintf(wrong, 64, "no name");
    return names->count > 0;
}

ocellus_status class_names_read(struct class_names *names, const char *folder, const char *file, size_t used) {
    char path[FILE_PATH_SIZE], wrong[64] = "";
    unsigned char *bytes = NULL;
    size_t size = 0;
    enum path_kind kind;
    names->count = 0;
    TRY(path_join(path, folder, file));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    TRY(file_read(path, NAMES_LIMIT, &bytes, &size));
    bool good = strlen((const char *)bytes) == size;
    if (!good) snprintf(wrong, sizeof wrong, "a zero byte");
    else good = take_lines((char *)bytes, names, wrong);
    free(bytes);
    if (good && names->count < used) {
        good = false;
        snprintf(wrong, sizeof wrong, "fewer names than classes with images");
    }
    if (good) return OCELLUS_OK;
    names->count = 0;
    log_info("%s: %s; the classes are called by their numbers", path, wrong); /* no warning: a library is silent */
    return OCELLUS_OK;
}

/* A name that is itself a number of another class would make two of one. */
void class_names_number(struct class_names *names, size_t classes) {
    const struct class_names named = *names;
    for (; names->count < classes; names->count++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", names->count);
        snprintf(names->of[names->count], CLASS_NAME_SIZE, is_known(&named, number) ? "class %s" : "%s", number);
    }
}

size_t class_names_used(const struct source *source) {
    size_t used = 0;
    for (size_t i = 0; i < source->count; i++)
        if (source_label(source, i) >= used) used = source_label(source, i) + 1;
    return used;
}

ocellus_status class_names_set(const struct class_names *names, struct source *source) {
    const char **of = memory_allocate(names->count, sizeof *of);
    if (!of) return OCELLUS_IO;
    for (size_t i = 0; i < names->count; i++)
        of[i] = names->of[i];
    source->classes = names->count;
    const ocellus_status status = source_set_class_names(source, of);
    memory_free((void *)of);
    return status;
}

void data_name_after_folder(const char *folder, const char *layout, char name[SOURCE_NAME_SIZE]) {
    char shown[80], *real = realpath(folder, NULL);
    utf8_escape(path_base_name(real ? real : folder), shown, sizeof shown);
    snprintf(name, SOURCE_NAME_SIZE, "%s (%s)", *shown ? shown : "data", layout);
    free(real);
}

ocellus_status class_names_give(const char *folder, const char *file, const char *layout, size_t least, size_t most,
                                struct data_parts *parts) {
    struct class_names names;
    struct source *const sources[] = {parts->train, parts->test};
    size_t used = 0;
    TRY(class_names_create(most, &names));
    for (size_t i = 0; i < 2 && sources[i]; i++)
        used = class_names_used(sources[i]) > used ? class_names_used(sources[i]) : used;
    ocellus_status status = class_names_read(&names, folder, file, used);
    class_names_number(&names, used > least ? used : least);
    for (size_t i = 0; i < 2 && sources[i] && status == OCELLUS_OK; i++) {
        data_name_after_folder(folder, layout, sources[i]->name);
        status = class_names_set(&names, sources[i]);
    }
    class_names_free(&names);
    return status;
}
