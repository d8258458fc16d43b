/* SPDX-License-Identifier: MIT */
/* Data sets of one's own: a folder of pictures, a list of them. */
#ifndef DATA_OWN_DATA_H
#define DATA_OWN_DATA_H

#include "data/data_parts.h"

/* For rows of data_sets. Every picture is looked at (survey.h); what is damaged, of an unsupported form or too large is set
 * aside, and so are pictures that have two classes; then each gets its part (split.h). Asked for by a run's record, pictures
 * of which are no longer there (OCELLUS_IO) or are others now (OCELLUS_BAD_CONTENT) end it. The split file is
 * FOLDER_SPLIT_FILE in the folder, LIST.split.csv beside the list, or where the request says. */
ocellus_status own_data_open_folder(const struct data_request *request, struct data_parts *parts);
ocellus_status own_data_open_list(const struct data_request *request, struct data_parts *parts);

#endif
