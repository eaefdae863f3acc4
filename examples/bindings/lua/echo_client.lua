-- SPDX-License-Identifier: MIT
-- Send each argument as a text message, print what comes back, close:
-- luajit echo_client.lua ws://localhost:8080/ MESSAGE...

package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local weir = require "weir"
local weir_socket = require "weir_socket"

local context = weir.context{
    max_message_bytes = 64 * 1024 * 1024, deflate = weir.DEFLATE_PREFERRED}
local count, is_clean = 0, false

local function send_next(connection)
    count = count + 1
    local message = arg[1 + count]
    if message then connection:send(weir.TEXT, message) else connection:close(1000, "done") end
end

local client = weir_socket.loop(context, function(connection, event)
    if event.type == "open" then
        send_next(connection)
    elseif event.type == "message" then
        print(event.data)
        send_next(connection)
    elseif event.type == "closed" then
        is_clean = event.is_clean
        io.stderr:write(("%d %s: %s\n"):format(event.code, event.data, connection:report().text))
    end
end)
client:connect{url = assert(arg[1], "a URL is missing")}
client:run()
os.exit(is_clean and 0 or 1, true)
