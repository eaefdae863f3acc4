/* SPDX-License-Identifier: MIT */
/* Pieces of the output queue against a model that knows each byte: its frame and what it counts. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/chunk.h"
#include "support/alloc.h"
#include "support/test.h"

#define MOST 2000

/* Frames as they should stand, and for each byte where its frame ends and whether it is payload. */
typedef struct model {
    uint8_t bytes[MOST];
    size_t frame_end[MOST];
    size_t part_end[MOST]; /* of the head or payload that the byte is in */
    bool counts[MOST];     /* payload of a data frame */
    size_t len;
} model;

static void model_add(model *m, uint8_t first, const uint8_t *payload, size_t len)
{
    const size_t head = len < 126 ? 2 : 4, start = m->len, end = start + head + len;
    assert_true(end <= MOST);
    m->bytes[start] = first;
    m->bytes[start + 1] = (uint8_t)(len < 126 ? len : 126);
    m->bytes[start + 2] = (uint8_t)(len >> 8);
    m->bytes[start + 3] = (uint8_t)(len & 0xFF);
    memcpy(m->bytes + start + head, payload, len);
    for (size_t i = start; i < end; i++) {
        m->frame_end[i] = end;
        m->part_end[i] = i < start + head ? start + head : end;
        m->counts[i] = i >= start + head && (first & 8) == 0;
    }
    m->len = end;
}

static void model_cut(model *m, uint8_t opcode, const uint8_t *payload, size_t len, size_t fragment)
{
    size_t done = 0;
    m->len = 0;
    for (; len - done > fragment; done += fragment)
        model_add(m, done == 0 ? opcode : 0, payload + done, fragment);
    model_add(m, (uint8_t)(0x80 | (done == 0 ? opcode : 0)), payload + done, len - done);
}

static size_t model_payload(const model *m, size_t at, size_t end)
{
    size_t sum = 0;
    for (; at < end; at++)
        sum += m->counts[at];
    return sum;
}

static const uint8_t *payload_of(size_t len)
{
    static uint8_t payload[MOST];
    for (size_t i = 0; i < len; i++)
        payload[i] = (uint8_t)(i * 7 + 3);
    return payload;
}

static void check_body(const model *m, weir__body *body)
{
    assert_int_equal(body->chunk.end, m->len);
    for (size_t at = 0; at < m->len; at++) {
        const weir_span part = weir__chunk_body_part(body, at);
        assert_int_equal(part.len, m->part_end[at] - at);
        assert_memory_equal(part.data, m->bytes + at, part.len);
        assert_int_equal(weir__chunk_body_frame_end(body, at + 1), m->frame_end[at]);
        body->chunk.at = at;
        assert_int_equal(weir__chunk_gap(&body->chunk), at > 0 ? m->frame_end[at - 1] - at : 0);
        assert_int_equal(weir__chunk_payload(&body->chunk), model_payload(m, at, m->len));
    }
    /* Cut off behind each frame. */
    for (size_t end = m->frame_end[0]; end < m->len; end = m->frame_end[end]) {
        body->chunk.end = end;
        for (size_t at = 0; at < end; at++) {
            body->chunk.at = at;
            assert_int_equal(weir__chunk_payload(&body->chunk), model_payload(m, at, end));
        }
    }
}

static void bodies_are_framed_and_counted_byte_for_byte(void **state)
{
    static const size_t lens[] = {0, 1, 2, 3, 6, 7, 21, 125, 126, 127, 250, 252, 300};
    static const uint64_t fragments[] = {1, 2, 7, 20, 125, 126, 127, 150, WEIR_NONE};
    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        for (size_t k = 0; k < sizeof fragments / sizeof *fragments; k++) {
            static model m;
            weir__body body;
            memset(&body, 0, sizeof body);
            body.chunk.kind = WEIR__CHUNK_BODY;
            body.chunk.data = payload_of(lens[i]);
            body.len = lens[i];
            body.opcode = 0x42;
            model_cut(&m, 0x42, body.chunk.data, lens[i],
                      fragments[k] > lens[i] ? lens[i] : (size_t)fragments[k]);
            assert_true(weir__chunk_frame_body(&body, fragments[k]));
            check_body(&m, &body);
        }
    }
}

/* A client's is not framed: all of it is left. */
static void bodies_without_frames_count_as_they_are(void **state)
{
    (void)state;
    weir__body body;
    memset(&body, 0, sizeof body);
    body.chunk.kind = WEIR__CHUNK_BODY;
    body.len = 77;
    assert_int_equal(weir__chunk_payload(&body.chunk), 77);
    assert_int_equal(weir__chunk_gap(&body.chunk), 0);
}

static void bodies_whose_frames_are_beyond_memory_are_refused(void **state)
{
    (void)state;
    weir__body body;
    memset(&body, 0, sizeof body);
    body.len = SIZE_MAX / 11; /* each byte with a head of 10 */
    assert_true(weir__chunk_frame_body(&body, 1));
    assert_int_equal(body.chunk.end, 3 * body.len);
    body.len++;
    assert_false(weir__chunk_frame_body(&body, 1));
    body.len = SIZE_MAX - 10;
    assert_true(weir__chunk_frame_body(&body, WEIR_NONE));
}

/* Data in fragments with control frames between, in a chunk of its own. */
static void frames_are_counted_byte_for_byte(void **state)
{
    static const struct {
        uint8_t first;
        size_t len;
    } frames[] = {{0x01, 5}, {0x89, 3}, {0x00, 0}, {0x80, 130}, {0x8A, 0}, {0x82, 1}, {0x88, 2}};
    static model m;
    (void)state;
    weir_config config;
    weir__memory memory;
    test_alloc alloc = {0};
    assert_int_equal(weir_config_init(&config, sizeof config), WEIR_OK);
    config.allocate = test_allocate;
    config.allocate_user = &alloc;
    weir__memory_init(&memory, &config);
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        model_add(&m, frames[i].first, payload_of(frames[i].len), frames[i].len);
    weir__chunk *const chunk = weir__chunk_make(&memory, WEIR__CHUNK_FRAMES, m.len);
    assert_non_null(chunk);
    assert_true(weir__chunk_room(chunk) >= m.len);
    memcpy(weir__chunk_bytes(chunk), m.bytes, m.len);
    for (size_t end = m.frame_end[0];; end = m.frame_end[end]) {
        chunk->end = end;
        chunk->walk = 0;
        for (size_t at = 0; at <= end; at++) {
            chunk->at = at;
            assert_int_equal(weir__chunk_payload(chunk), model_payload(&m, at, end));
            assert_int_equal(weir__chunk_gap(chunk), at > 0 ? m.frame_end[at - 1] - at : 0);
        }
        if (end == m.len)
            break;
    }
    weir__chunk_free(&memory, chunk);
    weir__memory_trim(&memory);
    assert_int_equal(alloc.blocks, 0);
}

static void what_is_one_frame_or_none_has_its_gap(void **state)
{
    static model m;
    (void)state;
    model_add(&m, 0x81, payload_of(9), 9);
    weir__chunk chunk = {.data = m.bytes, .end = m.len};
    for (size_t at = 0; at <= m.len; at++) {
        chunk.at = at;
        chunk.kind = WEIR__CHUNK_SHARED;
        assert_int_equal(weir__chunk_gap(&chunk), at > 0 ? m.len - at : 0);
        assert_int_equal(weir__chunk_payload(&chunk), model_payload(&m, at, m.len));
        chunk.kind = WEIR__CHUNK_RAW;
        assert_int_equal(weir__chunk_gap(&chunk), m.len - at);
        assert_int_equal(weir__chunk_payload(&chunk), 0);
    }
}

static void chunks_begin_empty_or_are_not_made(void **state)
{
    (void)state;
    weir_config config;
    weir__memory memory;
    test_alloc alloc = {0};
    assert_int_equal(weir_config_init(&config, sizeof config), WEIR_OK);
    config.allocate = test_allocate;
    config.allocate_user = &alloc;
    weir__memory_init(&memory, &config);
    assert_null(weir__chunk_make(&memory, WEIR__CHUNK_RAW, SIZE_MAX));
    assert_null(weir__chunk_make(&memory, WEIR__CHUNK_RAW, SIZE_MAX - sizeof(weir__chunk) + 1));
    for (size_t turn = 0; turn < 2; turn++) { /* the second time in memory that was used */
        weir__body *const body = weir__chunk_make_body(&memory);
        const weir__body empty = {.chunk = {.cap = body->chunk.cap,
                                            .data = weir__chunk_bytes(&body->chunk),
                                            .kind = WEIR__CHUNK_BODY}};
        assert_true(body->chunk.cap >= sizeof *body);
        assert_null(body->chunk.next);
        assert_null(body->chunk.message);
        assert_ptr_equal(body->chunk.data, empty.chunk.data);
        assert_int_equal(body->chunk.at + body->chunk.end + body->chunk.walk, 0);
        assert_int_equal(body->chunk.kind, WEIR__CHUNK_BODY);
        assert_false(body->chunk.inside || body->chunk.offered);
        assert_memory_equal(&body->len, &empty.len, sizeof empty - offsetof(weir__body, len));
        memset(&body->chunk.data, 0xA5, sizeof *body - offsetof(weir__body, chunk.data));
        body->chunk.message = NULL;
        body->chunk.inside = false;
        weir__chunk_free(&memory, &body->chunk);
    }
    weir__chunk inside = {.kind = WEIR__CHUNK_RAW, .inside = true};
    weir__chunk_free(&memory, &inside);
    assert_int_equal(inside.kind, WEIR__CHUNK_NONE);
    weir__memory_trim(&memory);
    alloc.fail_from = 1;
    assert_null(weir__chunk_make(&memory, WEIR__CHUNK_RAW, 1));
    assert_null(weir__chunk_make_body(&memory));
    assert_int_equal(alloc.blocks, 0);
}

static void lists_give_the_first_until_they_are_empty(void **state)
{
    (void)state;
    weir__chunk_list list = {NULL, NULL};
    weir__chunk chunks[3];
    assert_null(weir__chunk_take_first(&list));
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 3; i++)
            weir__chunk_append(&list, &chunks[i]);
        for (size_t i = 0; i < 3; i++)
            assert_ptr_equal(weir__chunk_take_first(&list), &chunks[i]);
        assert_null(list.first);
        assert_null(list.last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_framed_and_counted_byte_for_byte),
        cmocka_unit_test(bodies_without_frames_count_as_they_are),
        cmocka_unit_test(bodies_whose_frames_are_beyond_memory_are_refused),
        cmocka_unit_test(frames_are_counted_byte_for_byte),
        cmocka_unit_test(what_is_one_frame_or_none_has_its_gap),
        cmocka_unit_test(chunks_begin_empty_or_are_not_made),
        cmocka_unit_test(lists_give_the_first_until_they_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
