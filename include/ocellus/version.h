/* SPDX-License-Identifier: MIT */
/* The version that this header belongs to; the build reads it here. ocellus_version() is that of the library at run time. */
#ifndef OCELLUS_VERSION_H
#define OCELLUS_VERSION_H

/* While MAJOR is 0, programs built for another MINOR need building again: the soname is libocellus.so.MAJOR.MINOR. */
#define OCELLUS_VERSION_MAJOR 0
#define OCELLUS_VERSION_MINOR 1
#define OCELLUS_VERSION_PATCH 0

/* 100 for 0.1.0, 10203 for 1.2.3: to compare in #if. */
#define OCELLUS_VERSION_NUMBER (OCELLUS_VERSION_MAJOR * 10000 + OCELLUS_VERSION_MINOR * 100 + OCELLUS_VERSION_PATCH)

#define OCELLUS_VERSION_TEXT_(major, minor, patch) #major "." #minor "." #patch
#define OCELLUS_VERSION_TEXT(major, minor, patch)  OCELLUS_VERSION_TEXT_(major, minor, patch)

/* "0.1.0" */
#define OCELLUS_VERSION OCELLUS_VERSION_TEXT(OCELLUS_VERSION_MAJOR, OCELLUS_VERSION_MINOR, OCELLUS_VERSION_PATCH)

#endif
