/* SPDX-License-Identifier: MIT */
/* Data sets of one's own: a folder of pictures. */
#ifndef DATA_OWN_DATA_H
#define DATA_OWN_DATA_H

#include "data/data_parts.h"

/* For rows of data_sets. Each part is one of what folder or list says; what has none is to train on. */
ocellus_status own_data_open_folder(const struct data_request *request, struct data_parts *parts);

#endif
