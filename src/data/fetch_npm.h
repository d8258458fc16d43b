/* SPDX-License-Identifier: MIT */
/* The npm mirror, used inside this folder only; not in a build without OCELLUS_FETCH. */
#ifndef DATA_FETCH_NPM_H
#define DATA_FETCH_NPM_H

#include "base/folders.h"

/* Runs npm to put a package's tarball into `folder` and stores its path. OCELLUS_IO without npm or network. */
ocellus_status fetch_npm(const char *package, const char *version, const char *folder, char tarball[FILE_PATH_SIZE]);

#endif
