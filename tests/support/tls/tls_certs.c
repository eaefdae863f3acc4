/* SPDX-License-Identifier: MIT */
/* Writes certificates with mbedTLS. */
#include "tls_certs.h"

#include <string.h>

#include "support/test.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/version.h>

int tls_test_random(void *user, unsigned char *out, size_t len)
{
    static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    (void)user;
    for (size_t i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out[i] = (unsigned char)(state >> 56);
    }
    return 0;
}

static void make_key(mbedtls_pk_context *key)
{
    mbedtls_pk_init(key);
    assert_int_equal(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(
        mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), tls_test_random, NULL),
        0);
}

static size_t put_name(uint8_t *out, uint8_t tag, const void *data, size_t len)
{
    out[0] = tag;
    out[1] = (uint8_t)len;
    memcpy(out + 2, data, len);
    return len + 2;
}

static void set_names(mbedtls_x509write_cert *writer, const tls_cert_wish *wish)
{
    uint8_t names[128];
    size_t len = 2;
    if (wish->dns)
        len += put_name(names + len, 0x82, wish->dns, strlen(wish->dns));
    if (wish->address)
        len += put_name(names + len, 0x87, wish->address, wish->address_len);
    names[0] = 0x30;
    names[1] = (uint8_t)(len - 2);
    if (len > 2)
        assert_int_equal(mbedtls_x509write_crt_set_extension(
                             writer, MBEDTLS_OID_SUBJECT_ALT_NAME,
                             MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, names, len),
                         0);
}

static void set_use(mbedtls_x509write_cert *writer, int use)
{
    const uint8_t value[] = {0x30, 0x0A, 0x06, 0x08, 0x2B, 6, 1, 5, 5, 7, 3, (uint8_t)use};
    assert_int_equal(mbedtls_x509write_crt_set_extension(
                         writer, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 1, value, sizeof value),
                     0);
}

static void set_serial(mbedtls_x509write_cert *writer)
{
    static unsigned char number;
    number++;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    mbedtls_x509write_crt_set_serial_raw(writer, &number, 1);
#else
    mbedtls_mpi serial;
    mbedtls_mpi_init(&serial);
    mbedtls_mpi_lset(&serial, number);
    mbedtls_x509write_crt_set_serial(writer, &serial);
    mbedtls_mpi_free(&serial);
#endif
}

void tls_cert_make(tls_cert *made, const char *name, const tls_cert *signer,
                   const tls_cert_wish *wish)
{
    static const tls_cert_wish none;
    mbedtls_x509write_cert writer;
    memset(made, 0, sizeof *made);
    made->name = name;
    make_key(&made->key);
    if (!wish)
        wish = &none;
    if (!signer)
        signer = made;

    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&writer, wish->is_sha1 ? MBEDTLS_MD_SHA1 : MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, &made->key);
    mbedtls_x509write_crt_set_issuer_key(&writer, (mbedtls_pk_context *)&signer->key);
    set_serial(&writer);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(&writer, name), 0);
    assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&writer, signer->name), 0);
    assert_int_equal(mbedtls_x509write_crt_set_validity(
                         &writer, wish->not_before ? wish->not_before : "20010101000000",
                         wish->not_after ? wish->not_after : "20991231235959"),
                     0);
    assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(&writer, wish->is_ca, -1), 0);
    set_names(&writer, wish);
    if (wish->extended_use)
        set_use(&writer, wish->extended_use);

    const int len =
        mbedtls_x509write_crt_der(&writer, made->der, sizeof made->der, tls_test_random, NULL);
    assert_true(len > 0);
    made->der_len = (size_t)len;
    memmove(made->der, made->der + sizeof made->der - made->der_len, made->der_len);
    assert_int_equal(mbedtls_x509write_crt_pem(&writer, (unsigned char *)made->pem,
                                               sizeof made->pem, tls_test_random, NULL),
                     0);
    assert_int_equal(
        mbedtls_pk_write_key_pem(&made->key, (unsigned char *)made->key_pem, sizeof made->key_pem),
        0);
    mbedtls_x509write_crt_free(&writer);
}

void tls_cert_free(tls_cert *made)
{
    mbedtls_pk_free(&made->key);
}

void tls_parse_key(mbedtls_pk_context *key, const char *pem)
{
    const unsigned char *const text = (const unsigned char *)pem;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    const int error =
        mbedtls_pk_parse_key(key, text, strlen(pem) + 1, NULL, 0, tls_test_random, NULL);
#else
    const int error = mbedtls_pk_parse_key(key, text, strlen(pem) + 1, NULL, 0);
#endif
    assert_int_equal(error, 0);
}

const tls_certs *tls_certs_usual(void)
{
    static const uint8_t loopback[] = {127, 0, 0, 1};
    static tls_certs certs;
    if (certs.ca.der_len == 0) {
        tls_cert_make(&certs.ca, "CN=test CA", NULL, &(tls_cert_wish){.is_ca = true});
        tls_cert_make(&certs.server, "CN=localhost", &certs.ca,
                      &(tls_cert_wish){.dns = "localhost", .address = loopback, .address_len = 4});
        tls_cert_free(&certs.ca); /* the texts are all that is needed from now on */
        tls_cert_free(&certs.server);
    }
    return &certs;
}
