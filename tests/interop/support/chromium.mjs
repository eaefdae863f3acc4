// SPDX-License-Identifier: MIT
// A headless Chromium for the tests, driven by playwright-core.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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
