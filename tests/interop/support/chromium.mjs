// SPDX-License-Identifier: MIT
// A headless Chromium for the tests, driven by playwright-core.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { need, skip } from "./harness.mjs";

const PROGRAM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

/** A browser with an empty profile that asks nobody for anything; more arguments may follow. */
export async function launch(...more) {
    const { chromium } = need("playwright-core");
    if (!PROGRAM || spawnSync(PROGRAM, ["--version"]).status !== 0) skip("chromium is missing");
    return chromium.launch({
        executablePath: PROGRAM,
        args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ...more],
        timeout: 60000,
    });
}

/** An empty page of its own origin on loopback; gives its URL and a function that ends it. */
export async function servePage() {
    const server = createServer((_, response) => {
        response.setHeader("content-type", "text/html");
        response.end("<!doctype html><title>test</title>");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return [`http://127.0.0.1:${server.address().port}`, () => {
        server.closeAllConnections();
        server.close();
    }];
}
