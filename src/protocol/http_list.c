/* SPDX-License-Identifier: MIT */
/* Comma-separated list fields over all their lines (RFC 9110 5.6.1), and the grammar of
 * Sec-WebSocket-Extensions (RFC 6455 9.1). */
#include "http_list.h"

#include <string.h>

#include "../base/bits.h"

void weir__http_list_init(weir__http_list *list, const weir__http_head *head, weir__http_name name)
{
    list->head = head;
    list->name = name;
    list->members = list->empty = 0;
    list->in_line = weir__http_head_first(head, name, &list->rest);
    list->line = head->first[name];
    list->end = weir__http_head_repeats(head, name) ? head->field_count : list->line;
}

static void http_list_drop(weir_text *text, size_t count)
{
    text->data += count;
    text->len -= count;
}

/* Go on to the next field of the name once the present one is at its end. False: there is none. */
static bool http_list_open_line(weir__http_list *list)
{
    weir_field field;
    while (!list->in_line) {
        if (list->line >= list->end)
            return false;
        (void)weir__http_head_field(list->head, list->line++, &field);
        list->in_line = weir__http_name_of(field.name) == list->name;
        list->rest = field.value;
    }
    return true;
}

/* Behind the quoted string that opens at the index; without its end this is the end of the text. */
static size_t http_list_skip_quoted(weir_text text, size_t at)
{
    for (at++; at < text.len && text.data[at] != '"'; at++) {
        if (text.data[at] == '\\')
            at++;
    }
    return at < text.len ? at + 1 : text.len;
}

/* Where the next comma or quote stands, or the end of the text. */
static size_t http_list_find_mark(weir_text text, size_t at)
{
    const uint8_t *const bytes = (const uint8_t *)text.data;
    for (; at + 8 <= text.len; at += 8) {
        const uint64_t word = weir__bits_load64_little(bytes + at);
        const uint64_t marks = weir__bits_zero_bytes(word ^ WEIR__BITS_EACH(',')) |
                               weir__bits_zero_bytes(word ^ WEIR__BITS_EACH('"'));
        if (marks != 0)
            return at + weir__bits_first_mark(marks);
    }
    while (at < text.len && bytes[at] != ',' && bytes[at] != '"')
        at++;
    return at;
}

/* Where the member ends: at a comma outside quotes or at the end of the text. */
static size_t http_list_member_len(weir_text text)
{
    size_t at = http_list_find_mark(text, 0);
    while (at < text.len && text.data[at] == '"')
        at = http_list_find_mark(text, http_list_skip_quoted(text, at));
    return at;
}

/* Cut the first member off the present line; the line ends with it when no comma follows. */
static weir_text http_list_cut(weir__http_list *list)
{
    const weir_text member = {list->rest.data, http_list_member_len(list->rest)};
    http_list_drop(&list->rest, member.len);
    list->in_line = list->rest.len > 0;
    if (list->in_line)
        http_list_drop(&list->rest, 1);
    return weir__text_trim(member);
}

int weir__http_list_next(weir__http_list *list, weir_text *member)
{
    const weir_config *policy = list->head->policy;
    while (http_list_open_line(list)) {
        *member = http_list_cut(list);
        if (member->len > 0) {
            list->members++;
            return list->members <= policy->max_list_members ? WEIR_OK : WEIR_E_HTTP_LIST;
        }
        /* RFC 9110 5.6.1.2: a reasonable number of empty members is skipped. */
        list->empty++;
        if (list->empty > policy->max_empty_members)
            return WEIR_E_HTTP_LIST;
    }
    return WEIR_E_NOT_FOUND;
}

int weir__http_list_has(const weir__http_head *head, weir__http_name name, weir_text token)
{
    weir__http_list list;
    weir_text member;
    /* The usual field: one member, which every limit allows. */
    if (!weir__http_head_repeats(head, name) && weir__http_head_first(head, name, &member) &&
        weir__text_equal_nocase(member, token))
        return WEIR_OK;
    weir__http_list_init(&list, head, name);
    int found = WEIR_E_NOT_FOUND;
    int status;
    /* To the end, so that the limits hold wherever the token stands. */
    while ((status = weir__http_list_next(&list, &member)) == WEIR_OK) {
        if (weir__text_equal_nocase(member, token))
            found = WEIR_OK;
    }
    return status == WEIR_E_NOT_FOUND ? found : status;
}

static void http_list_skip_space(weir_text *text)
{
    while (text->len > 0 && (text->data[0] == ' ' || text->data[0] == '\t'))
        http_list_drop(text, 1);
}

static bool http_list_at(weir_text text, char byte)
{
    return text.len > 0 && text.data[0] == byte;
}

/* Cut a token and the whitespace behind it off the text. */
static bool http_list_take_token(weir_text *text, weir_text *token)
{
    token->data = text->data;
    token->len = weir__http_token_len(*text);
    http_list_drop(text, token->len);
    http_list_skip_space(text);
    return token->len > 0;
}

/* Cut a quoted string off the text. RFC 6455 9.1: what it stands for must be a token, so every
 * character in it must be of one, be it escaped or not. */
static bool http_list_take_quoted(weir_text *text, weir__extension_param *param)
{
    http_list_drop(text, 1);
    param->value = (weir_text){text->data, 0};
    for (;;) {
        const size_t run = weir__http_token_len(*text);
        http_list_drop(text, run);
        if (!http_list_at(*text, '\\'))
            break;
        param->escaped = true;
        http_list_drop(text, 1);
        if (text->len == 0 || !weir__http_is_token((weir_text){text->data, 1}))
            return false;
    }
    param->value.len = (size_t)(text->data - param->value.data);
    if (!http_list_at(*text, '"') || param->value.len == 0)
        return false;
    http_list_drop(text, 1);
    http_list_skip_space(text);
    return true;
}

static bool http_list_take_value(weir_text *text, weir__extension_param *param)
{
    if (http_list_at(*text, '"'))
        return http_list_take_quoted(text, param);
    return http_list_take_token(text, &param->value);
}

/* A parameter, or the end, follows. */
static bool http_list_at_separator(weir_text text)
{
    return text.len == 0 || text.data[0] == ';';
}

int weir__extension_name(weir_text member, weir_text *name, weir_text *params)
{
    *params = member;
    if (!http_list_take_token(params, name) || !http_list_at_separator(*params))
        return WEIR_E_EXTENSION_LIST;
    return WEIR_OK;
}

int weir__extension_next_param(weir_text *params, weir__extension_param *param)
{
    memset(param, 0, sizeof *param);
    if (params->len == 0)
        return WEIR_E_NOT_FOUND;
    http_list_drop(params, 1);
    http_list_skip_space(params);
    if (!http_list_take_token(params, &param->name))
        return WEIR_E_EXTENSION_LIST;
    if (http_list_at(*params, '=')) {
        http_list_drop(params, 1);
        http_list_skip_space(params);
        if (!http_list_take_value(params, param))
            return WEIR_E_EXTENSION_LIST;
    }
    return http_list_at_separator(*params) ? WEIR_OK : WEIR_E_EXTENSION_LIST;
}

static int http_list_check_extension(weir_text member, uint64_t max_params)
{
    weir_text name;
    weir_text params;
    weir__extension_param param;
    int status = weir__extension_name(member, &name, &params);
    for (uint64_t count = 0; status == WEIR_OK; count++) {
        if (count > max_params)
            return WEIR_E_EXTENSION_LIST;
        status = weir__extension_next_param(&params, &param);
    }
    return status == WEIR_E_NOT_FOUND ? WEIR_OK : status;
}

/* What most browsers send, which is well-formed: one member with one parameter. */
static bool http_list_is_usual(const weir__http_head *head)
{
    const weir_config *policy = head->policy;
    const weir_text usual = WEIR__LITERAL("permessage-deflate; client_max_window_bits");
    weir_text value;
    return weir__http_head_first(head, WEIR__NAME_EXTENSIONS, &value) &&
           !weir__http_head_repeats(head, WEIR__NAME_EXTENSIONS) &&
           policy->max_extension_offers > 0 && policy->max_extension_params > 0 &&
           weir__text_equal(value, usual);
}

int weir__extension_list_check(const weir__http_head *head)
{
    const weir_config *policy = head->policy;
    weir__http_list list;
    weir_text member;
    if (http_list_is_usual(head))
        return WEIR_OK;
    weir__http_list_init(&list, head, WEIR__NAME_EXTENSIONS);
    int status;
    while ((status = weir__http_list_next(&list, &member)) == WEIR_OK) {
        if (list.members > policy->max_extension_offers ||
            http_list_check_extension(member, policy->max_extension_params) != WEIR_OK)
            return WEIR_E_EXTENSION_LIST;
    }
    /* RFC 6455 9.1: 1#extension, so a field that names none is malformed. */
    if (status != WEIR_E_NOT_FOUND || (list.members == 0 && list.empty > 0))
        return WEIR_E_EXTENSION_LIST;
    return WEIR_OK;
}
