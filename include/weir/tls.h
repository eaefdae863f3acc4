/* SPDX-License-Identifier: MIT */
/**
 * TLS between a connection and its transport, without the I/O: wss on your own sockets.
 *
 * Optional: it is compiled where WEIR_TLS is defined, and links with mbedTLS 2.28 or 3.x. A
 * weir_tls takes the place of the weir_conn where bytes of the transport pass: weir_tls_receive,
 * weir_tls_events, weir_tls_receive_eof, weir_tls_output, weir_tls_sent and weir_tls_wants do what
 * the functions of the same names do for a weir_conn, and give its events. All else (sending,
 * accepting, closing, deadlines) goes to the weir_conn as ever.
 *
 *   weir_tls_context_create        once: certificate and key, or the CAs to trust
 *   weir_tls_create_client, _server   for each connection
 *   the loop                       as in weir.h, with weir_tls_... for those six calls
 *   weir_tls_free                  before or after weir_conn_free
 *
 * It opens no file and no socket and reads no clock. Entropy comes from weir_tls_config.random, or
 * from mbedTLS's own source. Time is needed for the validity of certificates and tickets alone, and
 * is mbedTLS's (mbedtls_time, which mbedtls_platform_set_time may replace); the deadline of the TLS
 * handshake is that of the weir_conn. Memory comes from mbedtls_calloc, when a connection is made
 * and in its handshake; messages allocate nothing.
 *
 * Memory is bounded: what is decrypted goes into the connection at once, and what the transport
 * does not take stays in the queue of the connection, which its high water mark reports. Decrypted
 * bytes lie in the one read buffer of the weir_context (weir_conn_input_buffer): handle the events
 * of one connection, and take all of them, before the next gets input.
 *
 * By default TLS 1.2 or later with ephemeral ECDH and AEAD ciphers, and a client that checks the
 * chain, the dates and the name of the server's certificate.
 *
 * Another TLS library takes mbedTLS's place by a weir_tls_engine.
 *
 * Threads: a weir_tls_context and all made from it belong to one thread at a time.
 */
#ifndef WEIR_TLS_H
#define WEIR_TLS_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status ----------------------------------------------------------------------------------*/

/**
 * Every status of TLS: X(name, value, text). Calls also return a weir_status, such as
 * WEIR_E_ARGUMENT or WEIR_E_MEMORY; the numbers of the two lists are apart.
 *
 *   0 and up     the call did what it says
 *   -600 ...     the caller's mistake when a context or a connection is made
 *   -620 ...     our resources, or the transport
 *   -640 ...     the peer's certificate is refused
 *   -660 ...     the peer broke a rule of TLS, or both have nothing in common
 */
#define WEIR_TLS_STATUS_LIST(X)                                                                    \
    X(TLS_DONE, 0, "done")                                                                         \
    X(TLS_WANT_INPUT, 10, "more bytes of the transport are needed")                                \
    X(TLS_WANT_OUTPUT, 11, "bytes for the transport must leave first")                             \
    X(TLS_CLOSED, 12, "the peer ended TLS with close_notify")                                      \
    X(TLS_E_CERTIFICATE, -600, "our certificate is missing or can't be read")                      \
    X(TLS_E_KEY, -601, "our private key can't be read, or its password is wrong")                  \
    X(TLS_E_KEY_MISMATCH, -602, "our private key is not that of the certificate")                  \
    X(TLS_E_CA, -603, "no certificate of a CA is given, or one can't be read")                     \
    X(TLS_E_ALPN_LIST, -604, "at most 8 ALPN names, each of 1 to 255 bytes, one space between")    \
    X(TLS_E_HOST, -605, "the host is no name or address that a certificate can carry")             \
    X(TLS_E_RANDOM, -620, "there is no entropy")                                                   \
    X(TLS_E_INTERNAL, -621, "the TLS library failed for a reason of its own")                      \
    X(TLS_E_TRUNCATED, -622, "the transport ended without close_notify: the end may be cut off")   \
    X(TLS_E_BROKEN_OFF, -623, "TLS or its transport was ended within the handshake")               \
    X(TLS_E_BLOCKED, -624, "the peer sends, but does not take what TLS must send it first")        \
    X(TLS_E_NAME, -640, "the certificate is for another host")                                     \
    X(TLS_E_EXPIRED, -641, "the certificate has expired")                                          \
    X(TLS_E_NOT_YET_VALID, -642, "the certificate is not valid yet")                               \
    X(TLS_E_SELF_SIGNED, -643, "the certificate is self-signed and not trusted")                   \
    X(TLS_E_UNTRUSTED, -644, "the certificate leads to no CA that is trusted")                     \
    X(TLS_E_WEAK, -645, "the certificate's key or signature is too weak")                          \
    X(TLS_E_PURPOSE, -646, "the certificate is not for this use")                                  \
    X(TLS_E_NO_CERTIFICATE, -647, "the peer shows no certificate, or a malformed one")             \
    X(TLS_E_NOT_TLS, -660, "what comes is not TLS")                                                \
    X(TLS_E_VERSION, -661, "the peer speaks no version of TLS that is allowed")                    \
    X(TLS_E_NO_CIPHER, -662, "the peer and we have no cipher in common")                           \
    X(TLS_E_NO_ALPN, -663, "the peer and we have no ALPN protocol in common")                      \
    X(TLS_E_RECORD, -664, "a TLS record is malformed")                                             \
    X(TLS_E_ALTERED, -665, "a TLS record was altered on its way")                                  \
    X(TLS_E_HANDSHAKE, -666, "the peer broke a rule of the TLS handshake")                         \
    X(TLS_E_ALERT, -667, "the peer ended TLS with an alert")

/** What a call for TLS returned, why TLS ended. Negative values are errors. */
typedef enum weir_tls_status {
#define WEIR_TLS_STATUS_ENUM(name, value, text) WEIR_##name = value,
    WEIR_TLS_STATUS_LIST(WEIR_TLS_STATUS_ENUM)
#undef WEIR_TLS_STATUS_ENUM
} weir_tls_status;

/**
 * Name of a status, such as "WEIR_TLS_E_EXPIRED".
 *
 * status   weir_tls_status or weir_status.
 * Returns  a constant NUL-terminated text, "unknown" for a number that is neither.
 */
WEIR_API const char *weir_tls_status_name(int status);

/**
 * What a status means, in one English clause.
 *
 * status   weir_tls_status or weir_status.
 * Returns  a constant NUL-terminated text, "unknown" for a number that is neither.
 */
WEIR_API const char *weir_tls_status_text(int status);

/* ---- Context: certificates and policy --------------------------------------------------------*/

/** What many TLS connections of one role share: certificates, policy, entropy. Opaque. */
typedef struct weir_tls_context weir_tls_context;

/** TLS of one connection. Opaque. */
typedef struct weir_tls weir_tls;

/**
 * Policy of a TLS context: what weir_tls_config_init fills with secure defaults. Certificates and
 * keys are PEM or DER; every text is copied by weir_tls_context_create.
 */
typedef struct weir_tls_config {
    uint64_t size;           /**< sizeof(weir_tls_config) of the caller, set by the init function */
    uint64_t role;           /**< weir_role: which side we are, set by the init function */
    uint64_t verify;         /**< the peer must show a certificate that ca vouches for. Client: 1,
                                  and it must be for the host; server: 0 */
    uint64_t tickets;        /**< resumption by tickets (RFC 5077, RFC 8446 4.6.1); 1 */
    uint64_t ticket_seconds; /**< server: how long a ticket is good; 86400, at most 604800 */
    uint64_t output_bytes;   /**< place for ciphertext on its way out, of each connection; 17920:
                                  one record of 16 KiB. More makes fewer, larger writes; at least
                                  2048 */
    weir_text certificate;   /**< ours, then its intermediate CAs (PEM); a server needs one */
    weir_text key;           /**< private key of certificate */
    weir_text key_password;  /**< of an encrypted key; empty: none */
    weir_text ca;            /**< CAs to trust, e.g. the bytes of the system's bundle; PEM may hold
                                  many, of which those that can't be read are left out */
    weir_text alpn;          /**< protocols (RFC 7301), best first, single spaces between, such as
                                  "http/1.1"; empty: no ALPN. A server that has none in common
                                  with the client ends the handshake */
    /** Entropy: fills out with len bytes and returns 0, anything else is a failure. NULL: mbedTLS's
     *  own source (mbedtls_entropy_func), expanded by CTR_DRBG. mbedTLS 3 draws for TLS 1.3 from
     *  its PSA, whatever is set here. */
    int (*random)(void *user, unsigned char *out, size_t len);
    void *random_user; /**< given to random */
} weir_tls_config;

/**
 * Fill a config with the defaults.
 *
 * config   out.
 * size     sizeof(weir_tls_config) as the caller compiled it.
 * role     weir_role: which side the context is for.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE: nothing was written.
 */
WEIR_API int weir_tls_config_init(weir_tls_config *config, size_t size, int role);

/**
 * Make a TLS context on mbedTLS.
 *
 * config   borrowed for this call; random_user until weir_tls_context_free.
 * context  out: the context; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE, WEIR_E_CONFIG, WEIR_E_MEMORY, WEIR_TLS_E_CERTIFICATE,
 *          WEIR_TLS_E_KEY, WEIR_TLS_E_KEY_MISMATCH, WEIR_TLS_E_CA, WEIR_TLS_E_ALPN_LIST,
 *          WEIR_TLS_E_RANDOM.
 */
WEIR_API int weir_tls_context_create(const weir_tls_config *config, weir_tls_context **context);

/**
 * Free a TLS context.
 *
 * context  transferred; NULL is allowed.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_BUSY while a weir_tls of it lives: nothing was freed.
 */
WEIR_API int weir_tls_context_free(weir_tls_context *context);

/* ---- One connection --------------------------------------------------------------------------*/

/**
 * Make TLS for the client side of a connection.
 *
 * context      of a client; it must live longer than the weir_tls.
 * conn         what the plaintext is for, borrowed until weir_tls_free or weir_conn_free, after
 *              which nothing but weir_tls_free may be called; NULL: see weir_tls_attach.
 * host         [host_len] whom to reach, such as weir_url.host: sent as SNI (RFC 6066 3) and looked
 *              for in the certificate. An IP address is not sent; the certificate must carry it as
 *              an address (RFC 6125, RFC 2818 3.1). Copied.
 * host_len     bytes, or WEIR_NTS.
 * session      [session_len] bytes of weir_tls_save, to resume; borrowed for this call. Those of
 *              another host, another mbedTLS or a context whose verify, ca or certificate was
 *              another are left out: the handshake is then a full one. NULL when session_len is 0.
 * session_len  bytes, 0: none.
 * tls          out: the TLS connection, free with weir_tls_free; NULL on error.
 * Returns      WEIR_OK.
 * Errors       WEIR_E_ARGUMENT, WEIR_TLS_E_HOST, WEIR_E_MEMORY.
 */
WEIR_API int weir_tls_create_client(weir_tls_context *context, weir_conn *conn, const char *host,
                                    size_t host_len, const void *session, size_t session_len,
                                    weir_tls **tls);

/**
 * Make TLS for the server side of a connection.
 *
 * context  of a server; it must live longer than the weir_tls.
 * conn     as in weir_tls_create_client.
 * tls      out: the TLS connection, free with weir_tls_free; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_MEMORY.
 */
WEIR_API int weir_tls_create_server(weir_tls_context *context, weir_conn *conn, weir_tls **tls);

/**
 * Free TLS in any state. Nothing is sent.
 *
 * tls      transferred; NULL is allowed.
 */
WEIR_API void weir_tls_free(weir_tls *tls);

/**
 * Say later what the plaintext is for: once ALPN has told that it is WebSocket. Until then
 * weir_tls_receive takes no more than the handshake: give it the rest afterwards.
 *
 * tls      made without a connection.
 * conn     as in weir_tls_create_client.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_STATE: there is one already, or TLS is over.
 */
WEIR_API int weir_tls_attach(weir_tls *tls, weir_conn *conn);

/* ---- The loop --------------------------------------------------------------------------------*/

/**
 * Give TLS bytes that arrived from the peer; the connection gets what they hold. The call returns
 * with the first events, since the next one may void their data: give the rest then. A fault of TLS
 * is no error of this call: it ends the connection with WEIR_EVENT_CLOSED, whose cause is then a
 * weir_tls_status.
 *
 * tls      with a connection, but for the handshake.
 * data     [len] bytes, borrowed for this call. NULL only when len is 0.
 * len      bytes.
 * used     out: bytes taken, 0..len. A call with len > 0 uses a byte or gives an event,
 *          unless TLS without a connection waits for weir_tls_attach or weir_tls_read.
 * events   out: [cap]; their data stays valid until the next weir_tls_receive or weir_tls_events
 *          on any connection of the same weir_context. NULL is allowed without a connection.
 * cap      events that fit, at least 1 with a connection.
 * Returns  number of events written, 0..cap. When all is used, more may wait: weir_tls_wants then
 *          says WEIR_WANT_EVENTS, and weir_tls_events must be called until it gives 0 before input
 *          of another connection of the same weir_context: else what is left is lost, and TLS ends
 *          with WEIR_E_STATE.
 * Errors   WEIR_E_ARGUMENT (used is then len, the input was not looked at).
 * Cost     no allocation after the handshake, but for messages as in weir_conn_receive.
 * Spec     RFC 5246, RFC 8446.
 */
WEIR_API int weir_tls_receive(weir_tls *tls, const void *data, size_t len, size_t *used,
                              weir_event *events, size_t cap);

/**
 * Take the events that wait, without input: the same as weir_tls_receive with len 0. For a
 * connection with TLS use this in place of weir_conn_events.
 *
 * tls      with a connection; without one there are none.
 * events   out: [cap]; as in weir_tls_receive.
 * cap      events that fit, at least 1 with a connection.
 * Returns  number of events written, 0..cap.
 * Errors   WEIR_E_ARGUMENT.
 */
WEIR_API int weir_tls_events(weir_tls *tls, weir_event *events, size_t cap);

/**
 * Say that the transport has ended: end of stream, reset, any error. Without a close_notify before
 * it the end is WEIR_TLS_E_TRUNCATED, or WEIR_TLS_E_BROKEN_OFF within the handshake. Events may
 * follow.
 *
 * tls      the TLS connection.
 * Returns  WEIR_OK, also when called again.
 * Errors   WEIR_E_ARGUMENT.
 * Spec     RFC 5246 7.2.1, RFC 8446 6.1.
 */
WEIR_API int weir_tls_receive_eof(weir_tls *tls);

/**
 * The ciphertext that waits. Output of the connection is encrypted here, as much as there is place
 * for: a peer that takes nothing leaves it in the connection's queue. Once the connection has no
 * more to say, close_notify follows. The last byte of a connection that closes has left, for the
 * connection, once the transport took all: until then its deadline for closing goes on.
 *
 * tls      the TLS connection.
 * spans    out: [cap] borrowed until the next weir_tls_sent, weir_tls_output or weir_tls_free;
 *          receiving leaves them as they are.
 * cap      spans that fit.
 * Returns  number of spans written, 0..cap. More may wait behind them: call again after
 *          weir_tls_sent.
 * Errors   WEIR_E_ARGUMENT.
 * Cost     one copy of the plaintext, its encryption, one copy of the ciphertext; no allocation.
 */
WEIR_API int weir_tls_output(weir_tls *tls, weir_span *spans, size_t cap);

/**
 * Say how much of the last weir_tls_output the transport took. This may end the connection: events
 * may follow.
 *
 * tls      the TLS connection.
 * len      bytes, 0 to the sum of the spans given last.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT: more than was offered; nothing changed.
 */
WEIR_API int weir_tls_sent(weir_tls *tls, size_t len);

/**
 * What TLS and its connection wait for now. WEIR_WANT_CLOSE may come together with
 * WEIR_WANT_OUTPUT: what the transport takes at once is then written before it is closed, so that
 * an alert or a close_notify can leave.
 *
 * tls      the TLS connection.
 * Returns  WEIR_WANT_... together; WEIR_WANT_CLOSE for NULL.
 * Cost     O(1).
 */
WEIR_API uint32_t weir_tls_wants(const weir_tls *tls);

/* ---- Without a connection: plaintext for another protocol ------------------------------------*/

/**
 * Decrypt, for a protocol that is no WebSocket, such as HTTP/2 after ALPN chose "h2".
 *
 * tls        without a connection, its handshake done.
 * data       [len] bytes from the transport, borrowed for this call.
 * len        bytes.
 * used       out: bytes taken, 0..len.
 * plain      out: [cap] the plaintext.
 * cap        bytes that fit.
 * plain_len  out: bytes written, 0..cap.
 * Returns    WEIR_TLS_DONE: call again, there may be more; WEIR_TLS_WANT_INPUT: all was taken and
 *            given; WEIR_TLS_WANT_OUTPUT: weir_tls_output first; WEIR_TLS_CLOSED.
 * Errors     WEIR_E_ARGUMENT, WEIR_E_STATE; else why TLS ended.
 */
WEIR_API int weir_tls_read(weir_tls *tls, const void *data, size_t len, size_t *used, void *plain,
                           size_t cap, size_t *plain_len);

/**
 * Encrypt, for a protocol that is no WebSocket; weir_tls_output has the ciphertext.
 *
 * tls      without a connection, its handshake done.
 * data     [len] plaintext, borrowed for this call.
 * len      bytes.
 * used     out: bytes taken, 0..len: fewer when there is no place for more output.
 * Returns  WEIR_TLS_DONE: all was taken; WEIR_TLS_WANT_OUTPUT.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_STATE (also after weir_tls_close); else why TLS ended.
 */
WEIR_API int weir_tls_write(weir_tls *tls, const void *data, size_t len, size_t *used);

/**
 * Let close_notify follow what was written; with a connection this happens by itself when that is
 * over, else behind the output that it has. Then weir_tls_wants says WEIR_WANT_SHUTDOWN_WRITE.
 * Within the handshake nothing is sent and TLS ends at once, with WEIR_TLS_E_BROKEN_OFF.
 *
 * tls      the TLS connection.
 * Returns  WEIR_OK, also when called again.
 * Errors   WEIR_E_ARGUMENT.
 * Spec     RFC 5246 7.2.1, RFC 8446 6.1.
 */
WEIR_API int weir_tls_close(weir_tls *tls);

/* ---- What was agreed, and how it ended -------------------------------------------------------*/

/** How far TLS is. */
typedef enum weir_tls_phase {
    WEIR_TLS_OPENING = 0, /**< its handshake is under way */
    WEIR_TLS_OPEN = 1,    /**< the handshake is done: texts and numbers can be read */
    WEIR_TLS_OVER = 2     /**< it has ended, for the reason weir_tls_cause */
} weir_tls_phase;

/** Texts, for weir_tls_text. */
typedef enum weir_tls_text_id {
    WEIR_TLS_TEXT_ALPN = 1,            /**< the protocol that both agreed on, such as "h2" */
    WEIR_TLS_TEXT_VERSION = 2,         /**< such as "TLSv1.2" */
    WEIR_TLS_TEXT_CIPHER = 3,          /**< the cipher suite, as the TLS library names it */
    WEIR_TLS_TEXT_PEER_CERTIFICATE = 4 /**< the peer's, DER; once resumed maybe none */
} weir_tls_text_id;

/** Numbers, for weir_tls_number. */
typedef enum weir_tls_number_id {
    WEIR_TLS_NUMBER_RESUMED = 1, /**< 1: the handshake resumed an earlier session */
    WEIR_TLS_NUMBER_ALERT = 2    /**< after WEIR_TLS_E_ALERT: the alert (RFC 8446 6), else 0 */
} weir_tls_number_id;

/**
 * How far TLS is.
 *
 * tls      the TLS connection.
 * Returns  weir_tls_phase; WEIR_TLS_OVER for NULL.
 */
WEIR_API int weir_tls_state(const weir_tls *tls);

/**
 * Why TLS ended.
 *
 * tls      the TLS connection.
 * Returns  WEIR_TLS_DONE while it has not; WEIR_TLS_CLOSED after the peer's close_notify; else the
 *          first error, a weir_tls_status, WEIR_E_MEMORY or WEIR_E_STATE (weir_tls_receive);
 *          WEIR_E_ARGUMENT for NULL.
 */
WEIR_API int weir_tls_cause(const weir_tls *tls);

/**
 * A text of the TLS connection.
 *
 * tls      its handshake done.
 * id       weir_tls_text_id.
 * text     out: borrowed until weir_tls_free.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_FOUND.
 */
WEIR_API int weir_tls_text(const weir_tls *tls, int id, weir_text *text);

/**
 * A number of the TLS connection.
 *
 * tls      the TLS connection.
 * id       weir_tls_number_id.
 * Returns  the number; 0 for NULL or an id that is none.
 */
WEIR_API uint32_t weir_tls_number(const weir_tls *tls, int id);

/**
 * Client: save the session, to resume it with weir_tls_create_client. With TLS 1.3 its ticket comes
 * after the handshake, so save when the connection ends. The bytes hold secrets, and are for this
 * host and this version of mbedTLS.
 *
 * tls      of a client, its handshake done.
 * data     out: [cap] the session; NULL only when cap is 0.
 * cap      bytes that fit.
 * len      out: bytes written; with WEIR_E_SHORT the bytes needed.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SHORT, WEIR_E_NOT_FOUND: there is none, or TLS failed;
 *          WEIR_E_MEMORY.
 * Spec     RFC 5077, RFC 8446 2.2.
 */
WEIR_API int weir_tls_save(weir_tls *tls, void *data, size_t cap, size_t *len);

/**
 * How the connection ended: as weir_conn_report, but where that knows only that the transport ended
 * (WEIR_E_TRANSPORT), cause and text say why TLS ended it. The CLOSED event has the same cause.
 *
 * tls      with a connection.
 * report   out.
 * size     sizeof(weir_report) as the caller compiled it.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE, WEIR_E_STATE: there is no connection.
 */
WEIR_API int weir_tls_report(const weir_tls *tls, weir_report *report, size_t size);

/* ---- Another TLS library ---------------------------------------------------------------------*/

/** The bytes of the transport as an engine sees them during a call. */
typedef struct weir_tls_wire {
    const uint8_t *in; /**< in_len bytes that came; the engine moves in on by what it takes */
    size_t in_len;     /**< lowered by what the engine takes */
    uint8_t *out;      /**< out_cap bytes of place, of which out_len are filled */
    size_t out_len;    /**< raised by what the engine appends */
    size_t out_cap;
} weir_tls_wire;

/**
 * A TLS library, as functions on a session of its own: one side of one TLS connection. Each call
 * may take bytes from wire and append to it, and keeps no pointer into it.
 *
 * Steps return WEIR_TLS_DONE; WEIR_TLS_WANT_INPUT, only once all of wire.in is taken;
 * WEIR_TLS_WANT_OUTPUT, only when wire.out has no place for what must be sent first; or a negative
 * weir_tls_status or weir_status, after which only text, number and free are called. An alert that
 * belongs to the error is appended before.
 */
typedef struct weir_tls_engine {
    size_t size;     /**< sizeof(weir_tls_engine) of the one who made it */
    size_t overhead; /**< most bytes by which a record is longer than its plaintext, at most 512 */
    /** Go on with the handshake. DONE: it is complete. */
    int (*handshake)(void *session, weir_tls_wire *wire);
    /** Decrypt into data. DONE: len is 1..cap; CLOSED: the peer's close_notify has come. */
    int (*read)(void *session, weir_tls_wire *wire, void *data, size_t cap, size_t *len);
    /** Encrypt up to len bytes, at least 1, into one record; there is place for len + overhead.
     *  DONE: used is 1..len, and their record is in wire. */
    int (*write)(void *session, weir_tls_wire *wire, const void *data, size_t len, size_t *used);
    /** Append close_notify. DONE: it is in wire. */
    int (*close)(void *session, weir_tls_wire *wire);
    /** As weir_tls_text. */
    int (*text)(const void *session, int id, weir_text *text);
    /** As weir_tls_number. */
    uint32_t (*number)(const void *session, int id);
    /** As weir_tls_save. */
    int (*save)(void *session, void *data, size_t cap, size_t *len);
    /** Free the session; the weir_tls is not used any more and may lie in the same memory. */
    void (*free)(void *session);
} weir_tls_engine;

/**
 * Memory that a weir_tls needs.
 *
 * output_bytes  place for ciphertext, as in weir_tls_config; at least 2048.
 * Returns       bytes, 0 when output_bytes is out of range.
 */
WEIR_API size_t weir_tls_size(size_t output_bytes);

/**
 * Make TLS from a session of any library, in memory of the caller's.
 *
 * memory   [len] aligned as malloc does, borrowed until weir_tls_free or engine.free.
 * len      bytes, at least weir_tls_size(2048); all that is left is place for ciphertext.
 * engine   borrowed until weir_tls_free.
 * session  transferred on success: weir_tls_free ends it by engine.free.
 * conn     as in weir_tls_create_client.
 * tls      out: at memory; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE, WEIR_E_SHORT.
 */
WEIR_API int weir_tls_init(void *memory, size_t len, const weir_tls_engine *engine, void *session,
                           weir_conn *conn, weir_tls **tls);

#ifdef __cplusplus
}
#endif

#endif
