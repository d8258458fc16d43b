/* SPDX-License-Identifier: MIT */
/* The C locale for one thread at a time. */
#include "base/c_locale.h"

#include <pthread.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void c_locale_make(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t c_locale_enter(void) {
    pthread_once(&c_locale_once, c_locale_make);
    /* The C locale is built in, so newlocale() has nothing to load; were it to fail, the present locale stays. */
    return uselocale(c_locale);
}

void c_locale_leave(locale_t before) {
    uselocale(before);
}
