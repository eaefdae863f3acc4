/* SPDX-License-Identifier: MIT */
/* What receiving frames must come to, from the text of RFC 6455 5 to 8 and RFC 7692 6 and 7.2.2. */
#ifndef WEIR_TESTS_FRAME_MODEL_H
#define WEIR_TESTS_FRAME_MODEL_H

#include <zlib.h>

#include "peer.h"

/* A frame as it stands on the wire. */
typedef struct model_frame {
    uint8_t first;
    uint8_t second;
    uint64_t len;           /* as the second byte or what follows it says */
    const uint8_t *payload; /* unmasked */
    int head_only;          /* no payload comes */
} model_frame;

typedef struct model_event {
    int type;
    uint32_t flags;
    int code;
    int cause;
    size_t len;
} model_event;

#define MODEL_EVENTS 16

typedef struct frame_model {
    int role;       /* of the receiver */
    int deflate;    /* permessage-deflate was agreed on */
    uint64_t max;   /* longest message */
    int close_sent; /* our Close has left */
    int over;       /* failed, or the peer's Close came: nothing more is looked at */
    int type;       /* opcode of the message under way, 0: none */
    int packed;     /* it is compressed */
    uint64_t size;  /* bytes of it that were announced */
    uint64_t packed_size;
    bytes text; /* what it holds so far */
    z_stream z;
    int reads; /* z is open */
    int cause;
    size_t fault_after; /* bytes of the frame's head that told; 0: it was the payload */
    int local_code;
    int peer_code;
    size_t pongs;
    model_event events[MODEL_EVENTS];
    size_t count;
} frame_model;

void frame_model_begin(frame_model *m, int role, int deflate);
void frame_model_take(frame_model *m, const model_frame *frame);
void frame_model_end(frame_model *m);

/* Bytes of the frame's head: the second byte decides. */
size_t frame_model_head(const model_frame *frame);

#endif
