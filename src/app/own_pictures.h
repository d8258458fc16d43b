/* SPDX-License-Identifier: MIT */
/* A recipe for pictures of one's own, chosen by a look at them and at the machine. */
#ifndef APP_OWN_PICTURES_H
#define APP_OWN_PICTURES_H

#include "app/choose.h"
#include "base/folders.h"

struct own_pictures_request {
    const char *path;      /* of a set that look_recognise() knows */
    const char *split;     /* the split file; NULL: beside them */
    const char *data_name; /* what it knows it as */
    double budget;         /* seconds, from now to the page */
    size_t threads;        /* 0: all this process may use */
    bool small;            /* SimCNN was asked for */
    struct choose_wish wish;
};

/* *recipe gets the defaults, the set's name and path, and what was chosen; `explanation` the reasons, in lines of at most 80
 * columns. ImageNet's weights are fetched where they are of use and not at hand; where they cannot be had, that is no failure.
 * The path is kept as it leads there from here, without the folders above this one where it can be. */
ocellus_status own_pictures_choose(const struct own_pictures_request *request, struct recipe *recipe,
                                   struct text *explanation);

/* "../photos" for "/home/ada/photos" in "/home/ada/work": the way from this process's folder to a path; a path that is relative
 * stays as it is, but for slashes at its end. */
ocellus_status path_from_here_to(const char *path, char out[FILE_PATH_SIZE]);

#endif
