/* SPDX-License-Identifier: MIT */
/* For tests: a locale whose decimal point is a comma. */
#ifndef TESTS_UNIT_FOREIGN_LOCALE_H
#define TESTS_UNIT_FOREIGN_LOCALE_H

#include "base/files.h"
#include "base/folders.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char foreign_locale_folder[FILE_PATH_SIZE];

/* Sets the program's locale to a German one, compiled with localedef in a temporary folder where the system has none
 * installed. False when there is neither. */
static inline bool foreign_locale_enter(void) {
    if (setlocale(LC_ALL, "de_DE.UTF-8") || setlocale(LC_ALL, "de_DE.utf8")) return true;
    char command[2 * FILE_PATH_SIZE];
    snprintf(foreign_locale_folder, sizeof foreign_locale_folder, "/tmp/ocellus-locale-XXXXXX");
    if (!mkdtemp(foreign_locale_folder)) return false;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             foreign_locale_folder);
    if (system(command) == 0 && setenv("LOCPATH", foreign_locale_folder, 1) == 0 && setlocale(LC_ALL, "de_DE.UTF-8"))
        return true;
    folder_remove(foreign_locale_folder);
    return false;
}

static inline void foreign_locale_leave(void) {
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    if (*foreign_locale_folder) folder_remove(foreign_locale_folder);
    *foreign_locale_folder = '\0';
}

#endif
