// SPDX-License-Identifier: MIT
// A certificate for 127.0.0.1 and localhost, made while the tests run.

import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { skip } from "./harness.mjs";

/** Gives the files, the options of our servers, what makes Chromium trust it, and its end. */
export function makeCertificate() {
    const folder = mkdtempSync(path.join(tmpdir(), "weir-tls-"));
    const [cert, key] = ["cert.pem", "key.pem"].map((name) => path.join(folder, name));
    try {
        execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        { stdio: "ignore" });
    } catch {
        skip("openssl is missing");
    }
    // The browser trusts this one key, whoever signed it.
    const { publicKey } = new X509Certificate(readFileSync(cert));
    const pin = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" }));
    return {
        folder, cert, key,
        options: ["--cert", cert, "--key", key],
        trust: `--ignore-certificate-errors-spki-list=${pin.digest("base64")}`,
        remove: () => rmSync(folder, { recursive: true }),
    };
}
