/* SPDX-License-Identifier: MIT */
/* The web side of chat_epoll: its page, and who asks for it over HTTP. */
#ifndef EXAMPLES_CHAT_WEB_H
#define EXAMPLES_CHAT_WEB_H

#include <string.h>

#include <weir/weir.h>

#define CHAT_NAME_MAX 32

static const char chat_html[] =
    "<!doctype html>\n"
    "<html lang=en>\n"
    "<meta charset=utf-8>\n"
    "<meta name=viewport content='width=device-width'>\n"
    "<title>weir chat</title>\n"
    "<link rel=stylesheet href=/chat.css>\n"
    "<h1 id=title>weir chat</h1>\n"
    "<form id=enter>\n"
    "  <input id=room placeholder=Room required pattern='[A-Za-z0-9_\\-]{1,32}'>\n"
    "  <input id=name placeholder=Name required pattern='[A-Za-z0-9_\\-]{1,32}'>\n"
    "  <button>Enter</button>\n"
    "</form>\n"
    "<ol id=log></ol>\n"
    "<form id=say hidden>\n"
    "  <input id=text placeholder='Say something' autocomplete=off maxlength=1000>\n"
    "  <button>Send</button>\n"
    "</form>\n"
    "<script src=/chat.js></script>\n";

static const char chat_css[] =
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 2em auto; }\n"
    "body { padding: 0 1em; color: #222; background: #fafaf7; }\n"
    "form { display: flex; gap: .5em; } form[hidden] { display: none; }\n"
    "input { flex: 1; min-width: 0; } input, button { font: inherit; padding: .3em .6em; }\n"
    "ol { list-style: none; padding: 0; height: 60vh; overflow-y: auto; }\n"
    "li { overflow-wrap: anywhere; white-space: pre-wrap; }\n"
    "li.note { color: #777; font-style: italic; }\n";

/* What came from others is shown by textContent alone, so it can never become markup. */
static const char chat_js[] =
    "'use strict';\n"
    "const at = id => document.getElementById(id);\n"
    "const room = decodeURIComponent(location.pathname.split('/')[2] || '');\n"
    "const name = new URLSearchParams(location.search).get('name');\n"
    "\n"
    "function show(text, kind) {\n"
    "  const line = document.createElement('li');\n"
    "  line.textContent = text;\n"
    "  line.className = kind;\n"
    "  at('log').append(line);\n"
    "  line.scrollIntoView();\n"
    "}\n"
    "\n"
    "function hear(line) {\n"
    "  const [what, who, ...words] = line.split(' ');\n"
    "  if (what === 'say') show(`${who}: ${words.join(' ')}`, 'said');\n"
    "  else show(`${who} ${{here: 'is here', join: 'joined', leave: 'left'}[what]}`, 'note');\n"
    "}\n"
    "\n"
    "function enter() {\n"
    "  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';\n"
    "  const socket = new WebSocket(`${scheme}//${location.host}/room/${room}?name=${name}`);\n"
    "  socket.onmessage = event => hear(event.data);\n"
    "  socket.onclose = event => {\n"
    "    show(`closed: ${event.reason || event.code}`, 'note');\n"
    "    at('say').hidden = true;\n"
    "  };\n"
    "  at('say').onsubmit = event => {\n"
    "    event.preventDefault();\n"
    "    if (at('text').value) socket.send(at('text').value);\n"
    "    at('text').value = '';\n"
    "  };\n"
    "  document.title = at('title').textContent = `${room}, as ${name}`;\n"
    "  at('enter').hidden = true;\n"
    "  at('say').hidden = false;\n"
    "  at('text').focus();\n"
    "}\n"
    "\n"
    "at('room').value = room || 'lobby';\n"
    "at('enter').onsubmit = event => {\n"
    "  event.preventDefault();\n"
    "  location.href = `/room/${at('room').value}?name=${at('name').value}`;\n"
    "};\n"
    "if (room && name) enter();\n";

static inline bool chat_is(weir_text text, const char *other)
{
    return text.len == strlen(other) && memcmp(text.data, other, text.len) == 0;
}

/* Copy what follows the prefix, when it is a name. */
static inline bool chat_take_name(weir_text text, const char *prefix, char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t skip = strlen(prefix);
    if (text.len <= skip || text.len - skip > CHAT_NAME_MAX || memcmp(text.data, prefix, skip) != 0)
        return false;
    memcpy(name, text.data + skip, text.len - skip);
    name[text.len - skip] = '\0';
    return strspn(name, letters) == text.len - skip;
}

static inline void chat_respond(weir_conn *conn, int status, const char *type, const char *body)
{
    const weir_field fields[] = {
        {{"Content-Type", WEIR_NTS}, {type, WEIR_NTS}},
        {{"X-Content-Type-Options", WEIR_NTS}, {"nosniff", WEIR_NTS}},
        {{"Content-Security-Policy", WEIR_NTS},
         {"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          WEIR_NTS}},
        {{"Allow", WEIR_NTS}, {"GET, HEAD", WEIR_NTS}},
    };
    weir_conn_respond(conn, status, fields, status == 405 ? 4 : 3, body, strlen(body));
}

static inline void chat_on_http(weir_conn *conn)
{
    char room[CHAT_NAME_MAX + 1];
    weir_text method, path;
    weir_conn_text(conn, WEIR_TEXT_METHOD, &method);
    weir_conn_text(conn, WEIR_TEXT_PATH, &path);
    if (!chat_is(method, "GET") && !chat_is(method, "HEAD"))
        chat_respond(conn, 405, "text/plain", "GET it\n");
    else if (chat_is(path, "/") || chat_take_name(path, "/room/", room))
        chat_respond(conn, 200, "text/html; charset=utf-8", chat_html);
    else if (chat_is(path, "/chat.css"))
        chat_respond(conn, 200, "text/css", chat_css);
    else if (chat_is(path, "/chat.js"))
        chat_respond(conn, 200, "text/javascript", chat_js);
    else if (chat_is(path, "/health"))
        chat_respond(conn, 200, "text/plain", "ok");
    else
        chat_respond(conn, 404, "text/plain", "not found\n");
}

#endif
