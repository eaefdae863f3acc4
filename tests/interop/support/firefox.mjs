// SPDX-License-Identifier: MIT
// A headless Firefox for the tests, driven by WebDriver BiDi, in the shape of playwright.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { check, need, skip, startProgram, within } from "./harness.mjs";

const START_SECONDS = 60;
const COMMAND_SECONDS = 35;
const PREFERENCES = {
    // It asks nobody for anything.
    "app.normandy.enabled": false, "app.update.enabled": false, "extensions.update.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false, "network.proxy.type": 0,
    "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
    "services.settings.server": "http://127.0.0.1:9", "toolkit.telemetry.server": "",
    "browser.shell.checkDefaultBrowser": false,
    "browser.startup.homepage_override.mstone": "ignore",
    // A refused connection is not waited for before the next.
    "network.websocket.delay-failed-reconnects": false,
};

/** Start Firefox with an empty profile of its own; gives the URL where it listens. */
async function startFirefox(folder) {
    writeFileSync(path.join(folder, "user.js"), Object.entries(PREFERENCES).map(
        ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));
    const firefox = startProgram("firefox-esr",
        ["--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"],
        { stdio: ["ignore", "ignore", "pipe"],
            env: { ...process.env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: "1" } });
    const listens = new Promise((resolve) => {
        createInterface({ input: firefox.child.stderr }).on("line", (line) => {
            const match = /WebDriver BiDi listening on (ws:\S+)/.exec(line);
            if (match) resolve(match[1]);
        });
    });
    return [firefox, await within(START_SECONDS, listens, "start of Firefox")];
}

/** A connection to the browser: command(method, parameters) gives its result. */
async function control(url) {
    const { WebSocket } = need("ws");
    const socket = new WebSocket(`${url}/session`);
    const waiting = new Map();
    socket.on("message", (data) => {
        const answer = JSON.parse(data);
        waiting.get(answer.id)?.(answer);
        waiting.delete(answer.id);
    });
    await within(10, new Promise((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("error", reject);
    }), "control of Firefox");
    let last = 0;
    return async (method, params) => {
        const id = ++last;
        const came = new Promise((resolve) => waiting.set(id, resolve));
        socket.send(JSON.stringify({ id, method, params }));
        const answer = await within(COMMAND_SECONDS, came, method);
        check(answer.type === "success", `${method}: ${answer.error} ${answer.message}`);
        return answer.result;
    };
}

/** A page, with the methods of playwright's that the tests use. */
async function newPage(command) {
    const { context } = await command("browsingContext.create", { type: "tab" });
    const wait = "complete";
    return {
        goto: (url) => command("browsingContext.navigate", { context, url, wait }),
        reload: () => command("browsingContext.reload", { context, wait }),
        close: () => command("browsingContext.close", { context }),
        async evaluate(run, argument = null) {
            const { type, result, exceptionDetails } = await command("script.callFunction", {
                functionDeclaration: `async (argument) => JSON.stringify(
                    await (${run})(JSON.parse(argument)) ?? null)`,
                arguments: [{ type: "string", value: JSON.stringify(argument) }],
                awaitPromise: true, target: { context },
            });
            check(type === "success", exceptionDetails?.text);
            return JSON.parse(result.value);
        },
    };
}

/** A browser with an empty profile that asks nobody for anything. */
export async function launch() {
    if (spawnSync("firefox-esr", ["--version"]).status !== 0) skip("firefox-esr is missing");
    const folder = mkdtempSync(path.join(tmpdir(), "weir-firefox-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    const [firefox, url] = await startFirefox(folder);
    const command = await control(url);
    await command("session.new", { capabilities: {} });
    return { newPage: () => newPage(command), close: firefox.stop };
}
