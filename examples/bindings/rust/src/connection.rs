// SPDX-License-Identifier: MIT
//! One connection.
//!
//! What voids memory that was lent (receive calls, and `Output::sent`) takes the connection by
//! `&mut`; what leaves it as it is (sending, closing, asking) takes it by `&`.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{self, IoSlice, Write};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::raw::{c_char, c_int};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;

use crate::config::Number;
use crate::context::{fields_of, stats, Context, Message};
use crate::event::{event, Event};
use crate::status::{Result, Status};
use crate::sys;

const EVENTS: usize = 16; // what one receive call gives at most
const SPANS: usize = 64;

/// A connection, made by a `Context` and freed when dropped.
pub struct Connection<'ctx> {
    raw: NonNull<sys::weir_conn>,
    lent: RefCell<HashMap<u64, Arc<[u8]>>>, // by token: what send_shared lends to the library
    next_token: Cell<u64>,
    context: PhantomData<&'ctx Context>,
}

/// Which connection, for a map of those that `Context::next_ready` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub(crate) usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text = sys::WEIR_TEXT as isize,
    Binary = sys::WEIR_BINARY as isize,
}

/// Whether a message is compressed, where permessage-deflate was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As the option DEFLATE says.
    Default = 0,
    Plain = sys::WEIR_PLAIN as isize,
    Compress = sys::WEIR_COMPRESS as isize,
    Auto = sys::WEIR_AUTO as isize,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "WouldBlock: the message was not taken"]
pub enum Sent {
    Taken,
    /// Taken, but slow down: wait for `Event::Writable`.
    OverHigh,
    /// Not taken: wait for `Event::Writable`.
    WouldBlock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Connecting,
    Open,
    Closing,
    Closed,
}

/// Texts of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextId {
    Method = sys::WEIR_TEXT_METHOD as isize,
    Target = sys::WEIR_TEXT_TARGET as isize,
    Path = sys::WEIR_TEXT_PATH as isize,
    Query = sys::WEIR_TEXT_QUERY as isize,
    Host = sys::WEIR_TEXT_HOST as isize,
    Origin = sys::WEIR_TEXT_ORIGIN as isize,
    Reason = sys::WEIR_TEXT_REASON as isize,
    Subprotocol = sys::WEIR_TEXT_SUBPROTOCOL as isize,
}

/// What the connection waits for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants(u32);

impl Wants {
    /// Read the transport.
    pub fn input(self) -> bool {
        self.0 & sys::WEIR_WANT_INPUT != 0
    }
    /// There is output to write.
    pub fn output(self) -> bool {
        self.0 & sys::WEIR_WANT_OUTPUT != 0
    }
    /// Events wait: call `events`.
    pub fn events(self) -> bool {
        self.0 & sys::WEIR_WANT_EVENTS != 0
    }
    /// End the transport's sending side, go on reading.
    pub fn shutdown_write(self) -> bool {
        self.0 & sys::WEIR_WANT_SHUTDOWN_WRITE != 0
    }
    /// Close the transport and drop the connection.
    pub fn close(self) -> bool {
        self.0 & sys::WEIR_WANT_CLOSE != 0
    }
}

fn sent(number: c_int) -> Result<Sent> {
    Ok(match Status::check(number)? {
        sys::WEIR_OVER_HIGH => Sent::OverHigh,
        sys::WEIR_WOULD_BLOCK => Sent::WouldBlock,
        _ => Sent::Taken,
    })
}

fn done(number: c_int) -> Result<()> {
    Status::check(number).map(drop)
}

// SAFETY of all calls below: raw lives as long as self, and its context longer; arguments are
// borrowed for the call, unless something else is said.
impl<'ctx> Connection<'ctx> {
    pub(crate) fn new(raw: NonNull<sys::weir_conn>) -> Connection<'ctx> {
        let lent = RefCell::new(HashMap::new());
        Connection { raw, lent, next_token: Cell::new(0), context: PhantomData }
    }

    /// For what only the module `sys` has; it must not be freed, nor void what is lent.
    pub fn as_ptr(&self) -> *mut sys::weir_conn {
        self.raw.as_ptr()
    }

    pub fn id(&self) -> ConnectionId {
        ConnectionId(self.as_ptr() as usize)
    }

    // ---- Receiving ----

    /// Give bytes that arrived; they are unmasked in place. One call may use less than all: handle
    /// its events, then give the rest. `feed` does that.
    ///
    /// Events cannot be used after the next receive call:
    ///
    /// ```compile_fail,E0499
    /// # use weir::{Config, Connection, Context, Event};
    /// # fn two(connection: &mut Connection, first: &mut [u8], second: &mut [u8]) {
    /// let received = connection.receive(first);
    /// let event = received.iter().next();
    /// connection.receive(second); // error: cannot borrow `*connection` as mutable again
    /// assert_eq!(event, Some(Event::Text("first")));
    /// # }
    /// ```
    ///
    /// Nor can the bytes be changed while events point into them:
    ///
    /// ```compile_fail,E0506
    /// # use weir::{Config, Connection, Context, Event};
    /// # fn change(connection: &mut Connection, bytes: &mut [u8]) {
    /// let event = connection.receive(bytes).iter().next();
    /// bytes[0] = 0; // error: cannot assign to `bytes[_]` because it is borrowed
    /// assert_eq!(event, Some(Event::Open));
    /// # }
    /// ```
    pub fn receive<'a>(&'a mut self, data: &'a mut [u8]) -> Received<'a, 'ctx> {
        let mut raw = [MaybeUninit::<sys::weir_event>::uninit(); EVENTS];
        let mut used = 0;
        // SAFETY: data stays borrowed while the events live. After them the library reads it no
        // more: it holds a copy of what it needs.
        let count = unsafe {
            let (start, events) = (data.as_mut_ptr().cast(), raw.as_mut_ptr().cast());
            sys::weir_conn_receive(self.as_ptr(), start, data.len(), &mut used, events, EVENTS)
        };
        self.received(raw, count, used)
    }

    /// Take the events that wait. Memory of earlier ones is let go.
    pub fn events(&mut self) -> Received<'_, 'ctx> {
        self.receive(&mut [])
    }

    /// Say that the transport has ended, in whatever way. Events may follow.
    pub fn end(&mut self) {
        unsafe { sys::weir_conn_receive_eof(self.as_ptr()) };
    }

    fn received<'a>(
        &'a mut self,
        raw: [MaybeUninit<sys::weir_event>; EVENTS],
        count: c_int,
        used: usize,
    ) -> Received<'a, 'ctx> {
        let received = Received { connection: self, raw, count: count.max(0) as usize, used };
        for event in received.raw() {
            if event.r#type == sys::WEIR_EVENT_RELEASED as u32 {
                received.connection.lent.borrow_mut().remove(&event.token);
            }
        }
        received
    }

    /// Give all of the bytes, and hand each event to a function, with the connection to answer on:
    /// a reply leaves ahead of what follows. It ends at the first error, with the rest not given.
    /// Without bytes it is one receive call nevertheless, and goes on while events wait.
    pub fn feed<E>(
        &mut self,
        mut data: &mut [u8],
        mut on_event: impl FnMut(&Connection<'ctx>, Event<'_>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        loop {
            let received = self.receive(data);
            for event in received.iter() {
                on_event(received.connection(), event)?;
            }
            let used = received.used();
            data = &mut data[used..];
            if data.is_empty() && !self.wants().events() {
                return Ok(());
            }
        }
    }

    // ---- Output ----

    /// The output that waits, up to 64 pieces of it. Write some, then say how much:
    ///
    /// ```
    /// # use std::io::Write;
    /// # fn write(connection: &mut weir::Connection, mut transport: impl Write)
    /// #     -> std::io::Result<()> {
    /// while connection.wants().output() {
    ///     let output = connection.output()?;
    ///     let count = transport.write_vectored(output.slices())?;
    ///     output.sent(count);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What was sent is void:
    ///
    /// ```compile_fail,E0505
    /// # fn write(connection: &mut weir::Connection) -> weir::Result<()> {
    /// let output = connection.output()?;
    /// let first = output.slices()[0];
    /// output.sent(1); // error: cannot move out of `output` because it is borrowed
    /// assert_eq!(first[0], b'G');
    /// # Ok(())
    /// # }
    /// ```
    pub fn output(&mut self) -> Result<Output<'_, 'ctx>> {
        let mut spans = [sys::weir_span { data: ptr::null(), len: 0 }; SPANS];
        let count = unsafe { sys::weir_conn_output(self.as_ptr(), spans.as_mut_ptr(), SPANS) };
        let count = Status::check(count)? as usize;
        let mut slices = [IoSlice::new(&[]); SPANS];
        for (slice, span) in slices.iter_mut().zip(&spans[..count]) {
            // SAFETY: the library lends it until the next sent, output or free, which all need the
            // connection that Output has borrowed.
            let bytes = unsafe { slice::from_raw_parts(span.data.cast(), span.len) };
            *slice = IoSlice::new(bytes);
        }
        Ok(Output { connection: self, slices, count })
    }

    /// Write what waits, as far as the transport takes it in one call; gives the bytes it took.
    pub fn write_to(&mut self, mut transport: impl Write) -> io::Result<usize> {
        let output = self.output()?;
        if output.slices().is_empty() {
            return Ok(0);
        }
        let count = transport.write_vectored(output.slices())?;
        output.sent(count);
        Ok(count)
    }

    pub fn wants(&self) -> Wants {
        Wants(unsafe { sys::weir_conn_wants(self.as_ptr()) })
    }

    // ---- Sending ----

    pub fn send_text(&self, text: &str) -> Result<Sent> {
        self.send(Kind::Text, Compression::Default, text.as_bytes())
    }

    pub fn send_binary(&self, data: &[u8]) -> Result<Sent> {
        self.send(Kind::Binary, Compression::Default, data)
    }

    /// Send a message; its bytes are copied.
    pub fn send(&self, kind: Kind, compression: Compression, data: &[u8]) -> Result<Sent> {
        let number = kind as c_int | compression as c_int;
        sent(unsafe {
            sys::weir_conn_send(self.as_ptr(), number, data.as_ptr().cast(), data.len())
        })
    }

    /// Send a message without copying it now: it is held until the transport has it.
    pub fn send_shared(
        &self,
        kind: Kind,
        compression: Compression,
        data: Arc<[u8]>,
    ) -> Result<Sent> {
        let token = self.next_token.get();
        let (number, start) = (kind as c_int | compression as c_int, data.as_ptr().cast());
        // SAFETY: lent holds data until its RELEASED event, or until after weir_conn_free. A
        // connection that is leaked leaks lent with it.
        let result = sent(unsafe {
            sys::weir_conn_send_ref(self.as_ptr(), number, start, data.len(), token)
        });
        if matches!(result, Ok(Sent::Taken | Sent::OverHigh)) {
            self.next_token.set(token + 1);
            self.lent.borrow_mut().insert(token, data);
        }
        result
    }

    /// Send a prepared message of the same context.
    pub fn send_message(&self, message: &Message<'_>) -> Result<Sent> {
        sent(unsafe { sys::weir_conn_send_message(self.as_ptr(), message.raw.as_ptr()) })
    }

    /// Begin a message that is sent in pieces.
    pub fn send_begin(&self, kind: Kind, compression: Compression) -> Result<()> {
        let number = kind as c_int | compression as c_int;
        done(unsafe { sys::weir_conn_send_begin(self.as_ptr(), number) })
    }

    pub fn send_chunk(&self, data: &[u8]) -> Result<Sent> {
        sent(unsafe { sys::weir_conn_send_chunk(self.as_ptr(), data.as_ptr().cast(), data.len()) })
    }

    pub fn send_end(&self, data: &[u8]) -> Result<Sent> {
        sent(unsafe { sys::weir_conn_send_end(self.as_ptr(), data.as_ptr().cast(), data.len()) })
    }

    /// Send a ping of at most 125 bytes.
    pub fn ping(&self, data: &[u8]) -> Result<()> {
        done(unsafe { sys::weir_conn_ping(self.as_ptr(), data.as_ptr().cast(), data.len()) })
    }

    /// Send an unsolicited pong; pings are answered by the library.
    pub fn pong(&self, data: &[u8]) -> Result<()> {
        done(unsafe { sys::weir_conn_pong(self.as_ptr(), data.as_ptr().cast(), data.len()) })
    }

    /// Start the closing handshake.
    pub fn close(&self, code: u16, reason: &str) -> Result<()> {
        let (start, len) = (reason.as_ptr() as *const c_char, reason.len());
        done(unsafe { sys::weir_conn_close(self.as_ptr(), code.into(), start, len) })
    }

    /// Bytes of payload that were sent and not yet handed to the transport.
    pub fn buffered_amount(&self) -> u64 {
        unsafe { sys::weir_conn_buffered_amount(self.as_ptr()) }
    }

    // ---- Handshake ----

    /// Answer a Request with 101.
    pub fn accept(&self, subprotocol: Option<&str>, fields: &[(&str, &str)]) -> Result<()> {
        let fields = fields_of(fields);
        let (start, len) = subprotocol
            .map_or((ptr::null(), 0), |text| (text.as_ptr() as *const c_char, text.len()));
        done(unsafe {
            sys::weir_conn_accept(self.as_ptr(), start, len, fields.as_ptr(), fields.len())
        })
    }

    /// Answer a Request or Http event with an HTTP response, and end the connection.
    pub fn respond(&self, status: u16, fields: &[(&str, &str)], body: &[u8]) -> Result<()> {
        let fields = fields_of(fields);
        let (start, len) = (body.as_ptr().cast(), body.len());
        done(unsafe {
            let raw = self.as_ptr();
            sys::weir_conn_respond(raw, status.into(), fields.as_ptr(), fields.len(), start, len)
        })
    }

    /// A copy of what a function finds: an answer may void it, and needs no more than `&`.
    fn found(find: impl FnOnce(*mut sys::weir_text) -> c_int) -> Option<String> {
        let mut text = sys::weir_text { data: ptr::null(), len: 0 };
        if find(&mut text) < 0 {
            return None;
        }
        // SAFETY: it was found, so it is valid now.
        Some(unsafe { copied(&text) })
    }

    /// A text of the handshake, while it can be read.
    pub fn text(&self, id: TextId) -> Option<String> {
        Self::found(|text| unsafe { sys::weir_conn_text(self.as_ptr(), id as c_int, text) })
    }

    /// A header field of the peer's by its name; index 0 for the first of that name.
    pub fn header(&self, name: &str, index: usize) -> Option<String> {
        let (start, len) = (name.as_ptr() as *const c_char, name.len());
        Self::found(|text| unsafe { sys::weir_conn_header(self.as_ptr(), start, len, index, text) })
    }

    /// All header fields of the peer's, as they came.
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut field = MaybeUninit::<sys::weir_field>::uninit();
        // SAFETY: the field is written when one is found, and valid now.
        unsafe {
            while sys::weir_conn_header_at(self.as_ptr(), found.len(), field.as_mut_ptr()) >= 0 {
                let field = field.assume_init();
                found.push((copied(&field.name), copied(&field.value)));
            }
        }
        found
    }

    /// Server: a subprotocol that the client offered; index 0 for its favourite.
    pub fn offered_subprotocol(&self, index: usize) -> Option<String> {
        Self::found(|text| unsafe {
            sys::weir_conn_offered_subprotocol(self.as_ptr(), index, text)
        })
    }

    // ---- The rest ----

    pub fn state(&self) -> State {
        match unsafe { sys::weir_conn_state(self.as_ptr()) } {
            sys::WEIR_CONNECTING => State::Connecting,
            sys::WEIR_OPEN => State::Open,
            sys::WEIR_CLOSING => State::Closing,
            _ => State::Closed,
        }
    }

    /// Change a number of the policy for this connection alone.
    pub fn set(&self, option: Number, value: u64) -> Result<()> {
        done(unsafe { sys::weir_conn_set(self.as_ptr(), option.0, value) })
    }

    /// Let go of memory for compressing.
    pub fn trim(&self) {
        unsafe { sys::weir_conn_trim(self.as_ptr()) };
    }

    /// What passed through it.
    pub fn stats(&self) -> sys::weir_stats {
        stats(|out, size| unsafe { sys::weir_conn_stats(self.as_ptr(), out, size) })
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        unsafe { sys::weir_conn_free(self.as_ptr()) };
    }
}

/// SAFETY: text is what the library gave, and valid now.
unsafe fn copied(text: &sys::weir_text) -> String {
    if text.len == 0 {
        return String::new();
    }
    String::from_utf8_lossy(slice::from_raw_parts(text.data.cast(), text.len)).into_owned()
}

/// What a receive call gave.
pub struct Received<'a, 'ctx> {
    connection: &'a Connection<'ctx>,
    raw: [MaybeUninit<sys::weir_event>; EVENTS],
    count: usize,
    used: usize,
}

impl<'a, 'ctx> Received<'a, 'ctx> {
    fn raw(&self) -> &[sys::weir_event] {
        // SAFETY: so many were written.
        unsafe { slice::from_raw_parts(self.raw.as_ptr().cast(), self.count) }
    }

    /// Bytes of the input that were taken.
    pub fn used(&self) -> usize {
        self.used
    }

    /// The connection, to send and answer on while its events live.
    pub fn connection(&self) -> &'a Connection<'ctx> {
        self.connection
    }

    pub fn iter(&self) -> Events<'_, 'a> {
        Events { raw: self.raw().iter(), data: PhantomData }
    }
}

/// The events of one receive call.
pub struct Events<'r, 'a> {
    raw: slice::Iter<'r, sys::weir_event>,
    data: PhantomData<&'a [u8]>,
}

impl<'a> Iterator for Events<'_, 'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        // SAFETY: receiving needs the connection mutably, which 'a has borrowed.
        self.raw.by_ref().find_map(|raw| unsafe { event(raw) })
    }
}

/// Output to write.
pub struct Output<'a, 'ctx> {
    connection: &'a mut Connection<'ctx>,
    slices: [IoSlice<'a>; SPANS],
    count: usize,
}

impl Output<'_, '_> {
    /// Its pieces, in order. They live no longer than self: `sent` may free them.
    pub fn slices(&self) -> &[IoSlice<'_>] {
        &self.slices[..self.count]
    }

    /// Say how many bytes the transport took. Panics when that is more than there were.
    pub fn sent(self, len: usize) {
        let status = unsafe { sys::weir_conn_sent(self.connection.as_ptr(), len) };
        assert_eq!(status, sys::WEIR_OK, "more was sent than there is");
    }
}
