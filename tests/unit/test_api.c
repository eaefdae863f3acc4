/* SPDX-License-Identifier: MIT */
/* The exported functions: each with each argument that it must refuse, and nothing happens then. */
#include <string.h>

#include "support/peer.h"
#include "support/test.h"

/* A call that is refused returns this. */
static void refused(int status)
{
    assert_int_equal(status, WEIR_E_ARGUMENT);
}

static void the_version_is_that_of_the_header(void **state)
{
    (void)state;
    assert_int_equal(weir_version(),
                     WEIR_VERSION_MAJOR << 16 | WEIR_VERSION_MINOR << 8 | WEIR_VERSION_PATCH);
}

static void a_status_has_a_text_for_people(void **state)
{
    (void)state;
    assert_string_equal(weir_status_text(WEIR_OK), "done");
    assert_string_equal(weir_status_name(WEIR_OK), "WEIR_OK");
    assert_int_equal(weir_status_wire(WEIR_E_ARGUMENT), 0);
}

static void a_config_is_refused_when_it_is_null_or_of_another_size(void **state)
{
    (void)state;
    weir_config config;
    weir_context *context = (weir_context *)&config;
    uint64_t value = 77;
    const int option = WEIR_OPTION_MAX_FIELDS;
    refused(weir_config_init(NULL, sizeof config));
    refused(weir_config_init_tiny(NULL, sizeof config));
    assert_int_equal(weir_config_init(&config, sizeof config - 1), WEIR_E_SIZE);
    assert_int_equal(weir_config_init_tiny(&config, sizeof config + 8), WEIR_E_SIZE);
    assert_int_equal(weir_config_init(&config, weir_config_size()), WEIR_OK);
    refused(weir_config_set(NULL, option, 1));
    refused(weir_config_set_text(NULL, WEIR_OPTION_PATHS, "/", 1));
    refused(weir_config_set_text(&config, WEIR_OPTION_PATHS, NULL, 1));
    refused(weir_config_set_text(&config, WEIR_OPTION_PATHS, NULL, WEIR_NTS));
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_PATHS, NULL, 0), WEIR_OK);
    refused(weir_config_get(NULL, option, &value));
    refused(weir_config_get(&config, option, NULL));
    refused(weir_context_create(&config, NULL));
    refused(weir_context_create(NULL, &context));
    assert_null(context);
    config.size--;
    context = (weir_context *)&config;
    assert_int_equal(weir_config_set(&config, option, 1), WEIR_E_SIZE);
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_PATHS, "/", 1), WEIR_E_SIZE);
    assert_int_equal(weir_config_get(&config, option, &value), WEIR_E_SIZE);
    assert_int_equal(weir_context_create(&config, &context), WEIR_E_SIZE);
    assert_null(context);
    assert_int_equal(value, 77);
}

static void a_context_that_is_null_is_refused_or_has_nothing(void **state)
{
    (void)state;
    weir_stats stats;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_context_free(NULL), WEIR_OK);
    refused(weir_context_set_time(NULL, 1));
    assert_int_equal(weir_context_next_due(NULL), WEIR_NONE);
    assert_null(weir_context_next_ready(NULL));
    refused(weir_context_stats(NULL, &stats, sizeof stats));
    refused(weir_context_stats(p.context, NULL, sizeof stats));
    assert_int_equal(weir_context_stats(p.context, &stats, sizeof stats - 1), WEIR_E_SIZE);
    assert_int_equal(weir_context_stats(p.context, &stats, sizeof stats), WEIR_OK);
    peer_close(&p);
}

static void a_connection_is_not_made_of_wrong_arguments(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    const weir_request request = {.url = {"ws://host/", 10}};
    const weir_request no_fields = {.url = {"ws://host/", 10}, .field_count = 1};
    weir_conn *conn = p.conn;
    refused(weir_conn_create_server(p.context, NULL));
    refused(weir_conn_create_server(NULL, &conn));
    assert_null(conn);
    conn = p.conn;
    refused(weir_conn_create_client(p.context, &request, NULL));
    refused(weir_conn_create_client(NULL, &request, &conn));
    assert_null(conn);
    refused(weir_conn_create_client(p.context, NULL, &conn));
    refused(weir_conn_create_client(p.context, &no_fields, &conn));
    refused(weir_conn_create_established(p.context, WEIR_SERVER, NULL));
    conn = p.conn;
    refused(weir_conn_create_established(NULL, WEIR_SERVER, &conn));
    assert_null(conn);
    refused(weir_conn_create_established(p.context, WEIR_SERVER + WEIR_CLIENT, &conn));
    refused(weir_conn_create_established(p.context, -1, &conn));
    assert_null(conn);
    weir_conn_free(NULL);
    peer_close(&p);
}

static void a_connection_that_is_null_is_refused_or_is_closed(void **state)
{
    (void)state;
    weir_event event;
    weir_span span;
    weir_text text;
    weir_field field;
    weir_report report;
    weir_stats stats;
    size_t len = 1;
    size_t used = 99;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_message *message;
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "x", 1, &message), WEIR_OK);
    refused(weir_conn_set_user(NULL, &p));
    assert_null(weir_conn_user(NULL));
    refused(weir_conn_set(NULL, WEIR_OPTION_MAX_FRAGMENTS, 1));
    refused(weir_conn_trim(NULL));
    assert_int_equal(weir_conn_state(NULL), WEIR_CLOSED);
    /* Bytes for a connection that is not there are taken, so that no caller waits for it. */
    refused(weir_conn_receive(NULL, "x", 1, &used, &event, 1));
    assert_int_equal(used, 1);
    refused(weir_conn_events(NULL, &event, 1));
    refused(weir_conn_receive_eof(NULL));
    assert_null(weir_conn_input_buffer(NULL, &len));
    used = 99;
    refused(weir_conn_input_filled(NULL, 7, &used, &event, 1));
    assert_int_equal(used, 7);
    refused(weir_conn_text(NULL, WEIR_TEXT_PATH, &text));
    refused(weir_conn_header(NULL, "host", 4, 0, &text));
    refused(weir_conn_header_at(NULL, 0, &field));
    refused(weir_conn_offered_subprotocol(NULL, 0, &text));
    refused(weir_conn_accept(NULL, NULL, 0, NULL, 0));
    refused(weir_conn_respond(NULL, 404, NULL, 0, NULL, 0));
    refused(weir_conn_send(NULL, WEIR_TEXT, "x", 1));
    refused(weir_conn_send_ref(NULL, WEIR_TEXT, "x", 1, 0));
    refused(weir_conn_send_message(NULL, message));
    refused(weir_conn_send_begin(NULL, WEIR_TEXT));
    refused(weir_conn_send_chunk(NULL, "x", 1));
    refused(weir_conn_send_end(NULL, "x", 1));
    refused(weir_conn_ping(NULL, "x", 1));
    refused(weir_conn_pong(NULL, "x", 1));
    refused(weir_conn_close(NULL, 1000, NULL, 0));
    assert_int_equal(weir_conn_wants(NULL), WEIR_WANT_CLOSE);
    refused(weir_conn_output(NULL, &span, 1));
    refused(weir_conn_sent(NULL, 0));
    assert_int_equal(weir_conn_buffered_amount(NULL), 0);
    refused(weir_conn_report(NULL, &report, sizeof report));
    refused(weir_conn_stats(NULL, &stats, sizeof stats));
    weir_message_free(message);
    peer_close(&p);
}

static void receiving_refuses_places_that_are_null(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_event event;
    size_t used = 99;
    size_t len;
    refused(weir_conn_receive(p.conn, "x", 1, NULL, &event, 1));
    refused(weir_conn_receive(p.conn, NULL, 1, &used, &event, 1));
    refused(weir_conn_receive(p.conn, "x", 1, &used, NULL, 1));
    refused(weir_conn_events(p.conn, NULL, 1));
    assert_int_equal(weir_conn_events(p.conn, NULL, 0), 0);
    assert_int_equal(weir_conn_events(p.conn, &event, SIZE_MAX), 0);
    assert_null(weir_conn_input_buffer(p.conn, NULL));
    refused(weir_conn_input_filled(p.conn, 0, &used, &event, 1)); /* no place was asked for */
    uint8_t *const place = weir_conn_input_buffer(p.conn, &len);
    assert_non_null(place);
    refused(weir_conn_input_filled(p.conn, 0, NULL, &event, 1));
    refused(weir_conn_input_filled(p.conn, 0, &used, NULL, 1));
    refused(weir_conn_input_filled(p.conn, len + 1, &used, &event, 1));
    assert_int_equal(used, len + 1);
    memcpy(place, "\x89\x80\0\0\0", 6);
    assert_int_equal(weir_conn_input_filled(p.conn, 6, &used, &event, SIZE_MAX), 1);
    assert_int_equal(event.type, WEIR_EVENT_PING);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    peer_close(&p);
}

static void handshakes_refuse_texts_and_fields_that_are_null(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 's');
    weir_text text;
    const weir_field field = {{"x", 1}, {"y", 1}};
    refused(weir_conn_text(p.conn, WEIR_TEXT_PATH, NULL));
    refused(weir_conn_header(p.conn, NULL, 0, 0, &text));
    refused(weir_conn_header(p.conn, "host", 4, 0, NULL));
    refused(weir_conn_header_at(p.conn, 0, NULL));
    refused(weir_conn_offered_subprotocol(p.conn, 0, NULL));
    refused(weir_conn_accept(p.conn, NULL, 0, NULL, 1));
    refused(weir_conn_respond(p.conn, 404, NULL, 1, NULL, 0));
    refused(weir_conn_respond(p.conn, 404, &field, 1, NULL, 1));
    assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
    peer_close(&p);
}

static void sending_refuses_types_and_bytes_that_are_none(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    static const int types[] = {0, 3, 8, 9, 10, -1, WEIR_TEXT | 0x80, 0x7FFFFFFF};
    weir_message *message;
    refused(weir_message_create(p.context, WEIR_TEXT, "x", 1, NULL));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        message = (weir_message *)&p;
        refused(weir_conn_send(p.conn, types[i], "x", 1));
        refused(weir_conn_send_ref(p.conn, types[i], "x", 1, 0));
        refused(weir_conn_send_begin(p.conn, types[i]));
        refused(weir_message_create(p.context, types[i], "x", 1, &message));
        assert_null(message);
    }
    refused(weir_message_create(NULL, WEIR_TEXT, "x", 1, &message));
    refused(weir_message_create(p.context, WEIR_TEXT, NULL, 1, &message));
    refused(weir_message_retain(NULL));
    weir_message_free(NULL);
    refused(weir_conn_send(p.conn, WEIR_TEXT, NULL, 1));
    refused(weir_conn_send_ref(p.conn, WEIR_TEXT, NULL, 1, 0));
    refused(weir_conn_send_message(p.conn, NULL));
    refused(weir_conn_send_chunk(p.conn, NULL, 1));
    refused(weir_conn_send_end(p.conn, NULL, 1));
    refused(weir_conn_ping(p.conn, NULL, 1));
    refused(weir_conn_pong(p.conn, NULL, 1));
    refused(weir_conn_close(p.conn, 1000, NULL, 1));
    assert_int_equal(weir_conn_close(p.conn, -1, NULL, 0), WEIR_E_CLOSE_CODE);
    refused(weir_conn_output(p.conn, NULL, 1));
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
    assert_int_equal(weir_conn_close(p.conn, 1000, NULL, WEIR_NTS), WEIR_OK);
    weir_span spans[4];
    assert_int_equal(weir_conn_output(p.conn, NULL, 0), 0); /* it waits, but there is no room */
    assert_int_equal(weir_conn_output(p.conn, spans, SIZE_MAX), 1);
    peer_close(&p);
}

static void reports_refuse_structs_of_another_size(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_report report;
    weir_stats stats;
    refused(weir_conn_report(p.conn, NULL, sizeof report));
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report - 1), WEIR_E_SIZE);
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
    refused(weir_conn_stats(p.conn, NULL, sizeof stats));
    assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats + 1), WEIR_E_SIZE);
    assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats), WEIR_OK);
    peer_close(&p);
}

/* ---- Pieces that work alone ------------------------------------------------------------------*/

static void a_frame_head_out_of_range_is_not_written(void **state)
{
    (void)state;
    const weir_frame_head good = {
        .len = INT64_MAX, .fin = 1, .rsv = 7, .opcode = 15, .masked = 1, .key = {1, 2, 3, 4}};
    uint8_t out[WEIR_FRAME_HEAD_MAX];
    weir_frame_head head;
    assert_int_equal(weir_frame_head_write(&good, out), WEIR_FRAME_HEAD_MAX);
    assert_int_equal(weir_frame_head_read(out, sizeof out, &head), WEIR_FRAME_HEAD_MAX);
    assert_memory_equal(&head, &good, sizeof head);
    refused(weir_frame_head_write(NULL, out));
    refused(weir_frame_head_write(&good, NULL));
    for (int field = 0; field < 5; field++) {
        head = good;
        head.len += field == 0;
        head.fin = (uint8_t)(head.fin + (field == 1));
        head.masked = (uint8_t)(head.masked + (field == 2));
        head.rsv = (uint8_t)(head.rsv + (field == 3));
        head.opcode = (uint8_t)(head.opcode + (field == 4));
        refused(weir_frame_head_write(&head, out));
    }
    refused(weir_frame_head_read(NULL, 2, &head));
    refused(weir_frame_head_read(out, 2, NULL));
    assert_int_equal(weir_frame_head_read(NULL, 0, &head), 0);
}

static void a_mask_goes_on_where_the_last_piece_ended(void **state)
{
    (void)state;
    const uint8_t key[4] = {0x37, 0xFA, 0x21, 0x3D};
    uint8_t whole[300], pieces[300];
    for (size_t cut = 0; cut <= sizeof whole; cut++) {
        for (size_t i = 0; i < sizeof whole; i++)
            whole[i] = pieces[i] = (uint8_t)(i * 7);
        for (size_t i = 0; i < sizeof whole; i++)
            whole[i] ^= key[(i + 3) % 4];
        const uint32_t phase = weir_mask(pieces, cut, key, 3);
        assert_int_equal(phase, (3 + cut) % 4);
        weir_mask(pieces + cut, sizeof pieces - cut, key, phase + (1ull << 40));
        assert_memory_equal(whole, pieces, sizeof whole);
    }
    assert_int_equal(weir_mask(NULL, 3, key, 6), 2);
    assert_int_equal(weir_mask(pieces, 3, NULL, 6), 2);
    assert_memory_equal(whole, pieces, sizeof whole);
}

static void a_text_is_checked_in_pieces_and_must_not_end_in_a_character(void **state)
{
    (void)state;
    weir_utf8 utf8 = {0};
    assert_int_equal(weir_utf8_check(&utf8, "gr\xC3", 3, 0), 3);
    assert_int_equal(weir_utf8_check(&utf8, "\xBC\xC3\x9F", 3, 1), 3);
    assert_int_equal(weir_utf8_check(&utf8, NULL, 0, 1), 0);
    assert_int_equal(weir_utf8_check(&utf8, "a\xE2\x82", 3, 1), SIZE_MAX);
    utf8 = (weir_utf8){0};
    assert_int_equal(weir_utf8_check(&utf8, "ab\xFF", 3, 1), 2);
    utf8 = (weir_utf8){0};
    assert_int_equal(weir_utf8_check(NULL, "a", 1, 1), 0);
    assert_int_equal(weir_utf8_check(&utf8, NULL, 1, 1), 0);
}

static void an_accept_key_needs_a_key_and_a_place(void **state)
{
    (void)state;
    char accept[28];
    refused(weir_accept_key(NULL, 0, accept));
    refused(weir_accept_key("dGhlIHNhbXBsZSBub25jZQ==", WEIR_NTS, NULL));
    assert_int_equal(weir_accept_key("dGhlIHNhbXBsZSBub25jZQ==", WEIR_NTS, accept), WEIR_OK);
    assert_memory_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", sizeof accept);
}

static void a_url_needs_a_text_and_a_place(void **state)
{
    (void)state;
    weir_url url;
    refused(weir_url_parse(NULL, 0, &url));
    refused(weir_url_parse("ws://h", 6, NULL));
    assert_int_equal(weir_url_parse("ws://h", WEIR_NTS, &url), WEIR_OK);
    assert_int_equal(url.port, 80);
}

static void a_close_payload_is_read_and_written_alone(void **state)
{
    (void)state;
    uint8_t payload[125];
    uint32_t code = 0;
    weir_text reason;
    assert_true(weir_close_code_valid(1000));
    assert_false(weir_close_code_valid(1005));
    assert_int_equal(weir_close_payload_write(1001, "bye", WEIR_NTS, payload), 5);
    assert_int_equal(weir_close_payload_read(payload, 5, &code, &reason), WEIR_OK);
    assert_int_equal(code, 1001);
    assert_int_equal(reason.len, 3);
    assert_memory_equal(reason.data, "bye", 3);
    assert_int_equal(weir_close_payload_write(1001, NULL, WEIR_NTS, payload), 2);
    assert_int_equal(weir_close_payload_write(0, NULL, 0, payload), 0);
    refused(weir_close_payload_write(1001, NULL, 1, payload));
    refused(weir_close_payload_write(1001, "bye", 3, NULL));
    refused(weir_close_payload_read(NULL, 1, &code, &reason));
    refused(weir_close_payload_read(payload, 2, NULL, &reason));
    refused(weir_close_payload_read(payload, 2, &code, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_is_that_of_the_header),
        cmocka_unit_test(a_status_has_a_text_for_people),
        cmocka_unit_test(a_config_is_refused_when_it_is_null_or_of_another_size),
        cmocka_unit_test(a_context_that_is_null_is_refused_or_has_nothing),
        cmocka_unit_test(a_connection_is_not_made_of_wrong_arguments),
        cmocka_unit_test(a_connection_that_is_null_is_refused_or_is_closed),
        cmocka_unit_test(receiving_refuses_places_that_are_null),
        cmocka_unit_test(handshakes_refuse_texts_and_fields_that_are_null),
        cmocka_unit_test(sending_refuses_types_and_bytes_that_are_none),
        cmocka_unit_test(reports_refuse_structs_of_another_size),
        cmocka_unit_test(a_frame_head_out_of_range_is_not_written),
        cmocka_unit_test(a_mask_goes_on_where_the_last_piece_ended),
        cmocka_unit_test(a_text_is_checked_in_pieces_and_must_not_end_in_a_character),
        cmocka_unit_test(an_accept_key_needs_a_key_and_a_place),
        cmocka_unit_test(a_url_needs_a_text_and_a_place),
        cmocka_unit_test(a_close_payload_is_read_and_written_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
