/* SPDX-License-Identifier: MIT */
/* Sec-WebSocket-Extensions: the grammar beside a plain reader of it, and negotiation of
 * permessage-deflate, of any offer and of our own. */
#include <stdlib.h>
#include <string.h>

#include "../src/base/memory.h"
#include "../src/protocol/permessage.h"
#include "fuzz.h"

typedef struct extensions_case {
    fuzz_alloc alloc;
    weir_config config;
    weir__memory memory;
} extensions_case;

/* ---- The grammar, read plainly (RFC 6455 9.1) -------------------------------------------------*/

typedef struct grammar {
    const uint8_t *data;
    size_t len;
    size_t at;
} grammar;

static int grammar_peek(const grammar *g)
{
    return g->at < g->len ? g->data[g->at] : -1;
}

static void grammar_space(grammar *g)
{
    while (grammar_peek(g) == ' ' || grammar_peek(g) == '\t')
        g->at++;
}

static int grammar_is_tchar(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c > 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static int grammar_token(grammar *g)
{
    const size_t begin = g->at;
    while (grammar_is_tchar(grammar_peek(g)))
        g->at++;
    return g->at > begin;
}

/* A quoted value must be a token once it is unescaped. */
static int grammar_quoted(grammar *g)
{
    size_t count = 0;
    for (g->at++; grammar_peek(g) != '"'; g->at++, count++) {
        if (grammar_peek(g) == '\\')
            g->at++;
        if (!grammar_is_tchar(grammar_peek(g)))
            return 0;
    }
    g->at++;
    return count > 0;
}

static int grammar_extension(grammar *g, uint64_t max_params)
{
    if (!grammar_token(g))
        return 0;
    for (uint64_t params = 0;; params++) {
        grammar_space(g);
        if (grammar_peek(g) != ';')
            return params <= max_params;
        g->at++;
        grammar_space(g);
        if (!grammar_token(g))
            return 0;
        grammar_space(g);
        if (grammar_peek(g) != '=')
            continue;
        g->at++;
        grammar_space(g);
        if (grammar_peek(g) == '"' ? !grammar_quoted(g) : !grammar_token(g))
            return 0;
    }
}

static int grammar_is_list(const uint8_t *data, size_t len, const weir_config *config)
{
    grammar g = {data, len, 0};
    uint64_t members = 0;
    uint64_t empty = 0;
    for (;; g.at++) {
        grammar_space(&g);
        if (grammar_peek(&g) == ',' || grammar_peek(&g) == -1)
            empty++;
        else if (members++, !grammar_extension(&g, config->max_extension_params))
            return 0;
        grammar_space(&g);
        if (grammar_peek(&g) == -1)
            break;
        if (grammar_peek(&g) != ',')
            return 0;
    }
    return members > 0 && members <= config->max_extension_offers &&
           empty <= config->max_empty_members;
}

/* ---- Heads -----------------------------------------------------------------------------------*/

/* A head with one field of the value. 0: the value cannot stand in a head. */
static int extensions_head(extensions_case *c, weir__http_head *head, weir__http_kind kind,
                           const uint8_t *value, size_t len)
{
    fuzz_bytes text = {NULL, 0, 0};
    size_t used;
    memset(head, 0, sizeof *head);
    head->kind = kind;
    head->policy = &c->config;
    head->kernels = weir__kernels_baseline();
    fuzz_add_text(&text, kind == WEIR__HTTP_REQUEST ? "GET / HTTP/1.1\r\n" : "HTTP/1.1 101 x\r\n");
    fuzz_add_text(&text, "Sec-WebSocket-Extensions:");
    fuzz_add(&text, value, len);
    fuzz_add_text(&text, "\r\n\r\n");
    const int status = weir__http_head_feed(head, &c->memory, text.data, text.len, &used);
    const int whole = status == WEIR_OK && used == text.len && head->field_count == 1;
    fuzz_drop(&text);
    return whole;
}

static void extensions_wishes(weir__permessage_wishes *wishes, uint32_t bits)
{
    wishes->enabled = true;
    wishes->tx_takeover = bits & 1;
    wishes->rx_takeover = bits >> 1 & 1;
    wishes->rx_window_firm = bits >> 2 & 1;
    wishes->tx_window_bits = (uint8_t)(9 + (bits >> 3 & 7) % 7);
    wishes->rx_window_bits = (uint8_t)(9 + (bits >> 6 & 7) % 7);
}

static void extensions_check_agreed(const weir__permessage_agreed *agreed,
                                    const weir__permessage_wishes *wishes)
{
    if (!agreed->enabled)
        return;
    FUZZ_CHECK(agreed->tx_window_bits >= 8 && agreed->tx_window_bits <= wishes->tx_window_bits);
    FUZZ_CHECK(agreed->rx_window_bits >= 8 && agreed->rx_window_bits <= 15);
    FUZZ_CHECK(!wishes->rx_window_firm || agreed->rx_window_bits <= wishes->rx_window_bits);
    FUZZ_CHECK(wishes->tx_takeover || !agreed->tx_takeover);
}

/* ---- Negotiation -----------------------------------------------------------------------------*/

/* What a server agrees to, a client that made the offer takes, and both mean the same. */
static void extensions_round(extensions_case *c, uint32_t bits)
{
    weir__permessage_wishes client, server;
    weir__permessage_agreed ours, theirs;
    weir__http_head offer, answer;
    weir__buffer text = {NULL, 0, 0};
    weir__head_writer writer;
    extensions_wishes(&client, bits);
    extensions_wishes(&server, bits >> 9);
    weir__head_begin(&writer, &c->memory, &text);
    weir__permessage_write_offer(&writer, &client);
    FUZZ_CHECK(weir__head_end(&writer) == WEIR_OK && text.len > 0);
    FUZZ_CHECK(extensions_head(c, &offer, WEIR__HTTP_REQUEST, text.data, text.len));
    FUZZ_CHECK(weir__extension_list_check(&offer) == WEIR_OK);
    weir__permessage_accept(&offer, &server, &theirs);
    extensions_check_agreed(&theirs, &server);
    text.len = 0;
    weir__head_begin(&writer, &c->memory, &text);
    weir__permessage_write_answer(&writer, &theirs);
    FUZZ_CHECK(weir__head_end(&writer) == WEIR_OK && (text.len > 0) == theirs.enabled);
    if (theirs.enabled) {
        FUZZ_CHECK(extensions_head(c, &answer, WEIR__HTTP_RESPONSE, text.data, text.len));
        const int verdict = weir__permessage_judge_answer(&answer, &client, &ours);
        if (verdict != WEIR_OK)
            fuzz_die("our client refuses our server's answer %.*s: %s", (int)text.len,
                     (const char *)text.data, weir_status_name(verdict));
        extensions_check_agreed(&ours, &client);
        FUZZ_CHECK(ours.enabled && ours.tx_window_bits <= theirs.rx_window_bits);
        FUZZ_CHECK(ours.rx_window_bits >= theirs.tx_window_bits);
        FUZZ_CHECK(theirs.rx_takeover || !ours.tx_takeover);
        FUZZ_CHECK(ours.rx_takeover || !theirs.tx_takeover);
        weir__http_head_free(&answer, &c->memory);
    }
    weir__http_head_free(&offer, &c->memory);
    weir__buffer_free(&c->memory, &text);
}

/* Any text as an offer and as an answer. */
static void extensions_judge(extensions_case *c, fuzz_input in, uint32_t bits)
{
    weir__permessage_wishes wishes;
    weir__permessage_agreed agreed;
    weir__http_head head;
    extensions_wishes(&wishes, bits);
    if (extensions_head(c, &head, WEIR__HTTP_REQUEST, in.data, in.len)) {
        const uint64_t start = fuzz_work();
        const int status = weir__extension_list_check(&head);
        FUZZ_CHECK((status == WEIR_OK) == grammar_is_list(in.data, in.len, &c->config));
        if (status == WEIR_OK) {
            weir__permessage_accept(&head, &wishes, &agreed);
            extensions_check_agreed(&agreed, &wishes);
        }
        fuzz_work_within("extensions", start, 2000, 80, in.len);
    }
    weir__http_head_free(&head, &c->memory);
    if (extensions_head(c, &head, WEIR__HTTP_RESPONSE, in.data, in.len)) {
        const int status = weir__permessage_judge_answer(&head, &wishes, &agreed);
        FUZZ_CHECK(status == WEIR_OK || !agreed.enabled);
        extensions_check_agreed(&agreed, &wishes);
    }
    weir__http_head_free(&head, &c->memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t bits = fuzz_take(&in, 3);
    const uint32_t limits = fuzz_take(&in, 1);
    extensions_case c = {.alloc = {.budget = 8192 + 24 * (uint64_t)size}};
    weir_config_init(&c.config, sizeof c.config);
    c.config.allocate = fuzz_allocate;
    c.config.allocate_user = &c.alloc;
    c.config.max_pooled_bytes = 0;
    c.config.max_extension_offers = 1 + (limits & 7);
    c.config.max_extension_params = limits >> 3 & 7;
    c.config.max_empty_members = limits >> 6;
    weir__memory_init(&c.memory, &c.config);
    extensions_judge(&c, in, bits);
    c.config.max_extension_offers = c.config.max_extension_params = 16;
    extensions_round(&c, bits);
    weir__memory_trim(&c.memory);
    fuzz_alloc_end(&c.alloc);
    return 0;
}
