// SPDX-License-Identifier: MIT
//! What happened to a connection.

use std::slice;

use crate::status::Status;
use crate::sys;

/// An event. What it points to is void at the next receive call, so the compiler keeps the
/// connection from receiving while one lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Server: a client asks to upgrade. Answer with `accept` or `respond`, now or later.
    Request,
    /// Server: a plain HTTP request (option HTTP_EVENTS). Answer with `respond`.
    Http,
    /// Messages may be sent.
    Open,
    /// Client: the server answered without an upgrade.
    Rejected {
        status: u16,
        body: &'a [u8],
    },
    Text(&'a str),
    Binary(&'a [u8]),
    /// A piece of a message (option DELIVER_CHUNKS).
    Chunk(Chunk<'a>),
    /// Its pong is already queued.
    Ping(&'a [u8]),
    /// With the round-trip time when it answers the last ping.
    Pong {
        data: &'a [u8],
        rtt_ms: Option<u32>,
    },
    /// The peer's Close came.
    Close {
        code: u16,
        reason: &'a str,
    },
    /// The last event. Go on moving output until the connection wants CLOSE.
    Closed(Closed<'a>),
    /// Stop sending until Writable.
    HighWater,
    Writable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// A piece of text may begin and end inside a character.
    pub is_text: bool,
    pub is_first: bool,
    pub is_last: bool,
    pub data: &'a [u8],
    /// Of the piece in the message.
    pub offset: u64,
    /// Bytes of this frame still to come.
    pub frame_left: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed<'a> {
    /// 1005: the peer's Close had none, 1006: no Close came.
    pub code: u16,
    pub reason: &'a str,
    /// The closing handshake was done both ways.
    pub is_clean: bool,
    pub cause: Status,
    /// Bytes received when it ended.
    pub offset: u64,
}

/// SAFETY: data and len as in an event; nothing voids them while 'a lasts.
unsafe fn bytes<'a>(raw: &sys::weir_event) -> &'a [u8] {
    if raw.len == 0 {
        &[]
    } else {
        slice::from_raw_parts(raw.data, raw.len)
    }
}

/// SAFETY: as bytes, and the library has checked the text for UTF-8.
unsafe fn text<'a>(raw: &sys::weir_event) -> &'a str {
    std::str::from_utf8_unchecked(bytes(raw))
}

/// None for what callers do not see.
///
/// SAFETY: the library wrote the event, and nothing voids its data while 'a lasts.
pub(crate) unsafe fn event<'a>(raw: &sys::weir_event) -> Option<Event<'a>> {
    let has = |flag: u32| raw.flags & flag != 0;
    Some(match raw.r#type as i32 {
        sys::WEIR_EVENT_REQUEST => Event::Request,
        sys::WEIR_EVENT_HTTP => Event::Http,
        sys::WEIR_EVENT_OPEN => Event::Open,
        sys::WEIR_EVENT_REJECTED => Event::Rejected { status: raw.code, body: bytes(raw) },
        sys::WEIR_EVENT_MESSAGE if has(sys::WEIR_FLAG_TEXT) => Event::Text(text(raw)),
        sys::WEIR_EVENT_MESSAGE => Event::Binary(bytes(raw)),
        sys::WEIR_EVENT_CHUNK => Event::Chunk(Chunk {
            is_text: has(sys::WEIR_FLAG_TEXT),
            is_first: has(sys::WEIR_FLAG_FIRST),
            is_last: has(sys::WEIR_FLAG_LAST),
            data: bytes(raw),
            offset: raw.offset,
            frame_left: raw.frame_left,
        }),
        sys::WEIR_EVENT_PING => Event::Ping(bytes(raw)),
        sys::WEIR_EVENT_PONG => {
            let rtt_ms = if has(sys::WEIR_FLAG_SOLICITED) { Some(raw.rtt_ms) } else { None };
            Event::Pong { data: bytes(raw), rtt_ms }
        }
        sys::WEIR_EVENT_CLOSE => Event::Close { code: raw.code, reason: text(raw) },
        sys::WEIR_EVENT_CLOSED => Event::Closed(Closed {
            code: raw.code,
            reason: text(raw),
            is_clean: has(sys::WEIR_FLAG_CLEAN),
            cause: Status::from_raw(raw.cause),
            offset: raw.offset,
        }),
        sys::WEIR_EVENT_HIGH_WATER => Event::HighWater,
        sys::WEIR_EVENT_WRITABLE => Event::Writable,
        _ => return None,
    })
}
