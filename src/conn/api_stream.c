/* SPDX-License-Identifier: MIT */
/* The exported functions for streams of HTTP/2 and HTTP/3: arguments are checked here. */
#include <string.h>

#include "../base/parts.h"
#include "../protocol/stream_fields.h"

static bool api_stream_list_valid(const weir_field *fields, size_t count)
{
    return fields || count == 0;
}

/* A head was made, or nothing is said of it. */
static int api_stream_made(int status, const weir__stream_text *text, size_t *len)
{
    *len = status == WEIR_OK ? text->len : 0;
    return status;
}

int weir_stream_read_request(const weir_field *fields, size_t count, char *head, size_t room,
                             size_t *len)
{
    if (!api_stream_list_valid(fields, count) || !head || !len)
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_SERVER)
        return WEIR_E_OFF;
    weir__stream_text text = {NULL, 0, room, false};
    text.data = head;
    return api_stream_made(weir__stream_read_request(fields, count, &text), &text, len);
}

int weir_stream_read_response(const weir_field *fields, size_t count, const char *accept,
                              char *head, size_t room, size_t *len)
{
    if (!api_stream_list_valid(fields, count) || !accept || !head || !len)
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_CLIENT)
        return WEIR_E_OFF;
    weir__stream_text text = {NULL, 0, room, false};
    text.data = head;
    const weir_text accepted = {accept, WEIR__ACCEPT_LEN};
    return api_stream_made(weir__stream_read_response(fields, count, accepted, &text), &text, len);
}

/* A list was made; a head that is not whole gives none. */
static int api_stream_listed(int status, const weir__stream_list *list, size_t *used)
{
    if (status == WEIR_OK)
        return (int)list->count;
    *used = 0;
    return status == WEIR__STREAM_MORE ? 0 : status;
}

int weir_stream_write_request(const void *output, size_t len, int secure, size_t *used,
                              char *accept, char *texts, size_t room, weir_field *fields,
                              size_t cap)
{
    if (!used || !accept || !texts || !fields || (!output && len > 0))
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_CLIENT)
        return WEIR_E_OFF;
    weir__stream_list list = {{NULL, 0, room, false}, fields, 0, cap};
    list.texts.data = texts;
    weir_text key = {NULL, 0};
    const int status =
        weir__stream_write_request((weir_text){output, len}, secure != 0, used, &key, &list);
    if (status == WEIR_OK)
        weir_accept_key(key.data ? key.data : "", key.len, accept);
    return api_stream_listed(status, &list, used);
}

int weir_stream_write_response(const void *output, size_t len, size_t *used, char *texts,
                               size_t room, weir_field *fields, size_t cap)
{
    if (!used || !texts || !fields || (!output && len > 0))
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_SERVER)
        return WEIR_E_OFF;
    weir__stream_list list = {{NULL, 0, room, false}, fields, 0, cap};
    list.texts.data = texts;
    return api_stream_listed(weir__stream_write_response((weir_text){output, len}, used, &list),
                             &list, used);
}
