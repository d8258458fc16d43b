/* SPDX-License-Identifier: MIT */
/* Parsing of a verb's arguments, its help, and the end of the program. */
#include "cli/command.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text_layout.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool quiet, verbose, help;

static const struct option common_options[] = {
    {"quiet", NULL, "only results and errors", OPTION_SWITCH, &quiet},
    {"verbose", NULL, "say more about what is done", OPTION_SWITCH, &verbose},
    {"help", NULL, "this text", OPTION_SWITCH, &help},
    {0},
};

enum { HELP_COLUMN = 35 }; /* where the text about a flag begins */

static void append_option(struct text *out, const struct option *option) {
    size_t column = out->size;
    text_append(out, "  --%s%s%s ", option->name, option->value ? " " : "", option->value ? option->value : "");
    if (out->failed) return;
    column = text_columns(out->bytes + column);
    if (column > HELP_COLUMN) text_append(out, "\n%*s", HELP_COLUMN, "");
    else text_append(out, "%*s", (int)(HELP_COLUMN - column), "");
    text_append_wrapped(out, option->help, HELP_COLUMN, HELP_COLUMN, TEXT_COLUMNS);
    text_append(out, "\n");
}

/* Paragraphs, parted by empty lines. */
static void append_paragraphs(struct text *out, const char *text) {
    while (*text) {
        const char *end = strstr(text, "\n\n");
        struct text paragraph = {0};
        text_append_bytes(&paragraph, text, end ? (size_t)(end - text) : strlen(text));
        text_append(out, "\n");
        if (!paragraph.failed) text_append_wrapped(out, paragraph.bytes, 0, 0, TEXT_COLUMNS);
        text_append(out, "\n");
        text_free(&paragraph);
        text = end ? end + 2 : "";
    }
}

static ocellus_status print_help(const struct command *command, const struct option *options) {
    struct text out = {0};
    text_append(&out, "usage: ocellus %s [FLAGS]%s%s\n", command->name, *command->arguments ? " " : "",
                command->arguments);
    append_paragraphs(&out, command->summary);
    text_append(&out, "\n");
    const struct option *option = options;
    for (; option->name && option->kind != OPTION_SETTING; option++)
        append_option(&out, option);
    for (const struct option *common = common_options; common->name; common++)
        append_option(&out, common);
    if (option->name)
        text_append(&out, "\nThe recipe, and its defaults; a --recipe file sets the same, and flags win:\n\n");
    for (; option->name; option++) /* settings stand last */
        append_option(&out, option);
    if (command->details) append_paragraphs(&out, command->details);
    struct text lists = {0};
    if (command->append_lists) command->append_lists(&lists);
    if (lists.bytes && !lists.failed) append_paragraphs(&out, lists.bytes);
    text_free(&lists);
    return command_print_text(&out);
}

static const struct option *find_option(const struct option *options, const char *name, size_t size) {
    for (const struct option *option = options; option->name; option++)
        if (strlen(option->name) == size && memcmp(option->name, name, size) == 0) return option;
    return NULL;
}

/* The nearest name of both tables; NULL when none is near, or without memory. */
static const char *nearest_option(const struct option *options, const char *name) {
    const struct option *const tables[] = {options, common_options};
    size_t count = 0, used = 0;
    for (size_t i = 0; i < 2; i++)
        for (const struct option *option = tables[i]; option->name; option++)
            count++;
    const char **names = memory_allocate(count, sizeof *names);
    for (size_t i = 0; names && i < 2; i++)
        for (const struct option *option = tables[i]; option->name; option++)
            names[used++] = option->name;
    const char *nearest = text_nearest(name, names, used);
    memory_free(names);
    return nearest;
}

static ocellus_status fail_unknown(const struct command *command, const struct option *options, const char *word,
                                   size_t name_size) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(name_size < sizeof name ? name_size : sizeof name - 1), word);
    const char *nearest = nearest_option(options, name);
    if (nearest) return fail(OCELLUS_USAGE, "%s: unknown flag --%s (did you mean --%s?)", command->name, name, nearest);
    return fail(OCELLUS_USAGE, "%s: unknown flag --%s (see ocellus %s --help)", command->name, name, command->name);
}

static ocellus_status set_option(const struct option *option, const char *value) {
    uint64_t number;
    switch (option->kind) {
    case OPTION_SWITCH:
        *(bool *)option->target = true;
        return OCELLUS_OK;
    case OPTION_TEXT:
        *(const char **)option->target = value;
        return OCELLUS_OK;
    case OPTION_COUNT:
    case OPTION_NUMBER:
        if (!text_to_unsigned(value, &number) || number > SIZE_MAX / 2 || (option->kind == OPTION_COUNT && number == 0))
            return fail(OCELLUS_USAGE, "--%s: expected a whole number of at least %d (got '%s')", option->name,
                        option->kind == OPTION_COUNT, value);
        *(size_t *)option->target = (size_t)number;
        return OCELLUS_OK;
    case OPTION_REAL:
        if (!text_to_real(value, option->target))
            return fail(OCELLUS_USAGE, "--%s: expected a number (got '%s')", option->name, value);
        return OCELLUS_OK;
    case OPTION_SETTING: {
        struct settings *settings = option->target;
        if (settings->count == SETTINGS_MOST) return fail(OCELLUS_USAGE, "--%s: too many flags", option->name);
        settings->items[settings->count++] = (struct setting){option->name, value};
        return OCELLUS_OK;
    }
    }
    return fail(OCELLUS_ERROR, "--%s: unknown kind of flag", option->name);
}

/* One flag at argv[*place], and its value there or in the next argument. */
static ocellus_status parse_flag(const struct command *command, const struct option *options, int argc, char **argv,
                                 int *place) {
    const char *word = argv[*place] + 2;
    size_t size = strcspn(word, "=");
    const struct option *option = find_option(options, word, size);
    if (!option) option = find_option(common_options, word, size);
    if (!option) return fail_unknown(command, options, word, size);
    const char *value = word[size] == '=' ? word + size + 1 : NULL;
    if (!option->value) {
        if (value) return fail(OCELLUS_USAGE, "--%s takes no value (got '%s')", option->name, value);
    } else if (!value) {
        if (*place + 1 >= argc)
            return fail(OCELLUS_USAGE, "--%s needs a value: --%s %s", option->name, option->name, option->value);
        value = argv[++*place];
    }
    return set_option(option, value);
}

ocellus_status command_parse(const struct command *command, const struct option *options, int argc, char **argv,
                             struct words *words) {
    size_t count = 0;
    bool flags_ended = false;
    for (int place = 1; place < argc; place++) {
        char *argument = argv[place];
        if (flags_ended || argument[0] != '-' || argument[1] == '\0') {
            argv[++count] = argument; /* never overtakes `place` */
        } else if (strcmp(argument, "--") == 0) {
            flags_ended = true;
        } else if (strcmp(argument, "-h") == 0) {
            help = true;
        } else if (argument[1] != '-') {
            return fail(OCELLUS_USAGE, "%s: unknown flag %s (flags are long: see ocellus %s --help)", command->name,
                        argument, command->name);
        } else {
            TRY(parse_flag(command, options, argc, argv, &place));
        }
    }
    if (help) { command_exit(print_help(command, options)); }
    if (quiet && verbose) return fail(OCELLUS_USAGE, "--quiet and --verbose exclude each other");
    log_set_level(quiet ? LOG_QUIET : verbose ? LOG_VERBOSE : LOG_NORMAL);
    *words = (struct words){argv + 1, count};
    if (count > command->maximum)
        return fail(OCELLUS_USAGE, "%s: unexpected argument '%s' (usage: ocellus %s [FLAGS]%s%s)", command->name,
                    argv[1 + command->maximum], command->name, *command->arguments ? " " : "", command->arguments);
    if (count < command->minimum)
        return fail(OCELLUS_USAGE, "%s: an argument is missing (usage: ocellus %s [FLAGS] %s)", command->name,
                    command->name, command->arguments);
    return OCELLUS_OK;
}

json_value *command_json_whole(json_value *value, bool whole) {
    if (whole) return value;
    json_release(value);
    return NULL;
}

ocellus_status command_print_json(json_value *root) {
    char *text = root ? json_write(root, 2) : NULL;
    json_release(root);
    if (!text) return fail(OCELLUS_IO, "not enough memory for the JSON output");
    puts(text);
    free(text);
    return OCELLUS_OK;
}

ocellus_status command_print_text(struct text *text) {
    struct text safe = {0};
    if (!text->failed && text->bytes) text_append_escaped_lines(&safe, text->bytes);
    bool failed = text->failed || safe.failed;
    if (!failed && safe.bytes) fwrite(safe.bytes, 1, safe.size, stdout);
    text_free(&safe);
    text_free(text);
    return failed ? fail(OCELLUS_IO, "not enough memory for the output") : OCELLUS_OK;
}

ocellus_status command_print_line(const char *line) {
    struct text text = {0};
    text_append_escaped(&text, line);
    text_append(&text, "\n");
    return command_print_text(&text);
}

_Noreturn void command_exit(ocellus_status status) {
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == OCELLUS_OK)
        status = fail_errno(errno ? errno : EIO, "standard output");
    if (status >= OCELLUS_STOPPED) log_notice("%s", status_message()); /* asked for, and saved: no error */
    else if (status != OCELLUS_OK) log_error("%s", status_message());
    exit((int)status);
}
