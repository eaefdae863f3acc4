// SPDX-License-Identifier: MIT
// The headers of weir for Node through koffi: constants, functions, memory; nothing of sockets.
//
// All of it is read from weir_api.json, which the build writes beside the library (../describe.py
// says what stands in it). WEIR_LIB names the library, WEIR_API the description; without them they
// are looked for in this folder, and the description beside the library and in share/weir too.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const koffi = createRequire(import.meta.url)("koffi");

const FORMAT = 1;
const HERE = path.dirname(fileURLToPath(import.meta.url));
const NAMES = { win32: "weir.dll", darwin: "libweir.dylib" };

if (koffi.sizeof("void *") !== 8 || new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1)
    throw new Error("weir: this binding is for 64-bit little-endian targets");

function libraryPath() {
    const name = NAMES[process.platform] ?? "libweir.so";
    const beside = path.join(HERE, name);
    return process.env.WEIR_LIB ?? (existsSync(beside) ? beside : name);
}

function description(library) {
    const places = process.env.WEIR_API ? [process.env.WEIR_API] : [
        path.join(path.dirname(library), "weir_api.json"), path.join(HERE, "weir_api.json"),
        "/usr/local/share/weir/weir_api.json", "/usr/share/weir/weir_api.json"];
    const place = places.find((each) => existsSync(each));
    if (!place) throw new Error("weir: weir_api.json is not found; describe.py writes it");
    const api = JSON.parse(readFileSync(place, "utf8"));
    if (api.format !== FORMAT) throw new Error(`weir: ${place} has format ${api.format}`);
    return api;
}

const found = libraryPath();
const api = description(found);
const library = koffi.load(found);

// ---- Constants and functions --------------------------------------------------------------------

/** Every enumerator and macro by its name without WEIR_. */
export const C = {};
for (const { name, value } of [...api.enums.flatMap((each) => each.values), ...api.macros])
    C[name.slice("WEIR_".length)] = typeof value === "string" ? BigInt(value) : value;

export const OPTIONS = new Map(api.options.map((option) => [option.name, option]));

const structs = new Map(api.structs.map((each) => [each.name, each]));
export const sizeOf = (struct) => structs.get(struct).size;
/** Where a field is, in bytes. */
export const offsetOf = (struct, field) =>
    structs.get(struct).fields.find((each) => each.name === field).offset;

function typeOf({ base, kind, pointers }) {
    return pointers > 0 || kind === "callback" ? "void *" : base;
}

/** The functions by their names without weir_; each is bound when it is first asked for. */
const functions = new Map(api.functions.map((each) => [each.name, each]));
export function bind(name) {
    const { returns, params } = functions.get(`weir_${name}`);
    const result = name.startsWith("status_") && returns.pointers ? "str" : typeOf(returns);
    return library.func(`weir_${name}`, result, params.map(typeOf));
}

const statusName = bind("status_name");
const statusText = bind("status_text");
const statusWire = bind("status_wire");

/** The error of a status: code is its name, wire what the peer is told. */
export function errorOf(status, Kind = Error) {
    return Object.assign(new Kind(statusText(status)),
        { code: statusName(status), status, wire: statusWire(status) });
}

export function must(status) {
    if (status < 0) throw errorOf(status);
    return status;
}

// ---- Memory -------------------------------------------------------------------------------------

/** memcpy(to, from, len): a call of some 0.1 us; a view of foreign memory costs far more. */
export const memcpy = koffi.load(process.platform === "win32" ? "msvcrt.dll" : null)
    .func("memcpy", "void *", ["void *", "void *", "size_t"]);

/** The address of a buffer as a number: it does not move as long as the buffer lives. */
export const addressOf = (buffer) => Number(koffi.address(buffer));

/** What stands at an address, in memory of its own. */
export function copyOf(address, len) {
    const copy = Buffer.allocUnsafe(len);
    if (len > 0) memcpy(copy, address, len);
    return copy;
}

/** Pairs of pointer and length for texts: [at, len, at, len, ...]; keep holds their bytes. */
export function texts(list) {
    const keep = list.map((text) => Buffer.from(text, "utf8"));
    const words = new BigUint64Array(Math.max(2, 2 * list.length));
    keep.forEach((bytes, index) => {
        words[2 * index] = bytes.length > 0 ? koffi.address(bytes) : 0n;
        words[2 * index + 1] = BigInt(bytes.length);
    });
    return { words, keep };
}
