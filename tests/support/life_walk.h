/* SPDX-License-Identifier: MIT */
/* Walks through all lives of a connection up to a number of steps, each compared with the model. */
#ifndef WEIR_TESTS_LIFE_WALK_H
#define WEIR_TESTS_LIFE_WALK_H

#include "life_model.h"

/* All sequences of so many calls and inputs; behind the end of a life two more. After every step
 * the status, events, state, wants, report and next deadline are the model's, and behind the last
 * one the connection is freed. kind as in peer_open. Returns how many sequences there were. */
uint64_t life_walk_all(char kind, int keepalive, size_t depth);

#endif
