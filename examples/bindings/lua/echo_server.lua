-- SPDX-License-Identifier: MIT
-- An echo server on LuaSocket:
-- luajit echo_server.lua [--port N] [--max-message BYTES] [--no-deflate]

package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local weir = require "weir"
local weir_socket = require "weir_socket"

local port, policy = 8080, {
    max_message_bytes = 64 * 1024 * 1024, max_fragments = math.huge,
    max_queued_bytes = 128 * 1024 * 1024, deflate = weir.DEFLATE_PREFERRED,
}
local index = 1
while arg[index] do
    if arg[index] == "--no-deflate" then
        policy.deflate = weir.DEFLATE_OFF
    else
        local value = assert(tonumber(arg[index + 1]), arg[index])
        if arg[index] == "--port" then port = value end
        if arg[index] == "--max-message" then policy.max_message_bytes = value end
        index = index + 1
    end
    index = index + 1
end

local server = weir_socket.loop(weir.context(policy), function(connection, event)
    if event.type == "request" then
        connection:accept()
    elseif event.type == "message" then
        local _, _, status = connection:send(event.kind, event.data)
        if status == weir.WOULD_BLOCK then connection:close(1008, "too much at once") end
    end
end)
print(("listening on %s:%d"):format(server:listen("127.0.0.1", port)))
io.stdout:flush()
server:run()
