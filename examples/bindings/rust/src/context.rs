// SPDX-License-Identifier: MIT
//! What many connections share.

use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::{size_of, MaybeUninit};
use std::os::raw::{c_char, c_int};
use std::ptr::{self, NonNull};
use std::time::Duration;

use crate::config::Config;
use crate::connection::{Compression, Connection, ConnectionId, Kind};
use crate::status::{Result, Status};
use crate::sys;

/// Policy, memory, time, entropy and totals of the connections made from it, all of one thread:
/// neither it nor they can be sent to another.
///
/// ```compile_fail,E0597
/// # use weir::{Config, Context};
/// let connection = {
///     let context = Context::new(&Config::new())?;
///     context.server()?
/// }; // error: the context does not live long enough
/// # drop(connection);
/// # Ok::<(), weir::Error>(())
/// ```
///
/// ```compile_fail,E0277
/// # use weir::{Config, Context};
/// let context = Context::new(&Config::new())?;
/// std::thread::spawn(move || drop(context)); // error: it cannot be sent between threads safely
/// # Ok::<(), weir::Error>(())
/// ```
pub struct Context {
    raw: NonNull<sys::weir_context>, // and with that neither Send nor Sync
    now: Cell<Duration>,             // the time told last
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// "ws://host:port/path?query" or wss.
    pub url: &'a str,
    /// Separated by spaces, best first; empty: none.
    pub subprotocols: &'a str,
    /// An ASCII origin; empty: no Origin field.
    pub origin: &'a str,
    /// Further header fields: name and value.
    pub fields: &'a [(&'a str, &'a str)],
}

pub(crate) fn text_of(text: &str) -> sys::weir_text {
    sys::weir_text { data: text.as_ptr() as *const c_char, len: text.len() }
}

pub(crate) fn fields_of(fields: &[(&str, &str)]) -> Vec<sys::weir_field> {
    fields
        .iter()
        .map(|(name, value)| sys::weir_field { name: text_of(name), value: text_of(value) })
        .collect()
}

/// What a function makes behind its last parameter.
fn made<T>(make: impl FnOnce(*mut *mut T) -> c_int) -> Result<NonNull<T>> {
    let mut raw = ptr::null_mut();
    Status::check(make(&mut raw))?;
    Ok(NonNull::new(raw).expect("made"))
}

/// What a function fills in; zeros where the library knows another size of it.
pub(crate) fn stats(fill: impl FnOnce(*mut sys::weir_stats, usize) -> c_int) -> sys::weir_stats {
    // SAFETY: zeros are valid in all of its fields, which are numbers.
    let mut stats = unsafe { MaybeUninit::zeroed().assume_init() };
    fill(&mut stats, size_of::<sys::weir_stats>());
    stats
}

impl Context {
    /// Fails with WEIR_E_ENTROPY where the system's, which the config asks for, cannot be read.
    pub fn new(config: &Config) -> Result<Context> {
        // SAFETY: the config is whole, its texts are copied; it names no memory of its own.
        let raw =
            config.with_raw(|raw| made(|out| unsafe { sys::weir_context_create(raw, out) }))?;
        Ok(Context { raw: raw?, now: Cell::new(Duration::ZERO) })
    }

    /// The server side of a connection that a client has opened.
    pub fn server(&self) -> Result<Connection<'_>> {
        // SAFETY: the context lives; so for all below.
        made(|out| unsafe { sys::weir_conn_create_server(self.raw.as_ptr(), out) })
            .map(Connection::new)
    }

    /// The client side of a connection; its request waits as output.
    pub fn client(&self, request: &Request<'_>) -> Result<Connection<'_>> {
        let fields = fields_of(request.fields);
        let request = sys::weir_request {
            url: text_of(request.url),
            subprotocols: text_of(request.subprotocols),
            origin: text_of(request.origin),
            fields: fields.as_ptr(),
            field_count: fields.len(),
        };
        // SAFETY: the request is borrowed for this call.
        made(|out| unsafe { sys::weir_conn_create_client(self.raw.as_ptr(), &request, out) })
            .map(Connection::new)
    }

    /// A server's (else a client's) side whose handshake was done elsewhere.
    pub fn established(&self, is_server: bool) -> Result<Connection<'_>> {
        let role = if is_server { sys::WEIR_SERVER } else { sys::WEIR_CLIENT };
        made(|out| unsafe { sys::weir_conn_create_established(self.raw.as_ptr(), role, out) })
            .map(Connection::new)
    }

    /// A message that is checked, framed and compressed once, for many connections.
    pub fn message(
        &self,
        kind: Kind,
        compression: Compression,
        data: &[u8],
    ) -> Result<Message<'_>> {
        let (number, start) = (kind as c_int | compression as c_int, data.as_ptr().cast());
        // SAFETY: data is copied.
        let raw = made(|out| unsafe {
            sys::weir_message_create(self.raw.as_ptr(), number, start, data.len(), out)
        })?;
        Ok(Message { raw, context: PhantomData })
    }

    /// Tell the time, of a clock that does not go back: deadlines count from it. Those that passed
    /// are acted on by `next_ready`, or by a receive call of their connection.
    pub fn set_time(&self, now: Duration) {
        self.now.set(now.max(self.now.get()));
        let now_ms = now.as_millis().min(u128::from(u64::MAX)) as u64;
        unsafe { sys::weir_context_set_time(self.raw.as_ptr(), now_ms) };
    }

    pub(crate) fn time(&self) -> Duration {
        self.now.get()
    }

    /// When to call `set_time` at the latest; None: nothing waits.
    pub fn next_due(&self) -> Option<Duration> {
        let due = unsafe { sys::weir_context_next_due(self.raw.as_ptr()) };
        if due == sys::WEIR_NONE {
            None
        } else {
            Some(Duration::from_millis(due))
        }
    }

    /// The next connection with something to do that no input of its own caused: take its events
    /// and output. None: none is left.
    pub fn next_ready(&self) -> Option<ConnectionId> {
        NonNull::new(unsafe { sys::weir_context_next_ready(self.raw.as_ptr()) })
            .map(|raw| ConnectionId(raw.as_ptr() as usize))
    }

    /// Sums over all connections, those that are gone included.
    pub fn stats(&self) -> sys::weir_stats {
        stats(|out, size| unsafe { sys::weir_context_stats(self.raw.as_ptr(), out, size) })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // A connection or message that was leaked (mem::forget) keeps it: then nothing is freed.
        unsafe { sys::weir_context_free(self.raw.as_ptr()) };
    }
}

/// A prepared message. A clone is another reference to it.
pub struct Message<'ctx> {
    pub(crate) raw: NonNull<sys::weir_message>,
    context: PhantomData<&'ctx Context>,
}

impl Clone for Message<'_> {
    fn clone(&self) -> Self {
        unsafe { sys::weir_message_retain(self.raw.as_ptr()) };
        Message { raw: self.raw, context: PhantomData }
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        unsafe { sys::weir_message_free(self.raw.as_ptr()) };
    }
}
