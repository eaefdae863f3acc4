/* SPDX-License-Identifier: MIT */
/* Thousands of pairs of connections under random load and faults, each message accounted for. */
#ifndef WEIR_TESTS_SOAK_H
#define WEIR_TESTS_SOAK_H

#include <stddef.h>
#include <stdint.h>

/* Let so many connections (two a pair, half of the pairs with permessage-deflate) send so many
 * frames. Fails the test when a message is lost, doubled, changed or out of order without the
 * connection's end explaining it, when a counter is not what was counted here, when memory at the
 * quiet points (after each tenth) grows, and when anything is left in the end. */
void soak_run(size_t connections, uint64_t frames, uint64_t seed);

#endif
