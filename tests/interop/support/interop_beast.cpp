/* SPDX-License-Identifier: MIT */
/* Boost.Beast as the client of echo_clients.py; the script is told in echo_peers.py. */
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/version.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using stream = websocket::stream<asio::ip::tcp::socket>;
constexpr auto protocol_field = beast::http::field::sec_websocket_protocol;

namespace
{

void expect(bool holds, const char *what)
{
    if (!holds)
        throw std::runtime_error(what);
}

void expect_echo(stream &s, const std::string &sent)
{
    beast::flat_buffer message;
    s.read(message);
    expect(beast::buffers_to_string(message.data()) == sent, "not what was sent");
    expect(s.got_text() == s.text(), "not of the kind that was sent");
}

void echo(stream &s, bool text, std::size_t len)
{
    const std::string sent(len, text ? 'x' : '\xff');
    s.text(text);
    s.write(asio::buffer(sent));
    expect_echo(s, sent);
}

void open(stream &s, const char *port)
{
    websocket::permessage_deflate deflate;
    deflate.client_enable = true;
    s.set_option(deflate);
    s.next_layer().connect({asio::ip::address_v4::loopback(), (unsigned short)std::atoi(port)});
    s.set_option(websocket::stream_base::decorator(
        [](websocket::request_type &request) { request.set(protocol_field, "x, echo"); }));
    websocket::response_type response;
    s.handshake(response, "127.0.0.1", "/");
    std::printf("open %s\n", std::string(response[protocol_field]).c_str());
}

void send_fragments(stream &s)
{
    s.text(true);
    for (const char *part : {"a", "", "\xc3", "\xb6"})
        s.write_some(false, asio::buffer(std::string(part)));
    s.write_some(true, asio::buffer(std::string("!")));
    expect_echo(s, "a\xc3\xb6!");
    std::puts("fragments");
}

void ping(stream &s)
{
    s.control_callback([](websocket::frame_type type, beast::string_view data) {
        if (type == websocket::frame_type::pong)
            std::printf("pong %s\n", std::string(data).c_str());
    });
    s.ping("there?");
    echo(s, true, 2); /* control frames are seen by what reads messages */
}

void run(const char *port)
{
    asio::io_context context;
    stream s(context);
    open(s, port);
    for (const bool text : {true, false})
        for (const std::size_t len : {0, 1, 125, 126, 65535, 65536, 1 << 20}) {
            echo(s, text, len);
            std::printf("%s %zu\n", text ? "text" : "binary", len);
        }
    send_fragments(s);
    ping(s);
    s.close({websocket::close_code(3000), "bye"});
    expect(s.reason().code == 3000, "another close code");
    std::puts("closed");
}

} // namespace

int main(int argc, char **argv)
{
    const std::string port = argc > 1 ? argv[1] : "";
    if (port == "version") {
        std::printf("%d.%d.%d\n", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                    BOOST_VERSION % 100);
        return 0;
    }
    try {
        run(port.c_str());
    } catch (const std::exception &failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
