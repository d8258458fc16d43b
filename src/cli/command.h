/* SPDX-License-Identifier: MIT */
/* What the verbs share: the table of a verb's flags, which serves parsing, --help and suggestions alike; and how
 * results are printed. One file per verb beside this one. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/json.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_SWITCH, /* bool: true when given */
    OPTION_TEXT,   /* const char * */
    OPTION_COUNT,  /* size_t, a whole number of at least 1 */
    OPTION_NUMBER, /* size_t, a whole number of at least 0 */
    OPTION_REAL,   /* double */
    OPTION_SETTING /* struct settings: the flag's name and text are kept for the recipe */
};

struct option {
    const char *name;  /* without the dashes; NULL ends a table */
    const char *value; /* what --help calls the value; NULL for a switch */
    const char *help;
    enum option_kind kind;
    void *target;
};

/* Flags that set recipe keys, in the order given. Fixed room: a key needs to be given once. */
enum { SETTINGS_MOST = 64 };
struct settings {
    struct setting {
        const char *flag, *value;
    } items[SETTINGS_MOST];
    size_t count;
};

struct command {
    const char *name;      /* "data show" */
    const char *arguments; /* "RUN|FILE IMAGE..." or "" */
    const char *summary;   /* one sentence */
    const char *details;   /* what --help says after the flags, paragraphs parted by empty lines; NULL for nothing */
    void (*append_lists)(struct text *out); /* more of it, made from tables; NULL for nothing */
    size_t minimum, maximum;                /* how many words beside the flags; SIZE_MAX for any number */
};

/* Words beside the flags: argv's own, moved to its front. */
struct words {
    char **items;
    size_t count;
};

/* Reads argv[1..argc): flags of `options` and the common ones (--quiet, --verbose, --help). A fault is OCELLUS_USAGE with
 * a suggestion. --help prints and ends the program. */
ocellus_status command_parse(const struct command *command, const struct option *options, int argc, char **argv,
                             struct words *words);

/* `value`, or NULL (and it released) when not all that belongs into it could be set: memory ran out. Made so that NULL
 * travels up to command_print_json(). */
json_value *command_json_whole(json_value *value, bool whole);
/* Prints a JSON document and releases it; NULL (no memory) fails. */
ocellus_status command_print_json(json_value *root);
/* Prints one line, escaped: a path. */
ocellus_status command_print_line(const char *line);
/* Prints what was gathered and frees it. Whatever could do something to a terminal is escaped, but for line breaks: a
 * string from a file that may hold those goes in by text_append_escaped() or text_append_cell(). */
ocellus_status command_print_text(struct text *text);

/* Ends the program: prints the kept message of a failure as one line, or finds that stdout could not be written. */
_Noreturn void command_exit(ocellus_status status);

#endif
