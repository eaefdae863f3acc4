// SPDX-License-Identifier: MIT
// Chromium's WebSocket against our echo servers.
// matrix: Chromium | server | 16 MiB | handshake, subprotocol, text, binary, close codes
// matrix: Chromium | server | 16 MiB | compression, limits and faults, order of many messages

import { runBrowserCases } from "./support/browser.mjs";
import { launch } from "./support/chromium.mjs";

await runBrowserCases(launch,
    "permessage-deflate; server_max_window_bits=13; client_max_window_bits=13");
