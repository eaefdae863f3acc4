// SPDX-License-Identifier: MIT
// WebSocketServer on an HTTP server of Node, in the manner of the package ws.

import { EventEmitter } from "node:events";
import http from "node:http";
import { Context } from "./connection.mjs";
import { policyOf, WebSocket } from "./websocket.mjs";
import { C, errorOf } from "./weir_ffi.mjs";

const NOTHING = Buffer.alloc(0);
const EXTENSION = /\r\nSec-WebSocket-Extensions: ([^;\r]*)/i; // the name of the one accepted
const upgradeRequired = http.STATUS_CODES[426];
const UNAVAILABLE = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
    + "Content-Type: text/html\r\nContent-Length: 19\r\n\r\nService Unavailable";

/** The bytes of a request that Node's http has parsed: weir judges them by its own rules. */
function requestBytes({ method, url, httpVersion, rawHeaders }) {
    let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
    for (let at = 0; at < rawHeaders.length; at += 2)
        head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
    return Buffer.from(`${head}\r\n`, "latin1");
}

/** The last bytes of a socket. */
function endWith(bytes, socket) {
    socket.once("finish", () => socket.destroy());
    socket.end(bytes);
}

export class WebSocketServer extends EventEmitter {
    /** options: those of ws, and `weir` (weir_config by name). */
    constructor(options = {}, callback = undefined) {
        super();
        const { port, host, backlog, server, noServer } = options;
        if ([port !== undefined, server !== undefined, Boolean(noServer)]
            .filter(Boolean).length !== 1)
            throw new TypeError("one of the options port, server and noServer must be given");
        this.options = options;
        this.clients = new Set();
        this._context = new Context(policyOf(options, true));
        this._closing = this._closed = false;
        if (noServer) return;
        this._server = server ?? http.createServer((request, response) => {
            response.writeHead(426, {
                "Content-Type": "text/plain", "Content-Length": upgradeRequired.length });
            response.end(upgradeRequired);
        });
        this._listeners = {
            listening: () => this.emit("listening"),
            error: (error) => this.emit("error", error),
            upgrade: (request, socket, head) => this.handleUpgrade(request, socket, head,
                (client) => this.emit("connection", client, request)),
        };
        for (const [name, listener] of Object.entries(this._listeners))
            this._server.on(name, listener);
        if (!server) this._server.listen(port, host, backlog, callback);
    }

    address() {
        return this._server?.address() ?? null;
    }

    /** Whether a request is for this server: may be replaced. */
    shouldHandle(request) {
        return !this.options.path || request.url.split("?")[0] === this.options.path;
    }

    /** Take over a request to upgrade; callback(client, request) once it is accepted. */
    handleUpgrade(request, socket, head, callback) {
        if (this._closing) { // the context may be gone
            socket.on("error", () => socket.destroy());
            endWith(UNAVAILABLE, socket);
            return;
        }
        const upgrade = new Upgrade(this, request, socket, head, callback);
        if (upgrade.fault) this._fault(upgrade, request, socket);
        else if (!this.shouldHandle(request)) upgrade.refuse(400);
        else this._verify(upgrade, request, socket);
    }

    /** weir refused the request by itself; who listens to wsClientError answers it. */
    _fault(upgrade, request, socket) {
        if (this.emit("wsClientError", errorOf(upgrade.fault), socket, request)) {
            upgrade.drop();
            upgrade.connection.free();
        } else {
            upgrade.leave();
        }
    }

    _verify(upgrade, request, socket) {
        const { verifyClient } = this.options;
        const info = { origin: request.headers.origin, req: request,
            secure: Boolean(socket.encrypted) };
        const answer = (isGood, status = 401, message = undefined, headers = {}) =>
            isGood ? upgrade.accept() : upgrade.refuse(status, message, headers);
        if (!verifyClient) upgrade.accept();
        else if (verifyClient.length === 2) verifyClient(info, answer);
        else answer(verifyClient(info));
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
        if (!this._closing || this._closed || this.clients.size > 0) return;
        this._closed = true;
        this._context.free();
        process.nextTick(() => this.emit("close"));
    }
}

/** A request to upgrade, until it is accepted or refused. */
class Upgrade {
    constructor(server, request, socket, head, callback) {
        Object.assign(this, { server, request, socket, head, callback });
        [this.fault, this.answered] = [C.OK, false];
        this.onError = () => socket.destroy();
        this.onClose = () => this.connection.free();
        socket.on("error", this.onError).on("close", this.onClose);
        this.connection = server._context.server(this);
        this.connection.receive(requestBytes(request), this);
    }

    // What the connection calls: it asks to be answered, unless it refuses by itself.

    onMessage() {}

    onEvent(type, data, code, cause) {
        if (type === C.EVENT_CLOSED) this.fault = cause;
    }

    onReady() {}

    /** Whether it may still be answered: once, and not after the client has gone. */
    _mayAnswer() {
        const may = !this.answered && this.connection.handle !== 0 && !this.socket.destroyed;
        this.answered = true;
        return may;
    }

    accept() {
        const { connection, server, socket, request } = this;
        if (server._closing) return this.refuse(503);
        if (!this._mayAnswer()) return undefined;
        if (!socket.readable || !socket.writable) return socket.destroy();
        connection.accept(this._subprotocol(), {});
        connection.receive(NOTHING, this); // it is open now
        const answer = Buffer.concat(connection.output());
        const [, extensions = ""] = EXTENSION.exec(answer.latin1Slice()) ?? [];
        this.drop();
        socket.write(answer);
        if (this.head.length > 0) socket.unshift(this.head);
        const client = WebSocket._accepted(connection, socket, extensions);
        server.clients.add(client);
        client.on("close", () => {
            server.clients.delete(client);
            server._perhapsClosed();
        });
        return this.callback(client, request);
    }

    _subprotocol() {
        const names = new Set(this.connection.offeredSubprotocols());
        const { handleProtocols } = this.server.options;
        if (names.size === 0) return "";
        return (handleProtocols ? handleProtocols(names, this.request) : [...names][0]) || "";
    }

    refuse(status, body = http.STATUS_CODES[status], headers = {}) {
        if (!this._mayAnswer()) return;
        this.connection.respond(status, { "Content-Type": "text/html", ...headers }, body ?? "");
        this.leave();
    }

    /** Write weir's answer and end. */
    leave() {
        endWith(Buffer.concat(this.connection.output()), this.socket);
    }

    /** The socket is another's from now on. */
    drop() {
        this.socket.removeListener("error", this.onError).removeListener("close", this.onClose);
    }
}
