/* SPDX-License-Identifier: MIT */
#include "report/axis.h"

#include <math.h>
#include <stdbool.h>

static const double largest = 1e300; /* leaves room for sums */

double axis_step(double low, double high, double most) {
    static const double nice[] = {1.0, 2.0, 5.0, 10.0};
    double wanted = (high - low) / most;
    if (!isfinite(wanted) || wanted <= 0.0) return 1.0;
    double power = pow(10.0, floor(log10(wanted)));
    for (int i = 0; i < 4; i++)
        if (nice[i] * power * (1.0 + 1e-9) >= wanted) return nice[i] * power;
    return 20.0 * power; /* a logarithm rounded down across a power of ten */
}

static double within(double value) {
    return fmin(fmax(value, -largest), largest); /* NaN becomes a number too */
}

struct axis axis_covering(double low, double high) {
    low = within(low);
    high = within(high);
    if (low > high) {
        double swapped = low;
        low = high;
        high = swapped;
    }
    double size = fmax(fabs(low), fabs(high)), narrowest = fmax(1e-3 * size, 1e-6);
    if (high - low < narrowest) high = low + narrowest;
    double step = axis_step(low, high, 8.0);
    return (struct axis){floor(low / step) * step, ceil(high / step + 1e-9) * step, step};
}
