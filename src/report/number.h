/* SPDX-License-Identifier: MIT */
/* Numbers for people, the same in every locale. Made to be used inside an argument list: number_percent(x, 2).text. */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

struct number {
    char text[64];
};

/* value with `digits` (0 to 9) decimals, rounded; an en dash when it is not finite or not below 1e9 in size. */
struct number number_fixed(double value, int digits);
/* 0.875 as "87.50 %" (with a narrow no-break space). */
struct number number_percent(double share, int digits);
/* The same for a part: what is less than all never reads as 100 %. */
struct number number_part(double share, int digits);
/* 0.6929 and 0.7109 as "69.29–71.09 %". */
struct number number_percent_range(double low, double high, int digits);
/* 0.2451 as "24.51 points": a difference of two percentages. */
struct number number_points(double difference, int digits);
/* 401.3 as "6 min 41 s", 12.3 as "12.3 s". */
struct number number_duration(double seconds);

#endif
