/* SPDX-License-Identifier: MIT */
/* Keras's HDF5 files, through libhdf5, which is named here alone: the legacy layout (attributes layer_names and
 * weight_names, of texts in any form that HDF5 has; with or without a group model_weights around it, and then with the network in
 * the attribute model_config) and Keras 3's .weights.h5. */
#ifndef FORMATS_KERAS_HDF5_H
#define FORMATS_KERAS_HDF5_H

#include "formats/isolated.h"

/* The reader of .h5 files (network_file.h): all weights as "LAYER/ROLE" (keras_names_short()), and the network. Values are
 * float16, float32 or float64 of either byte order, and become float32; as they are or packed by deflate (gzip), shuffle
 * and fletcher32. The bytes are read in a child process (isolated.h); plug-ins are off. Refused by name: links other than hard
 * ones (soft, external, user-defined), external storage, virtual datasets, other filters, other types, datasets never written
 * or with missing or oversized chunks, more values than the file has bytes for or, where they are packed, than
 * isolated_values_limit(), values that are not finite. OCELLUS_BAD_CONTENT; OCELLUS_IO, also when memory is short;
 * OCELLUS_USAGE in a build without HDF5. */
ocellus_status keras_hdf5_read(struct file_content *content, struct network_file *file);

#ifdef OCELLUS_HDF5
/* In this process, which a hostile file may crash: what the child runs, and what tests run to see whose crash it is.
 * texts[0] is model_config, texts[1] keras_version. */
ocellus_status keras_hdf5_read_here(const struct file_content *content, struct isolated_result *result);
#endif

#endif
