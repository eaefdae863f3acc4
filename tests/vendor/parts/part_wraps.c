/* SPDX-License-Identifier: MIT */
/* Between the C tests and a library with parts left out: a test that needs one is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <weir/proxy.h>
#include <weir/stream.h>
#include <weir/weir.h>

/* The defaults that the tests rely on, where the library starts with others. */
#undef WEIR_TINY
#undef WEIR_NO_DEFLATE
#define weir__policy_check part_policy_check
#define weir__policy_check_set part_policy_check_set
#define weir__policy_get part_policy_get
#define weir__policy_init part_policy_init
#define weir__policy_init_tiny part_policy_init_tiny
#define weir__policy_is_per_conn part_policy_is_per_conn
#define weir__policy_list part_policy_list
#define weir__policy_set part_policy_set
#define weir__policy_set_text part_policy_set_text
#include "../../../src/conn/policy.c"

/* The linker gives the calls of the tests to __wrap_..., and __real_... is the library's. */
#define PART_WRAP(name, parameters, arguments)                                                     \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        const int status = __real_##name arguments;                                                \
        if (status == WEIR_E_OFF)                                                                  \
            skip();                                                                                \
        return status;                                                                             \
    }

#define PART_WRAP_SIZE(name, parameters, arguments)                                                \
    size_t __real_##name parameters;                                                               \
    size_t __wrap_##name parameters;                                                               \
    size_t __wrap_##name parameters                                                                \
    {                                                                                              \
        const size_t size = __real_##name arguments;                                               \
        if (__real_weir_inflate_size(9) == 0)                                                      \
            skip();                                                                                \
        return size;                                                                               \
    }

/* The allocator that a library without malloc lacks. */
static void *part_allocate(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)old_size;
    if (new_size > 0)
        return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

int __real_weir_context_create(const weir_config *config, weir_context **context);
int __wrap_weir_context_create(const weir_config *config, weir_context **context);
int __wrap_weir_context_create(const weir_config *config, weir_context **context)
{
    weir_config filled;
    if (config && config->size == sizeof filled && !config->allocate && !config->memory) {
        filled = *config;
        filled.allocate = part_allocate;
        config = &filled;
    }
    const int status = __real_weir_context_create(config, context);
    if (status == WEIR_E_OFF)
        skip();
    return status;
}

PART_WRAP(weir_conn_create_client,
          (weir_context * context, const weir_request *request, weir_conn **conn),
          (context, request, conn))
PART_WRAP(weir_conn_create_server, (weir_context * context, weir_conn **conn), (context, conn))
PART_WRAP(weir_conn_create_established, (weir_context * context, int role, weir_conn **conn),
          (context, role, conn))
PART_WRAP(weir_conn_set, (weir_conn * conn, int option, uint64_t value), (conn, option, value))
PART_WRAP(weir_conn_accept,
          (weir_conn * conn, const char *subprotocol, size_t len, const weir_field *fields,
           size_t count),
          (conn, subprotocol, len, fields, count))
PART_WRAP(weir_conn_respond,
          (weir_conn * conn, int status_, const weir_field *fields, size_t count, const void *body,
           size_t len),
          (conn, status_, fields, count, body, len))
PART_WRAP(weir_inflate_run,
          (weir_inflate * inflate, weir_inflate_scratch *scratch, const void *data, size_t len,
           int last, size_t *used, void *out, size_t room, size_t *made),
          (inflate, scratch, data, len, last, used, out, room, made))
PART_WRAP(weir_deflate_run,
          (weir_deflate * deflate, weir_deflate_scratch *scratch, const void *data, size_t len,
           int last, size_t max, size_t *used, void *out, size_t room, size_t *made),
          (deflate, scratch, data, len, last, max, used, out, room, made))
PART_WRAP(weir_deflate_alone,
          (weir_deflate_scratch * scratch, int level, int bits, const void *data, size_t len,
           int last, size_t *used, void *out, size_t room, size_t *made),
          (scratch, level, bits, data, len, last, used, out, room, made))
PART_WRAP(weir_proxy_create,
          (weir_context * context, const weir_proxy_request *request, weir_proxy **proxy),
          (context, request, proxy))
PART_WRAP(weir_stream_read_request,
          (const weir_field *fields, size_t count, char *head, size_t room, size_t *len),
          (fields, count, head, room, len))
PART_WRAP(weir_stream_read_response,
          (const weir_field *fields, size_t count, const char *accept, char *head, size_t room,
           size_t *len),
          (fields, count, accept, head, room, len))
PART_WRAP(weir_stream_write_request,
          (const void *output, size_t len, int secure, size_t *used, char *accept, char *texts,
           size_t room, weir_field *fields, size_t cap),
          (output, len, secure, used, accept, texts, room, fields, cap))
PART_WRAP(weir_stream_write_response,
          (const void *output, size_t len, size_t *used, char *texts, size_t room,
           weir_field *fields, size_t cap),
          (output, len, used, texts, room, fields, cap))
PART_WRAP_SIZE(weir_inflate_size, (int bits), (bits))
PART_WRAP_SIZE(weir_inflate_scratch_size, (int bits), (bits))
PART_WRAP_SIZE(weir_deflate_size, (int level, int bits), (level, bits))
PART_WRAP_SIZE(weir_deflate_scratch_size, (int bits), (bits))

int __wrap_weir_deflate_worth(const void *data, size_t len);
int __real_weir_deflate_worth(const void *data, size_t len);
int __wrap_weir_deflate_worth(const void *data, size_t len)
{
    if (__real_weir_inflate_size(9) == 0)
        skip();
    return __real_weir_deflate_worth(data, len);
}

int __wrap_weir_config_init(weir_config *config, size_t size);
int __real_weir_config_init(weir_config *config, size_t size);
int __wrap_weir_config_init(weir_config *config, size_t size)
{
    const int status = __real_weir_config_init(config, size);
    if (status == WEIR_OK)
        part_policy_init(config);
    return status;
}
