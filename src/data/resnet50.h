/* SPDX-License-Identifier: MIT */
/* ResNet50's ImageNet weights as Keras published them: the files there are, and where they lie in the cache. */
#ifndef DATA_RESNET50_H
#define DATA_RESNET50_H

#include "base/files.h"
#include "base/folders.h"

#define RESNET50_NAME "resnet50" /* the folder in the cache */

/* Two forms, of the same values under layer names of different age: Keras's HDF5 files, and the npm mirror's TensorFlow.js
 * model, whose shards, joined in order, hold RESNET50_SHARD_BYTES. */
enum { RESNET50_SHARDS = 25, RESNET50_SHARD_SIZE = 4194304, RESNET50_SHARD_BYTES = 102546848 };
enum { RESNET50_JSON_LIMIT = 1024 * 1024, RESNET50_HDF5_LIMIT = 128 * 1024 * 1024, RESNET50_NAME_SIZE = 64 };
#define RESNET50_JSON_NAME "model.json"
/* "group1-shard1of25.bin" and so on; index from 0. */
void resnet50_shard_name(size_t index, char name[RESNET50_NAME_SIZE]);

/* Checks model.json and the joined shards in a folder by their SHA-256. OCELLUS_IO, OCELLUS_BAD_CONTENT. */
ocellus_status resnet50_check_tfjs(const char *folder);
/* Checks the content of an HDF5 file, called `source` in messages, by the MD5 that Keras published for it (no better checksum is);
 * *name becomes the name under which it is kept. */
ocellus_status resnet50_check_hdf5(const char *source, const unsigned char *bytes, size_t size, const char **name);

/* The verified weights in a folder: the folder itself when it holds the TensorFlow.js model, else its HDF5 file. */
ocellus_status resnet50_find_in(const char *folder, char path[FILE_PATH_SIZE]);
/* The same in the cache; a missing or damaged cache says to run `ocellus data fetch resnet50`. */
ocellus_status resnet50_find(char path[FILE_PATH_SIZE]);

#endif
