/* SPDX-License-Identifier: MIT */
/* The parts of the area deflate that have a file of their own. */
#ifndef WEIR_BENCH_DEFLATE_H
#define WEIR_BENCH_DEFLATE_H

/* Many connections that take turns, so that each finds its state out of the caches. */
void bench_deflate_cold(void);

/* Streams and texts that are made to be slow. */
void bench_deflate_worst(void);

#endif
