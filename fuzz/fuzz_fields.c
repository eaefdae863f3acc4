/* SPDX-License-Identifier: MIT */
/* A WebSocket stream of HTTP/2 (RFC 8441): a list of fields, which becomes the head of a request,
 * then frames. */
#include <stdlib.h>
#include <string.h>

#include <weir/stream.h>

#include "../src/base/memory.h"
#include "../src/kernels/kernels.h"
#include "../src/protocol/handshake_server.h"
#include "second.h"

#define FIELDS_MOST 64

typedef struct fields_list {
    weir_field field[FIELDS_MOST];
    size_t count;
} fields_list;

/* Two lengths, name, value; a name of no bytes ends the list. */
static void fields_read(fields_list *list, fuzz_input *in)
{
    list->count = 0;
    while (list->count < FIELDS_MOST) {
        const size_t name_len = fuzz_take(in, 1);
        const size_t value_len = fuzz_take(in, 1);
        const fuzz_input name = fuzz_take_piece(in, name_len);
        const fuzz_input value = fuzz_take_piece(in, value_len);
        if (name.len == 0)
            return;
        weir_field *const field = &list->field[list->count++];
        field->name = (weir_text){(const char *)name.data, name.len};
        field->value = (weir_text){(const char *)value.data, value.len};
    }
}

/* The request of HTTP/1.1 that means the same. 0: the list is none. In less room it is told. */
static int fields_request(const fields_list *list, fuzz_bytes *out)
{
    size_t room = 256, len = 0, shorter;
    for (size_t i = 0; i < list->count; i++)
        room += 8 + list->field[i].name.len + list->field[i].value.len;
    char *const head = malloc(room);
    FUZZ_CHECK(head != NULL);
    const int status = weir_stream_read_request(list->field, list->count, head, room, &len);
    FUZZ_CHECK(status == WEIR_OK || (status != WEIR_E_SHORT && status < 0 && len == 0));
    if (status == WEIR_OK) {
        fuzz_add(out, (const uint8_t *)head, len);
        FUZZ_CHECK(weir_stream_read_request(list->field, list->count, head, len - 1, &shorter) ==
                   WEIR_E_SHORT);
    }
    free(head);
    return status == WEIR_OK;
}

static void fields_check_verdict(const weir__http_head *head, weir__memory *memory)
{
    weir__permessage_agreed agreed;
    weir__request_verdict verdict;
    weir__buffer response = {NULL, 0, 0};
    weir_text offered;
    weir__request_judge(head, &verdict);
    if (verdict.status != WEIR_OK) {
        FUZZ_CHECK(weir__response_status(verdict.status) >= 400);
        return;
    }
    weir__request_negotiate(head, &agreed);
    FUZZ_CHECK(verdict.path.len > 0 && verdict.host.len > 0);
    if (!weir__request_subprotocol(head, 0, &offered))
        offered = (weir_text){NULL, 0};
    FUZZ_CHECK(weir__response_accept(memory, &response, &weir__kernels_scalar, head, verdict.key,
                                     offered, &agreed, NULL, 0) == WEIR_OK);
    FUZZ_CHECK(response.len > 12 && memcmp(response.data, "HTTP/1.1 101", 12) == 0);
    weir__buffer_free(memory, &response);
}

static void fields_judge(const fuzz_bytes *request, weir_config *config, fuzz_alloc *alloc)
{
    weir__memory memory;
    weir__http_head head;
    size_t used;
    config->allocate = fuzz_allocate;
    config->allocate_user = alloc;
    weir__memory_init(&memory, config);
    memset(&head, 0, sizeof head);
    head.kind = WEIR__HTTP_REQUEST;
    head.policy = config;
    head.kernels = weir__kernels_baseline();
    const uint64_t start = fuzz_work();
    const int status = weir__http_head_feed(&head, &memory, request->data, request->len, &used);
    FUZZ_CHECK(status != WEIR__HTTP_MORE);
    /* No value can end the head early: what follows would be taken for frames. */
    FUZZ_CHECK(status != WEIR_OK || used == request->len);
    if (status == WEIR_OK)
        fields_check_verdict(&head, &memory);
    fuzz_work_within("fields", start, 8000, 60, request->len);
    weir__http_head_free(&head, &memory);
    weir__memory_trim(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t limits = fuzz_take(&in, 1);
    const uint32_t ways = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 2);
    fuzz_alloc alloc = {.budget = 32768 + 24 * (uint64_t)size};
    fuzz_bytes request = {NULL, 0, 0};
    fields_list list;
    stream_setup setup;
    stream_run run;
    stream_setup_init(&setup, 'S');
    stream_setup_limits(&setup, limits);
    setup.config.deflate = ways >> 2 & 1;
    fields_read(&list, &in);
    if (fields_request(&list, &request)) {
        weir_config config = setup.config;
        fields_judge(&request, &config, &alloc);
        fuzz_alloc_end(&alloc);
        setup.config.deflate = WEIR_DEFLATE_OFF; /* there is no way to say what was agreed */
        setup.eof = ways & 1;
        stream_check(&setup, in.data, in.len, seed, &run);
        stream_check_received(&run, in.data, in.len, 0, 0);
        stream_end(&run);
    }
    fuzz_drop(&request);
    return 0;
}
