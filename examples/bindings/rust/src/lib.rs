// SPDX-License-Identifier: MIT
//! WebSocket without the I/O: bytes of a transport go in, events and bytes for it come out.
//!
//! ```
//! use weir::{Config, Context, Event, Request, Sent};
//!
//! let context = Context::new(&Config::new().seed_from_system()?)?;
//! let mut client = context.client(&Request { url: "ws://localhost/", ..Request::default() })?;
//! let mut server = context.server()?;
//! let mut seen = Vec::new();
//! for _ in 0..4 {
//!     let mut bytes = Vec::new(); // a transport in memory
//!     client.write_to(&mut bytes)?;
//!     server.feed(&mut bytes, |server, event| match event {
//!         Event::Request => server.accept(None, &[]),
//!         Event::Text(text) => server.send_text(text).map(|sent| assert_eq!(sent, Sent::Taken)),
//!         _ => Ok(()),
//!     })?;
//!     bytes.clear();
//!     server.write_to(&mut bytes)?;
//!     client.feed(&mut bytes, |client, event| match event {
//!         Event::Open => client.send_text("hello").map(drop),
//!         Event::Text(text) => Ok(seen.push(text.to_string())),
//!         _ => Ok(()),
//!     })?;
//! }
//! assert_eq!(seen, ["hello"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The borrow rules of weir.h are lifetimes here: a `Connection` cannot outlive its `Context`,
//! events cannot outlive the next receive call, output cannot outlive `Output::sent`. Only the
//! module `sys` has weir_conn_input_buffer, whose memory all connections of a context share,
//! proxies, streams of HTTP/2 and the pieces that work alone.
#![warn(unreachable_pub)]

mod blocking;
mod config;
mod connection;
mod context;
mod event;
mod status;
pub mod sys;

pub use blocking::run;
pub use config::{Config, Number, Text};
pub use connection::{
    Compression, Connection, ConnectionId, Events, Kind, Output, Received, Sent, State, TextId,
    Wants,
};
pub use context::{Context, Message, Request};
pub use event::{Chunk, Closed, Event};
pub use status::{Error, Result, Status};
pub use sys::option;
