/* SPDX-License-Identifier: MIT */
/* An echo server on Boost.Beast, in the shape of its asynchronous example: one thread. "close" ends
 * the connection. */
#include <cstdio>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = boost::asio::ip::tcp;
using boost::beast::error_code;

namespace
{

class session : public std::enable_shared_from_this<session>
{
    websocket::stream<tcp::socket> stream;
    beast::flat_buffer buffer;

  public:
    explicit session(tcp::socket &&socket) : stream(std::move(socket))
    {
    }

    void start()
    {
        websocket::permessage_deflate deflate;
        deflate.server_enable = true;
        stream.set_option(deflate);
        stream.auto_fragment(false);
        stream.next_layer().set_option(tcp::no_delay(true));
        buffer.reserve(65536);
        stream.async_accept([self = shared_from_this()](error_code error) {
            if (!error)
                self->read();
        });
    }

  private:
    void read()
    {
        stream.async_read(buffer, [self = shared_from_this()](error_code error, std::size_t) {
            if (error)
                return;
            if (self->is_farewell())
                self->close();
            else
                self->write();
        });
    }

    bool is_farewell() const
    {
        return buffer.size() == 5 && beast::buffers_to_string(buffer.data()) == "close";
    }

    void close()
    {
        stream.async_close({websocket::close_code(4000), "asked"},
                           [self = shared_from_this()](error_code) {});
    }

    void write()
    {
        stream.text(stream.got_text());
        stream.async_write(buffer.data(),
                           [self = shared_from_this()](error_code error, std::size_t) {
                               self->buffer.consume(self->buffer.size());
                               if (!error)
                                   self->read();
                           });
    }
};

void accept_next(tcp::acceptor &acceptor)
{
    acceptor.async_accept([&acceptor](error_code error, tcp::socket socket) {
        if (!error)
            std::make_shared<session>(std::move(socket))->start();
        accept_next(acceptor);
    });
}

} // namespace

int main()
{
    boost::asio::io_context context(1);
    tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    std::printf("listening on 127.0.0.1:%d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    accept_next(acceptor);
    context.run();
}
