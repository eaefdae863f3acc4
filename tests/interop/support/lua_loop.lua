-- SPDX-License-Identifier: MIT
-- The loop on LuaSocket, one step after the other and by a clock that the cases set
-- (../lua_binding.py runs this).

local socket = require "socket"
local lua_cases = require "lua_cases"
local weir = require "weir"
local weir_socket = require "weir_socket"

local STEPS = 50 -- more than any exchange here takes
local REQUEST = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    .. "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
local LONG = 3600 -- seconds: longer than any deadline
local cases, equal = {}, lua_cases.equal

local now, sleeps = 0, 0 -- what the next select takes
local select = socket.select
function socket.gettime() return now end
function socket.select(readers, writers)
    now, sleeps = now + sleeps, 0
    return select(readers, writers, 0.1)
end

local function echo(connection, event)
    if event.type == "request" then connection:accept() end
    if event.type == "message" then connection:send(event.kind, event.data) end
end

--- A loop that listens, and its URL.
local function listening(on_event, on_error)
    now = 1
    local loop = weir_socket.loop(weir.context(), on_event, on_error)
    return loop, ("ws://%s:%d/"):format(loop:listen("127.0.0.1", 0))
end

local function step_until(loop, holds)
    for _ = 1, STEPS do
        if holds() then return end
        loop:step()
    end
    error("it does not come to that", 2)
end

function cases.client_after_a_long_sleep__is_in_time()
    local loop, url = listening(echo)
    local client = assert(socket.connect("127.0.0.1", weir.parse_url(url).port))
    sleeps = LONG
    loop:step()
    client:send(REQUEST)
    client:settimeout(0)
    local answer
    step_until(loop, function()
        answer = client:receive(12)
        return answer
    end)
    equal(answer, "HTTP/1.1 101")
end

function cases.connecting_after_a_long_time__is_in_time()
    local opened, causes = false, {}
    local loop, url = listening(function(connection, event)
        echo(connection, event)
        if event.type == "open" then opened = true end
        if event.type == "closed" then causes[#causes + 1] = event.cause end
    end)
    now = now + LONG
    loop:connect{url = url}
    step_until(loop, function() return opened or causes[1] end)
    equal(causes[1], nil)
end

function cases.mistake_of_on_event__ends_its_connection_alone()
    local faults, codes, echoes, clients = {}, {}, {}, {}
    local function on_event(connection, event)
        if clients[connection] then
            if event.type == "open" then connection:send(weir.TEXT, clients[connection]) end
            if event.type == "message" then echoes[#echoes + 1] = event.data end
            if event.type == "closed" then codes[clients[connection]] = event.code end
        else
            if event.data == "wrong" then connection:accept() end
            if event.data == "freed" then
                connection:free()
                error "this too"
            end
            echo(connection, event)
        end
    end
    local loop, url = listening(on_event, function(fault, connection)
        faults[#faults + 1] = fault
        equal(clients[connection], nil)
    end)
    for _, text in ipairs{"wrong", "freed", "right"} do
        clients[loop:connect{url = url}] = text
    end
    step_until(loop, function() return echoes[1] and codes.wrong and codes.freed end)
    equal(echoes[1], "right")
    equal(codes.wrong, 1011)
    equal(codes.freed, 1006)
    equal(#faults, 2)
    equal((faults[1] .. faults[2]):match("WEIR_E_STATE"), "WEIR_E_STATE")
end

lua_cases.run(cases)
