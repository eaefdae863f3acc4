// SPDX-License-Identifier: MIT
// WebSocket for Node on weir, in the manner of the package ws:
//
//     import WebSocket, { WebSocketServer } from "./weir.mjs";
//
// weir_ffi.mjs is the library, connection.mjs WebSocket without the I/O, the others its sockets.

import { WebSocketServer } from "./server.mjs";
import { WebSocket } from "./websocket.mjs";

export { Connection, Context } from "./connection.mjs";
export { WebSocket, WebSocketServer };

WebSocket.WebSocket = WebSocket;
WebSocket.Server = WebSocket.WebSocketServer = WebSocketServer;
export default WebSocket;
