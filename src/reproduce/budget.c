/* SPDX-License-Identifier: MIT */
#include "reproduce/budget.h"

#include <ctype.h>
#include <string.h>

static const double opening = 10; /* a model is saved, read again and planned */

bool budget_parse(const char *text, double *seconds) {
    static const struct {
        char letter;
        double seconds;
    } units[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
    double sum = 0;
    for (size_t unit = 0; unit < 3; unit++) {
        const char *end = text;
        double number = 0;
        while (isdigit((unsigned char)*end) && end - text < 6)
            number = 10 * number + (*end++ - '0');
        if (end == text || *end != units[unit].letter) continue;
        sum += number * units[unit].seconds;
        text = end + 1;
    }
    if (*text != '\0' || sum <= 0) return false;
    *seconds = sum;
    return true;
}

double budget_share(double left, double reserved, size_t rows) {
    double share = (left - reserved) / (double)rows;
    return share > 0 ? share : 0;
}

double budget_evaluation(double step, size_t batch_size, size_t images) {
    return opening + 0.35 * step / (double)batch_size * (double)images;
}

bool budget_fits(double left, double evaluation, double step) {
    return left >= evaluation + step;
}

double budget_forecast(const struct budget_work *work, const struct budget_speed *speed) {
    return (double)work->training * speed->training + (double)work->inference * speed->inference;
}
