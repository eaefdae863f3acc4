-- SPDX-License-Identifier: MIT
-- The Lua binding without I/O: two of its connections talk in memory (../lua_binding.py runs this).

local ffi = require "ffi"
local lua_cases = require "lua_cases"
local weir = require "weir"

local ROUNDS = 8 -- more than any exchange here takes
local cases, equal = {}, lua_cases.equal

--- A server and a client that talk without a transport; seen: their events in order.
local Pair = {}
Pair.__index = Pair

local function new_pair(policy, request)
    local context = weir.context(policy)
    return setmetatable({
        context = context, seen = {}, server = context:server(),
        client = context:client(request or {url = "ws://localhost/"}),
        on_request = function(server) server:accept() end}, Pair)
end

function Pair:take(connection, events)
    for event in events do
        event.by = connection == self.server and "server" or "client"
        self.seen[#self.seen + 1] = event
        if event.type == "request" then self.on_request(connection) end
    end
end

function Pair:carry(from, to, step)
    for _ = 1, ROUNDS do
        local bytes = from:output()
        from:sent(#bytes)
        for at = 1, #bytes, step do self:take(to, to:receive(bytes:sub(at, at + step - 1))) end
    end
    self:take(from, from:events())
end

--- Until neither has more to say; gives the last event.
function Pair:move(step)
    for _ = 1, ROUNDS do
        self:carry(self.client, self.server, step or 65536)
        self:carry(self.server, self.client, step or 65536)
    end
    return self.seen[#self.seen]
end

function Pair:last(by, type)
    for index = #self.seen, 1, -1 do
        local event = self.seen[index]
        if event.by == by and event.type == type then return event end
    end
    error("no " .. type .. " of the " .. by, 2)
end

function cases.constants__are_all_there()
    equal(weir.TEXT, 1)
    equal(weir.E_STATE, -107)
    equal(weir.FLAG_COMPRESSED, 64)
    equal(weir.NONE, 0xffffffffffffffffULL)
    equal(weir.DEFLATE_PREFERRED, 2)
end

function cases.messages__arrive_as_they_were_sent()
    for _, step in ipairs{1, 7, 65536} do
        local pair = new_pair()
        pair:move(step)
        equal(pair.server:state(), "open")
        for _, text in ipairs{"", "wörld", ("x"):rep(70000)} do
            for _, side in ipairs{"server", "client"} do
                local is_taken, is_slow = pair[side]:send(weir.TEXT, text)
                equal(is_taken, true)
                equal(is_slow, false)
                local event = pair:move(step)
                equal(event.data, text)
                equal(event.kind, weir.TEXT)
                equal(event.by, side == "server" and "client" or "server")
            end
        end
        pair.client:send(weir.BINARY, "\0\255")
        local event = pair:move(step)
        equal(event.data, "\0\255")
        equal(event.kind, weir.BINARY)
        equal(event.is_first and event.is_last and not event.is_compressed, true)
    end
end

function cases.all_ways_of_sending__arrive()
    local pair = new_pair{deflate = weir.DEFLATE_ON}
    pair:move()
    pair.client:send_begin(weir.TEXT)
    pair.client:send_chunk("w\195")
    equal(pair.client:send_end("\182"), true)
    equal(pair:move().data, "wö")
    local news = pair.context:message(weir.TEXT + weir.COMPRESS, ("news"):rep(50))
    pair.server:send_message(news)
    equal(pair:move().data, ("news"):rep(50))
    equal(pair.seen[#pair.seen].is_compressed, true)
    pair.server:send(weir.TEXT, "before")
    pair.server:send_message(news) -- lies elsewhere: output is put together
    pair.server:send(weir.TEXT, "behind")
    equal(pair:move().data, "behind")
    equal(pair.seen[#pair.seen - 1].data, ("news"):rep(50))
    equal(pair.server:stats().tx_messages, 4)
    pair.server:ping("p")
    pair:move()
    equal(pair:last("client", "ping").data, "p")
    equal(pair:last("server", "pong").rtt_ms, 0)
    pair.client:pong("q")
    equal(pair:move().data, "q")
    equal(pair.seen[#pair.seen].rtt_ms, nil)
end

function cases.replies__leave_ahead_of_what_follows()
    local pair = new_pair()
    pair:move()
    for number = 1, 40 do pair.client:send(weir.TEXT, tostring(number)) end
    pair.client:close(3000)
    local bytes = pair.client:output()
    pair.client:sent(#bytes)
    for event in pair.server:receive(bytes) do
        if event.type == "message" then pair.server:send(event.kind, event.data) end
    end
    pair.client:set("deliver_after_close", 1)
    pair:move()
    equal(pair:last("client", "message").data, "40")
    equal(pair:last("client", "closed").code, 3000)
end

function cases.large_output__comes_in_pieces()
    local pair = new_pair()
    pair:move()
    local sent = ("0123456789"):rep(50000)
    pair.server:send(weir.BINARY, sent)
    local whole, first = pair.server:stats().queued_bytes, pair.server:output()
    equal(#first, 262144)
    pair.server:sent(3)
    equal(pair.server:output():sub(1, 100), first:sub(4, 103))
    equal(pair.server:stats().queued_bytes, whole - 3)
    equal(pair.server:buffered_amount() > 0, true)
    pair:take(pair.client, pair.client:receive(first:sub(1, 3)))
    pair:move()
    equal(pair:last("client", "message").data, sent)
end

function cases.handshake__can_be_read_and_answered()
    local pair = new_pair({subprotocols = {"y", "z"}}, {
        url = "ws://h:81/a?b=c", subprotocols = {"x", "y"}, origin = "https://example.com",
        headers = {{"X-One", "1"}, {"X-Two", "2"}}})
    function pair.on_request(server)
        equal(server:text("path"), "/a")
        equal(server:text("query"), "b=c")
        equal(server:text("origin"), "https://example.com")
        equal(server:text("subprotocol"), nil)
        equal(server:header("x-one"), "1")
        equal(server:header("X-One", 2), nil)
        equal(server:offered_subprotocol(2), "y")
        equal(server:offered_subprotocol(3), nil)
        local headers = server:headers()
        equal(headers[1][1], "Host")
        equal(headers[1][2], "h:81")
        equal(headers[#headers][2], "2")
        server:accept("y", {{"Set-Cookie", "d=e"}})
    end
    pair:move()
    equal(pair.client:text("subprotocol"), "y")
    equal(pair.client:state(), "open")
end

function cases.rejection__reaches_the_client()
    local pair = new_pair()
    function pair.on_request(server) server:respond(403, {{"X-Why", "no"}}, "not here") end
    pair:move()
    local rejected = pair:last("client", "rejected")
    equal(rejected.code, 403)
    equal(rejected.data, "not here")
    equal(pair.server:report().http_status, 403)
end

function cases.close__is_reported_on_both_sides()
    local pair = new_pair()
    pair:move()
    pair.client:close(4000, "größer")
    pair:move()
    equal(pair:last("server", "close").data, "größer")
    for _, side in ipairs{"server", "client"} do
        local closed = pair:last(side, "closed")
        equal(closed.code, 4000)
        equal(closed.is_clean, true)
        equal(closed.cause, weir.OK)
    end
    local report = pair.server:report()
    equal(report.reason, "größer")
    equal(report.side, weir.SIDE_PEER)
    equal(pair.server:wants("close") or pair.server:wants("shutdown_write"), true)
end

function cases.end_of_the_transport__is_1006()
    local pair = new_pair()
    pair:move()
    pair.client:receive_eof()
    pair:take(pair.client, pair.client:events())
    local closed = pair:last("client", "closed")
    equal(closed.code, 1006)
    equal(closed.cause, weir.E_TRANSPORT)
    equal(closed.is_clean, false)
    equal(pair.client:wants("close"), true)
end

function cases.mistakes__raise_and_change_nothing()
    local pair = new_pair()
    for _, wrong in ipairs{
        {"E_NOT_OPEN", function() pair.client:ping() end},
        {"E_STATE", function() pair.server:accept() end},
        {"E_CLOSE_CODE", function() pair.client:close(1005) end},
        {"E_CLOSE_REASON", function() pair.client:close(1000, ("x"):rep(124)) end},
        {"E_URL", function() pair.context:client{url = "http://h/"} end},
        {"E_URL", function() weir.parse_url("ws://h/#f") end},
        {"E_CONFIG", function() weir.context{low_water_bytes = 2 ^ 40} end},
        {"E_OPTION", function() weir.context{seed = "short"} end},
        {"E_ARGUMENT", function() pair.client:sent(10 ^ 6) end},
    } do
        local is_fine, fault = pcall(wrong[2])
        equal(is_fine, false)
        equal(fault.name, "WEIR_" .. wrong[1])
        equal(fault.status, weir[wrong[1]])
        equal(tostring(fault):sub(1, 12 + #wrong[1]), "weir: WEIR_" .. wrong[1] .. ":")
    end
    equal(pcall(weir.context, {no_option = 1}), false)
    pair:move()
    equal(pair.client:state(), "open")
end

function cases.sending_at_the_wrong_time__is_told()
    local pair = new_pair()
    local function told(wanted)
        local is_taken, is_slow, status = pair.client:send(weir.TEXT, "x")
        equal(is_taken, false)
        equal(is_slow, false)
        equal(status, weir[wanted])
    end
    told "E_NOT_OPEN"
    pair:move()
    pair.client:close()
    told "E_CLOSING"
end

function cases.full_queue__is_told_and_ends()
    local pair = new_pair{
        max_queued_bytes = 300000, high_water_bytes = 100000, low_water_bytes = 10000}
    pair:move()
    local data = ("x"):rep(90000)
    for _, wanted in ipairs{{true, false}, {true, true}} do
        local is_taken, is_slow = pair.client:send(weir.BINARY, data)
        equal(is_taken, wanted[1])
        equal(is_slow, wanted[2])
    end
    local is_taken, is_slow, status = pair.client:send(weir.BINARY, ("x"):rep(200000))
    equal(is_taken, false)
    equal(is_slow, true)
    equal(status, weir.WOULD_BLOCK)
    pair:move()
    equal(pair:last("client", "high_water").by, "client")
    equal(pair:last("client", "writable").by, "client")
    equal(pair:last("server", "message").data, data)
end

function cases.time__lets_deadlines_pass()
    local context = weir.context{handshake_timeout_ms = 5000}
    equal(context:next_due(), nil)
    context:set_time(100)
    local connection, names = context:server(), {}
    equal(context:next_due() > 100 and context:next_due() <= 105, true)
    context:set_time(104)
    equal(context:ready()(), nil)
    context:set_time(106)
    for ready in context:ready() do names[#names + 1] = ready end
    equal(#names, 1)
    equal(names[1], connection)
    equal(connection:events()().cause, weir.E_HANDSHAKE_TIMEOUT)
    equal(connection:output():sub(1, 13), "HTTP/1.1 408 ")
end

function cases.what_is_dropped__is_freed()
    local context = weir.context()
    local kept = context:server()
    for _ = 1, 100 do context:client{url = "ws://h/"} end
    collectgarbage()
    collectgarbage()
    equal(context:stats().connections, 1)
    kept:free()
    kept:free()
    equal(kept:state(), "closed")
    equal(kept:events()(), nil)
    equal(pcall(kept.ping, kept), false)
    equal(context:stats().connections, 0)
end

function cases.dropped_with_its_context__all_is_freed()
    local lives = setmetatable({}, {__mode = "k"}) -- raw is nil once the C context is freed
    for _ = 1, 20 do
        local context = weir.context()
        lives[context._life] = true
        context.message = context:message(weir.TEXT, "x")
        context.servers = {context:server(), context:server()}
    end
    local kept = {}
    for life in pairs(lives) do kept[#kept + 1] = life end
    collectgarbage()
    collectgarbage()
    equal(#kept, 20)
    for _, life in ipairs(kept) do equal(life.raw, nil) end
end

function cases.context_dropped_first__lives_until_the_last_connection()
    local context = weir.context()
    local life, server, client = context._life, context:server(), context:client{url = "ws://h/"}
    server.context, client.context, context = nil, nil, nil
    collectgarbage()
    collectgarbage()
    equal(life.is_over, true)
    equal(server:state(), "connecting")
    server = nil
    collectgarbage()
    equal(life.raw ~= nil, true)
    equal(client:output():sub(1, 6), "GET / ")
    client = nil
    collectgarbage()
    equal(life.raw, nil)
end

function cases.options__take_numbers_switches_texts_and_lists()
    local request = {url = "ws://h/b"}
    local pair = new_pair({paths = {"/a", "/b"}, hosts = "h", auto_accept = true,
                       max_message_bytes = math.huge}, request)
    function pair.on_request() error("it was to be accepted") end
    pair:move()
    equal(pair.client:state(), "open")
    pair.server:set("max_message_bytes", 10)
    pair.client:send(weir.TEXT, ("x"):rep(11))
    pair:move()
    equal(pair:last("client", "closed").code, 1009)
end

function cases.pieces__work_alone()
    local url = weir.parse_url("wss://[::1]/a?b")
    equal(url.host, "::1")
    equal(url.port, 443)
    equal(url.secure, 1)
    equal(url.path .. url.query, "/ab")
    equal(ffi.sizeof("weir_event"), 64)
end

lua_cases.run(cases)
