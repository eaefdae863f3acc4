/* SPDX-License-Identifier: MIT */
/* The linker puts these before mbedTLS's functions of the same names (--wrap). */
#include "tls_lies.h"

#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/ssl.h>

tls_lie tls_lies;

int __real_mbedtls_entropy_func(void *user, unsigned char *out, size_t len);
int __real_mbedtls_md(const mbedtls_md_info_t *info, const unsigned char *data, size_t len,
                      unsigned char *out);
int __real_mbedtls_ssl_get_session(const mbedtls_ssl_context *ssl, mbedtls_ssl_session *session);
int __real_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *data, size_t len);
int __wrap_mbedtls_entropy_func(void *user, unsigned char *out, size_t len);
int __wrap_mbedtls_md(const mbedtls_md_info_t *info, const unsigned char *data, size_t len,
                      unsigned char *out);
int __wrap_mbedtls_ssl_get_session(const mbedtls_ssl_context *ssl, mbedtls_ssl_session *session);
int __wrap_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *data, size_t len);

int __wrap_mbedtls_entropy_func(void *user, unsigned char *out, size_t len)
{
    return tls_lies.entropy_func ? tls_lies.entropy_func
                                 : __real_mbedtls_entropy_func(user, out, len);
}

int __wrap_mbedtls_md(const mbedtls_md_info_t *info, const unsigned char *data, size_t len,
                      unsigned char *out)
{
    return tls_lies.md ? tls_lies.md : __real_mbedtls_md(info, data, len, out);
}

int __wrap_mbedtls_ssl_get_session(const mbedtls_ssl_context *ssl, mbedtls_ssl_session *session)
{
    return tls_lies.ssl_get_session ? tls_lies.ssl_get_session
                                    : __real_mbedtls_ssl_get_session(ssl, session);
}

int __wrap_mbedtls_ssl_write(mbedtls_ssl_context *ssl, const unsigned char *data, size_t len)
{
    return tls_lies.ssl_write ? tls_lies.ssl_write : __real_mbedtls_ssl_write(ssl, data, len);
}
