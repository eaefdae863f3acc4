// SPDX-License-Identifier: MIT
//! A connection over a blocking TcpStream.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::context::Context;
use crate::event::Event;

const READ_BYTES: usize = 65536;
const NO_WAIT: Duration = Duration::from_millis(1); // 0 would mean no timeout

/// Move bytes between a connection, the only one of its context, and a stream until it is over,
/// and hand each event to a function, whose error ends it too. While output waits nothing is read:
/// a peer that reads only once all is sent needs a loop with poll.
pub fn run<'ctx>(
    context: &'ctx Context,
    mut connection: Connection<'ctx>,
    stream: &TcpStream,
    mut on_event: impl FnMut(&Connection<'ctx>, Event<'_>) -> crate::Result<()>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let begin = Instant::now();
    let mut bytes = vec![0; READ_BYTES];
    let mut half_closed = false;
    loop {
        context.set_time(begin.elapsed());
        connection.feed(&mut [], &mut on_event)?;
        let wait = context.next_due().map(|due| due.saturating_sub(begin.elapsed()).max(NO_WAIT));
        let wants = connection.wants();
        if wants.output() {
            stream.set_write_timeout(wait)?;
            match connection.write_to(stream) {
                Err(error) if !is_timeout(&error) => {
                    connection.end();
                    return Ok(connection.feed(&mut [], &mut on_event)?);
                }
                _ => {}
            }
            continue;
        }
        if wants.close() {
            return Ok(());
        }
        if wants.shutdown_write() && !half_closed {
            half_closed = true;
            let _ = stream.shutdown(Shutdown::Write); // fails where the peer was faster
        }
        stream.set_read_timeout(wait)?;
        match (&*stream).read(&mut bytes) {
            Err(error) if is_timeout(&error) => {}
            Ok(len @ 1..) => connection.feed(&mut bytes[..len], &mut on_event)?,
            _ => connection.end(),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
