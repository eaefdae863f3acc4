-- SPDX-License-Identifier: MIT
-- WebSocket of lua-http: --port N echoes as a server, a URL makes a client that checks the echoes.

local server = require "http.server"
local websocket = require "http.websocket"

local function serve(port)
    local listener = assert(server.listen{host = "127.0.0.1", port = port, tls = false,
        onstream = function(_, stream)
            local socket = assert(websocket.new_from_stream(stream, assert(stream:get_headers())))
            assert(socket:accept())
            for data, kind in socket:each() do assert(socket:send(data, kind)) end
        end,
        onerror = function(_, _, operation, fault) print(operation, fault) end})
    assert(listener:listen())
    print(("listening on %s:%d"):format(select(2, listener:localname())))
    io.stdout:flush()
    assert(listener:loop())
end

local function check_echoes(url)
    local socket = websocket.new_from_uri(url)
    assert(socket:connect(10))
    local bytes = {}
    for value = 0, 255 do bytes[value + 1] = string.char(value) end
    bytes = table.concat(bytes)
    -- lua-http 0.4 fails when a frame of 126 to 65535 bytes does not come at once, and LuaSocket
    -- writes 8192 bytes at a time.
    for _, size in ipairs{0, 1, 125, 126, 4000, 65536, 262144} do
        local data = bytes:rep(math.ceil(size / 256)):sub(1, size)
        assert(socket:send(data, "binary", 10))
        local answer, kind = socket:receive(10)
        assert(answer == data and kind == "binary", size)
    end
    for _, text in ipairs{"", "wörld €😀", ("é"):rep(32768)} do
        assert(socket:send(text, "text", 10))
        local answer, kind = socket:receive(10)
        assert(answer == text and kind == "text", #text)
    end
    assert(socket:send_ping("p", 10))
    socket:close(4321, "größer", 10)
    assert(socket.got_close_code == 4321, socket.got_close_code)
end

if arg[1] == "--port" then serve(tonumber(arg[2])) else check_echoes(arg[1]) end
