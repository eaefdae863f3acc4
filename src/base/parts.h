/* SPDX-License-Identifier: MIT */
/* Which parts of the library are built, as constants: compilers drop what they rule out. */
#ifndef WEIR_BASE_PARTS_H
#define WEIR_BASE_PARTS_H

/* The macros are documented in weir/status.h. WEIR_NO_VECTORS is for cpu.h, WEIR_NO_MALLOC for
 * memory.c. */
#ifdef WEIR_NO_CLIENT
#define WEIR__PART_CLIENT 0
#else
#define WEIR__PART_CLIENT 1
#endif

#ifdef WEIR_NO_SERVER
#define WEIR__PART_SERVER 0
#else
#define WEIR__PART_SERVER 1
#endif

#ifdef WEIR_NO_DEFLATE
#define WEIR__PART_DEFLATE 0
#else
#define WEIR__PART_DEFLATE 1
#endif

#endif
