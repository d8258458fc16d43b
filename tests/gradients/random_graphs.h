/* SPDX-License-Identifier: MIT */
#ifndef GRADIENTS_RANDOM_GRAPHS_H
#define GRADIENTS_RANDOM_GRAPHS_H

enum { RANDOM_GRAPHS = 300 };

/* A cmocka test: some gradients of RANDOM_GRAPHS networks made by chance, the same ones every time. */
void test_random_graphs(void **state);

#endif
