/* SPDX-License-Identifier: MIT */
/* What receiving frames must come to, from the text of RFC 6455 5 to 8 and RFC 7692 6 and 7.2.2. */
#include "frame_model.h"

#include <string.h>

#include "test.h"
#include "utf8_all.h"
#include "zip.h"

void frame_model_begin(frame_model *m, int role, int deflate)
{
    memset(m, 0, sizeof *m);
    m->role = role;
    m->deflate = deflate;
    m->max = 1024 * 1024;
}

void frame_model_end(frame_model *m)
{
    if (m->reads)
        inflateEnd(&m->z);
    bytes_free(&m->text);
}

static void model_say(frame_model *m, int type, uint32_t flags, int code, int cause, size_t len)
{
    assert_true(m->count < MODEL_EVENTS);
    m->events[m->count++] = (model_event){type, flags, code, cause, len};
}

/* ---- The head --------------------------------------------------------------------------------*/

static size_t model_form(const model_frame *f)
{
    return f->second % 128 == 126 ? 2 : f->second % 128 == 127 ? 8 : 0;
}

size_t frame_model_head(const model_frame *f)
{
    return 2 + model_form(f) + (f->second >= 128 ? 4 : 0);
}

static int model_first(const frame_model *m, uint8_t first)
{
    const int opcode = first % 16;
    const int rsv = first / 16 % 8;
    /* 5.2: "MUST be 0 unless an extension is negotiated"; 7692 6: RSV1 on the first frame. */
    if (rsv != 0 && !(m->deflate && rsv == 4 && (opcode == 1 || opcode == 2)))
        return WEIR_E_RSV;
    /* 5.2: 3-7 and B-F are reserved. */
    if (opcode > 10 || (opcode > 2 && opcode < 8))
        return WEIR_E_OPCODE;
    /* 5.5: "All control frames ... MUST NOT be fragmented." */
    if (opcode >= 8)
        return first >= 128 ? WEIR_OK : WEIR_E_CONTROL_FRAGMENTED;
    /* 5.4: a message is a frame with opcode and FIN, or one without FIN and continuations. */
    if (opcode == 0)
        return m->type ? WEIR_OK : WEIR_E_CONTINUATION;
    return m->type ? WEIR_E_INTERRUPTED : WEIR_OK;
}

/* 5.1: a client masks all frames, a server none. 5.5: control frames carry 125 bytes or less. */
static int model_second(const frame_model *m, const model_frame *f)
{
    if (m->role == WEIR_SERVER && f->second < 128)
        return WEIR_E_UNMASKED;
    if (m->role == WEIR_CLIENT && f->second >= 128)
        return WEIR_E_MASKED;
    return f->first % 16 >= 8 && f->second % 128 > 125 ? WEIR_E_CONTROL_TOO_LONG : WEIR_OK;
}

/* 5.2: "the minimal number of bytes MUST be used", "the most significant bit MUST be 0". */
static int model_length(const model_frame *f)
{
    if (f->len >> 63)
        return WEIR_E_LENGTH_RANGE;
    const uint64_t least = model_form(f) == 8 ? 65536 : model_form(f) == 2 ? 126 : 0;
    return f->len < least ? WEIR_E_LENGTH_FORM : WEIR_OK;
}

/* 10.4: by what is announced; compressed data by what it becomes. */
static int model_limit(const frame_model *m, const model_frame *f)
{
    const int begins = f->first % 16 != 0;
    const int packed = begins ? f->first & 0x40 : m->packed;
    const uint64_t before = begins ? 0 : m->size;
    if (f->first % 16 >= 8 || packed)
        return WEIR_OK;
    return f->len > m->max || before > m->max - f->len ? WEIR_E_MESSAGE_TOO_BIG : WEIR_OK;
}

/* What is wrong with a head, and after how many of its bytes that shows. */
static int model_head(frame_model *m, const model_frame *f)
{
    int cause = model_first(m, f->first);
    m->fault_after = 1;
    if (cause == WEIR_OK) {
        cause = model_second(m, f);
        m->fault_after = 2;
    }
    if (cause == WEIR_OK) {
        cause = model_length(f);
        m->fault_after = 2 + model_form(f);
    }
    if (cause == WEIR_OK) {
        cause = model_limit(m, f);
        m->fault_after = frame_model_head(f);
    }
    return cause;
}

/* ---- Payload ---------------------------------------------------------------------------------*/

static int model_zlib_fault(const frame_model *m)
{
    const char *const said = m->z.msg;
    if (strstr(said, "block type") || strstr(said, "stored block"))
        return WEIR_E_DEFLATE_BLOCK;
    if (strstr(said, "far back"))
        return WEIR_E_DEFLATE_DISTANCE;
    return strstr(said, "code") && !strstr(said, "/") ? WEIR_E_DEFLATE_SYMBOL
                                                      : WEIR_E_DEFLATE_CODES;
}

static int model_inflate(frame_model *m, const uint8_t *data, size_t len)
{
    uint8_t out[512];
    m->z.next_in = (Bytef *)(uintptr_t)data;
    m->z.avail_in = (uInt)len;
    do {
        m->z.next_out = out;
        m->z.avail_out = sizeof out;
        const int status = inflate(&m->z, Z_SYNC_FLUSH);
        bytes_add(&m->text, out, sizeof out - m->z.avail_out);
        if (status == Z_DATA_ERROR)
            return model_zlib_fault(m);
        assert_true(status == Z_OK || status == Z_BUF_ERROR); /* no test sends BFINAL */
    } while (m->z.avail_out == 0);
    return WEIR_OK;
}

/* 7692 7.2.2: 00 00 FF FF behind the payload ends in a block that is complete. A message of no
 * bytes at all is taken as empty. */
static int model_unpack(frame_model *m, const model_frame *f, int fin)
{
    static const uint8_t tail[4] = {0x00, 0x00, 0xFF, 0xFF};
    if (!m->reads)
        zip_open_reader(&m->z, 15);
    m->reads = 1;
    m->packed_size += f->len;
    int cause = model_inflate(m, f->payload, (size_t)f->len);
    if (cause != WEIR_OK || !fin || m->packed_size == 0)
        return cause;
    cause = model_inflate(m, tail, sizeof tail);
    const int between_blocks = m->z.data_type & 128;
    return cause != WEIR_OK || between_blocks ? cause : WEIR_E_DEFLATE_END;
}

/* 8.1: text is UTF-8, judged as it comes. */
static int model_text(const frame_model *m, int fin)
{
    const utf8_verdict said = utf8_decode(m->text.data, m->text.len);
    if (m->type != 1 || said.whole || (said.at == m->text.len && !fin))
        return WEIR_OK;
    return WEIR_E_UTF8;
}

static int model_data(frame_model *m, const model_frame *f)
{
    const int fin = f->first >= 128;
    if (f->first % 16 != 0) {
        m->type = f->first % 16;
        m->packed = f->first & 0x40;
        m->text.len = m->size = m->packed_size = 0;
    }
    m->size += f->len;
    if (f->head_only && f->len > 0)
        return WEIR_OK;
    int cause = WEIR_OK;
    if (m->packed)
        cause = model_unpack(m, f, fin);
    else
        bytes_add(&m->text, f->payload, (size_t)f->len);
    const int text_cause = model_text(m, fin && cause == WEIR_OK);
    if (text_cause != WEIR_OK)
        return text_cause;
    if (cause != WEIR_OK || !fin)
        return cause;
    /* WHATWG: once we have closed, messages are not delivered. */
    if (!m->close_sent)
        model_say(m, WEIR_EVENT_MESSAGE,
                  WEIR_FLAG_FIRST | WEIR_FLAG_LAST | (m->type == 1 ? WEIR_FLAG_TEXT : 0) |
                      (m->packed ? WEIR_FLAG_COMPRESSED : 0),
                  0, 0, m->text.len);
    m->type = 0;
    return WEIR_OK;
}

/* 7.4: what may stand in a Close. */
static int model_code_allowed(int code)
{
    return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
           (code >= 3000 && code <= 4999);
}

/* 5.5.1: nothing, or a code and UTF-8; answered with the same code unless a Close was sent. */
static int model_close(frame_model *m, const model_frame *f)
{
    const uint8_t *const body = f->payload;
    int code = 1005;
    if (f->len == 1)
        return WEIR_E_CLOSE_LENGTH;
    if (f->len >= 2) {
        code = body[0] << 8 | body[1];
        if (!model_code_allowed(code))
            return WEIR_E_PEER_CLOSE_CODE;
        if (!utf8_decode(body + 2, (size_t)f->len - 2).whole)
            return WEIR_E_PEER_CLOSE_REASON;
    }
    const size_t reason = f->len >= 2 ? (size_t)f->len - 2 : 0;
    m->over = 1;
    m->peer_code = code;
    m->local_code = m->close_sent ? m->local_code : code;
    model_say(m, WEIR_EVENT_CLOSE, 0, code, 0, reason);
    model_say(m, WEIR_EVENT_CLOSED, WEIR_FLAG_CLEAN, code, WEIR_OK, reason);
    return WEIR_OK;
}

static int model_payload(frame_model *m, const model_frame *f)
{
    const int opcode = f->first % 16;
    if (opcode < 8)
        return model_data(m, f);
    if (f->head_only && f->len > 0)
        return WEIR_OK;
    if (opcode == 8)
        return model_close(m, f);
    m->pongs += opcode == 9;
    model_say(m, opcode == 9 ? WEIR_EVENT_PING : WEIR_EVENT_PONG, 0, 0, 0, (size_t)f->len);
    return WEIR_OK;
}

/* ---- A frame ---------------------------------------------------------------------------------*/

void frame_model_take(frame_model *m, const model_frame *frame)
{
    if (m->over) /* 5.5.1, 7.1.7 */
        return;
    int cause = model_head(m, frame);
    if (cause == WEIR_OK) {
        m->fault_after = 0;
        cause = model_payload(m, frame);
    }
    if (cause == WEIR_OK)
        return;
    m->over = 1;
    m->cause = cause;
    if (!m->close_sent)
        m->local_code = cause == WEIR_E_MESSAGE_TOO_BIG ? 1009
                        : cause <= WEIR_E_DEFLATE_BLOCK || cause == WEIR_E_UTF8 ||
                                cause == WEIR_E_PEER_CLOSE_REASON
                            ? 1007
                            : 1002;
    model_say(m, WEIR_EVENT_CLOSED, 0, 1006, cause, 0);
}
