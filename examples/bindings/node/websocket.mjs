// SPDX-License-Identifier: MIT
// WebSocket on a socket of Node, in the manner of the package ws: a client, or one end of a server.

import { EventEmitter } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { bytesOf, Context } from "./connection.mjs";
import { C, errorOf } from "./weir_ffi.mjs";

const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];
const NO_STATUS = 1005, ABNORMAL = 1006;
const NOTHING = Buffer.alloc(0);
const LEND = 64 * 1024; // a server's messages of so many bytes are not copied
const LONGEST = 2 ** 31 - 1; // milliseconds of a timer
// Ends of a peer that does not answer: what is left to write is not waited for.
const SILENCE = new Set([C.E_HANDSHAKE_TIMEOUT, C.E_PONG_TIMEOUT, C.E_CLOSE_TIMEOUT]);
const DEFAULTS = { maxPayload: 100 * 1024 * 1024, closeTimeout: 30000 };

// ---- Options ------------------------------------------------------------------------------------

/** The options of weir_config that those of ws stand for; those in options.weir rule. */
export function policyOf(options, isServer) {
    const { maxPayload, perMessageDeflate, closeTimeout, handshakeTimeout, weir } =
        { ...DEFAULTS, perMessageDeflate: !isServer, ...options };
    return {
        max_message_bytes: maxPayload || null, close_timeout_ms: closeTimeout,
        handshake_timeout_ms: null, connect_timeout_ms: handshakeTimeout || null,
        ping_interval_ms: null, pong_timeout_ms: null,
        ...(perMessageDeflate && deflatePolicyOf(perMessageDeflate, isServer)),
        ...weir,
        // What waits, waits in the socket; what comes is taken as it came.
        high_water_bytes: null, max_queued_bytes: null, deliver_after_close: 1, deliver_chunks: 0,
        auto_accept: 0, http_events: 0,
    };
}

function deflatePolicyOf(options, isServer) {
    const [own, other] = isServer ? ["server", "client"] : ["client", "server"];
    const bits = (side) => {
        const value = options[`${side}MaxWindowBits`];
        return typeof value === "number" ? value : undefined;
    };
    return {
        deflate: C.DEFLATE_PREFERRED,
        deflate_min_bytes: options.threshold ?? 1024,
        deflate_tx_takeover: options[`${own}NoContextTakeover`] ? 0 : 1,
        deflate_rx_takeover: options[`${other}NoContextTakeover`] ? 0 : 1,
        deflate_tx_bits: bits(own),
        deflate_rx_bits: bits(other),
    };
}

const clientContexts = new Map(); // by their policies; they stay, as a program has few

function clientContext(policy) {
    const key = Object.entries(policy).join("\n");
    if (!clientContexts.has(key)) clientContexts.set(key, new Context(policy));
    return clientContexts.get(key);
}

// ---- WebSocket ----------------------------------------------------------------------------------

export class WebSocket extends EventEmitter {
    static CONNECTING = CONNECTING;
    static OPEN = OPEN;
    static CLOSING = CLOSING;
    static CLOSED = CLOSED;

    readyState = CONNECTING;
    protocol = "";
    extensions = "";
    binaryType = "nodebuffer"; // or "arraybuffer"
    url = "";

    _connection = null;
    _socket = null;
    _code = ABNORMAL; // what 'close' will say
    _reason = NOTHING;
    _callbacks = []; // of sends that were not yet written
    _failed = false; // an error was emitted
    _ended = false; // the connection's last event came
    _handling = false; // events are handled: what is sent leaves after the last of them
    _dirty = false; // there is output, and a flush will come
    _mayLend = false; // weir sends from where bytes are: neither masked nor compressed
    _streaming = false; // a message was begun with fin: false
    _cause = 0; // the status that ended the connection
    _cutOff = undefined; // the timer of a peer that does not read the last bytes

    /** A client. options: those of ws, of net or tls, and `weir` (weir_config by name). */
    constructor(url, protocols = [], options = {}) {
        super();
        if (url === null) return; // one end of a server: _attach follows
        if (typeof protocols === "object" && !Array.isArray(protocols) && protocols !== null)
            [protocols, options] = [[], protocols];
        this._connect(new URL(url), [protocols ?? []].flat(), options);
    }

    get isPaused() {
        return this._socket?.isPaused() ?? false;
    }

    get bufferedAmount() {
        return (this._connection?.bufferedAmount ?? 0) + (this._socket?.writableLength ?? 0);
    }

    // ---- Sending ----

    /** Send a message: text if it is a string, unless options.binary says otherwise. */
    send(data, options = {}, callback = undefined) {
        if (typeof options === "function") [options, callback] = [{}, options];
        if (!this._maySend(callback)) return;
        if (typeof data === "number") data = `${data}`;
        let type = (options.binary ?? typeof data !== "string") ? C.BINARY : C.TEXT;
        if (options.compress === false) type |= C.PLAIN;
        if (this._streaming || options.fin === false) {
            this._queued(this._sendPart(type, data, options.fin !== false), callback);
        } else if (this._mayLend && (data?.length ?? data?.byteLength) >= LEND) {
            this._queued(this._connection.lend(type, bytesOf(data)), callback);
            this._flush(); // the caller may change them again
        } else {
            this._queued(this._connection.send(type, data), callback);
        }
    }

    _sendPart(type, data, isLast) {
        const begun = this._streaming ? C.OK : this._connection.sendBegin(type);
        if (begun < 0) return begun;
        const status = this._connection.sendPart(data, isLast);
        this._streaming = !isLast || status < 0;
        return status;
    }

    ping(data, mask, callback) {
        this._control("ping", data, mask, callback);
    }

    pong(data, mask, callback) {
        this._control("pong", data, mask, callback);
    }

    _control(kind, data, mask, callback) {
        callback = [data, mask, callback].find((each) => typeof each === "function");
        if (typeof data === "function") data = undefined;
        if (!this._maySend(callback)) return;
        this._queued(this._connection[kind](typeof data === "number" ? `${data}` : data), callback);
        this._flush(); // a second one would take its place
    }

    _maySend(callback) {
        if (this.readyState === OPEN) return true;
        const error = new Error(`WebSocket is not open: readyState ${this.readyState} `
            + `(${STATES[this.readyState]})`);
        if (this.readyState === CONNECTING) throw error;
        if (callback) process.nextTick(callback, error);
        return false;
    }

    /** What is queued leaves when the events at hand are handled, or at the end of this turn. */
    _queued(status, callback) {
        if (status < 0) {
            const error = errorOf(status, status === C.E_CONTROL_LENGTH ? RangeError : Error);
            if (!callback) throw error;
            process.nextTick(callback, error);
            return;
        }
        if (callback) this._callbacks.push(callback);
        if (this._dirty) return;
        this._dirty = true;
        if (!this._handling) process.nextTick(() => this._flush());
    }

    _flush() {
        this._dirty = false;
        const pieces = this._connection.output(), callbacks = this._callbacks;
        if (!this._socket.writable) return; // _gone tells those who wait
        if (pieces.length === 0 && callbacks.length === 0) return;
        const last = pieces.pop() ?? NOTHING;
        if (pieces.length > 0) this._socket.cork();
        for (const bytes of pieces) this._socket.write(bytes);
        if (callbacks.length === 0) {
            this._socket.write(last);
        } else {
            this._callbacks = [];
            this._socket.write(last, (error) => {
                for (const callback of callbacks) callback(error ?? undefined);
            });
        }
        this._socket.uncork?.();
    }

    // ---- Closing ----

    /** Start the closing handshake; a peer that does not answer is cut off after closeTimeout. */
    close(code = 0, reason = NOTHING) {
        if (this.readyState === CONNECTING) this._abort();
        if (this.readyState !== OPEN) return;
        const status = this._connection.close(code, reason);
        if (status < 0 && status !== C.E_CLOSING)
            throw errorOf(status, status === C.E_CLOSE_REASON ? RangeError : TypeError);
        this.readyState = CLOSING;
        this._pump();
    }

    /** Cut the connection off. */
    terminate() {
        if (this.readyState === CLOSED) return;
        if (this.readyState === CONNECTING) this._abort();
        this.readyState = CLOSING;
        this._socket.destroy();
    }

    _abort() {
        this.readyState = CLOSING;
        const error = new Error("WebSocket was closed before the connection was established");
        process.nextTick(() => this._fail(error));
        this._socket.destroy();
    }

    _fail(error) {
        if (this._failed) return;
        this._failed = true;
        this.emit("error", error);
    }

    pause() {
        if (this.readyState === OPEN || this.readyState === CLOSING) this._socket.pause();
    }

    resume() {
        if (this.readyState === OPEN || this.readyState === CLOSING) this._socket.resume();
    }

    // ---- Opening ----

    _connect(url, protocols, options) {
        const secure = url.protocol === "wss:";
        this.url = url.href;
        const { headers, origin, socket, createConnection, ...transport } = options;
        const request = { url: url.href, subprotocols: protocols, origin, headers };
        const connection = clientContext(policyOf(options, false)).client(this, request);
        const host = url.hostname.replace(/^\[|\]$/g, "");
        const open = createConnection ?? (secure ? tls.connect : net.connect);
        try {
            this._attach(connection, socket ?? open({
                ...(secure && !net.isIP(host) && { servername: host }),
                ...transport, host, port: Number(url.port) || (secure ? 443 : 80),
            }));
        } catch (error) { // of the options for TLS, or the caller's createConnection
            connection.free();
            throw error;
        }
        this._dirty = true;
        process.nextTick(() => this._flush()); // the request
    }

    /** One end of a server, whose request was accepted. */
    static _accepted(connection, socket, extensions) {
        const client = new WebSocket(null);
        client.readyState = OPEN;
        client.extensions = extensions;
        client._mayLend = extensions === "";
        client.protocol = connection.text(C.TEXT_SUBPROTOCOL) ?? "";
        connection.owner = client;
        client._attach(connection, socket);
        return client;
    }

    /** Join a connection with the socket that moves its bytes. */
    _attach(connection, socket) {
        [this._connection, this._socket] = [connection, socket];
        socket.setNoDelay?.(true);
        socket.setTimeout?.(0);
        socket.on("data", (chunk) => this._receive(chunk));
        socket.on("end", () => this._receiveEof());
        socket.on("error", (error) => {
            if (this.readyState === CONNECTING) this._fail(error);
            socket.destroy();
        });
        socket.on("close", () => this._gone());
    }

    _onOpen() {
        const headers = this._connection.headers();
        this.protocol = this._connection.text(C.TEXT_SUBPROTOCOL) ?? "";
        this.extensions = (headers["sec-websocket-extensions"] ?? "").split(";")[0].trim();
        this.readyState = OPEN;
        this.emit("upgrade", { statusCode: 101, headers });
        this.emit("open");
    }

    _onRejected(statusCode, body) {
        const response = { statusCode, headers: this._connection.headers(), body,
            statusMessage: this._connection.text(C.TEXT_REASON) ?? "" };
        if (this.emit("unexpected-response", { url: this.url }, response)) this._failed = true;
        else this._fail(new Error(`Unexpected server response: ${statusCode}`));
    }

    // ---- What comes ----

    _receive(chunk) {
        this._handling = true;
        try {
            this._connection.receive(chunk, this);
        } catch (error) { // a handler's: what it left untaken is lost, and so is the connection
            this._socket.destroy();
            throw error;
        } finally {
            this._handling = false;
        }
        if (this.readyState !== OPEN) this._pump();
        else if (this._dirty) this._flush();
    }

    _receiveEof() {
        this._connection.receiveEof(this);
        this._pump();
    }

    /** A deadline passed, or there is something to write. */
    onReady() {
        this._receive(NOTHING);
        this._pump();
    }

    onMessage(data, isText) {
        if (!isText && this.binaryType === "arraybuffer") data = Uint8Array.from(data).buffer;
        this.emit("message", data, !isText);
    }

    onEvent(type, data, code, cause) {
        switch (type) {
        case C.EVENT_PING:
            this._dirty = true; // it was answered
            this.emit("ping", data);
            break;
        case C.EVENT_PONG:
            this.emit("pong", data);
            break;
        case C.EVENT_OPEN:
            this._onOpen();
            break;
        case C.EVENT_REJECTED:
            this._onRejected(code, data);
            break;
        case C.EVENT_CLOSE:
            this.readyState = CLOSING;
            break;
        case C.EVENT_CLOSED:
            this._onClosed(code, data, cause);
            break;
        }
    }

    _onClosed(code, reason, cause) {
        const isOpening = this.readyState === CONNECTING;
        this.readyState = CLOSING;
        this._ended = true;
        this._cause = cause;
        [this._code, this._reason] = isOpening ? [ABNORMAL, NOTHING] : [code || NO_STATUS, reason];
        const isFault = cause <= C.E_RSV || cause === C.E_MEMORY || (isOpening && cause < 0);
        if (isFault) this._fail(errorOf(cause));
    }

    /** Unless open: what is left to write, and the end of the transport. */
    _pump() {
        this._flush();
        const wanted = this._connection.wants;
        if (wanted & C.WANT_CLOSE) this._end();
        else if (wanted & C.WANT_SHUTDOWN_WRITE) this._socket.end();
        else if (wanted & C.WANT_EVENTS && !this._handling) this._receive(NOTHING);
    }

    /** The transport ends once all is written, unless the peer does not read it in time. */
    _end() {
        if (SILENCE.has(this._cause)) {
            this._socket.destroy();
            return;
        }
        this._socket.destroySoon();
        const limit = this._connection.context.closeTimeout;
        if (limit !== null && !this._socket.destroyed)
            this._cutOff ??= setTimeout(() => this._socket.destroy(), Math.min(limit, LONGEST));
    }

    /** The transport is gone: the last events, then 'close'. */
    _gone() {
        clearTimeout(this._cutOff);
        if (!this._ended) this._connection.receiveEof(this);
        this._connection.free();
        for (const callback of this._callbacks.splice(0))
            callback(new Error("the connection is closed"));
        this.readyState = CLOSED;
        this.emit("close", this._code, this._reason);
    }

    // ---- As in browsers ----

    addEventListener(type, listener, options = {}) {
        if (!(type in EVENTS)) return;
        const run = (...args) => {
            const event = { type, target: this, ...EVENTS[type](this, ...args) };
            if (typeof listener === "function") listener.call(this, event);
            else listener.handleEvent(event);
        };
        run.listener = listener; // so that removeListener finds it
        options.once ? this.once(type, run) : this.on(type, run);
    }

    removeEventListener(type, listener) {
        this.removeListener(type, listener);
    }
}
Object.assign(WebSocket.prototype, { CONNECTING, OPEN, CLOSING, CLOSED });

/** What the event of an event listener says beside type and target. */
const EVENTS = {
    open: () => ({}),
    message: (socket, data, isBinary) => ({ data: isBinary ? data : data.toString() }),
    error: (socket, error) => ({ error, message: error.message }),
    close: (socket, code, reason) => ({
        code, reason: reason.toString(), wasClean: socket._ended && code !== ABNORMAL }),
};

for (const type of Object.keys(EVENTS)) {
    const key = Symbol(`on${type}`);
    Object.defineProperty(WebSocket.prototype, `on${type}`, {
        get() {
            return this[key] ?? null;
        },
        set(listener) {
            if (this[key]) this.removeEventListener(type, this[key]);
            this[key] = listener;
            if (listener) this.addEventListener(type, listener);
        },
    });
}
