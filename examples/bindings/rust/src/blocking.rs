// SPDX-License-Identifier: MIT
//! A connection over a blocking TcpStream.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::connection::{Connection, State};
use crate::context::Context;
use crate::event::Event;
use crate::sys;

const READ_BYTES: usize = 65536;
const NO_WAIT: Duration = Duration::from_millis(1); // 0 would mean no timeout
const TURN: Duration = Duration::from_millis(5); // of writing and reading, where both wait

/// Move bytes between a connection, the only one of its context, and a stream until it is over,
/// and hand each event to a function, whose error ends it too; but it is no error to answer what
/// came ahead of a Close or a fault (WEIR_E_CLOSING). The time goes on from what the context was
/// told last. While the stream takes no output it is read nevertheless, until `Event::HighWater`.
pub fn run<'ctx>(
    context: &'ctx Context,
    mut connection: Connection<'ctx>,
    stream: &TcpStream,
    mut on_event: impl FnMut(&Connection<'ctx>, Event<'_>) -> crate::Result<()>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (begin, told) = (Instant::now(), context.time());
    let now = || told + begin.elapsed();
    let is_paused = Cell::new(false);
    let mut on_event = |connection: &Connection<'ctx>, event: Event<'_>| {
        match event {
            Event::HighWater => is_paused.set(true),
            Event::Writable => is_paused.set(false),
            _ => {}
        }
        match on_event(connection, event) {
            Err(error) if error.number() == sys::WEIR_E_CLOSING => Ok(()),
            other => other,
        }
    };
    let mut bytes = vec![0; READ_BYTES];
    let mut half_closed = false;
    loop {
        context.set_time(now());
        while context.next_ready().is_some() {} // deadlines that passed are acted on here
        connection.feed(&mut [], &mut on_event)?;
        let wants = connection.wants();
        if wants.close() {
            return Ok(());
        }
        let mut wait = context.next_due().map(|due| due.saturating_sub(now()).max(NO_WAIT));
        if wants.output() {
            let is_heard = !is_paused.get() && connection.state() == State::Open;
            if is_heard {
                wait = Some(wait.unwrap_or(TURN).min(TURN));
            }
            stream.set_write_timeout(wait)?;
            match connection.write_to(stream) {
                Err(error) if is_timeout(&error) && is_heard => {}
                Err(error) if !is_timeout(&error) => {
                    connection.end();
                    return Ok(connection.feed(&mut [], &mut on_event)?);
                }
                _ => continue,
            }
        }
        if wants.shutdown_write() && !half_closed {
            half_closed = true;
            let _ = stream.shutdown(Shutdown::Write); // fails where the peer was faster
        }
        stream.set_read_timeout(wait)?;
        match (&*stream).read(&mut bytes) {
            Err(error) if is_timeout(&error) => {}
            Ok(len @ 1..) => {
                context.set_time(now()); // the read may have waited for long
                connection.feed(&mut bytes[..len], &mut on_event)?;
            }
            _ => connection.end(),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
