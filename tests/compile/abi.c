/* SPDX-License-Identifier: MIT */
/* The layouts that bindings and gather writes rely on, on every target this is compiled for. */

#include <stddef.h>
#include <weir/weir.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/uio.h>
#endif

/* C99 has no static assertion: a negative array size is an error. */
#define HOLDS(name, condition) typedef char holds_##name[(condition) ? 1 : -1]

HOLDS(event_size, sizeof(weir_event) == 64);
HOLDS(event_type, offsetof(weir_event, type) == 0);
HOLDS(event_flags, offsetof(weir_event, flags) == 4);
HOLDS(event_data, offsetof(weir_event, data) == 8);
HOLDS(event_len, offsetof(weir_event, len) == 16);
HOLDS(event_offset, offsetof(weir_event, offset) == 24);
HOLDS(event_frame_left, offsetof(weir_event, frame_left) == 32);
HOLDS(event_token, offsetof(weir_event, token) == 40);
HOLDS(event_rtt_ms, offsetof(weir_event, rtt_ms) == 48);
HOLDS(event_cause, offsetof(weir_event, cause) == 52);
HOLDS(event_code, offsetof(weir_event, code) == 56);

#if defined(__unix__) || defined(__APPLE__)
HOLDS(span_size, sizeof(weir_span) == sizeof(struct iovec));
HOLDS(span_data, offsetof(weir_span, data) == offsetof(struct iovec, iov_base));
HOLDS(span_len, offsetof(weir_span, len) == offsetof(struct iovec, iov_len));
#endif

HOLDS(text_len, offsetof(weir_text, len) == sizeof(void *));
HOLDS(frame_head_size, sizeof(weir_frame_head) == 16);
HOLDS(config_size_first, offsetof(weir_config, size) == 0);

/* What was compiled here and what is linked agree. */
int main(void)
{
    uint32_t version = WEIR_VERSION_MAJOR * 65536u + WEIR_VERSION_MINOR * 256u + WEIR_VERSION_PATCH;

    if (weir_version() != version) {
        return 1;
    }
    return weir_config_size() == sizeof(weir_config) ? 0 : 2;
}
