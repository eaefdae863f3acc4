/* SPDX-License-Identifier: MIT */
/* Small helpers beside plain versions of them: field values, names, lists, base64, the accept key,
 * masking by every table, frame heads, close payloads. */
#include <stdlib.h>
#include <string.h>

#include "../src/base/cpu.h"
#include "../src/kernels/base64.h"
#include "../src/kernels/kernels.h"
#include "../src/kernels/sha1.h"
#include "../src/protocol/handshake.h"
#include "reference.h"

static int values_is_tchar(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void values_texts(const uint8_t *data, size_t len)
{
    const weir_text text = {(const char *)data, len};
    size_t token = 0;
    int value = len == 0 || (data[0] != ' ' && data[0] != '\t' && data[len - 1] != ' ' &&
                             data[len - 1] != '\t');
    while (token < len && values_is_tchar(data[token]))
        token++;
    for (size_t i = 0; i < len; i++)
        value &= (data[i] >= 32 && data[i] != 127) || data[i] == '\t';
    FUZZ_CHECK(weir__http_token_len(text) == token);
    FUZZ_CHECK(weir__http_is_token(text) == (token == len && len > 0));
    FUZZ_CHECK(weir__http_is_value(text) == (value != 0));
    const weir_text trimmed = weir__text_trim(text);
    FUZZ_CHECK(trimmed.len <= len);
    const weir_field field = {text, {"x", 1}};
    FUZZ_CHECK(weir__fields_check(&field, 1, false) == WEIR_E_FIELD || token == len);
    const weir_field other = {{"X-Name", 6}, text};
    FUZZ_CHECK((weir__fields_check(&other, 1, true) == WEIR_OK) == (value != 0));
}

static void values_names(const uint8_t *data, size_t len)
{
    static const char *const names[WEIR__NAME_COUNT] = {"",
                                                        "host",
                                                        "origin",
                                                        "expect",
                                                        "upgrade",
                                                        "connection",
                                                        "content-length",
                                                        "transfer-encoding",
                                                        "sec-websocket-key",
                                                        "sec-websocket-accept",
                                                        "sec-websocket-version",
                                                        "sec-websocket-protocol",
                                                        "sec-websocket-extensions"};
    weir__http_name expected = WEIR__NAME_OTHER;
    for (int i = 1; i < WEIR__NAME_COUNT; i++) {
        size_t at = 0;
        while (at < len && names[i][at] != '\0' &&
               (data[at] | (data[at] >= 'A' && data[at] <= 'Z' ? 32 : 0)) == names[i][at])
            at++;
        if (at == len && names[i][at] == '\0')
            expected = (weir__http_name)i;
    }
    FUZZ_CHECK(weir__http_name_of((weir_text){(const char *)data, len}) == expected);
}

static void values_words(const uint8_t *data, size_t len)
{
    weir_text list = {(const char *)data, len};
    weir_text word;
    const weir_text all = list;
    int valid = 1;
    while (weir__text_next_word(&list, &word)) {
        FUZZ_CHECK(word.len > 0 && memchr(word.data, ' ', word.len) == NULL);
        FUZZ_CHECK(weir__words_have(all, word));
        valid &= weir__http_is_token(word);
    }
    FUZZ_CHECK(valid || !weir__subprotocols_valid(all));
}

/* ---- Base64 and the accept key ---------------------------------------------------------------*/

static void values_base64(const uint8_t *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t size = (len + 2) / 3 * 4;
    char *const out = malloc(size);
    FUZZ_CHECK(out != NULL || size == 0);
    weir__base64_encode(data, len, out);
    for (size_t i = 0; i < size; i++) {
        const size_t bit = 6 * i;
        unsigned value = 0;
        for (size_t k = bit; k < bit + 6; k++)
            value = value << 1 | (k / 8 < len ? data[k / 8] >> (7 - k % 8) & 1u : 0u);
        FUZZ_CHECK(out[i] == (bit / 8 >= len ? '=' : digits[value]));
    }
    free(out);
    int key = len == 24 && data[22] == '=' && data[23] == '=';
    for (size_t i = 0; key && i < 22; i++)
        key = data[i] != 0 && strchr(digits, data[i]) != NULL;
    FUZZ_CHECK(weir__base64_is_key((const char *)data, len) == (key != 0));
}

static void values_accept(const weir__kernels *kernels, const uint8_t *data, size_t len,
                          const char expected[28])
{
    char accept[28];
    weir__accept_key(kernels, (weir_text){(const char *)data, len}, accept);
    FUZZ_CHECK(memcmp(accept, expected, sizeof accept) == 0);
    uint8_t a[20], b[20];
    weir__sha1(kernels, data, len, a);
    weir__sha1_pair(&weir__kernels_scalar, data, len / 3, data + len / 3, len - len / 3, b);
    FUZZ_CHECK(memcmp(a, b, sizeof a) == 0);
}

/* ---- Masking ---------------------------------------------------------------------------------*/

static void values_mask(const weir__kernels *kernels, const uint8_t *data, size_t len, uint32_t key)
{
    uint8_t bytes[4];
    uint8_t seen = 0;
    memcpy(bytes, &key, 4);
    uint8_t *const in_place = fuzz_copy(data, len);
    uint8_t *const copy = fuzz_copy(data, len);
    const uint8_t top = kernels->mask(in_place, len, key);
    const uint8_t copy_top = kernels->mask_copy(copy, data, len, key);
    for (size_t i = 0; i < len; i++) {
        const uint8_t byte = data[i] ^ bytes[i & 3];
        FUZZ_CHECK(in_place[i] == byte && copy[i] == byte);
        seen |= byte;
    }
    FUZZ_CHECK((top & 0x80) == (seen & 0x80) && (copy_top & 0x80) == (seen & 0x80));
    const uint32_t phase = weir_mask(in_place, len, bytes, 4);
    FUZZ_CHECK(phase == (len & 3) && (len == 0 || memcmp(in_place, data, len) == 0));
    free(in_place);
    free(copy);
}

/* ---- Frame heads and close payloads ----------------------------------------------------------*/

static void values_head(const uint8_t *data, size_t len)
{
    weir_frame_head head;
    reference_frame frame;
    uint8_t out[WEIR_FRAME_HEAD_MAX];
    const int used = weir_frame_head_read(data, len, &head);
    const int whole = reference_frame_read(data, len, &frame);
    FUZZ_CHECK((used > 0) == (whole && frame.shortest) && (used >= 0 || len >= 2));
    if (used <= 0)
        return;
    FUZZ_CHECK((size_t)used == frame.head && head.len == frame.len && head.fin == frame.fin);
    FUZZ_CHECK(head.rsv == frame.rsv && head.opcode == frame.opcode && head.masked == frame.masked);
    FUZZ_CHECK(!head.masked || memcmp(head.key, frame.key, 4) == 0);
    FUZZ_CHECK(weir_frame_head_write(&head, out) == used && memcmp(out, data, (size_t)used) == 0);
}

static void values_close(const uint8_t *data, size_t len)
{
    uint32_t code = 0;
    weir_text reason;
    uint8_t out[125];
    const int status = weir_close_payload_read(data, len, &code, &reason);
    const uint32_t stands = len >= 2 ? (uint32_t)data[0] << 8 | data[1] : 1005;
    const int good = len == 0 || (len >= 2 && len <= 125 && reference_is_close_code(stands) &&
                                  reference_is_text(data + 2, len - 2));
    FUZZ_CHECK((status == WEIR_OK) == good);
    if (!good)
        return;
    FUZZ_CHECK(code == stands && reason.len == (len ? len - 2 : 0));
    FUZZ_CHECK(weir_close_payload_write(len ? code : 0, reason.data, reason.len, out) == (int)len);
    FUZZ_CHECK(len == 0 || memcmp(out, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t key = fuzz_take(&in, 4);
    const uint32_t have = weir__cpu_bits();
    char accept[28];
    uint8_t *const exact = fuzz_copy(in.len ? (const void *)in.data : "", in.len + (in.len == 0));
    values_texts(exact, in.len);
    values_names(exact, in.len);
    values_words(exact, in.len);
    values_base64(exact, in.len);
    values_head(exact, in.len);
    values_close(exact, in.len);
    weir__accept_key(&weir__kernels_scalar, (weir_text){(const char *)exact, in.len}, accept);
    const weir__kernels *last = NULL;
    for (uint32_t mask = 0; mask < 128; mask++) {
        const weir__kernels *const kernels = weir__kernels_for(have & mask);
        if ((have & mask) != mask || kernels == last)
            continue;
        values_mask(kernels, exact, in.len, key);
        values_accept(kernels, exact, in.len, accept);
        last = kernels;
    }
    free(exact);
    return 0;
}
