/* SPDX-License-Identifier: MIT */
/* websocketpp as an echo server and as the client of the script, both told in echo_peers.py. */
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>
#include <websocketpp/version.hpp>

namespace
{

/* A configuration of the library with compression and without logs. */
template <typename base> struct compressing : base {
    struct permessage_deflate_config {
        using request_type = typename base::request_type;
        static const bool allow_disabling_context_takeover = true;
        static const uint8_t minimum_outgoing_window_bits = 8;
    };
    using permessage_deflate_type =
        websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};

using server = websocketpp::server<compressing<websocketpp::config::asio>>;
using client = websocketpp::client<compressing<websocketpp::config::asio_client>>;
using handle = websocketpp::connection_hdl;
namespace opcode = websocketpp::frame::opcode;

/* ---- Server ----------------------------------------------------------------------------------*/

void run_server()
{
    server s;
    s.clear_access_channels(websocketpp::log::alevel::all);
    s.clear_error_channels(websocketpp::log::elevel::all);
    s.set_max_message_size(64 << 20);
    s.init_asio();
    s.set_validate_handler([&s](handle h) {
        const auto connection = s.get_con_from_hdl(h);
        for (const auto &offered : connection->get_requested_subprotocols())
            if (offered == "echo")
                connection->select_subprotocol(offered);
        return true;
    });
    s.set_message_handler([&s](handle h, server::message_ptr message) {
        if (message->get_payload() == "close")
            s.close(h, 4000, "asked");
        else
            s.send(h, message->get_payload(), message->get_opcode());
    });
    s.listen("127.0.0.1", "0");
    s.start_accept();
    websocketpp::lib::asio::error_code error;
    std::printf("listening on 127.0.0.1:%d\n", s.get_local_endpoint(error).port());
    std::fflush(stdout);
    s.run();
}

/* ---- Client ----------------------------------------------------------------------------------*/

using message = std::pair<opcode::value, std::string>;

std::vector<message> all_messages()
{
    std::vector<message> all;
    for (const auto code : {opcode::text, opcode::binary})
        for (const std::size_t len : {0, 1, 125, 126, 65535, 65536, 1 << 20})
            all.emplace_back(code, std::string(len, code == opcode::text ? 'x' : '\xff'));
    return all;
}

class script
{
    client c;
    std::vector<message> left = all_messages();
    bool failed = false;

    void fail(const char *what, handle h)
    {
        std::fprintf(stderr, "%s\n", what);
        failed = true;
        websocketpp::lib::error_code ignored;
        c.close(h, 4999, what, ignored);
    }

    void send_fragments(handle h)
    {
        const auto connection = c.get_con_from_hdl(h);
        const std::vector<std::string> parts = {"a", "", "\xc3", "\xb6", "!"};
        for (std::size_t at = 0; at < parts.size(); at++) {
            const auto part = connection->get_message(at == 0 ? opcode::text : opcode::continuation,
                                                      parts[at].size());
            part->set_payload(parts[at]);
            part->set_fin(at + 1 == parts.size());
            part->set_compressed(false);
            connection->send(part);
        }
    }

    void send_next(handle h)
    {
        if (!left.empty())
            c.send(h, left.front().second, left.front().first);
        else
            send_fragments(h);
    }

    void on_message(handle h, const client::message_ptr &got)
    {
        if (left.empty()) {
            if (got->get_payload() != "a\xc3\xb6!")
                return fail("not the fragments", h);
            std::puts("fragments");
            c.ping(h, "there?");
            return;
        }
        if (message(got->get_opcode(), got->get_payload()) != left.front())
            return fail("not what was sent", h);
        std::printf("%s %zu\n", got->get_opcode() == opcode::text ? "text" : "binary",
                    got->get_payload().size());
        left.erase(left.begin());
        send_next(h);
    }

  public:
    int run(const std::string &port)
    {
        c.clear_access_channels(websocketpp::log::alevel::all);
        c.clear_error_channels(websocketpp::log::elevel::all);
        c.set_max_message_size(64 << 20);
        c.init_asio();
        c.set_open_handler([this](handle h) {
            std::printf(
                "open %s\n",
                c.get_con_from_hdl(h)->get_response_header("Sec-WebSocket-Protocol").c_str());
            send_next(h);
        });
        c.set_fail_handler([this](handle) { failed = true; });
        c.set_message_handler(
            [this](handle h, client::message_ptr got) { on_message(std::move(h), got); });
        c.set_pong_handler([this](handle h, const std::string &data) {
            std::printf("pong %s\n", data.c_str());
            c.close(h, 3000, "bye");
        });
        c.set_close_handler([this](handle h) {
            if (c.get_con_from_hdl(h)->get_remote_close_code() != 3000)
                failed = true;
            else
                std::puts("closed");
        });
        websocketpp::lib::error_code error;
        const auto connection = c.get_connection("ws://127.0.0.1:" + port + "/", error);
        connection->add_subprotocol("x");
        connection->add_subprotocol("echo");
        c.connect(connection);
        c.run();
        return failed ? 1 : 0;
    }
};

} // namespace

int main(int argc, char **argv)
{
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "version")
        std::printf("%d.%d.%d\n", websocketpp::major_version, websocketpp::minor_version,
                    websocketpp::patch_version);
    else if (mode == "client" && argc == 3)
        return script().run(argv[2]);
    else
        run_server();
    return 0;
}
