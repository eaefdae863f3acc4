// SPDX-License-Identifier: MIT
// WebSocket and WebSocketServer on weir, in the manner of the package ws.
//
// A message is one call into the library at most: one receive takes all that a read brought, and
// its events are read from memory that stays; a message that came whole is a part of the chunk
// Node read, not a copy. What one turn sends leaves as one write.

import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import http from "node:http";
import net from "node:net";
import tls from "node:tls";
import {
    addressOf, bind, C, copyOf, errorOf, memcpy, must, offsetOf, OPTIONS, sizeOf, texts,
} from "./weir_ffi.mjs";

const [receive, takeEvents, output, sent, wants] = [
    "conn_receive", "conn_events", "conn_output", "conn_sent", "conn_wants"].map(bind);
const [send, sendBegin, sendChunk, sendEnd, ping, pong, close] = [
    "conn_send", "conn_send_begin", "conn_send_chunk", "conn_send_end", "conn_ping", "conn_pong",
    "conn_close"].map(bind);
const [receiveEof, free, accept, respond, textOf, headerAt, offered, buffered] = [
    "conn_receive_eof", "conn_free", "conn_accept", "conn_respond", "conn_text", "conn_header_at",
    "conn_offered_subprotocol", "conn_buffered_amount"].map(bind);
const [createServer, createClient] = ["conn_create_server", "conn_create_client"].map(bind);
const [configInit, configSet, configSetText, contextCreate, contextFree, setTime, nextReady] = [
    "config_init", "config_set", "config_set_text", "context_create", "context_free",
    "context_set_time", "context_next_ready"].map(bind);

const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const NO_STATUS = 1005, ABNORMAL = 1006;
const NONE = C.NONE;
const TICK_MS = 250;
const { EVENT_MESSAGE, EVENT_REQUEST, EVENT_OPEN, EVENT_REJECTED, EVENT_PING, EVENT_PONG } = C;
const { EVENT_CLOSE, EVENT_CLOSED, FLAG_TEXT, TEXT, BINARY, PLAIN } = C;
const { WANT_CLOSE, WANT_SHUTDOWN_WRITE, WANT_EVENTS } = C;

// ---- Memory that stays --------------------------------------------------------------------------

const EVENTS = 64, SPANS = 64, SCRATCH = 48 * 1024, SLAB = 256 * 1024;
const EVENT_WORDS = sizeOf("weir_event") / 4;
const [AT_FLAGS, AT_DATA, AT_LEN, AT_CAUSE, AT_CODE] =
    ["flags", "data", "len", "cause", "code"].map((name) => offsetOf("weir_event", name) / 4);
const HIGH = 2 ** 32;

/** One level's events: a handler of the user's may feed another connection. */
function makeArena() {
    const bytes = Buffer.alloc(8 + EVENTS * EVENT_WORDS * 4);
    const own = new Uint8Array(bytes.length); // aligned, and alone in its memory
    const address = addressOf(own);
    return { used: new Uint32Array(own.buffer, 0, 2), toUsed: address, toEvents: address + 8,
        events: new Uint32Array(own.buffer, 8), signed: new Int32Array(own.buffer, 8) };
}

const arenas = [];
let depth = 0;

const spans = new Float64Array(2 * SPANS);
const spanWords = new Uint32Array(spans.buffer);
const toSpans = addressOf(spans);
const scratch = Buffer.allocUnsafeSlow(SCRATCH);
const toScratch = addressOf(scratch);
const out = new BigUint64Array(4); // for texts and handles
const toOut = addressOf(out);
let slab, slabUsed = SLAB, toSlab;

/** Where output is gathered: room that its writes alone hold on to. */
function gathered(count, total) {
    let bytes, to;
    if (total > SLAB / 4) {
        bytes = Buffer.allocUnsafeSlow(total);
        to = addressOf(bytes);
    } else {
        if (slabUsed + total > SLAB) {
            slab = Buffer.allocUnsafeSlow(SLAB);
            [slabUsed, toSlab] = [0, addressOf(slab)];
        }
        bytes = slab.subarray(slabUsed, slabUsed + total);
        to = toSlab + slabUsed;
        slabUsed += total;
    }
    for (let at = 0; at < 4 * count; at += 4) {
        const len = spanWords[at + 3] * HIGH + spanWords[at + 2];
        memcpy(to, spanWords[at + 1] * HIGH + spanWords[at], len);
        to += len;
    }
    return bytes;
}

/** The text that a call of weir found, at `skip` pairs into the result; undefined: none. */
function foundText(status, pair = 0) {
    if (status < 0) return undefined;
    return copyOf(Number(out[2 * pair]), Number(out[2 * pair + 1])).toString();
}

// ---- Contexts -----------------------------------------------------------------------------------

/** The options of weir_config that those of ws stand for. */
function policyOf({ maxPayload, perMessageDeflate, closeTimeout, handshakeTimeout, weir }, server) {
    const deflate = perMessageDeflate === true ? {} : perMessageDeflate;
    const policy = {
        max_message_bytes: maxPayload || NONE, max_queued_bytes: NONE, high_water_bytes: NONE,
        ping_interval_ms: NONE, pong_timeout_ms: NONE, close_timeout_ms: closeTimeout,
        connect_timeout_ms: handshakeTimeout || NONE, deliver_after_close: 1,
    };
    if (deflate) {
        const own = server ? "server" : "client", other = server ? "client" : "server";
        policy.deflate = C.DEFLATE_PREFERRED;
        policy.deflate_min_bytes = deflate.threshold ?? 1024;
        policy.deflate_tx_takeover = deflate[`${own}NoContextTakeover`] ? 0 : 1;
        policy.deflate_rx_takeover = deflate[`${other}NoContextTakeover`] ? 0 : 1;
        const [tx, rx] = [deflate[`${own}MaxWindowBits`], deflate[`${other}MaxWindowBits`]];
        if (typeof tx === "number") policy.deflate_tx_bits = tx;
        if (typeof rx === "number") policy.deflate_rx_bits = rx;
    }
    return { ...policy, ...weir };
}

/** A context of weir with the time told to it while it has connections. */
class Context {
    constructor(policy) {
        const size = sizeOf("weir_config"), config = new BigUint64Array(size / 8), kept = [];
        must(configInit(config, size));
        for (const [name, value] of Object.entries({ seed: randomBytes(32), ...policy })) {
            const option = OPTIONS.get(name);
            if (!option) throw new TypeError(`${name} is not an option of weir`);
            if (option.kind === "text") {
                const bytes = Buffer.from(value);
                kept.push(bytes); // the config borrows it
                must(configSetText(config, option.value, bytes, bytes.length));
            } else {
                must(configSet(config, option.value, value ?? NONE));
            }
        }
        must(contextCreate(config, toOut));
        [this.handle, this.conns, this.kept] = [out[0], new Map(), kept];
    }

    tell() {
        setTime(this.handle, Math.trunc(performance.now()));
    }

    add(handle, socket) {
        this.conns.set(handle, socket);
        this.timer ??= setInterval(() => {
            this.tell();
            for (let ready; this.handle !== 0n && (ready = nextReady(this.handle));)
                this.conns.get(ready)?._wake();
        }, TICK_MS).unref();
    }

    remove(handle) {
        this.conns.delete(handle);
        free(handle);
        if (this.conns.size > 0) return;
        clearInterval(this.timer);
        this.timer = undefined;
        if (this.over) this.end();
    }

    /** Free it when its last connection is gone. */
    end() {
        this.over = true;
        if (this.conns.size > 0 || this.handle === 0n) return;
        contextFree(this.handle);
        this.handle = 0n;
    }
}

const clientContexts = new Map(); // by their policy; they stay, as programs use few

function clientContext(policy) {
    const key = JSON.stringify(policy, (_, value) => `${value}`);
    if (!clientContexts.has(key)) clientContexts.set(key, new Context(policy));
    return clientContexts.get(key);
}

// ---- One connection -----------------------------------------------------------------------------

const DEFAULTS = { maxPayload: 100 * 1024 * 1024, closeTimeout: 30000 };

function toBuffer(data) {
    if (Buffer.isBuffer(data)) return data;
    if (typeof data === "string" || typeof data === "number") return Buffer.from(`${data}`);
    if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return Buffer.from(data ?? "");
}

function fields(headers) {
    const rows = Object.entries(headers ?? {})
        .flatMap(([name, value]) => [value].flat().map((each) => [name, `${each}`]));
    return { ...texts(rows.flat()), count: rows.length };
}

export class WebSocket extends EventEmitter {
    static CONNECTING = CONNECTING;
    static OPEN = OPEN;
    static CLOSING = CLOSING;
    static CLOSED = CLOSED;

    readyState = CONNECTING;
    protocol = "";
    extensions = "";
    binaryType = "nodebuffer";
    url = "";

    /** A client; options: those of ws, of net or tls, and `weir` (weir_config). */
    constructor(url, protocols = [], options = {}) {
        super();
        this._code = ABNORMAL;
        this._reason = Buffer.alloc(0);
        this._callbacks = [];
        this._dirty = this._handling = this._waiting = this._streaming = false;
        this._handle = 0n;
        if (url === null) return; // a server's: _attach follows
        if (!Array.isArray(protocols) && typeof protocols === "object" && protocols !== null)
            [protocols, options] = [[], protocols];
        this._connect(new URL(url), [protocols ?? []].flat(),
            { ...DEFAULTS, perMessageDeflate: true, ...options });
    }

    get isPaused() {
        return this._socket?.isPaused() ?? false;
    }

    get bufferedAmount() {
        const queued = this._handle ? Number(buffered(this._handle)) : 0;
        return queued + (this._socket?.writableLength ?? 0);
    }

    /** Send a message: text if it is a string, unless options.binary says otherwise. */
    send(data, options = {}, callback = undefined) {
        if (typeof options === "function") [options, callback] = [{}, options];
        if (!this._maySend(callback)) return;
        let type = (options.binary ?? typeof data !== "string") ? BINARY : TEXT;
        if (options.compress === false) type |= PLAIN;
        let bytes = data, len;
        if (typeof data === "string" && data.length * 3 <= SCRATCH) {
            len = scratch.write(data);
            bytes = toScratch;
        } else {
            bytes = toBuffer(data);
            len = bytes.length;
        }
        const status = this._streaming || options.fin === false
            ? this._sendPart(type, bytes, len, options.fin !== false)
            : send(this._handle, type, bytes, len);
        this._queued(status, callback);
    }

    _sendPart(type, bytes, len, fin) {
        const begun = this._streaming ? 0 : sendBegin(this._handle, type);
        if (begun < 0) return begun;
        const status = (fin ? sendEnd : sendChunk)(this._handle, bytes, len);
        this._streaming = !(fin && status >= 0);
        return status;
    }

    /** Queued frames leave at the end of this turn, or when the batch that is handled ends. */
    _queued(status, callback) {
        if (status < 0) {
            if (!callback) throw errorOf(status);
            process.nextTick(callback, errorOf(status));
            return;
        }
        if (callback) this._callbacks.push(callback);
        if (this._dirty) return;
        this._dirty = true;
        if (!this._handling) process.nextTick(() => this._flush());
    }

    _maySend(callback) {
        if (this.readyState === OPEN) return true;
        if (this.readyState === CONNECTING)
            throw new Error("WebSocket is not open: readyState 0 (CONNECTING)");
        if (callback) {
            const state = ["", "", "CLOSING", "CLOSED"][this.readyState];
            process.nextTick(callback,
                new Error(`WebSocket is not open: readyState ${this.readyState} (${state})`));
        }
        return false;
    }

    _control(call, data, mask, callback) {
        if (typeof data === "function") [data, callback] = [undefined, data];
        if (typeof mask === "function") callback = mask;
        if (!this._maySend(callback)) return;
        const bytes = toBuffer(data);
        this._queued(call(this._handle, bytes, bytes.length), callback);
        this._flush(); // a second one would take its place
    }

    ping(data, mask, callback) {
        this._control(ping, data, mask, callback);
    }

    pong(data, mask, callback) {
        this._control(pong, data, mask, callback);
    }

    /** Start the closing handshake; a peer that does not answer is cut off after closeTimeout. */
    close(code = 0, reason = "") {
        if (this.readyState === CONNECTING) {
            this._abort(new Error("WebSocket was closed before the connection was established"));
            return;
        }
        if (this.readyState !== OPEN) return;
        const bytes = toBuffer(reason);
        const status = close(this._handle, code, bytes, bytes.length);
        if (status === C.E_CLOSING) return;
        if (status < 0) throw errorOf(status, status === C.E_CLOSE_REASON ? RangeError : TypeError);
        this.readyState = CLOSING;
        this._pump();
    }

    /** Cut the connection off. */
    terminate() {
        if (this.readyState === CLOSED) return;
        if (this.readyState === CONNECTING) {
            this._abort(new Error("WebSocket was closed before the connection was established"));
            return;
        }
        this.readyState = CLOSING;
        this._socket.destroy();
    }

    pause() {
        if (this.readyState === OPEN || this.readyState === CLOSING) this._socket.pause();
    }

    resume() {
        if (this.readyState === OPEN || this.readyState === CLOSING) this._socket.resume();
    }

    // ---- Opening ----

    _connect(url, protocols, options) {
        this.url = url.href;
        if (!["ws:", "wss:"].includes(url.protocol) || url.hash)
            throw new SyntaxError(`not a ws: or wss: URL: ${url}`);
        const context = clientContext(policyOf(options, false));
        const { words, keep } = texts([url.href, protocols.join(" "), options.origin ?? ""]);
        const more = fields(options.headers);
        const request = new BigUint64Array(sizeOf("weir_request") / 8);
        request.set(words, offsetOf("weir_request", "url") / 8);
        request[offsetOf("weir_request", "fields") / 8] = BigInt(addressOf(more.words));
        request[offsetOf("weir_request", "field_count") / 8] = BigInt(more.count);
        context.tell();
        const status = createClient(context.handle, request, toOut);
        if (status < 0) throw errorOf(status, SyntaxError);
        keep.length = more.keep.length = 0; // they live until here
        const secure = url.protocol === "wss:";
        const host = url.hostname.replace(/^\[|\]$/g, "");
        const port = Number(url.port || (secure ? 443 : 80));
        const at = { host, port, ...(secure && !net.isIP(host) && { servername: host }) };
        const { headers: _, ...rest } = options; // what else stands there is for net or tls
        const open = options.createConnection ?? (secure ? tls.connect : net.connect);
        this._attach(context, out[0], options.socket ?? open({ ...rest, ...at }));
        this._dirty = true;
        process.nextTick(() => this._flush());
    }

    _attach(context, handle, socket) {
        [this._context, this._handle, this._socket] = [context, handle, socket];
        context.add(handle, this);
        socket.setNoDelay?.(true);
        socket.setTimeout?.(0);
        socket.on("data", (chunk) => this._receive(chunk));
        socket.on("end", () => this._eof());
        socket.on("error", (error) => {
            if (this.readyState === CONNECTING && !this._failed) this._fail(error);
            socket.destroy();
        });
        socket.on("close", () => this._gone());
    }

    _abort(error) {
        this.readyState = CLOSING;
        this._failed = true;
        process.nextTick(() => this.emit("error", error));
        this._socket.destroy();
    }

    _fail(error) {
        this._failed = true;
        this.emit("error", error);
    }

    // ---- What comes ----

    /** Feed a chunk, or (undefined) take the events that wait. */
    _receive(chunk) {
        if (this._handle === 0n) return;
        if (chunk && this._waiting) { // what follows the request waits for its answer
            this._rest = this._rest ? Buffer.concat([this._rest, chunk]) : chunk;
            this._socket.pause();
            return;
        }
        const base = chunk ? addressOf(chunk) : 0, size = chunk ? chunk.length : 0;
        const arena = (arenas[depth++] ??= makeArena());
        this._chunk = chunk; // weir may point into it until the next call
        this._handling = true;
        let done = 0, count;
        try {
            do {
                count = size
                    ? receive(this._handle, base + done, size - done, arena.toUsed, arena.toEvents,
                        EVENTS)
                    : takeEvents(this._handle, arena.toEvents, EVENTS);
                if (size) done += arena.used[0];
                this._each(arena, count, chunk, base, size);
                if (this._waiting) this._early(chunk, done);
            } while (!this._waiting && (done < size || count === EVENTS));
        } finally {
            depth--;
            this._handling = false;
        }
        if (this._handle === 0n) return;
        if (this._dirty) this._flush();
        if (this.readyState !== OPEN) this._pump();
    }

    _each({ events, signed }, count, chunk, base, size) {
        for (let index = 0, at = 0; index < count; index++, at += EVENT_WORDS) {
            const type = events[at], flags = events[at + AT_FLAGS];
            const len = events[at + AT_LEN + 1] * HIGH + events[at + AT_LEN];
            const data = events[at + AT_DATA + 1] * HIGH + events[at + AT_DATA];
            const offset = data - base;
            const bytes = size > 0 && offset >= 0 && offset + len <= size
                ? chunk.subarray(offset, offset + len) : copyOf(data, len);
            if (type === EVENT_MESSAGE) {
                if (this.readyState === CLOSED) continue;
                this.emit("message", this.binaryType === "arraybuffer" && !(flags & FLAG_TEXT)
                    ? Uint8Array.from(bytes).buffer : bytes, !(flags & FLAG_TEXT));
            } else {
                this._other(type, bytes, events[at + AT_CODE] & 0xffff, signed[at + AT_CAUSE]);
            }
            if (this._handle === 0n) return;
        }
    }

    _other(type, bytes, code, cause) {
        if (type === EVENT_PING || type === EVENT_CLOSE) this._dirty = true; // it was answered
        if (type === EVENT_PING) this.emit("ping", bytes);
        else if (type === EVENT_PONG) this.emit("pong", bytes);
        else if (type === EVENT_REQUEST) this._onRequest();
        else if (type === EVENT_OPEN) this._onOpen();
        else if (type === EVENT_REJECTED) this._onRejected(code, bytes);
        else if (type === EVENT_CLOSE) this.readyState = CLOSING;
        else if (type === EVENT_CLOSED) this._onClosed(code, bytes, cause);
    }

    _text(id) {
        return foundText(textOf(this._handle, id, toOut));
    }

    _headers() {
        const found = {};
        for (let index = 0; headerAt(this._handle, index, toOut) >= 0; index++) {
            const [name, value] = [foundText(0).toLowerCase(), foundText(0, 1)];
            found[name] = name in found ? `${found[name]}, ${value}` : value;
        }
        return found;
    }

    _onOpen() {
        this.protocol = this._text(C.TEXT_SUBPROTOCOL) ?? "";
        this.readyState = OPEN;
        if (this._opened) {
            this._flush(); // the response, in which the extensions stand
            this._opened();
            return;
        }
        const headers = this._headers();
        this.extensions = (headers["sec-websocket-extensions"] ?? "").split(";")[0].trim();
        this.emit("upgrade", { statusCode: 101, headers });
        this.emit("open");
    }

    _onRejected(statusCode, body) {
        const response = { statusCode, statusMessage: this._text(C.TEXT_REASON) ?? "", body,
            headers: this._headers() };
        this._failed = true;
        if (this.emit("unexpected-response", { url: this.url }, response)) return;
        this.emit("error", new Error(`Unexpected server response: ${statusCode}`));
    }

    _onClosed(code, reason, cause) {
        const opening = this.readyState === CONNECTING;
        if (this.readyState !== CLOSED) this.readyState = CLOSING;
        [this._code, this._reason, this._ended] = [code || NO_STATUS, Buffer.from(reason), true];
        if (opening) this._code = ABNORMAL;
        const faulty = cause <= -400 || cause === C.E_MEMORY || (opening && cause < 0);
        if (faulty && cause !== C.E_REFUSED && !this._failed) this._fail(errorOf(cause));
    }

    _eof() {
        if (this._handle === 0n) return;
        receiveEof(this._handle);
        this._receive();
    }

    /** The context says that there is something to do. */
    _wake() {
        this._receive();
        this._flush();
        this._pump();
    }

    /** The transport is gone: the last events, then close. */
    _gone() {
        if (this._handle === 0n) return;
        if (!this._ended) {
            receiveEof(this._handle);
            this._receive();
        }
        if (this._handle === 0n) return;
        const handle = this._handle;
        this._handle = 0n;
        this._chunk = undefined;
        this._context.remove(handle);
        const callbacks = this._callbacks.splice(0);
        for (const callback of callbacks) callback(new Error("the connection is closed"));
        this.readyState = CLOSED;
        this.emit("close", this._code, this._reason);
    }

    // ---- What leaves ----

    _flush() {
        this._dirty = false;
        if (this._handle === 0n) return;
        for (let count = SPANS; count === SPANS;) {
            count = output(this._handle, toSpans, SPANS);
            if (count <= 0) break;
            let total = 0;
            for (let at = 0; at < 4 * count; at += 4)
                total += spanWords[at + 3] * HIGH + spanWords[at + 2];
            const bytes = gathered(count, total);
            sent(this._handle, total);
            if (this._sniff) this._sniff(bytes);
            this._write(bytes, count < SPANS);
        }
        if (this._callbacks.length > 0 && this._handle !== 0n) this._write("", true);
    }

    _write(bytes, last) {
        if (!last || this._callbacks.length === 0) {
            if (this._socket.writable) this._socket.write(bytes);
            return;
        }
        const callbacks = this._callbacks;
        this._callbacks = [];
        this._socket.write(bytes, (error) => {
            for (const callback of callbacks) callback(error ?? undefined);
        });
    }

    /** Outside of the open state: what is left to write, and the end of the transport. */
    _pump() {
        if (this._handle === 0n) return;
        this._flush();
        const wanted = wants(this._handle);
        if (wanted & WANT_CLOSE) this._socket.destroySoon();
        else if (wanted & WANT_SHUTDOWN_WRITE) this._socket.end();
        else if (wanted & WANT_EVENTS && !this._handling) this._receive();
    }

    // ---- A server's ----

    _early(chunk, done) {
        if (done < chunk.length) this._rest = Buffer.from(chunk.subarray(done));
    }

    /** Answer the request, now or later. */
    _answer(status, headers, body, protocol) {
        if (this._handle === 0n || this._ended) return; // the client has gone
        const { words, keep, count } = fields(headers);
        const bytes = Buffer.from(status === 101 ? protocol ?? "" : body ?? "");
        this._waiting = false;
        must(status === 101
            ? accept(this._handle, bytes.length > 0 ? bytes : null, bytes.length, words, count)
            : respond(this._handle, status, words, count, bytes, bytes.length));
        keep.length = 0;
        if (this._handling) return;
        const rest = this._rest;
        this._rest = undefined;
        this._socket.resume();
        this._receive();
        if (rest) this._receive(rest);
    }
}
Object.assign(WebSocket.prototype, { CONNECTING, OPEN, CLOSING, CLOSED });

// ---- The server ---------------------------------------------------------------------------------

/** The bytes of a request that Node's http has parsed. */
function requestBytes({ method, url, httpVersion, rawHeaders }) {
    let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
    for (let at = 0; at < rawHeaders.length; at += 2)
        head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
    return Buffer.from(`${head}\r\n`, "latin1");
}

export class WebSocketServer extends EventEmitter {
    constructor(options = {}, callback = undefined) {
        super();
        const { port, server, noServer } = options;
        if ([port !== undefined, server !== undefined, noServer === true]
            .filter(Boolean).length !== 1)
            throw new TypeError("one of the options port, server and noServer must be given");
        this.options = { ...DEFAULTS, perMessageDeflate: false, ...options };
        this.clients = new Set();
        this._context = new Context(policyOf(this.options, true));
        this._pending = new Set();
        if (noServer) return;
        this._server = server ?? http.createServer((_, response) => {
            response.writeHead(426, { "Content-Type": "text/plain" }).end("Upgrade Required");
        });
        this._listeners = {
            listening: () => this.emit("listening"),
            error: (error) => this.emit("error", error),
            upgrade: (request, socket, head) => this.handleUpgrade(request, socket, head,
                (client) => this.emit("connection", client, request)),
        };
        for (const [name, listener] of Object.entries(this._listeners))
            this._server.on(name, listener);
        if (port !== undefined) this._server.listen(port, options.host, options.backlog, callback);
    }

    address() {
        return this._server?.address() ?? null;
    }

    shouldHandle(request) {
        return !this.options.path || request.url.split("?")[0] === this.options.path;
    }

    /** Take over a request to upgrade; callback(client, request) once it is open. */
    handleUpgrade(request, socket, head, callback) {
        const client = new WebSocket(null);
        this._context.tell();
        must(createServer(this._context.handle, toOut));
        client._sniff = (bytes) => {
            client._sniff = undefined;
            client.extensions = /\r\nSec-WebSocket-Extensions: ([^;\r]*)/i
                .exec(bytes.latin1Slice())?.[1] ?? "";
        };
        client._onRequest = () => {
            client._waiting = true;
            this._decide(client, request);
        };
        client._opened = () => {
            this._pending.delete(client);
            client.removeListener("error", failed);
            this.clients.add(client);
            callback(client, request);
        };
        const failed = (error) => this.emit("wsClientError", error, socket, request);
        client.on("error", failed);
        client.on("close", () => {
            this._pending.delete(client);
            this.clients.delete(client);
            this._perhapsClosed();
        });
        this._pending.add(client);
        client._attach(this._context, out[0], socket);
        client._receive(requestBytes(request));
        if (head.length > 0) client._receive(head);
    }

    _decide(client, request) {
        const refuse = (status, body = http.STATUS_CODES[status], headers = {}) =>
            client._answer(status, { "Content-Type": "text/html", ...headers }, body);
        if (this._closing) return refuse(503);
        if (!this.shouldHandle(request)) return refuse(400);
        const go = () => client._answer(101, {}, "", this._protocolFor(client, request));
        const { verifyClient } = this.options;
        if (!verifyClient) return go();
        const info = { origin: request.headers.origin, req: request,
            secure: Boolean(client._socket.encrypted) };
        if (verifyClient.length < 2) return verifyClient(info) ? go() : refuse(401);
        return verifyClient(info, (good, status = 401, message = undefined, headers = {}) =>
            good ? go() : refuse(status, message, headers));
    }

    _protocolFor(client, request) {
        const names = new Set();
        for (let name; (name = foundText(offered(client._handle, names.size, toOut)));)
            names.add(name);
        if (names.size === 0) return "";
        const { handleProtocols } = this.options;
        return (handleProtocols ? handleProtocols(names, request) : [...names][0]) || "";
    }

    /** Take no more connections; those that are open stay. 'close' follows when all are gone. */
    close(callback = undefined) {
        if (this._closed) {
            if (callback) process.nextTick(callback, new Error("The server is not running"));
            return;
        }
        if (callback) this.once("close", callback);
        if (this._closing) return;
        this._closing = true;
        for (const [name, listener] of Object.entries(this._listeners ?? {}))
            this._server.removeListener(name, listener);
        if (this._server && !this.options.server) this._server.close();
        process.nextTick(() => this._perhapsClosed());
    }

    _perhapsClosed() {
        if (!this._closing || this._closed || this.clients.size + this._pending.size > 0) return;
        this._closed = true;
        process.nextTick(() => {
            this._context.end();
            this.emit("close");
        });
    }
}

WebSocket.WebSocket = WebSocket;
WebSocket.Server = WebSocket.WebSocketServer = WebSocketServer;
export default WebSocket;
