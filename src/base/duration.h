/* SPDX-License-Identifier: MIT */
/* How long something takes, for people; the same in every locale. */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

enum { DURATION_SIZE = 32 };

/* Beside a bar, where it changes: "0:12", "1:02:03"; what is no time is 0. */
void duration_clock(double seconds, char out[DURATION_SIZE]);
/* In a sentence: "12.3 s", "6 min 41 s", "2 h 2 min"; "-" for what is no time or longer than 1e9 seconds. */
void duration_words(double seconds, char out[DURATION_SIZE]);

#endif
