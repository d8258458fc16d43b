/* SPDX-License-Identifier: MIT */
/* For tests that share one new folder: group fixtures for cmocka_run_group_tests(). (temporary.h gives each test its own.) */
#ifndef TESTS_UNIT_GROUP_FOLDER_H
#define TESTS_UNIT_GROUP_FOLDER_H

#include "base/files.h"
#include "base/folders.h"

#include <stdlib.h>

static char folder[] = "/tmp/ocellus-test-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    return folder_remove(folder) != OCELLUS_OK;
}

#endif
