/* SPDX-License-Identifier: MIT */
/* The tables of kernels that this CPU can run. */
#ifndef SUPPORT_TABLES_H
#define SUPPORT_TABLES_H

#include "../../src/kernels/kernels.h"

#define TABLES_MOST 32

/* Those that any CPU gets which has some of this one's bits, each once; returns their number. */
size_t tables(const weir__kernels *found[TABLES_MOST]);

#endif
