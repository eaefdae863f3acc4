// SPDX-License-Identifier: MIT
// WebSocket without the I/O: bytes of a transport go in, events and bytes for it come out.
//
//     const context = new Context({ max_message_bytes: 65536 });
//     const connection = context.server(owner);
//     connection.receive(chunk, sink);    // sink.onMessage(bytes, isText), sink.onEvent(...)
//     for (const bytes of connection.output()) socket.write(bytes);
//
// A call through koffi costs as much as the library's own work for a small message. So they are
// few: one receive takes all that a read brought and its events are read from memory that stays,
// and all that was sent leaves by one output.

import { randomBytes } from "node:crypto";
import {
    addressOf, bind, C, copyOf, errorOf, memcpy, must, numberAt, offsetOf, OPTIONS, sizeOf, texts,
} from "./weir_ffi.mjs";

const [receive, receiveEof, output, sent, wants, buffered, free] = [
    "receive", "receive_eof", "output", "sent", "wants", "buffered_amount", "free",
].map((name) => bind(`conn_${name}`));
const [send, sendRef, sendBegin, sendChunk, sendEnd, ping, pong, close] = [
    "send", "send_ref", "send_begin", "send_chunk", "send_end", "ping", "pong", "close",
].map((name) => bind(`conn_${name}`));
const [createServer, createClient, accept, respond, textOf, headerAt, offered] = [
    "create_server", "create_client", "accept", "respond", "text", "header_at",
    "offered_subprotocol",
].map((name) => bind(`conn_${name}`));
const [configInit, configSet, configSetText, contextCreate, contextFree, setTime, nextReady] = [
    "config_init", "config_set", "config_set_text", "context_create", "context_free",
    "context_set_time", "context_next_ready",
].map(bind);

const TICK_MS = 250;
const { EVENT_MESSAGE, FLAG_TEXT, NONE } = C;

// ---- Memory that stays --------------------------------------------------------------------------

const EVENTS = 64, SPANS = 128, SCRATCH = 48 * 1024, SLAB = 256 * 1024;
const SMALL = 4096; // so much is copied, there and back, for less than a new buffer's address costs
const LARGE = 64 * 1024; // so much is not left in weir until the next bytes come
const EVENT_WORDS = sizeOf("weir_event") / 4;
const [AT_FLAGS, AT_DATA, AT_LEN, AT_CAUSE, AT_CODE] =
    ["flags", "data", "len", "cause", "code"].map((name) => offsetOf("weir_event", name) / 4);

const spans = new Uint32Array(4 * SPANS); // pairs of address and length
const scratch = Buffer.allocUnsafeSlow(SCRATCH); // for texts to send
const out = new Uint32Array(8); // for what a call finds
const [toSpans, toScratch, toOut] = [spans, scratch, out].map(addressOf);

/** What one receive works in: an event's handler may feed another connection. */
class Arena {
    constructor() {
        this.input = Buffer.allocUnsafeSlow(SMALL);
        this.toInput = addressOf(this.input);
        const words = new Uint32Array(2 + EVENTS * EVENT_WORDS);
        this.toUsed = addressOf(words);
        this.toEvents = this.toUsed + 8;
        this.used = words;
        this.events = words.subarray(2);
        this.signed = new Int32Array(words.buffer, 8);
    }
}

const arenas = [];
let depth = 0;

/** Where output is gathered, which its writes alone hold on to; its address is known. */
const slab = { bytes: null, address: 0, used: Infinity };

/** Room for so many bytes in slab.bytes: where it begins. */
function reserve(len) {
    if (slab.used + len > SLAB) {
        slab.bytes = Buffer.allocUnsafeSlow(SLAB);
        slab.address = addressOf(slab.bytes);
        slab.used = 0;
    }
    const at = slab.used;
    slab.used += len;
    return at;
}

/** Some of the spans, in one buffer. */
function gathered(begin, end) {
    let total = 0;
    for (let span = begin; span < end; span++) total += numberAt(spans, 4 * span + 2);
    const inSlab = total <= SLAB / 4;
    const at = inSlab ? reserve(total) : 0;
    const bytes = inSlab ? slab.bytes.subarray(at, at + total) : Buffer.allocUnsafeSlow(total);
    let to = inSlab ? slab.address + at : addressOf(bytes);
    for (let span = begin; span < end; span++) {
        const len = numberAt(spans, 4 * span + 2);
        memcpy(to, numberAt(spans, 4 * span), len);
        to += len;
    }
    return bytes;
}

/** The part of the first lent buffer that a span shows; null: it shows memory of weir's. */
function lentPart(lent, span) {
    const { bytes, address } = lent[0];
    const begin = numberAt(spans, 4 * span) - address;
    if (begin < 0 || begin >= bytes.length) return null;
    const end = begin + numberAt(spans, 4 * span + 2);
    if (end === bytes.length) lent.shift();
    return bytes.subarray(begin, end);
}

/** The text that a call found; undefined: none. */
function foundText(status, at = 0) {
    return status < 0 ? undefined
        : copyOf(numberAt(out, at), numberAt(out, at + 2)).toString();
}

/** Header fields of an object {name: value or values}, as weir_field. */
function fieldsOf(headers) {
    const rows = Object.entries(headers ?? {})
        .flatMap(([name, value]) => [value].flat().map((each) => [name, `${each}`]));
    return { ...texts(rows.flat()), count: rows.length };
}

/** Bytes of what may be sent. */
export function bytesOf(data) {
    if (Buffer.isBuffer(data)) return data;
    if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return Buffer.from(data ?? "");
}

// ---- Contexts -----------------------------------------------------------------------------------

/** A context, which is told the time while it has connections. */
export class Context {
    /** options: those of weir_config by name; undefined leaves one as it is, null is no limit. */
    constructor(options = {}) {
        const size = sizeOf("weir_config"), config = new BigUint64Array(size / 8), kept = [];
        must(configInit(config, size));
        for (const [name, value] of Object.entries({ seed: randomBytes(32), ...options })) {
            const option = OPTIONS.get(name);
            if (!option) throw new TypeError(`${name} is not an option of weir`);
            if (value === undefined) continue;
            if (option.kind === "text") {
                kept.push(Buffer.from(value));
                must(configSetText(config, option.value, kept.at(-1), kept.at(-1).length));
            } else {
                must(configSet(config, option.value, value ?? NONE));
            }
        }
        must(contextCreate(config, toOut));
        this._handle = numberAt(out, 0);
        this._connections = new Map(); // by their handles
        this.closeTimeout = options.close_timeout_ms ?? null; // null: no limit
        kept.length = 0; // until here the config borrowed them
    }

    /** A server's side of a connection. owner.onReady() is called when its time has come. */
    server(owner) {
        this.tell();
        must(createServer(this._handle, toOut));
        return this._add(owner);
    }

    /** A client's; its request is output at once. */
    client(owner, { url, subprotocols = [], origin = "", headers = {} }) {
        const parts = texts([url, subprotocols.join(" "), origin]), fields = fieldsOf(headers);
        const request = new BigUint64Array(sizeOf("weir_request") / 8);
        request.set(parts.words, offsetOf("weir_request", "url") / 8);
        request[offsetOf("weir_request", "fields") / 8] = BigInt(addressOf(fields.words));
        request[offsetOf("weir_request", "field_count") / 8] = BigInt(fields.count);
        this.tell();
        const status = createClient(this._handle, request, toOut);
        parts.kept.length = fields.kept.length = 0; // until here the request borrowed them
        if (status < 0) throw errorOf(status, SyntaxError);
        return this._add(owner);
    }

    _add(owner) {
        const connection = new Connection(this, numberAt(out, 0), owner);
        this._connections.set(connection.handle, connection);
        this._timer ??= setInterval(() => this._tick(), TICK_MS).unref();
        return connection;
    }

    /** Tell the time. */
    tell() {
        setTime(this._handle, Math.trunc(performance.now()));
    }

    _tick() {
        this.tell();
        for (let handle; this._handle !== 0 && (handle = nextReady(this._handle)) !== 0;)
            this._connections.get(handle).owner.onReady();
    }

    _remove(handle) {
        this._connections.delete(handle);
        free(handle);
        if (this._connections.size > 0) return;
        clearInterval(this._timer);
        this._timer = undefined;
        if (this._over) this.free();
    }

    /** Free it, at once or with its last connection. */
    free() {
        this._over = true;
        if (this._connections.size > 0 || this._handle === 0) return;
        contextFree(this._handle);
        this._handle = 0;
    }
}

// ---- Connections --------------------------------------------------------------------------------

/** A connection, made by a context. Calls that send give a status: below 0 nothing was sent. */
export class Connection {
    constructor(context, handle, owner) {
        [this.context, this.handle, this.owner] = [context, handle, owner];
        this._lent = []; // {bytes, address}, in the order of their output
    }

    /**
     * Take bytes of the peer, which may be changed. Its events alone point into them, and all are
     * handled here: nothing of the chunk is held when this returns.
     * sink.onMessage(bytes, isText) gets a message: a part of the chunk where it came whole.
     * sink.onEvent(type, bytes, code, cause) gets all else. Both may call anything but receive.
     */
    receive(chunk, sink) {
        const len = chunk.length, isSmall = len <= SMALL;
        const arena = (arenas[depth] ??= new Arena());
        depth++;
        try {
            if (isSmall) arena.input.set(chunk);
            const address = isSmall ? arena.toInput : addressOf(chunk);
            for (let done = 0, again = true; again && this.handle !== 0;) {
                const count = receive(
                    this.handle, address + done, len - done, arena.toUsed, arena.toEvents, EVENTS);
                done += arena.used[0];
                if (isSmall && count > 0) chunk.set(arena.input.subarray(0, len)); // unmasked
                const foreign = this._give(arena, count, chunk, address, sink);
                again = done < len || count === EVENTS || foreign > LARGE;
            }
        } finally {
            depth--;
        }
    }

    /** Hand events to the sink. Returns how many bytes of weir's own memory were copied. */
    _give({ events, signed }, count, chunk, address, sink) {
        let foreign = 0;
        for (let word = 0; word < count * EVENT_WORDS; word += EVENT_WORDS) {
            const size = numberAt(events, word + AT_LEN), from = numberAt(events, word + AT_DATA);
            const begin = from - address;
            let data;
            if (begin >= 0 && begin + size <= chunk.length) {
                data = chunk.subarray(begin, begin + size);
            } else {
                data = copyOf(from, size);
                foreign += size;
            }
            if (events[word] === EVENT_MESSAGE)
                sink.onMessage(data, (events[word + AT_FLAGS] & FLAG_TEXT) !== 0);
            else
                sink.onEvent(events[word], data, events[word + AT_CODE] & 0xffff,
                    signed[word + AT_CAUSE]);
            if (this.handle === 0) break; // it was freed by the sink
        }
        return foreign;
    }

    /** Say that the transport has ended; its last events follow. */
    receiveEof(sink) {
        receiveEof(this.handle);
        this.receive(NOTHING, sink);
    }

    /** What is to be written, as buffers in order. It counts as written: weir lets go of it. */
    output() {
        const pieces = [];
        for (let count = SPANS; count === SPANS;) {
            count = output(this.handle, toSpans, SPANS);
            if (count > 0) sent(this.handle, this._takeSpans(count, pieces));
        }
        return pieces;
    }

    /** Make pieces of the spans: lent memory as it is, all else copied. Returns their bytes. */
    _takeSpans(count, pieces) {
        const known = pieces.length;
        let begin = 0, total = 0;
        for (let span = 0; span < count && this._lent.length > 0; span++) {
            const part = lentPart(this._lent, span);
            if (!part) continue;
            if (begin < span) pieces.push(gathered(begin, span));
            pieces.push(part);
            begin = span + 1;
        }
        if (begin < count) pieces.push(gathered(begin, count));
        for (let index = known; index < pieces.length; index++) total += pieces[index].length;
        return total;
    }

    /** WANT_...: what the connection waits for. */
    get wants() {
        return wants(this.handle);
    }

    /** Bytes of messages that were sent and are not yet output. */
    get bufferedAmount() {
        return Number(buffered(this.handle));
    }

    /** Send a message; type: TEXT or BINARY, with PLAIN or COMPRESS if wanted. */
    send(type, data) {
        if (typeof data === "string" && data.length * 3 <= SCRATCH)
            return send(this.handle, type, toScratch, scratch.write(data));
        const bytes = bytesOf(data);
        return send(this.handle, type, bytes, bytes.length);
    }

    /**
     * Send bytes from where they are, which must not change until they are written: only for a
     * server's message that is not compressed.
     */
    lend(type, bytes) {
        const address = addressOf(bytes);
        const status = sendRef(this.handle, type, address, bytes.length, 0);
        if (status >= 0) this._lent.push({ bytes, address });
        return status;
    }

    sendBegin(type) {
        return sendBegin(this.handle, type);
    }

    /** Send a piece of the message that was begun. */
    sendPart(data, isLast) {
        const bytes = bytesOf(data);
        return (isLast ? sendEnd : sendChunk)(this.handle, bytes, bytes.length);
    }

    ping(data) {
        const bytes = bytesOf(data);
        return ping(this.handle, bytes, bytes.length);
    }

    pong(data) {
        const bytes = bytesOf(data);
        return pong(this.handle, bytes, bytes.length);
    }

    /** code 0: none. */
    close(code, reason) {
        const bytes = bytesOf(reason);
        this.context.tell(); // the timeout counts from now
        return close(this.handle, code, bytes, bytes.length);
    }

    /** Answer a request: accept it with this subprotocol, "" for none. */
    accept(subprotocol, headers) {
        const { words, kept, count } = fieldsOf(headers), name = Buffer.from(subprotocol);
        const status = accept(
            this.handle, name.length > 0 ? name : null, name.length, words, count);
        kept.length = 0; // until here the call borrowed them
        return must(status);
    }

    /** Answer a request: refuse it with this HTTP status. */
    respond(httpStatus, headers, body) {
        const { words, kept, count } = fieldsOf(headers), bytes = Buffer.from(body);
        const status = respond(this.handle, httpStatus, words, count, bytes, bytes.length);
        kept.length = 0;
        return must(status);
    }

    /** A text of the handshake, by TEXT_...; undefined: there is none. */
    text(id) {
        return foundText(textOf(this.handle, id, toOut));
    }

    /** The handshake's header fields as in Node: names in lower case, doubles joined. */
    headers() {
        const found = {};
        for (let index = 0; headerAt(this.handle, index, toOut) >= 0; index++) {
            const name = foundText(0).toLowerCase(), value = foundText(0, 4);
            found[name] = name in found ? `${found[name]}, ${value}` : value;
        }
        return found;
    }

    /** The subprotocols that a client offers. */
    offeredSubprotocols() {
        const names = [];
        for (let name; (name = foundText(offered(this.handle, names.length, toOut)));)
            names.push(name);
        return names;
    }

    free() {
        if (this.handle === 0) return;
        this.context._remove(this.handle);
        this.handle = 0;
    }
}

const NOTHING = Buffer.alloc(0);
