/* SPDX-License-Identifier: MIT */
/* What TLS allocates: nothing per message, and a failure at any place is reported and leaks not. */
#include <weir/tls.h>

#include <string.h>

#include "support/test.h"
#include "support/tls/tls_calls.h"
#include "support/tls/tls_pair.h"

static void messages__allocate_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 5, 125, 1000, 16384, 20000, 65536, 200000};
    static uint8_t data[200000];
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    pair.server.echo = true;
    const size_t before = tls_calls;
    for (unsigned turn = 0; turn < 10; turn++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            weir_conn_send(pair.client.conn, WEIR_BINARY, data, sizes[i]);
            tls_pair_run(&pair);
        }
    assert_int_equal(pair.client.messages, 80);
    assert_int_equal(tls_calls, before);
    assert_true(before > 100); /* the handshake was counted, so this would be too */
    tls_pair_free(&pair);
}

/* One end of a scenario where a call of the allocator fails. */
typedef struct part {
    weir_tls_context *context;
    weir_tls *tls;
    int status;
} part;

static bool give(part *from, part *to)
{
    weir_span span;
    size_t used;
    if (weir_tls_output(from->tls, &span, 1) != 1)
        return false;
    assert_int_equal(weir_tls_receive(to->tls, span.data, span.len, &used, NULL, 0), 0);
    assert_int_equal(weir_tls_sent(from->tls, span.len), WEIR_OK);
    return true;
}

static void part_make(part *it, int role, const void *session, size_t len)
{
    weir_tls_config config = tls_pair_config(role);
    config.alpn = (weir_text){"http/1.1", WEIR_NTS};
    it->status = weir_tls_context_create(&config, &it->context);
    if (it->status == WEIR_OK && role == WEIR_CLIENT)
        it->status = weir_tls_create_client(it->context, NULL, "localhost", WEIR_NTS, session, len,
                                            &it->tls);
    else if (it->status == WEIR_OK)
        it->status = weir_tls_create_server(it->context, NULL, &it->tls);
}

static void part_free(part *it)
{
    weir_tls_free(it->tls);
    assert_int_equal(weir_tls_context_free(it->context), WEIR_OK);
}

/* A handshake, and a session saved; what went wrong. Gives the session when all went well. */
static int run(const void *session, size_t len, uint8_t *out, size_t cap, size_t *saved)
{
    part client = {0}, server = {0};
    part_make(&client, WEIR_CLIENT, session, len);
    part_make(&server, WEIR_SERVER, NULL, 0);
    int status = client.status != WEIR_OK ? client.status : server.status;
    if (status == WEIR_OK) {
        for (unsigned turn = 0; turn < 20; turn++) {
            give(&client, &server);
            give(&server, &client);
        }
        const int ours = weir_tls_cause(client.tls), theirs = weir_tls_cause(server.tls);
        status = ours == WEIR_E_MEMORY || theirs == WEIR_OK ? ours : theirs;
        if (status == WEIR_OK && weir_tls_state(client.tls) == WEIR_TLS_OPEN)
            status = weir_tls_save(client.tls, out, cap, saved);
    }
    part_free(&client);
    part_free(&server);
    return status;
}

static void failure_at_any_place__is_reported(void **state)
{
    (void)state;
    uint8_t first[4096], again[4096];
    size_t first_len, again_len, reported = 0, other = 0;
    tls_certs_usual();
    assert_int_equal(run(NULL, 0, first, sizeof first, &first_len), WEIR_OK);
    const size_t calls = tls_calls, living = tls_living;
    assert_int_equal(run(first, first_len, again, sizeof again, &again_len), WEIR_OK);
    const size_t count = tls_calls - calls;
    assert_int_equal(tls_living, living);
    for (size_t at = 1; at <= count; at += 1 + at / 20) {
        tls_fail = tls_calls + at;
        const int status = run(first, first_len, again, sizeof again, &again_len);
        tls_fail = 0;
        if (tls_living != living)
            fail_msg("call %zu of %zu leaks", at, count);
        reported += status == WEIR_E_MEMORY;
        other += status != WEIR_E_MEMORY && status != WEIR_OK;
    }
    /* Some failures mbedTLS makes up for, some it gives another name. */
    assert_true(reported > 0);
    assert_true(other * 2 < reported);
}

static int create_full_context(weir_tls_context **context)
{
    const tls_certs *const certs = tls_certs_usual();
    weir_tls_config config = tls_pair_config(WEIR_SERVER);
    config.verify = 1;
    config.ca = (weir_text){certs->ca.pem, WEIR_NTS};
    config.alpn = (weir_text){"h2 http/1.1", WEIR_NTS};
    return weir_tls_context_create(&config, context);
}

static void context_that_runs_out_of_memory__is_not_made(void **state)
{
    (void)state;
    weir_tls_context *context;
    tls_certs_usual();
    const size_t before = tls_calls;
    assert_int_equal(create_full_context(&context), WEIR_OK);
    const size_t count = tls_calls - before;
    assert_int_equal(weir_tls_context_free(context), WEIR_OK);
    const size_t living = tls_living;
    /* Those in the midst are all of comparing the key with the certificate. */
    for (size_t at = 1; at <= count; at += at < 100 || at + 100 > count ? 1 : 37) {
        tls_fail = tls_calls + at;
        const int status = create_full_context(&context);
        tls_fail = 0;
        /* mbedTLS calls a key that it had no memory for malformed. */
        if (status != WEIR_E_MEMORY && status != WEIR_TLS_E_KEY)
            fail_msg("call %zu of %zu: %d", at, count, status);
        assert_null(context);
        assert_int_equal(tls_living, living);
    }
}

/* A client of a saved session, or a server. */
static int create_tls(tls_pair *pair, int role, const uint8_t *session, size_t len, weir_tls **tls)
{
    return role == WEIR_CLIENT ? weir_tls_create_client(pair->client.context, NULL, "localhost",
                                                        WEIR_NTS, session, len, tls)
                               : weir_tls_create_server(pair->server.context, NULL, tls);
}

static void connection_that_runs_out_of_memory__is_not_made(void **state)
{
    (void)state;
    uint8_t session[4096];
    size_t len;
    tls_pair pair;
    weir_tls *tls;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    assert_int_equal(weir_tls_save(pair.client.tls, session, sizeof session, &len), WEIR_OK);
    for (int role = WEIR_SERVER; role <= WEIR_CLIENT; role++) {
        const size_t before = tls_calls;
        assert_int_equal(create_tls(&pair, role, session, len, &tls), WEIR_OK);
        const size_t count = tls_calls - before;
        weir_tls_free(tls);
        const size_t living = tls_living;
        assert_true(count > 1);
        for (size_t at = 1; at <= count; at++) {
            tls_fail = tls_calls + at;
            const int status = create_tls(&pair, role, session, len, &tls);
            tls_fail = 0;
            if (status != WEIR_E_MEMORY)
                fail_msg("call %zu of %zu: %d", at, count, status);
            assert_null(tls);
            assert_int_equal(tls_living, living);
        }
    }
    tls_pair_free(&pair);
}

/* Also where an earlier session was saved: mbedTLS has thrown that away before it fails. */
static void save_that_runs_out_of_memory__is_told_each_time(void **state)
{
    (void)state;
    uint8_t first[4096], again[4096];
    size_t first_len, again_len;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    weir_tls *const tls = pair.client.tls;
    tls_fail = tls_calls + 1;
    assert_int_equal(weir_tls_save(tls, first, sizeof first, &first_len), WEIR_E_MEMORY);
    const size_t before = tls_calls;
    assert_int_equal(weir_tls_save(tls, first, sizeof first, &first_len), WEIR_OK);
    const size_t count = tls_calls - before;
    assert_true(count > 0);
    for (size_t at = 1; at <= count; at++) {
        const size_t calls = tls_calls;
        tls_fail = calls + at;
        const int status = weir_tls_save(tls, again, sizeof again, &again_len);
        const bool failed = tls_calls >= tls_fail;
        tls_fail = 0;
        assert_int_equal(status, failed ? (int)WEIR_E_MEMORY : WEIR_OK);
        assert_int_equal(weir_tls_save(tls, again, sizeof again, &again_len), WEIR_OK);
        assert_int_equal(again_len, first_len);
        assert_memory_equal(again, first, first_len);
    }
    tls_pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages__allocate_nothing),
        cmocka_unit_test(failure_at_any_place__is_reported),
        cmocka_unit_test(context_that_runs_out_of_memory__is_not_made),
        cmocka_unit_test(connection_that_runs_out_of_memory__is_not_made),
        cmocka_unit_test(save_that_runs_out_of_memory__is_told_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
