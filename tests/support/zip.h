/* SPDX-License-Identifier: MIT */
/* zlib as the other side of permessage-deflate: messages for us, and ours taken apart. */
#ifndef WEIR_TESTS_ZIP_H
#define WEIR_TESTS_ZIP_H

#include <zlib.h>

#include "peer.h"

#if defined(__SANITIZE_ADDRESS__)
#define ZIP_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define ZIP_SLOW 1
#endif
#endif

/* A fifth of the work where sanitizers make each step dear. */
#ifdef ZIP_SLOW
#define ZIP_TURNS(many) (((many) + 4) / 5)
#else
#define ZIP_TURNS(many) (many)
#endif

/* Append what zlib makes of a message, without the last 00 00 FF FF (RFC 7692 7.2.1). */
void zip_open(z_stream *z, int level, int bits, int strategy);
void zip_pack(z_stream *z, const void *data, size_t len, bytes *out);
/* The same with a stream of its own: level 9, all of the window. */
void zip_pack_alone(const void *data, size_t len, bytes *out);

/* Append what zlib makes of a payload and the four bytes, room bytes of output at a time: with 1 it
 * sees each distance that is beyond 2^bits. Z_OK, or zlib's fault. */
void zip_open_reader(z_stream *z, int bits);
int zip_unpack(z_stream *z, const void *payload, size_t len, size_t room, bytes *out);

/* Append a frame with reserved bits (RSV1 is 4). */
void zip_frame(bytes *b, int from_role, int fin, int rsv, int opcode, const void *data, size_t len);
/* Append a compressed message in frames of at most step bytes. */
void zip_message(bytes *b, int from_role, int opcode, const void *payload, size_t len, size_t step);
/* The same of a text that is compressed by zip_pack_alone. */
void zip_text(bytes *b, int from_role, const char *text);

/* Append the peer's part of a handshake: a request that offers, or a response that answers, what
 * extensions says; NULL: nothing. The client under test has the default seed of peer_init. */
void zip_handshake(bytes *b, int from_role, const char *extensions);
#define ZIP_OFFER "permessage-deflate"
#define ZIP_ANSWER "permessage-deflate"
/* What a peer of the role says to agree on whatever its defaults are. */
const char *zip_plain_extensions(int from_role);

/* Open by a handshake; output and trace are empty then. p was initialised. */
void zip_peer(peer *p, int role, const char *extensions);

/* run_all_cuts_with behind a handshake, compression on; then with an event array of one, unless
 * prepare asked for that alone: the trace is the same. The report's offset counts the handshake. */
outcome zip_run(int role, const char *extensions, const bytes *input, void (*prepare)(peer *p));
/* The frames bring these events, then what a good message does. Or fail for the cause, told the
 * peer by its code, at the position of the frame at fault in the input. */
void zip_run_says(int role, const char *extensions, const bytes *input, const char *trace,
                  void (*prepare)(peer *p));
void zip_run_fails(int role, const char *extensions, const bytes *input, int cause, uint64_t at,
                   void (*prepare)(peer *p));

/* What we sent, message by message; control frames too. Fails the test when RSV1 stands where it
 * must not, when a mask is missing, when zlib finds a fault. */
typedef struct zip_output {
    const bytes *from;
    size_t at;
    int role; /* ours */
    int takeover;
    size_t room; /* of zip_unpack; 0: 1 to 64 in turn */
    z_stream z;
    int opcode;  /* of the message */
    int packed;  /* it was compressed */
    size_t wire; /* bytes of its payload */
    size_t frames;
    bytes payload; /* of all frames */
    bytes text;    /* inflated */
} zip_output;

void zip_output_open(zip_output *o, const bytes *from, int role, int bits, int takeover);
int zip_output_next(zip_output *o); /* 0: no more */
void zip_output_close(zip_output *o);

/* Text like JSON messages of a feed: alike, never the same. */
void zip_json(bytes *b, uint64_t seed, size_t len);
/* Bytes that cannot be compressed. */
void zip_noise(bytes *b, uint64_t seed, size_t len);

/* A stream written bit by bit. */
typedef struct zip_bits {
    bytes out;
    unsigned held;
    unsigned count;
} zip_bits;
void zip_put(zip_bits *b, uint32_t value, unsigned count); /* lowest bit first */
void zip_align(zip_bits *b);
void zip_stored(zip_bits *b, int final, const void *data, size_t len);
/* A fixed block: literals, then maybe a match (length 0: none). */
void zip_fixed_begin(zip_bits *b, int final);
void zip_fixed_literal(zip_bits *b, uint8_t byte);
void zip_fixed_match(zip_bits *b, unsigned length, unsigned distance);
void zip_fixed_end(zip_bits *b);

#endif
