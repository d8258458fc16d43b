/* SPDX-License-Identifier: MIT */
#include "base/duration.h"

#include <math.h>
#include <stdio.h>

static const double longest = 1e9;

void duration_clock(double seconds, char out[DURATION_SIZE]) {
    long long whole = seconds > 0 && seconds < longest ? llround(seconds) : 0;
    if (whole >= 3600) snprintf(out, DURATION_SIZE, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    else snprintf(out, DURATION_SIZE, "%lld:%02lld", whole / 60, whole % 60);
}

void duration_words(double seconds, char out[DURATION_SIZE]) {
    if (!(seconds >= 0 && seconds < longest)) {
        snprintf(out, DURATION_SIZE, "-");
        return;
    }
    long long tenths = llround(10 * seconds), whole = llround(seconds);
    if (seconds < 99.5) snprintf(out, DURATION_SIZE, "%lld.%lld s", tenths / 10, tenths % 10); /* in every locale */
    else if (whole < 3600) snprintf(out, DURATION_SIZE, "%lld min %lld s", whole / 60, whole % 60);
    else snprintf(out, DURATION_SIZE, "%lld h %lld min", whole / 3600, whole / 60 % 60);
}
