/* SPDX-License-Identifier: MIT */
/* Recipes from INI, over inih, which is named here alone. */
#include "run/recipe_ini.h"

#include "base/c_locale.h"
#include "base/files.h"
#include "base/folders.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

enum { RECIPE_LINE_SIZE = RECIPE_TEXT_SIZE + 128, RECIPE_FILE_LIMIT = 64 * 1024 };

/* The library's defaults cut lines at 200 bytes, too short for a path, and read an indented key as more of the value above
 * it. What it takes for a blank is the locale's. */
static int parse_ini(ini_reader next_line, void *stream, ini_handler take_pair, void *context) {
    ini_max_line = RECIPE_LINE_SIZE;
    ini_allow_multiline = false;
    ini_stop_on_first_error = true;
    locale_t before = c_locale_enter();
    int bad_line = ini_parse_stream(next_line, stream, take_pair, context);
    c_locale_leave(before);
    return bad_line;
}

/* Reading: inih calls back for every "key = value" with the section it stands in. */
struct reading {
    const char *source;
    const char *rest; /* of the text */
    int line;         /* the one being read, from 1 */
    struct recipe recipe;
    int given[RECIPE_KEYS_MOST]; /* the line where a key was given; 0: not yet */
    ocellus_status status;
};

static bool section_known(const char *section) {
    for (size_t i = 0; i < recipe_key_count(); i++) {
        if (strcmp(recipe_key_at(i)->section, section) == 0) return true;
    }
    return false;
}

static const char *nearest_section(const char *section) {
    const char *names[RECIPE_KEYS_MOST];
    for (size_t i = 0; i < recipe_key_count(); i++)
        names[i] = recipe_key_at(i)->section;
    return text_nearest(section, names, recipe_key_count());
}

/* Looks in the section first, then for a slip of the section: the key as it stands under another one. */
static ocellus_status fail_unknown_key(const char *source, int line, const char *section, const char *name) {
    const char *names[RECIPE_KEYS_MOST];
    size_t count = 0;
    for (size_t i = 0; i < recipe_key_count(); i++) {
        if (strcmp(recipe_key_at(i)->section, section) == 0) names[count++] = recipe_key_at(i)->key;
        else if (strcmp(recipe_key_at(i)->key, name) == 0) {
            return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: unknown key; it belongs to [%s]", source, line, section, name,
                        recipe_key_at(i)->section);
        }
    }
    const char *nearest = text_nearest(name, names, count);
    if (!nearest) return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: unknown key", source, line, section, name);
    return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: unknown key; did you mean \"%s\"?", source, line, section, name,
                nearest);
}

static ocellus_status read_key(struct reading *reading, const char *section, const char *name, const char *value) {
    const char *source = reading->source;
    int line = reading->line;
    if (!section_known(section)) {
        const char *nearest = nearest_section(section);
        if (!*section) return fail(OCELLUS_USAGE, "%s:%d: %s: key before any section", source, line, name);
        return fail(OCELLUS_USAGE, "%s:%d: [%s]: unknown section%s%s%s", source, line, section,
                    nearest ? "; did you mean [" : "", nearest ? nearest : "", nearest ? "]?" : "");
    }
    for (size_t i = 0; i < recipe_key_count(); i++) {
        if (strcmp(recipe_key_at(i)->section, section) != 0 || strcmp(recipe_key_at(i)->key, name) != 0) continue;
        if (reading->given[i]) {
            return fail(OCELLUS_USAGE, "%s:%d: [%s] %s: key given twice (first in line %d)", source, line, section,
                        name, reading->given[i]);
        }
        reading->given[i] = line;
        char place[FILE_PATH_SIZE + 128];
        snprintf(place, sizeof place, "%s:%d: [%s] %s", source, line, section, name);
        return recipe_set(&reading->recipe, recipe_key_at(i), value, place);
    }
    return fail_unknown_key(source, line, section, name);
}

/* One line of the text, as fgets() would give it. */
static char *next_line(char *line, int size, void *stream) {
    struct reading *reading = stream;
    if (*reading->rest == '\0' || reading->status != OCELLUS_OK) return NULL;
    reading->line++;
    size_t length = strcspn(reading->rest, "\n");
    if (reading->rest[length] == '\n') length++;
    if (length >= (size_t)size) {
        reading->status = fail(OCELLUS_USAGE, "%s:%d: line is too long (expected at most %d bytes)", reading->source,
                               reading->line, size - 1);
        return NULL;
    }
    memcpy(line, reading->rest, length);
    line[length] = '\0';
    reading->rest += length;
    return line;
}

static int take_pair(void *context, const char *section, const char *name, const char *value) {
    struct reading *reading = context;
    reading->status = read_key(reading, section, name, value);
    return reading->status == OCELLUS_OK;
}

ocellus_status recipe_parse(const char *text, const char *source, struct recipe *recipe) {
    struct reading reading = {.source = source, .rest = text, .recipe = *recipe};
    int bad_line = parse_ini(next_line, &reading, take_pair, &reading);
    TRY(reading.status);
    if (bad_line < 0) return fail(OCELLUS_IO, "%s: no memory", source);
    if (bad_line > 0) return fail(OCELLUS_USAGE, "%s:%d: neither [section] nor key = value", source, bad_line);
    *recipe = reading.recipe;
    return OCELLUS_OK;
}

ocellus_status recipe_read(const char *path, struct recipe *recipe) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(file_read(path, RECIPE_FILE_LIMIT, &bytes, &size));
    ocellus_status status = strlen((const char *)bytes) == size
                                ? recipe_parse((const char *)bytes, path, recipe)
                                : fail(OCELLUS_USAGE, "%s: not a recipe (it holds a zero byte)", path);
    free(bytes);
    return status;
}
