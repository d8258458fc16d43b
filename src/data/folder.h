/* SPDX-License-Identifier: MIT */
/* A folder of pictures as a collection. */
#ifndef DATA_FOLDER_H
#define DATA_FOLDER_H

#include "data/collection.h"

#define FOLDER_SPLIT_FILE "ocellus-split.csv" /* our own in it, which is passed over without a word */

/* Each folder in `path` is a class with all pictures in it, however deep; where those folders are train, and val, valid,
 * validation or test (picture_part_from_name()), they are parts, and the folders in them are the classes. Links are followed,
 * each folder is read once, and a class's folder for that class alone. Hidden files and folders, "__MACOSX" and what is no
 * picture are counted and passed over; pictures of forms that cannot be read are entries: reading tells their fault. The order
 * is that of the paths' bytes. Folders of classes without a picture in any part, parts beside other folders, and what
 * collection_complete() refuses are OCELLUS_BAD_CONTENT; what cannot be looked into is OCELLUS_IO. On failure nothing
 * needs to be freed. */
ocellus_status collection_open_folder(const char *path, struct collection *collection);

#endif
