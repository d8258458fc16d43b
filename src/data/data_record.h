/* SPDX-License-Identifier: MIT */
/* What a run keeps of its pictures: which they were, and which were set aside. Paths are relative to the data. */
#ifndef DATA_DATA_RECORD_H
#define DATA_DATA_RECORD_H

#include "data/collection_source.h"

/* A table path,pixels,class,split of the pictures that take part, as split_file_read() reads it. */
ocellus_status data_record_write(const struct shared_collection *pictures, const char *path);
/* A table path,reason of those that do not; no file where there are none. */
ocellus_status data_record_write_aside(const struct shared_collection *pictures, const char *path);

#endif
