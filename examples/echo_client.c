/* SPDX-License-Identifier: MIT */
/* A client that echoes what comes until the server closes: the loop of a single connection. */
#define _POSIX_C_SOURCE 200809L

#include <weir/weir.h>

#include "common.h"
#include "dial.h"
#include "echo.h"
#include "pump.h"

static bool paused; /* the server does not read what we send: we do not read what it sends */

static void on_event(weir_conn *conn, const weir_event *event)
{
    echo(conn, event, &paused);
}

/* Wait for the network or a deadline; whether there is something to read. */
static bool wait_for_input(const dialed *to)
{
    const uint32_t wants = dial_wants(to, paused);
    const int in = wants & WEIR_WANT_INPUT ? POLLIN : 0;
    const int out = wants & WEIR_WANT_OUTPUT ? POLLOUT : 0;
    struct pollfd wait = {to->fd, (short)(in | out), 0};
    poll(&wait, 1, ms_until(weir_context_next_due(to->context), now_ms()));
    weir_context_set_time(to->context, now_ms());
    return wait.revents & (POLLIN | POLLERR | POLLHUP);
}

static void run(const dialed *to)
{
    bool alive = dial_pump(to, false, on_event);
    while (alive) {
        const bool readable = wait_for_input(to);
        alive = dial_pump(to, readable, on_event);
        /* With more connections than one these are the ones whose deadline passed. */
        while (alive && weir_context_next_ready(to->context))
            alive = dial_pump(to, false, on_event);
    }
}

/* How it ended, as the program's exit status. */
static int report(const dialed *to)
{
    const weir_report end = dial_report(to);
    if (end.clean)
        return 0;
    fprintf(stderr, "%.*s (%s)\n", (int)end.text.len, end.text.data, dial_status_name(end.cause));
    return 1;
}

static void usage(const char *program)
{
    fprintf(stderr, "usage: %s [--no-deflate] [--max-message BYTES] " DIAL_USAGE "\n", program);
    exit(2);
}

static void parse_options(char **argv, weir_config *config, weir_request *request, dial_way *way)
{
    for (char **arg = argv + 1; *arg; arg++) {
        if (dial_option(&arg, way)) {
            continue;
        } else if (strcmp(*arg, "--no-deflate") == 0) {
            config->deflate = WEIR_DEFLATE_OFF;
        } else if (strcmp(*arg, "--max-message") == 0 && arg[1]) {
            if (!parse_number(*++arg, &config->max_message_bytes))
                usage(argv[0]);
        } else if (**arg != '-' && !arg[1]) {
            request->url = (weir_text){*arg, strlen(*arg)};
        } else {
            usage(argv[0]);
        }
    }
    if (request->url.len == 0)
        usage(argv[0]);
}

int main(int argc, char **argv)
{
    weir_config config;
    weir_request request = {0};
    (void)argc;
    weir_config_init(&config, sizeof config);
    /* As the echo servers: large messages, any fragments, no send refused. */
    config.max_message_bytes = 64 << 20;
    config.max_fragments = config.max_empty_fragments = WEIR_NONE;
    config.flood_rate = config.flood_burst = WEIR_NONE;
    config.max_queued_bytes = WEIR_NONE;
    config.deflate = WEIR_DEFLATE_PREFERRED;
    dial_way way = {.ca = DIAL_CA};
    parse_options(argv, &config, &request, &way);

    dialed to = dial(&config, &request, &way);
    run(&to);
    const int result = report(&to);
    hang_up(&to);
    return result;
}
