/* SPDX-License-Identifier: MIT */
/* The network that a Keras file holds beside its weights. */
#ifndef FORMATS_KERAS_NETWORK_H
#define FORMATS_KERAS_NETWORK_H

#include "formats/network_file.h"

/* Sets the graph from the JSON of model_config (NULL: weights alone), as the release of Keras `version` (NULL: not said) wrote
 * it, or says why there is none. Fails for memory alone. */
ocellus_status keras_network_set(struct network_file *file, const char *path, const char *config, const char *version);

#endif
