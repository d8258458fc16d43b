/* SPDX-License-Identifier: MIT */
/* Keeps numbers the same in every locale: between enter and leave this thread prints and reads in the C locale,
 * whatever a host program chose. Neither fails nor allocates. */
#ifndef BASE_C_LOCALE_H
#define BASE_C_LOCALE_H

#include <locale.h>

/* Returns what leave needs to restore. */
locale_t c_locale_enter(void);
void c_locale_leave(locale_t before);

#endif
