// SPDX-License-Identifier: MIT
// Two tabs of Chromium in one room of the chat example; screenshots go to the build folder.
// matrix: Chromium | server | - | text, order of many messages, close codes

import path from "node:path";
import {
    BUILD, check, equal, needExamples, runCases, withServer,
} from "./support/harness.mjs";
import { launch } from "./support/chromium.mjs";

needExamples("chat_epoll");
const browser = await launch();

const withChat = (run) => () => withServer("chat_epoll", [], async (server) => {
    const home = server.url.replace("ws:", "http:");
    const tabs = [];
    /** A tab with nothing on its console, as Chromium shows what a page did wrong there. */
    const tab = async (place = "") => {
        const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
        page.complaints = [];
        page.on("pageerror", (error) => page.complaints.push(String(error)));
        page.on("console", (message) => {
            if (!message.text().includes("favicon")) page.complaints.push(message.text());
        });
        await page.goto(home + place);
        tabs.push(page);
        return page;
    };
    await run(tab, server);
    for (const page of tabs) {
        equal(page.complaints, [], "console");
        await page.close();
    }
});

async function enter(page, room, name) {
    await page.fill("#room", room);
    await page.fill("#name", name);
    await page.click("#enter button");
    await page.waitForSelector("#say:not([hidden])");
}

async function say(page, text) {
    await page.fill("#text", text);
    await page.press("#text", "Enter");
}

const shows = (page, text) => page.waitForFunction(
    (wanted) => [...document.querySelectorAll("#log li")].some((li) => li.textContent === wanted),
    text, { timeout: 5000 });

const lines = (page) => page.$$eval("#log li", (items) => items.map((li) => li.textContent));

const shoot = (page, name) => page.screenshot({ path: path.join(BUILD, `chat-${name}.png`) });

await runCases({
    two_tabs_in_a_room__hear_each_other: withChat(async (tab) => {
        const alice = await tab();
        await shoot(alice, "enter");
        await enter(alice, "lobby", "alice");
        await shows(alice, "alice joined");

        const bob = await tab("room/lobby?name=bob");
        await shows(alice, "bob joined");
        await shows(bob, "alice is here");

        await say(alice, "Hello, Bob!");
        await shows(bob, "alice: Hello, Bob!");
        await say(bob, "水 and 😀 and größer <b>than</b> & this");
        await shows(alice, "bob: 水 and 😀 and größer <b>than</b> & this");
        await say(alice, `a long line ${"of many words ".repeat(30)}${"x".repeat(200)}`);
        await say(bob, "  two  spaces  ");
        await shows(alice, "bob:   two  spaces  ");
        equal(await alice.inputValue("#text"), "", "the field after sending");
        await shoot(alice, "alice");
        await shoot(bob, "bob");

        await bob.goto("about:blank");
        await shows(alice, "bob left");
    }),

    other_rooms__hear_nothing: withChat(async (tab) => {
        const alice = await tab("room/one?name=alice");
        const carol = await tab("room/two?name=carol");
        await shows(alice, "alice joined");
        await shows(carol, "carol joined");
        await say(alice, "anyone?");
        await shows(alice, "alice: anyone?");
        equal(await lines(carol), ["carol joined"]);
    }),

    hundred_messages__arrive_in_order_and_scroll: withChat(async (tab) => {
        const alice = await tab("room/lobby?name=alice");
        const bob = await tab("room/lobby?name=bob");
        await shows(bob, "bob joined");
        for (let number = 0; number < 100; number++) await say(alice, `line ${number}`);
        await shows(bob, "alice: line 99");
        const said = (await lines(bob)).filter((line) => line.startsWith("alice: "));
        equal(said, [...Array(100).keys()].map((number) => `alice: line ${number}`));
        check(await bob.$eval("#log", (log) => log.scrollTop > 0), "not scrolled to the end");
        await shoot(bob, "scrolled");
    }),

    stop_of_the_server__is_shown: withChat(async (tab, server) => {
        const alice = await tab("room/lobby?name=alice");
        await shows(alice, "alice joined");
        server.child.kill("SIGTERM");
        await alice.waitForFunction(
            () => document.querySelector("#log li:last-child").textContent.startsWith("closed"));
        await shoot(alice, "stopped");
    }),
}, () => browser.close());
