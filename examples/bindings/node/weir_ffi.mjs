// SPDX-License-Identifier: MIT
// The headers of weir for Node through koffi: constants, functions, memory; nothing of sockets.
//
// All of it is read from weir_api.json, which the build writes beside the library (../describe.py
// says what stands in it). WEIR_LIB names the library, WEIR_API the description; without them they
// are looked for in this folder, and the description beside the library and in share/weir too; a
// library that the system finds by its name alone is beside nothing that is known.
//
// Addresses are numbers here: koffi takes them for pointers, and they reckon faster than BigInts.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const koffi = createRequire(import.meta.url)("koffi"); // so that NODE_PATH may say where it is

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
    const beside = path.basename(library) === library ? [] : [path.dirname(library)];
    const places = process.env.WEIR_API ? [process.env.WEIR_API] : [
        ...[...beside, HERE].map((folder) => path.join(folder, "weir_api.json")),
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

/** What weir_config_set and weir_config_set_text know: {name, value, kind}. */
export const OPTIONS = new Map(api.options.map((option) => [option.name, option]));

const structs = new Map(api.structs.map((each) => [each.name, each]));
export const sizeOf = (struct) => structs.get(struct).size;
/** Where a field is, in bytes. */
export const offsetOf = (struct, field) =>
    structs.get(struct).fields.find((each) => each.name === field).offset;

const functions = new Map(api.functions.map((each) => [each.name, each]));
const isAddress = ({ kind, pointers }) => pointers > 0 || kind === "callback";

/** A function by its name without weir_. */
export function bind(name) {
    const { returns, params } = functions.get(`weir_${name}`);
    const isText = returns.pointers === 1 && returns.base === "char";
    return library.func(`weir_${name}`,
        isText ? "str" : isAddress(returns) ? "uint64_t" : returns.base,
        params.map((each) => (isAddress(each) ? "void *" : each.base)));
}

const [major, minor] = api.version.split(".").map(Number);
if (bind("version")() >> 8 !== (major << 8 | minor))
    throw new Error(`weir: the library is not of version ${api.version}`);

const [statusName, statusText, statusWire] =
    ["status_name", "status_text", "status_wire"].map(bind);

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

/** memcpy(to, from, len): one call; a view of foreign memory costs far more. */
export const memcpy = koffi.load(process.platform === "win32" ? "msvcrt.dll" : null)
    .func("memcpy", "void", ["void *", "void *", "size_t"]);

/** Where a buffer is: it does not move as long as it lives. */
export const addressOf = (buffer) => Number(koffi.address(buffer));

/** The number in two 32-bit words; sizes and addresses are below 2^53. */
export const numberAt = (words, at) => words[at + 1] * 2 ** 32 + words[at];

/** What stands at an address, in memory of its own. */
export function copyOf(address, len) {
    const copy = Buffer.allocUnsafe(len);
    if (len > 0) memcpy(copy, address, len);
    return copy;
}

/** Texts as weir_text, one behind the other; kept holds their bytes and has to live as long. */
export function texts(list) {
    const kept = list.map((text) => Buffer.from(text, "utf8"));
    const words = new BigUint64Array(Math.max(2, 2 * list.length));
    kept.forEach((bytes, index) => {
        words[2 * index] = bytes.length > 0 ? BigInt(addressOf(bytes)) : 0n;
        words[2 * index + 1] = BigInt(bytes.length);
    });
    return { words, kept };
}
