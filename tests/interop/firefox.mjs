// SPDX-License-Identifier: MIT
// Firefox's WebSocket against our echo servers.
// matrix: Firefox | server | 16 MiB | handshake, subprotocol, text, binary, close codes
// matrix: Firefox | server | 16 MiB | compression, limits and faults, order of many messages

import { runBrowserCases } from "./support/browser.mjs";
import { launch } from "./support/firefox.mjs";

// It tells a page no parameters.
await runBrowserCases(launch, "permessage-deflate", ["echo_epoll", "echo_server.py"]);
