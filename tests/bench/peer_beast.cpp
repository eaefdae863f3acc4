/* SPDX-License-Identifier: MIT */
/* Boost.Beast over a stream that lives in memory. */
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <weir/pieces.h>

#include "bench.h"
#include "bench_peers.h"

namespace
{

namespace net = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

net::io_context &loop()
{
    static net::io_context one;
    return one;
}

/* A SyncStream. A client's handshake is answered by the stream itself. */
struct memory_stream {
    using executor_type = net::io_context::executor_type;

    bench_source *source = nullptr;
    bench_sink *sink = nullptr;
    std::string *request = nullptr; /* not null: of the client, to be answered */

    executor_type get_executor() noexcept
    {
        return loop().get_executor();
    }

    std::string answer() const
    {
        char accept[28];
        const size_t key = request->find("Sec-WebSocket-Key: ") + 19;
        weir_accept_key(request->data() + key, 24, accept);
        return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: " +
               std::string(accept, sizeof accept) + "\r\n\r\n";
    }

    template <class Buffers> std::size_t read_some(const Buffers &buffers, error_code &error)
    {
        error = {};
        if (request)
            return net::buffer_copy(buffers, net::buffer(answer()));
        std::size_t sum = 0;
        for (auto at = net::buffer_sequence_begin(buffers); at != net::buffer_sequence_end(buffers);
             ++at) {
            const net::mutable_buffer piece(*at);
            const std::size_t got = source ? source_read(source, piece.data(), piece.size()) : 0;
            sum += got;
            if (got < piece.size())
                break;
        }
        if (sum == 0)
            error = net::error::eof;
        return sum;
    }

    template <class Buffers> std::size_t read_some(const Buffers &buffers)
    {
        error_code error;
        const std::size_t got = read_some(buffers, error);
        if (error)
            throw boost::system::system_error(error);
        return got;
    }

    template <class Buffers> std::size_t write_some(const Buffers &buffers, error_code &error)
    {
        std::size_t sum = 0;
        error = {};
        for (auto at = net::buffer_sequence_begin(buffers); at != net::buffer_sequence_end(buffers);
             ++at) {
            const net::const_buffer piece(*at);
            if (request)
                request->append(static_cast<const char *>(piece.data()), piece.size());
            else if (sink)
                sink_write(sink, piece.data(), piece.size());
            sum += piece.size();
        }
        return sum;
    }

    template <class Buffers> std::size_t write_some(const Buffers &buffers)
    {
        error_code error;
        return write_some(buffers, error);
    }
};

void teardown(beast::role_type, memory_stream &, error_code &error)
{
    error = {};
}

struct beast_peer {
    websocket::stream<memory_stream> stream;
    beast::flat_buffer buffer;
};

void *beast_conn_open(const char *request, size_t len, int deflate, bench_sink *sink)
{
    auto peer = std::make_unique<beast_peer>();
    error_code error;
    if (deflate) {
        websocket::permessage_deflate option;
        option.server_enable = true;
        peer->stream.set_option(option);
    }
    peer->stream.next_layer().sink = sink;
    peer->stream.accept(net::buffer(request, len), error);
    if (error)
        bench_die("beast: accept");
    return peer.release();
}

void beast_conn_close(void *opaque)
{
    delete static_cast<beast_peer *>(opaque);
}

void *beast_decoder_open(bench_source *source)
{
    size_t len;
    const char *const request = peer_request(&len);
    auto *const peer = static_cast<beast_peer *>(beast_conn_open(request, len, 0, nullptr));
    peer->stream.next_layer().source = source;
    peer->stream.read_message_max(64 * 1024 * 1024);
    return peer;
}

void beast_decode(void *opaque)
{
    auto *const peer = static_cast<beast_peer *>(opaque);
    bench_source *const source = peer->stream.next_layer().source;
    error_code error;
    while (source->messages < source->input->messages) {
        peer->stream.read(peer->buffer, error);
        if (error)
            bench_die("beast: read");
        source_message(source, peer->buffer.data().data(), peer->buffer.size());
        peer->buffer.consume(peer->buffer.size());
    }
}

void *beast_client_open()
{
    auto peer = std::make_unique<beast_peer>();
    std::string request;
    error_code error;
    peer->stream.next_layer().request = &request;
    peer->stream.handshake("server.example.com", "/", error);
    if (error)
        bench_die("beast: handshake");
    peer->stream.next_layer().request = nullptr;
    return peer.release();
}

void *beast_encoder_open(int client, bench_sink *sink)
{
    size_t len;
    const char *const request = peer_request(&len);
    auto *const peer = static_cast<beast_peer *>(
        client ? beast_client_open() : beast_conn_open(request, len, 0, nullptr));
    peer->stream.next_layer().sink = sink;
    peer->stream.auto_fragment(false);
    return peer;
}

void beast_encode(void *opaque, const wire *messages, int)
{
    auto *const peer = static_cast<beast_peer *>(opaque);
    const uint8_t *data = messages->plain;
    error_code error;
    peer->stream.binary(messages->kind == WIRE_BINARY);
    for (size_t i = 0; i < messages->messages; data += messages->sizes[i++]) {
        peer->stream.write(net::buffer(data, messages->sizes[i]), error);
        if (error)
            bench_die("beast: write");
    }
}

void beast_mask(uint8_t *data, size_t len, uint32_t key)
{
    websocket::detail::prepared_key prepared;
    websocket::detail::prepare_key(prepared, key);
    net::mutable_buffer buffer(data, len);
    websocket::detail::mask_inplace(buffer, prepared);
}

int beast_utf8(const uint8_t *data, size_t len)
{
    return websocket::detail::check_utf8(reinterpret_cast<const char *>(data), len);
}

} // namespace

extern "C" const bench_peer peer_beast = {
    "beast",
    nullptr,
    beast_decoder_open,
    beast_decode,
    beast_conn_close,
    0,
    beast_encoder_open,
    beast_encode,
    beast_conn_close,
    beast_conn_open,
    beast_conn_close,
    1,
    1,
    beast_mask,
    beast_utf8,
};
