/* SPDX-License-Identifier: MIT */
/* Keras 3's .keras: a ZIP archive of the network (config.json), its weights (model.weights.h5) and the version (metadata.json). */
#ifndef FORMATS_KERAS_ARCHIVE_H
#define FORMATS_KERAS_ARCHIVE_H

#include "formats/network_file.h"

/* The reader of such files (network_file.h). All is read in a child process (isolated.h), the weights as those of an
 * .h5 file (keras_hdf5.h); no member may be larger in memory than isolated_values_limit() of the file, and none is ever written to disk.
 * OCELLUS_USAGE in a build without OCELLUS_ARCHIVES or OCELLUS_HDF5. */
ocellus_status keras_archive_read(struct file_content *content, struct network_file *file);

#endif
