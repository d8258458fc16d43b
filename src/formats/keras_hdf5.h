/* SPDX-License-Identifier: MIT */
/* Keras's HDF5 weight files, through libhdf5, which is named here alone: the legacy layout (attributes layer_names and
 * weight_names, of texts in any form that HDF5 has; with or without a group model_weights around it) and Keras 3's .weights.h5. */
#ifndef FORMATS_KERAS_HDF5_H
#define FORMATS_KERAS_HDF5_H

#include "formats/named_tensors.h"

/* Reads all weights as "LAYER/ROLE" (keras_names_short()). Values are float32 or float64 of either byte order, and become float32. The file is opened
 * read-only in a child process (isolated.h); plug-ins are off. Refused by name: links other than hard ones (soft, external,
 * user-defined), external storage, virtual datasets, filters (Keras sets none, and a small filtered chunk may grow without
 * bound), other types, datasets never written, more values than the file has bytes for, values that are not finite. A
 * model_config in the file is not looked at. OCELLUS_BAD_CONTENT; OCELLUS_IO, also when memory is
 * short; OCELLUS_USAGE in a build without HDF5. */
ocellus_status keras_hdf5_read(const char *path, struct named_tensors *tensors);
#ifdef OCELLUS_HDF5
/* The same in this process, which a hostile file may crash: what the child runs, and what tests run to see whose crash it is. */
ocellus_status keras_hdf5_read_here(const char *path, struct named_tensors *tensors);
#endif

#endif
