/* SPDX-License-Identifier: MIT */
/* websocketpp: its protocol processor for frames, its iostream transport for handshakes. */
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <websocketpp/config/core.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/processors/hybi13.hpp>
#include <websocketpp/server.hpp>
#include <websocketpp/utf8_validator.hpp>

#include "bench.h"
#include "bench_peers.h"

namespace
{

constexpr size_t websocketpp_max = 64 * 1024 * 1024;

struct xorshift {
    uint32_t operator()()
    {
        return static_cast<uint32_t>(bench_random() >> 16);
    }
};

struct plain_config : websocketpp::config::core {
    using rng_type = xorshift;
    static const websocketpp::log::level elog_level = websocketpp::log::elevel::none;
    static const websocketpp::log::level alog_level = websocketpp::log::alevel::none;
};

struct deflate_config : plain_config {
    struct permessage_deflate_config {
        using request_type = plain_config::request_type;
        static const bool allow_disabling_context_takeover = true;
        static const uint8_t minimum_outgoing_window_bits = 8;
    };
    using permessage_deflate_type =
        websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};

using processor = websocketpp::processor::hybi13<plain_config>;

/* ---- Frames ----------------------------------------------------------------------------------*/

struct frames {
    explicit frames(bool server)
        : manager(std::make_shared<plain_config::con_msg_manager_type>()),
          codec(false, server, manager, random)
    {
        codec.set_max_message_size(websocketpp_max);
    }

    xorshift random;
    plain_config::con_msg_manager_type::ptr manager;
    processor codec;
    bench_source *source = nullptr;
    bench_sink *sink = nullptr;
    std::vector<uint8_t> buffer;
};

void *frames_decoder_open(bench_source *source)
{
    auto peer = std::make_unique<frames>(true);
    peer->source = source;
    peer->buffer.resize(source->read);
    return peer.release();
}

void frames_decode(void *opaque)
{
    auto *const peer = static_cast<frames *>(opaque);
    websocketpp::lib::error_code error;
    for (size_t len;
         (len = source_read(peer->source, peer->buffer.data(), peer->source->read)) > 0;)
        for (size_t at = 0; at < len;) {
            at += peer->codec.consume(peer->buffer.data() + at, len - at, error);
            if (error)
                bench_die("websocketpp: consume");
            if (!peer->codec.ready())
                continue;
            const auto message = peer->codec.get_message();
            const std::string &payload = message->get_payload();
            source_message(peer->source, payload.data(), payload.size());
        }
}

void frames_close(void *opaque)
{
    delete static_cast<frames *>(opaque);
}

void *frames_encoder_open(int client, bench_sink *sink)
{
    auto peer = std::make_unique<frames>(!client);
    peer->sink = sink;
    return peer.release();
}

void frames_encode(void *opaque, const wire *messages, int)
{
    auto *const peer = static_cast<frames *>(opaque);
    const auto opcode = messages->kind == WIRE_BINARY ? websocketpp::frame::opcode::binary
                                                      : websocketpp::frame::opcode::text;
    const uint8_t *data = messages->plain;
    for (size_t i = 0; i < messages->messages; data += messages->sizes[i++]) {
        const auto in = peer->manager->get_message(opcode, messages->sizes[i]);
        const auto out = peer->manager->get_message();
        in->append_payload(data, messages->sizes[i]);
        if (peer->codec.prepare_data_frame(in, out))
            bench_die("websocketpp: prepare_data_frame");
        sink_write(peer->sink, out->get_header().data(), out->get_header().size());
        sink_write(peer->sink, out->get_payload().data(), out->get_payload().size());
    }
}

/* ---- Handshake -------------------------------------------------------------------------------*/

template <class Config> struct endpoint {
    using server = websocketpp::server<Config>;
    using ptr = typename server::connection_ptr;

    server one;
    bench_sink *sink = nullptr; /* of the handshake under way */

    endpoint()
    {
        one.clear_access_channels(websocketpp::log::alevel::all);
        one.clear_error_channels(websocketpp::log::elevel::all);
        one.set_write_handler([this](websocketpp::connection_hdl, char const *data, size_t len) {
            if (sink)
                sink_write(sink, data, len);
            return websocketpp::lib::error_code();
        });
    }

    ptr open(const char *request, size_t len, bench_sink *out)
    {
        sink = out;
        const ptr conn = one.get_connection();
        conn->start();
        conn->read_all(request, len);
        if (conn->get_state() != websocketpp::session::state::open)
            bench_die("websocketpp: the connection is not open");
        sink = nullptr;
        return conn;
    }
};

endpoint<plain_config> &endpoint_plain()
{
    static endpoint<plain_config> one;
    return one;
}

endpoint<deflate_config> &endpoint_deflate()
{
    static endpoint<deflate_config> one;
    return one;
}

struct conn {
    endpoint<plain_config>::ptr plain;
    endpoint<deflate_config>::ptr deflate;
};

void *conn_open(const char *request, size_t len, int deflate, bench_sink *sink)
{
    auto *const peer = new conn;
    if (deflate)
        peer->deflate = endpoint_deflate().open(request, len, sink);
    else
        peer->plain = endpoint_plain().open(request, len, sink);
    return peer;
}

/* The end of the stream: an open connection holds itself. */
void conn_close(void *opaque)
{
    auto *const peer = static_cast<conn *>(opaque);
    if (peer->plain)
        peer->plain->eof();
    if (peer->deflate)
        peer->deflate->eof();
    delete peer;
}

/* ---- Primitives ------------------------------------------------------------------------------*/

void mask(uint8_t *data, size_t len, uint32_t key)
{
    websocketpp::frame::masking_key_type circle;
    circle.i = static_cast<int32_t>(key);
    websocketpp::frame::byte_mask_circ(data, len, websocketpp::frame::prepare_masking_key(circle));
}

int utf8(const uint8_t *data, size_t len)
{
    websocketpp::utf8_validator::validator validator;
    return validator.decode(data, data + len) && validator.complete();
}

} // namespace

extern "C" const bench_peer peer_websocketpp = {
    "websocketpp",
    nullptr,
    frames_decoder_open,
    frames_decode,
    frames_close,
    0,
    frames_encoder_open,
    frames_encode,
    frames_close,
    conn_open,
    conn_close,
    1,
    1,
    mask,
    utf8,
};
