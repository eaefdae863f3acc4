#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what the tests need, build, and run them all: sh tests/run.sh [arguments of meson test]
# BUILD names another build folder. Where apt-get cannot help it says what is missing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$root/build}
missing=

need() { # need PACKAGE COMMAND...: the package is missing when the command fails
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

has_asan_runtime() {
    set -- "$(clang -print-resource-dir)"/lib/*/libclang_rt.asan*
    [ -e "$1" ]
}

has_header() { # has_header HEADER [compiler argument]
    echo "#include <$1>" | gcc "${2:--O0}" -fsyntax-only -xc -
}

need_compiler() { # need_compiler TRIPLE ARCHITECTURE: a cross compiler and its libc
    need "gcc-$1" "$1-gcc" --version
    need "libc6-dev-$2-cross" test -e "/usr/$1/include/stdint.h"
}

find_missing() {
    missing=
    need gcc gcc --version
    need g++ g++ --version
    need meson meson --version
    need ninja-build ninja --version
    need cmake cmake --version
    need pkg-config pkg-config --version
    need clang clang --version
    need libclang-rt-dev has_asan_runtime
    need clang-format clang-format --version
    need clang-tidy clang-tidy --version
    need cppcheck cppcheck --version
    need abigail-tools abidiff --version
    need valgrind valgrind --version
    need universal-ctags ctags --output-format=json --version
    need libc6-dev-i386 has_header stdint.h -m32
    need libcmocka-dev pkg-config --exists cmocka
    need libwslay-dev has_header wslay/wslay.h
    need libhttp-parser-dev has_header http_parser.h
    need libboost-dev has_header boost/version.hpp
    need libwebsocketpp-dev test -e /usr/include/websocketpp/version.hpp
    need libwebsockets-dev has_header libwebsockets.h
    need libmbedtls-dev has_header mbedtls/ssl.h
    need libssl-dev has_header openssl/ssl.h
    need openssl openssl version
    need libuv1-dev pkg-config --exists libuv
    need libevent-dev pkg-config --exists libevent_core
    need libnghttp2-dev pkg-config --exists libnghttp2
    need zlib1g-dev pkg-config --exists zlib
    need python3 test -x /usr/bin/python3
    need python3-websockets /usr/bin/python3 -c 'import websockets'
    need python3-h2 /usr/bin/python3 -c 'import h2'
    need python3-autobahn /usr/bin/python3 -c 'import autobahn.asyncio.websocket'
    need mosquitto test -x /usr/sbin/mosquitto
    need nodejs node --version
    need npm npm --version
    need nginx-light env "PATH=$PATH:/usr/sbin" nginx -v
    need haproxy env "PATH=$PATH:/usr/sbin" haproxy -v
    need tinyproxy-bin tinyproxy -v
    need microsocks test -x /usr/bin/microsocks
    need chromium chromium --version
    need firefox-esr firefox-esr --version
    need curl curl --version
    need dpkg dpkg-deb --version
    need_compiler aarch64-linux-gnu arm64
    need_compiler arm-linux-gnueabihf armhf
    need_compiler s390x-linux-gnu s390x
    need_compiler i686-linux-gnu i386
    need qemu-user qemu-x86_64 --version
    need musl-tools musl-gcc --version
    need tcc tcc -v
    need rustc rustc --version
    need cargo cargo --version
    need luajit luajit -v
    need lua-socket luajit -e 'require "socket"'
    need lua-http luajit -e 'require "http.websocket"'
}

install_missing() {
    [ -n "$missing" ] || return 0
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        echo "installing:$missing"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        # One by one after a failure, so that one unknown name does not keep the others away.
        # shellcheck disable=SC2086
        apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
            for package in $missing; do
                apt-get install -y -qq --no-install-recommends "$package" >/dev/null || true
            done
        find_missing
    fi
    [ -z "$missing" ] || echo "missing, and not installed:$missing"
}

install_node_packages() { # install_node_packages NAME@VERSION...: into the build folder
    for package in "$@"; do
        manifest=$build/node/node_modules/${package%@*}/package.json
        grep -qs "\"version\": \"${package#*@}\"" "$manifest" && continue
        mkdir -p "$build/node"
        npm install --prefix "$build/node" --no-save --no-package-lock --no-audit --no-fund \
            --loglevel=error "$@" || echo "missing, and not installed: $*"
        return 0
    done
}

# From an index of its own: the system is to know no packages of other architectures.
fetch_cmocka() { # fetch_cmocka ARCHITECTURE...: into the build folder
    mkdir -p "$build/cross"
    cross=$(cd "$build/cross" && pwd)
    left=
    for arch in "$@"; do
        [ -e "$cross/$arch/usr/include/cmocka.h" ] || left=$arch
    done
    [ -n "$left" ] || return 0
    command -v apt-get >/dev/null || return 0
    mkdir -p "$cross/apt/lists/partial" "$cross/apt/archives/partial"
    cat >"$cross/apt/conf" <<CONF
Dir::State::lists "$cross/apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$cross/apt";
Acquire::Languages "none";
APT::Sandbox::User "";
APT::Architectures { "$(echo "$@" | sed 's/ /"; "/g')"; };
CONF
    (
        cd "$cross/apt"
        export APT_CONFIG="$cross/apt/conf"
        apt-get update -qq || true # one source that fails need not be the one that has it
        for arch in "$@"; do
            apt-get download -qq "libcmocka0:$arch" "libcmocka-dev:$arch" || continue
            for file in ./*_"$arch".deb; do
                dpkg-deb -x "$file" "$cross/$arch"
            done
        done
    ) >"$cross/log" 2>&1 || true
    rm -rf "$cross/apt"
    [ -e "$cross/$left/usr/include/cmocka.h" ] || echo "missing, see $cross/log: libcmocka-dev:$left"
}

find_missing
install_missing
fetch_cmocka arm64 armhf s390x i386
install_node_packages ws@8.23.0 bufferutil@4.1.0 playwright-core@1.65.1 koffi@3.3.4 \
    socket.io@4.8.4 graphql-ws@6.4.2 graphql@17.1.0

# Configuring anew each time finds new test files.
werror=false
tls=auto
[ "${CI:-}" != true ] || werror=true tls=enabled
if [ -e "$build/build.ninja" ]; then
    meson setup --reconfigure "$build" "$root" -Dwerror=$werror -Dtls=$tls >"$build/setup.log"
else
    meson setup "$build" "$root" -Dtests=enabled -Dwerror=$werror -Dtls=$tls \
        >"$build/setup.log"
fi || {
    cat "$build/setup.log"
    exit 1
}
ninja -C "$build" --quiet
exec meson test -C "$build" --no-rebuild --print-errorlogs "$@"
