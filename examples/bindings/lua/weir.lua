-- SPDX-License-Identifier: MIT
--- WebSocket without the I/O, for LuaJIT: bytes of a transport go in, events and bytes come out.
--
--     local context = weir.context{max_message_bytes = 65536}
--     local connection = context:server()
--     for event in connection:receive(bytes) do
--         if event.type == "request" then connection:accept() end
--         if event.type == "message" then connection:send(event.kind, event.data) end
--     end
--     connection:sent(write(connection:output())) -- write gives how many bytes went out
--
-- All that weir.h lends is copied into Lua values, so nothing here can be used too late. Mistakes
-- raise {status, name, text}. Constants are those of weir.h without WEIR_: weir.TEXT, weir.E_STATE.
--
-- WEIR_LIB names the library (else the system finds it), WEIR_API weir_api.json, whose place is
-- beside the library or in ../share/weir from there, or else in the system's share/weir.

local ffi, bit = require "ffi", require "bit"

local weir = {}

-- ---- The C interface, from weir_api.json --------------------------------------------------------

local ESCAPES = {['"'] = '"', ["\\"] = "\\", ["/"] = "/", n = "\n", t = "\t"}

--- The JSON value that starts at a position, and where it ends.
local function json(text, at)
    local first, start = text:match("^[%s,:]*(.)()", at)
    if first == '"' then
        local stop = start
        while true do
            stop = text:find('["\\]', stop)
            if text:sub(stop, stop) == '"' then break end
            stop = stop + 2
        end
        return (text:sub(start, stop - 1):gsub("\\(.)", ESCAPES)), stop + 1
    elseif first ~= "{" and first ~= "[" then
        local word, stop = text:match("([%w%-]+)()", start - 1)
        return tonumber(word) or word == "true", stop
    end
    local found = {}
    while true do
        local stop = text:match("^[%s,]*[%]}]()", start)
        if stop then return found, stop end
        local key = #found + 1
        if first == "{" then key, start = json(text, start) end
        found[key], start = json(text, start)
    end
end

--- What weir_api.json has as digits where it is large.
local function number(value)
    if type(value) == "number" then return value end
    local sum = 0ULL
    for digit in value:gmatch("%d") do sum = sum * 10 + tonumber(digit) end
    return sum
end

local function signature(callable, name)
    local params = {}
    for index, param in ipairs(callable.params) do params[index] = param.c .. " " .. param.name end
    return callable.returns.c .. " " .. name .. "("
        .. (params[1] and table.concat(params, ", ") or "void") .. ");"
end

local function declarations(api)
    local rows = {}
    local function add(pattern, ...) rows[#rows + 1] = pattern:format(...) end
    for _, row in ipairs(api.handles) do add("typedef struct %s %s;", row.name, row.name) end
    for _, callback in ipairs(api.callbacks) do
        add("typedef %s", signature(callback, "(*" .. callback.name .. ")"))
    end
    for _, struct in ipairs(api.structs) do
        add("typedef struct %s {", struct.name)
        for _, field in ipairs(struct.fields) do
            add("%s %s%s;", field.c, field.name, field.array and "[" .. field.array .. "]" or "")
        end
        add("} %s;", struct.name)
    end
    for _, callable in ipairs(api.functions) do add("%s", signature(callable, callable.name)) end
    return table.concat(rows, "\n")
end

local function description(library)
    local places = {os.getenv("WEIR_API")}
    if not places[1] then
        local folder = library:match("^(.*/)") -- none: the system finds the library
        places = {"/usr/share/weir/weir_api.json", "/usr/local/share/weir/weir_api.json"}
        if folder then
            table.insert(places, 1, folder .. "weir_api.json")
            table.insert(places, 2, folder .. "../share/weir/weir_api.json")
        end
    end
    for _, place in ipairs(places) do
        local file = io.open(place)
        if file then
            local api = json(file:read("*a"), 1)
            file:close()
            assert(api.format == 1, "weir: " .. place .. " has a format that is not known")
            return api
        end
    end
    error("weir: weir_api.json is not found; WEIR_API may say where it is")
end

assert(ffi.abi("64bit"), "weir: weir_api.json has the layout of 64-bit targets")
local LIBRARY = os.getenv("WEIR_LIB") or "weir"
local API = description(LIBRARY)
ffi.cdef(declarations(API))
local C = ffi.load(LIBRARY)
local major, minor = API.version:match("^(%d+)%.(%d+)%.")
assert(bit.rshift(C.weir_version(), 8) == major * 256 + minor,
       "weir: the library is not of version " .. API.version)

local STRUCTS, OPTIONS, NAMES = {}, {}, {}
for _, struct in ipairs(API.structs) do
    assert(ffi.sizeof(struct.name) == struct.size, struct.name)
    STRUCTS[struct.name] = struct.fields
end
for _, option in ipairs(API.options) do OPTIONS[option.name] = option end
for _, macro in ipairs(API.macros) do weir[macro.name:sub(6)] = number(macro.value) end
for _, enum in ipairs(API.enums) do
    NAMES[enum.name] = {} -- without what all of them begin with, in small letters
    for _, row in ipairs(enum.values) do
        weir[row.name:sub(6)] = row.value
        local short = row.name:gsub("^WEIR_EVENT_", ""):gsub("^WEIR_", "")
        NAMES[enum.name][row.value] = short:lower()
    end
end

-- ---- Values -------------------------------------------------------------------------------------

local Error = {__tostring = function(self) return "weir: " .. self.name .. ": " .. self.text end}

--- What a call returned; raises what is an error.
local function check(status)
    if status >= 0 then return status end
    error(setmetatable({status = status, name = ffi.string(C.weir_status_name(status)),
                        text = ffi.string(C.weir_status_text(status))}, Error), 0)
end

--- weir_text and its kin as a string.
local function copied(text)
    return text.len > 0 and ffi.string(text.data, text.len) or ""
end

local text_out, field_out = ffi.new("weir_text"), ffi.new("weir_field")

--- What a function finds, as its last parameter; nil when there is none.
local function found(status, out)
    if status == weir.E_NOT_FOUND then return nil end
    check(status)
    return copied(out)
end

--- A struct as a table: numbers and texts; without those that are WEIR_NONE.
local function filled(name, raw)
    local row = {}
    for _, field in ipairs(STRUCTS[name]) do
        local value = raw[field.name]
        if field.base == "weir_text" then row[field.name] = copied(value)
        elseif value ~= weir.NONE then row[field.name] = tonumber(value) end
    end
    return row
end

local function set_text(text, value)
    text.data, text.len = value, #value
end

--- {{name, value}, ...} as an array of weir_field and its length. The strings are the caller's.
local function fields_of(headers)
    headers = headers or {}
    local fields = ffi.new("weir_field[?]", #headers)
    for index, header in ipairs(headers) do
        set_text(fields[index - 1].name, header[1])
        set_text(fields[index - 1].value, header[2])
    end
    return fields, #headers
end

--- A list as a text whose members are separated by spaces; a string as it is.
local function joined(list)
    return type(list) == "table" and table.concat(list, " ") or list or ""
end

--- The number of an option: switches and math.huge too.
local function limit(value)
    if type(value) == "boolean" then return value and 1 or 0 end
    return value == math.huge and weir.NONE or value
end

local function address(raw)
    return tonumber(ffi.cast("uintptr_t", raw))
end

--- Host, port, secure, path and query of a ws: or wss: URL.
function weir.parse_url(url)
    local raw = ffi.new("weir_url")
    check(C.weir_url_parse(url, #url, raw))
    return filled("weir_url", raw)
end

-- ---- Context ------------------------------------------------------------------------------------

local Context, Connection, Message = {}, {}, {}
Context.__index, Connection.__index, Message.__index = Context, Connection, Message

local function system_seed()
    local file = io.open("/dev/urandom", "rb")
    local seed = file and file:read(32)
    if file then file:close() end
    return seed
end

--- Policy, time and totals of many connections. Options are the fields of weir_config by name:
-- numbers (math.huge: no limit), booleans, texts or lists of texts.
function weir.context(policy)
    local config, kept = ffi.new("weir_config"), {seed = system_seed()}
    check(C.weir_config_init(config, ffi.sizeof(config)))
    for name, value in pairs(policy or {}) do
        local option = OPTIONS[name] or error("weir: there is no option " .. name, 2)
        if option.kind == "text" then
            kept[name] = joined(value)
        else
            check(C.weir_config_set(config, option.value, limit(value)))
        end
    end
    for name, value in pairs(kept) do
        check(C.weir_config_set_text(config, OPTIONS[name].value, value, #value))
    end
    local out = ffi.new("weir_context *[1]")
    check(C.weir_context_create(config, out))
    -- The collector may take a context before its connections: the last of them frees it then.
    local life = {raw = out[0]}
    local function free() -- fails while one of them lives
        if C.weir_context_free(life.raw) == weir.OK then life.raw = nil end
        life.is_over = true
    end
    life.free = free
    return setmetatable({_raw = ffi.gc(out[0], free), _life = life,
                         _connections = setmetatable({}, {__mode = "v"})}, Context)
end

--- A handle that is freed when it is collected.
local function owned(context, raw, free)
    local life = context._life
    return ffi.gc(raw, function(handle)
        free(handle)
        if life.is_over then life.free() end
    end)
end

local function connection_of(context, out)
    local raw = owned(context, out[0], C.weir_conn_free)
    local connection = setmetatable({_raw = raw, context = context}, Connection)
    context._connections[address(raw)] = connection
    return connection
end

--- The server side of a connection that a client has opened.
function Context:server()
    local out = ffi.new("weir_conn *[1]")
    check(C.weir_conn_create_server(self._raw, out))
    return connection_of(self, out)
end

--- The client side; its request waits as output. request: url, and where wanted subprotocols,
-- origin and headers.
function Context:client(request)
    local raw, out = ffi.new("weir_request"), ffi.new("weir_conn *[1]")
    local subprotocols, fields, count = joined(request.subprotocols), fields_of(request.headers)
    set_text(raw.url, request.url)
    set_text(raw.subprotocols, subprotocols)
    set_text(raw.origin, request.origin or "")
    raw.fields, raw.field_count = fields, count
    check(C.weir_conn_create_client(self._raw, raw, out))
    return connection_of(self, out)
end

--- A connection whose handshake was done elsewhere: weir.SERVER or weir.CLIENT.
function Context:established(role)
    local out = ffi.new("weir_conn *[1]")
    check(C.weir_conn_create_established(self._raw, role, out))
    return connection_of(self, out)
end

--- A message that is checked, framed and compressed once, for many connections.
function Context:message(kind, data)
    local out = ffi.new("weir_message *[1]")
    check(C.weir_message_create(self._raw, kind, data, #data, out))
    return setmetatable({_raw = owned(self, out[0], C.weir_message_free), _context = self}, Message)
end

--- Tell the time in seconds, of any clock that does not go back. Deadlines that passed are acted on
-- by Context:ready, or by a receive call of their connection.
function Context:set_time(seconds)
    check(C.weir_context_set_time(self._raw, math.floor(seconds * 1000)))
end

--- When to call set_time at the latest, in seconds; nil: nothing waits.
function Context:next_due()
    local due = C.weir_context_next_due(self._raw)
    return due ~= weir.NONE and tonumber(due) / 1000 or nil
end

--- Iterates over connections with something to do that no input of theirs caused.
function Context:ready()
    return function()
        local raw = C.weir_context_next_ready(self._raw)
        return raw ~= nil and self._connections[address(raw)] or nil
    end
end

--- Sums over all connections: the fields of weir_stats.
function Context:stats()
    local raw = ffi.new("weir_stats")
    check(C.weir_context_stats(self._raw, raw, ffi.sizeof(raw)))
    return filled("weir_stats", raw)
end

-- ---- Receiving ----------------------------------------------------------------------------------

local EVENTS, SPANS, ROOM = 16, 64, 262144
local events, used = ffi.new("weir_event[?]", EVENTS), ffi.new("size_t[1]")
local spans, room = ffi.new("weir_span[?]", SPANS), ffi.new("uint8_t[?]", ROOM)

local function event_of(raw)
    local function has(flag) return bit.band(raw.flags, flag) ~= 0 end
    return {
        type = NAMES.weir_event_type[raw.type], data = copied(raw),
        kind = has(weir.FLAG_TEXT) and weir.TEXT or weir.BINARY,
        is_first = has(weir.FLAG_FIRST), is_last = has(weir.FLAG_LAST),
        is_clean = has(weir.FLAG_CLEAN), is_compressed = has(weir.FLAG_COMPRESSED),
        rtt_ms = has(weir.FLAG_SOLICITED) and raw.rtt_ms or nil,
        offset = tonumber(raw.offset), frame_left = tonumber(raw.frame_left),
        code = raw.code, cause = raw.cause,
    }
end

--- Iterates over the events that take() puts in place, as long as it gives their number.
local function each(take)
    local batch, index = {}, 0
    return function()
        while index == #batch do
            local count = take()
            if not count then return nil end
            batch, index = {}, 0
            for place = 1, count do batch[place] = event_of(events[place - 1]) end
        end
        index = index + 1
        return batch[index]
    end
end

--- Give bytes that arrived. The events come as you iterate: do so to the end, and answer on the
-- way, so that a reply leaves ahead of what follows.
function Connection:receive(data)
    local input, at, left = ffi.new("uint8_t[?]", #data), 0, #data
    ffi.copy(input, data, left)
    return each(function()
        if not self._raw or (left == 0 and not self:wants("events")) then return nil end
        self._input = input -- lent until the next receive call
        local count = C.weir_conn_receive(self._raw, input + at, left, used, events, EVENTS)
        at, left = at + tonumber(used[0]), left - tonumber(used[0])
        return check(count)
    end)
end

--- Iterates over the events that wait. Memory that earlier ones held is let go.
function Connection:events()
    local is_first = true
    return each(function()
        if not self._raw or not (is_first or self:wants("events")) then return nil end
        is_first, self._input = false, nil
        return check(C.weir_conn_events(self._raw, events, EVENTS))
    end)
end

--- The transport has ended; events may wait then.
function Connection:receive_eof()
    if self._raw then check(C.weir_conn_receive_eof(self._raw)) end
end

-- ---- Output -------------------------------------------------------------------------------------

--- Bytes to write, at most 256 KiB of what waits. Say with sent how many of them went out.
function Connection:output()
    local count, len = check(C.weir_conn_output(self._raw, spans, SPANS)), 0
    for index = 0, count - 1 do
        local part = math.min(tonumber(spans[index].len), ROOM - len)
        ffi.copy(room + len, spans[index].data, part)
        len = len + part
    end
    return ffi.string(room, len)
end

function Connection:sent(len)
    check(C.weir_conn_sent(self._raw, len))
end

--- Whether it was taken; whether to slow down, until the event "writable"; and where it was not
-- taken the status: weir.WOULD_BLOCK, E_NOT_OPEN, or E_CLOSING, as for an answer to what came just
-- ahead of a Close or a fault.
local function taken(status)
    if status == weir.E_CLOSING or status == weir.E_NOT_OPEN then return false, false, status end
    check(status)
    if status == weir.WOULD_BLOCK then return false, true, status end
    return true, status == weir.OVER_HIGH
end

--- Send a message; kind: weir.TEXT or weir.BINARY, with weir.PLAIN, COMPRESS or AUTO added where
-- the option deflate shall not decide.
function Connection:send(kind, data)
    return taken(C.weir_conn_send(self._raw, kind, data, #data))
end

--- Send a message that Context:message has prepared.
function Connection:send_message(message)
    return taken(C.weir_conn_send_message(self._raw, message._raw))
end

--- A message in pieces: begin, any number of chunks, end.
function Connection:send_begin(kind) check(C.weir_conn_send_begin(self._raw, kind)) end
function Connection:send_chunk(data)
    return taken(C.weir_conn_send_chunk(self._raw, data, #data))
end
function Connection:send_end(data)
    data = data or ""
    return taken(C.weir_conn_send_end(self._raw, data, #data))
end

function Connection:ping(data)
    data = data or ""
    check(C.weir_conn_ping(self._raw, data, #data))
end

--- An unsolicited pong; pings are answered by weir.
function Connection:pong(data)
    data = data or ""
    check(C.weir_conn_pong(self._raw, data, #data))
end

--- Start the closing handshake.
function Connection:close(code, reason)
    reason = reason or ""
    check(C.weir_conn_close(self._raw, code or 1000, reason, #reason))
end

-- ---- Handshake ----------------------------------------------------------------------------------

--- Answer a "request" with 101.
function Connection:accept(subprotocol, headers)
    local fields, count = fields_of(headers)
    local len = subprotocol and #subprotocol or 0
    check(C.weir_conn_accept(self._raw, subprotocol, len, fields, count))
end

--- Answer a "request" or "http" with an HTTP response, and end the connection.
function Connection:respond(status, headers, body)
    local fields, count = fields_of(headers)
    body = body or ""
    check(C.weir_conn_respond(self._raw, status, fields, count, body, #body))
end

--- A text of the handshake: "path", "query", "origin" and the others of weir_text_id; or nil.
function Connection:text(which)
    local id = weir["TEXT_" .. which:upper()] or error("weir: there is no text " .. which, 2)
    return found(C.weir_conn_text(self._raw, id, text_out), text_out)
end

--- The index-th (first) header field of a name, of the peer's; or nil.
function Connection:header(name, index)
    return found(C.weir_conn_header(self._raw, name, #name, (index or 1) - 1, text_out), text_out)
end

--- All header fields of the peer's, as they came: {{name, value}, ...}.
function Connection:headers()
    local rows = {}
    while C.weir_conn_header_at(self._raw, #rows, field_out) == weir.OK do
        rows[#rows + 1] = {copied(field_out.name), copied(field_out.value)}
    end
    return rows
end

--- The index-th subprotocol that the client offered, its favourite first; or nil.
function Connection:offered_subprotocol(index)
    return found(C.weir_conn_offered_subprotocol(self._raw, (index or 1) - 1, text_out), text_out)
end

-- ---- The rest -----------------------------------------------------------------------------------

--- "connecting", "open", "closing" or "closed".
function Connection:state()
    return NAMES.weir_state[C.weir_conn_state(self._raw)]
end

--- Whether it waits for "input", "output", "events", "shutdown_write" or "close".
function Connection:wants(what)
    return bit.band(C.weir_conn_wants(self._raw), weir["WANT_" .. what:upper()]) ~= 0
end

--- Change a number of the policy for this connection alone.
function Connection:set(name, value)
    local option = OPTIONS[name] or error("weir: there is no option " .. name, 2)
    check(C.weir_conn_set(self._raw, option.value, limit(value)))
end

--- Bytes of payload that were sent and are not yet written.
function Connection:buffered_amount()
    return tonumber(C.weir_conn_buffered_amount(self._raw))
end

--- Let go of memory for compressing.
function Connection:trim()
    check(C.weir_conn_trim(self._raw))
end

--- How it ended: the fields of weir_report.
function Connection:report()
    local raw = ffi.new("weir_report")
    check(C.weir_conn_report(self._raw, raw, ffi.sizeof(raw)))
    return filled("weir_report", raw)
end

--- What passed through it: the fields of weir_stats.
function Connection:stats()
    local raw = ffi.new("weir_stats")
    check(C.weir_conn_stats(self._raw, raw, ffi.sizeof(raw)))
    return filled("weir_stats", raw)
end

--- Give its memory back now, in any state. The collector does it else.
function Connection:free()
    if not self._raw then return end
    self.context._connections[address(self._raw)] = nil
    C.weir_conn_free(ffi.gc(self._raw, nil))
    self._raw, self._input = nil, nil
end

return weir
