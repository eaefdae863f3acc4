/* SPDX-License-Identifier: MIT */
/* Negotiation of permessage-deflate in the opening handshake (RFC 7692 5, 7.1). */
#include "permessage.h"

#include <string.h>

#include "../base/parts.h"

/* WEIR__LITERAL for static tables. */
#define PERMESSAGE_NAME(name)                                                                      \
    {                                                                                              \
        name, sizeof(name) - 1                                                                     \
    }

enum permessage_param {
    PERMESSAGE_SERVER_NO_TAKEOVER,
    PERMESSAGE_CLIENT_NO_TAKEOVER,
    PERMESSAGE_SERVER_BITS,
    PERMESSAGE_CLIENT_BITS,
    PERMESSAGE_PARAM_COUNT
};

/* How a parameter may stand; a set. */
enum permessage_form {
    PERMESSAGE_BARE_FORM = 1,
    PERMESSAGE_VALUE_FORM = 2
};

typedef enum permessage_place {
    PERMESSAGE_IN_OFFER,
    PERMESSAGE_IN_ANSWER,
    PERMESSAGE_PLACE_COUNT
} permessage_place;

typedef struct permessage_rule {
    weir_text name;
    uint8_t forms[PERMESSAGE_PLACE_COUNT];
} permessage_rule;

static const permessage_rule permessage_rules[PERMESSAGE_PARAM_COUNT] = {
    /* RFC 7692 7.1.1.1, 7.1.1.2. */
    {PERMESSAGE_NAME("server_no_context_takeover"), {PERMESSAGE_BARE_FORM, PERMESSAGE_BARE_FORM}},
    {PERMESSAGE_NAME("client_no_context_takeover"), {PERMESSAGE_BARE_FORM, PERMESSAGE_BARE_FORM}},
    /* RFC 7692 7.1.2.1. */
    {PERMESSAGE_NAME("server_max_window_bits"), {PERMESSAGE_VALUE_FORM, PERMESSAGE_VALUE_FORM}},
    /* RFC 7692 7.1.2.2. */
    {PERMESSAGE_NAME("client_max_window_bits"),
     {PERMESSAGE_BARE_FORM | PERMESSAGE_VALUE_FORM, PERMESSAGE_VALUE_FORM}},
};

/* A parameter that stands without a value; with one it is its window bits, absent it is 0. */
#define PERMESSAGE_BARE 1u

typedef struct permessage_params {
    uint8_t value[PERMESSAGE_PARAM_COUNT];
} permessage_params;

static uint8_t permessage_min(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* ---- Reading ---------------------------------------------------------------------------------*/

/* RFC 7692 7.1.2.1, 7.1.2.2: a decimal from 8 to 15 without leading zeros; 0 for any other value.
 * RFC 6455 9.1: a quoted value stands for the token in it, so "1\5" is 15. */
static uint8_t permessage_read_bits(weir_text value)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < value.len && bits <= WEIR__PERMESSAGE_BITS_MAX; i++) {
        const char digit = value.data[i];
        if (digit == '\\')
            continue;
        if (digit < '0' || digit > '9' || (digit == '0' && bits == 0))
            return 0;
        bits = bits * 10 + (uint32_t)(digit - '0');
    }
    const bool valid = bits >= WEIR__PERMESSAGE_BITS_MIN && bits <= WEIR__PERMESSAGE_BITS_MAX;
    return valid ? (uint8_t)bits : 0;
}

static bool permessage_read_param(const weir__extension_param *param, permessage_place place,
                                  permessage_params *params)
{
    size_t which = 0;
    while (which < PERMESSAGE_PARAM_COUNT &&
           !weir__text_equal(permessage_rules[which].name, param->name))
        which++;
    /* RFC 7692 7: unknown, repeated, not of its form or range. */
    if (which == PERMESSAGE_PARAM_COUNT || params->value[which] != 0)
        return false;
    const bool bare = param->value.data == NULL;
    const uint32_t form = bare ? PERMESSAGE_BARE_FORM : PERMESSAGE_VALUE_FORM;
    params->value[which] = bare ? PERMESSAGE_BARE : permessage_read_bits(param->value);
    return (permessage_rules[which].forms[place] & form) != 0 && params->value[which] != 0;
}

static bool permessage_read(weir_text text, permessage_place place, permessage_params *params)
{
    weir__extension_param param;
    int status;
    memset(params, 0, sizeof *params);
    while ((status = weir__extension_next_param(&text, &param)) == WEIR_OK) {
        if (!permessage_read_param(&param, place, params))
            return false;
    }
    return status == WEIR_E_NOT_FOUND;
}

static void permessage_list(weir__http_list *list, const weir__http_head *head)
{
    weir__http_list_init(list, head, WEIR__NAME_EXTENSIONS);
}

/* Whether a list member is our extension; params: what stands behind its name. */
static bool permessage_is_named(weir_text member, weir_text *params)
{
    weir_text name;
    return weir__extension_name(member, &name, params) ==
               WEIR_OK && /* never: malformed lists end before */
           weir__text_equal(name, WEIR__LITERAL("permessage-deflate"));
}

/* ---- Writing ---------------------------------------------------------------------------------*/

static void permessage_write(weir__head_writer *writer, const permessage_params *params)
{
    weir__head_text(writer, WEIR__LITERAL("permessage-deflate"));
    for (size_t i = 0; i < PERMESSAGE_PARAM_COUNT; i++) {
        if (params->value[i] == 0)
            continue;
        weir__head_text(writer, WEIR__LITERAL("; "));
        weir__head_text(writer, permessage_rules[i].name);
        if (params->value[i] == PERMESSAGE_BARE)
            continue;
        weir__head_text(writer, WEIR__LITERAL("="));
        weir__head_number(writer, params->value[i]);
    }
}

/* ---- Server ----------------------------------------------------------------------------------*/

/* How large the client's window may get, which only a client that offers the parameter can be told
 * (RFC 7692 7.1.2.2). */
static uint8_t permessage_rx_bits(uint8_t offered, uint8_t wished)
{
    if (offered == 0)
        return WEIR__PERMESSAGE_BITS_MAX;
    return offered == PERMESSAGE_BARE ? wished : permessage_min(offered, wished);
}

static void permessage_accept_offer(const permessage_params *offer,
                                    const weir__permessage_wishes *wishes,
                                    weir__permessage_agreed *agreed)
{
    const uint8_t tx_limit = offer->value[PERMESSAGE_SERVER_BITS];
    const uint8_t rx_bits =
        permessage_rx_bits(offer->value[PERMESSAGE_CLIENT_BITS], wishes->rx_window_bits);
    /* RFC 7692 7: a configuration that is not supported here. */
    if (tx_limit != 0 && tx_limit < WEIR__PERMESSAGE_TX_BITS_MIN)
        return;
    if (wishes->rx_window_firm && rx_bits > wishes->rx_window_bits)
        return;
    agreed->enabled = true;
    agreed->tx_takeover = wishes->tx_takeover && offer->value[PERMESSAGE_SERVER_NO_TAKEOVER] == 0;
    /* RFC 7692 7.1.1.2: the client says that it will not; the answer holds it to that. */
    agreed->rx_takeover = wishes->rx_takeover && offer->value[PERMESSAGE_CLIENT_NO_TAKEOVER] == 0;
    agreed->tx_window_named = tx_limit != 0;
    agreed->tx_window_bits =
        tx_limit != 0 ? permessage_min(tx_limit, wishes->tx_window_bits) : wishes->tx_window_bits;
    agreed->rx_window_bits = rx_bits;
}

void weir__permessage_wish(const weir_config *policy, weir__permessage_wishes *wishes)
{
    *wishes = (weir__permessage_wishes){
        .enabled = policy->deflate != WEIR_DEFLATE_OFF,
        .tx_takeover = policy->deflate_tx_takeover != 0,
        .rx_takeover = policy->deflate_rx_takeover != 0,
        .rx_window_firm = policy->deflate_rx_firm != 0,
        .tx_window_bits = (uint8_t)policy->deflate_tx_bits,
        .rx_window_bits = (uint8_t)policy->deflate_rx_bits,
    };
}

void weir__permessage_accept(const weir__http_head *head, const weir__permessage_wishes *wishes,
                             weir__permessage_agreed *agreed)
{
    weir__http_list list;
    weir_text member;
    permessage_params offer;
    memset(agreed, 0, sizeof *agreed);
    if (!WEIR__PART_DEFLATE || !wishes->enabled)
        return;
    permessage_list(&list, head);
    /* RFC 6455 9.1, RFC 7692 5: the client's order is its preference. */
    while (!agreed->enabled && weir__http_list_next(&list, &member) == WEIR_OK) {
        weir_text params;
        if (permessage_is_named(member, &params) &&
            permessage_read(params, PERMESSAGE_IN_OFFER, &offer))
            permessage_accept_offer(&offer, wishes, agreed);
    }
}

void weir__permessage_write_answer(weir__head_writer *writer, const weir__permessage_agreed *agreed)
{
    permessage_params answer = {{0}};
    if (!WEIR__PART_DEFLATE || !agreed->enabled)
        return;
    /* RFC 7692 7.1.1: either may be answered unasked. */
    if (!agreed->tx_takeover)
        answer.value[PERMESSAGE_SERVER_NO_TAKEOVER] = PERMESSAGE_BARE;
    if (!agreed->rx_takeover)
        answer.value[PERMESSAGE_CLIENT_NO_TAKEOVER] = PERMESSAGE_BARE;
    /* RFC 7692 7.1.2.1: a must when it was offered, and allowed unasked. */
    if (agreed->tx_window_named || agreed->tx_window_bits < WEIR__PERMESSAGE_BITS_MAX)
        answer.value[PERMESSAGE_SERVER_BITS] = agreed->tx_window_bits;
    /* RFC 7692 7.1.2.2: below the maximum only when it was offered. */
    if (agreed->rx_window_bits < WEIR__PERMESSAGE_BITS_MAX)
        answer.value[PERMESSAGE_CLIENT_BITS] = agreed->rx_window_bits;
    permessage_write(writer, &answer);
}

/* ---- Client ----------------------------------------------------------------------------------*/

/* Without wishes this is what browsers send, and so what every server knows. */
static permessage_params permessage_offer(const weir__permessage_wishes *wishes)
{
    permessage_params offer = {{0}};
    if (!wishes->rx_takeover)
        offer.value[PERMESSAGE_SERVER_NO_TAKEOVER] = PERMESSAGE_BARE;
    if (!wishes->tx_takeover)
        offer.value[PERMESSAGE_CLIENT_NO_TAKEOVER] = PERMESSAGE_BARE;
    if (wishes->rx_window_bits < WEIR__PERMESSAGE_BITS_MAX)
        offer.value[PERMESSAGE_SERVER_BITS] = wishes->rx_window_bits;
    offer.value[PERMESSAGE_CLIENT_BITS] = wishes->tx_window_bits < WEIR__PERMESSAGE_BITS_MAX
                                              ? wishes->tx_window_bits
                                              : PERMESSAGE_BARE;
    return offer;
}

/* RFC 7692 7.1.2.1: a server need not support server_max_window_bits, so the next offer goes
 * without. False: there is no next one. */
static bool permessage_fall_back(const weir__permessage_wishes *wishes, permessage_params *offer)
{
    if (offer->value[PERMESSAGE_SERVER_BITS] == 0 || wishes->rx_window_firm)
        return false;
    offer->value[PERMESSAGE_SERVER_BITS] = 0;
    return true;
}

void weir__permessage_write_offer(weir__head_writer *writer, const weir__permessage_wishes *wishes)
{
    if (!WEIR__PART_DEFLATE || !wishes->enabled)
        return;
    permessage_params offer = permessage_offer(wishes);
    permessage_write(writer, &offer);
    if (permessage_fall_back(wishes, &offer)) {
        weir__head_text(writer, WEIR__LITERAL(", "));
        permessage_write(writer, &offer);
    }
}

/* Whether the answer accepts one of the offers. What accepts the first accepts its fallback too,
 * and both offer client_max_window_bits, so that may always be answered. */
static bool permessage_accepts(const permessage_params *answer,
                               const weir__permessage_wishes *wishes)
{
    permessage_params offer = permessage_offer(wishes);
    (void)permessage_fall_back(wishes, &offer);
    /* RFC 7692 7.1.1.1. */
    if (offer.value[PERMESSAGE_SERVER_NO_TAKEOVER] > answer->value[PERMESSAGE_SERVER_NO_TAKEOVER])
        return false;
    /* RFC 7692 7.1.2.1: named again, and not larger. */
    const uint8_t limit = offer.value[PERMESSAGE_SERVER_BITS];
    const uint8_t bits = answer->value[PERMESSAGE_SERVER_BITS];
    return limit == 0 || (bits != 0 && bits <= limit);
}

static void permessage_agree(const permessage_params *answer, const weir__permessage_wishes *wishes,
                             weir__permessage_agreed *agreed)
{
    const uint8_t tx_limit = answer->value[PERMESSAGE_CLIENT_BITS];
    const uint8_t rx_bits = answer->value[PERMESSAGE_SERVER_BITS];
    agreed->enabled = true;
    agreed->tx_takeover = wishes->tx_takeover && answer->value[PERMESSAGE_CLIENT_NO_TAKEOVER] == 0;
    agreed->rx_takeover = answer->value[PERMESSAGE_SERVER_NO_TAKEOVER] == 0;
    agreed->tx_window_bits =
        tx_limit != 0 ? permessage_min(tx_limit, wishes->tx_window_bits) : wishes->tx_window_bits;
    agreed->rx_window_bits = rx_bits != 0 ? rx_bits : WEIR__PERMESSAGE_BITS_MAX;
}

static int permessage_judge_member(weir_text member, const weir__permessage_wishes *wishes,
                                   weir__permessage_agreed *agreed)
{
    weir_text params;
    permessage_params answer;
    /* RFC 6455 4.1, response item 5. */
    if (!WEIR__PART_DEFLATE || !wishes->enabled || !permessage_is_named(member, &params))
        return WEIR_E_EXTENSION_UNOFFERED;
    /* RFC 7692 5: not twice, for both would claim RSV1. */
    if (agreed->enabled || !permessage_read(params, PERMESSAGE_IN_ANSWER, &answer) ||
        !permessage_accepts(&answer, wishes))
        return WEIR_E_EXTENSION_PARAMS;
    permessage_agree(&answer, wishes, agreed);
    return WEIR_OK;
}

int weir__permessage_judge_answer(const weir__http_head *head,
                                  const weir__permessage_wishes *wishes,
                                  weir__permessage_agreed *agreed)
{
    weir__http_list list;
    weir_text member;
    int status;
    memset(agreed, 0, sizeof *agreed);
    permessage_list(&list, head);
    while ((status = weir__http_list_next(&list, &member)) == WEIR_OK) {
        status = permessage_judge_member(member, wishes, agreed);
        if (status != WEIR_OK)
            break;
    }
    if (status == WEIR_E_NOT_FOUND)
        return WEIR_OK;
    memset(agreed, 0, sizeof *agreed);
    return status == WEIR_E_HTTP_LIST ? WEIR_E_EXTENSION_LIST : status;
}
