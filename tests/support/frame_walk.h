/* SPDX-License-Identifier: MIT */
/* Walks over all frames of a kind, each compared with the model. */
#ifndef WEIR_TESTS_FRAME_WALK_H
#define WEIR_TESTS_FRAME_WALK_H

#include "frame_model.h"

/* Every pair of first two bytes with every length worth a case, on connections that stand between
 * messages or within one, before or after our Close: a verdict each, after the byte that tells.
 * Returns the number of cases. max: of a message. */
uint64_t frame_walk_heads(int role, int deflate, uint64_t max);

/* Frames of which all sequences are tried. */
typedef struct frame_alphabet {
    model_frame frames[4096];
    size_t count;
} frame_alphabet;

/* Kinds that cover all rules: opcodes, FIN, reserved bits, mask, lengths. */
void frame_alphabet_abstract(frame_alphabet *a, int role);
/* All first bytes, both mask bits, payloads of 0, 1, 2 and 125 bytes. */
void frame_alphabet_concrete(frame_alphabet *a);
/* The 24 that differ in what they mean to the state. */
void frame_alphabet_small(frame_alphabet *a, int role);

/* All sequences of frames to the depth, but those that go on behind an end; to one frame behind it.
 * Each is received whole, and byte by byte with all output taken. Returns their number. */
uint64_t frame_walk_sequences(const frame_alphabet *a, int role, int deflate, int close_sent,
                              size_t depth);

#endif
