/* SPDX-License-Identifier: MIT */
/* Numbers for people. printf's %f would follow the locale of the program around us. */
#include "report/number.h"

#include "base/duration.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NARROW_SPACE "\u202f"

struct number number_fixed(double value, int digits) {
    struct number number;
    if (!isfinite(value)) {
        snprintf(number.text, sizeof number.text, "\u2013");
        return number;
    }
    if (fabs(value) >= 1e9) { /* a training gone wrong: its size is what matters */
        int exponent = (int)floor(log10(fabs(value)));
        long long first = llround(fabs(value) / pow(10.0, exponent));
        snprintf(number.text, sizeof number.text, "%s%llde+%d", value < 0.0 ? "\u2212" : "", first, exponent);
        return number;
    }
    long long scale = 1;
    for (int i = 0; i < digits; i++)
        scale *= 10;
    long long scaled = llround(fabs(value) * (double)scale);
    const char *sign = value < 0.0 && scaled != 0 ? "\u2212" : "";
    if (digits == 0) snprintf(number.text, sizeof number.text, "%s%lld", sign, scaled);
    else snprintf(number.text, sizeof number.text, "%s%lld.%0*lld", sign, scaled / scale, digits, scaled % scale);
    return number;
}

struct number number_percent(double share, int digits) {
    struct number number;
    snprintf(number.text, sizeof number.text, "%.40s" NARROW_SPACE "%%", number_fixed(100.0 * share, digits).text);
    return number;
}

struct number number_part(double share, int digits) {
    double largest = 1.0 - pow(10.0, -2.0 - digits);
    return number_percent(share < 1.0 ? fmin(share, largest) : share, digits);
}

struct number number_percent_range(double low, double high, int digits) {
    struct number number;
    snprintf(number.text, sizeof number.text, "%.25s\u2013%.25s" NARROW_SPACE "%%",
             number_fixed(100.0 * low, digits).text, number_fixed(100.0 * high, digits).text);
    return number;
}

struct number number_points(double difference, int digits) {
    struct number number;
    snprintf(number.text, sizeof number.text, "%.40s" NARROW_SPACE "points",
             number_fixed(100.0 * difference, digits).text);
    return number;
}

/* A narrow space between a number and its unit, a plain one before the next number. */
struct number number_duration(double seconds) {
    struct number number = {""};
    char words[DURATION_SIZE];
    size_t used = 0;
    duration_words(seconds, words);
    if (strcmp(words, "-") == 0) return number_fixed((double)NAN, 0);
    for (const char *at = words; *at != '\0'; at++) {
        bool narrow = at[0] == ' ' && !isdigit((unsigned char)at[1]);
        used += (size_t)snprintf(number.text + used, sizeof number.text - used, "%.*s",
                                 narrow ? (int)strlen(NARROW_SPACE) : 1, narrow ? NARROW_SPACE : at);
    }
    return number;
}
