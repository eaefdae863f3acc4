-- SPDX-License-Identifier: MIT
--- Connections of weir over LuaSocket, all in one loop. Not for TLS, not for over 1000 at once.

local socket = require "socket"
local weir = require "weir"

local READ_BYTES = 65536
local Loop = {}
Loop.__index = Loop

local function complain(fault)
    io.stderr:write(fault, "\n")
end

--- on_event(connection, event) is called for all that happens. An error in it ends that connection
-- alone, with code 1011, and its text goes to on_error(text, connection), or else to stderr.
local function loop(context, on_event, on_error)
    context:set_time(socket.gettime())
    return setmetatable({context = context, on_event = on_event, on_error = on_error or complain,
                         links = {}}, Loop)
end

--- Take clients; gives host and port.
function Loop:listen(host, port)
    self.listener = assert(socket.bind(host, port))
    self.listener:settimeout(0)
    return self.listener:getsockname()
end

function Loop:add(sock, connection)
    sock:settimeout(0)
    sock:setoption("tcp-nodelay", true)
    self.links[connection] = {sock = sock, connection = connection}
    return connection
end

--- Be a client; request as for Context:client.
function Loop:connect(request)
    local url = weir.parse_url(request.url)
    assert(url.secure == 0, "no TLS here")
    local sock = assert(socket.connect(url.host, url.port))
    self.context:set_time(socket.gettime()) -- or its deadline counts from an old one
    return self:add(sock, self.context:client(request))
end

local function traced(fault)
    return debug.traceback(tostring(fault), 2)
end

--- While more is queued than the high water mark nothing is read: the peer waits in turn.
function Loop:handle(link, events)
    for event in events do
        if event.type == "high_water" then link.is_paused = true end
        if event.type == "writable" then link.is_paused = false end
        local is_fine, fault = xpcall(self.on_event, traced, link.connection, event)
        if not is_fine then
            pcall(link.connection.close, link.connection, 1011) -- it may be closing already
            self.on_error(fault, link.connection)
        end
    end
end

local function write(link)
    while link.connection:wants("output") do
        local bytes = link.connection:output()
        local last, fault, before = link.sock:send(bytes)
        link.connection:sent(last or before)
        if fault and fault ~= "timeout" then link.connection:receive_eof() end
        if not last then return end
    end
end

function Loop:read(link)
    local bytes, fault, before = link.sock:receive(READ_BYTES)
    bytes = bytes or before
    if #bytes > 0 then self:handle(link, link.connection:receive(bytes)) end
    if fault and fault ~= "timeout" then link.connection:receive_eof() end
end

--- Write what waits, and do what the connection wants next.
function Loop:settle(link, readers, writers)
    local connection = link.connection
    write(link)
    self:handle(link, connection:events())
    if connection:wants("close") then
        link.sock:close()
        connection:free()
        self.links[connection] = nil
        return
    end
    if connection:wants("output") then
        writers[#writers + 1] = link.sock
    elseif connection:wants("shutdown_write") and not link.is_half_closed then
        link.is_half_closed = true
        link.sock:shutdown("send")
    end
    if connection:wants("input") and not link.is_paused then
        readers[#readers + 1] = link.sock
        readers[link.sock] = link
    end
end

--- One round: time, output, then input of those that have some.
function Loop:step()
    local readers, writers = {self.listener}, {}
    self.context:set_time(socket.gettime())
    for connection in self.context:ready() do
        local link = self.links[connection]
        if link then self:handle(link, connection:events()) end
    end
    local links = {} -- on_event may connect others
    for _, link in pairs(self.links) do links[#links + 1] = link end
    for _, link in ipairs(links) do self:settle(link, readers, writers) end
    if not (self.listener or next(self.links)) then return end
    local due = self.context:next_due()
    local wait = due and math.max(0, due - socket.gettime())
    local readable = socket.select(readers, writers, wait)
    self.context:set_time(socket.gettime()) -- clients come now, not when the wait began
    for _, sock in ipairs(readable) do
        if sock == self.listener then
            local client = sock:accept()
            if client then self:add(client, self.context:server()) end
        else
            self:read(readers[sock])
        end
    end
end

--- Until nobody can come and all have gone.
function Loop:run()
    while self.listener or next(self.links) do self:step() end
end

return {loop = loop}
