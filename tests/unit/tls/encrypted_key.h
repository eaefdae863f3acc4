/* SPDX-License-Identifier: MIT */
/* A key for a test alone, its password is: secret */
"-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,17C1508C7A6C9B2EC8D3A4FB712BF7BB\n"
    "\n"
    "7HZNAFtMWmFRyw8fZv6bBKQ6Bp3EhEQCazaG5fVMUE2HtgMR0IyNqifYlbq1FKy8\n"
    "C690LK73FY5neL30Sbt6DOjxvg1mEEc95LKGzF2IdjJ9KUzLW8Z0TvjKvUwEeDbC\n"
    "rNuQiMWXpxYszzTJ35B0Uv6htFqGjTKmG/SG2C1WYlU=\n"
    "-----END EC PRIVATE KEY-----\n"
