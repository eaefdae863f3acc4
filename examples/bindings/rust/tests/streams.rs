// SPDX-License-Identifier: MIT
//! `weir::run` over TCP, with a peer that speaks in bytes.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use weir::{option, sys, Config, Connection, Context, Event, Result, Sent};

const PATIENCE: Duration = Duration::from_secs(8); // what fails waits so long for nothing
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A server runs here, its peer in a thread; gives what becomes of both.
fn served<T: Send + 'static>(
    context: &Context,
    on_event: impl FnMut(&Connection, Event) -> Result<()>,
    peer: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (io::Result<()>, T) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        peer(stream)
    });
    let (stream, _) = listener.accept().unwrap();
    let ended = weir::run(context, context.server().unwrap(), &stream, on_event);
    drop(stream);
    (ended, thread.join().unwrap())
}

fn echo(connection: &Connection, event: Event) -> Result<()> {
    match event {
        Event::Request => connection.accept(None, &[]),
        Event::Text(text) => connection.send_text(text).map(drop),
        Event::Binary(data) => {
            connection.send_binary(data).map(|sent| assert_ne!(sent, Sent::WouldBlock))
        }
        _ => Ok(()),
    }
}

fn open(mut stream: &TcpStream) {
    stream.write_all(REQUEST).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
}

fn first_bytes(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = [0; 64];
    let len = stream.read(&mut bytes).unwrap_or(0);
    bytes[..len].to_vec()
}

#[test]
fn silent_peers_meet_the_deadline_in_every_run() {
    let config = Config::new().set(option::HANDSHAKE_TIMEOUT_MS, 20).unwrap();
    let context = Context::new(&config).unwrap();
    for _ in 0..2 {
        let (ended, answer) = served(&context, echo, first_bytes);
        assert!(answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
        ended.unwrap();
        context.set_time(Duration::from_secs(3600)); // the next goes on from here
    }
}

#[test]
fn deadlines_count_from_what_was_read() {
    let config = Config::new().set(option::CLOSE_TIMEOUT_MS, 1000).unwrap();
    let context = Context::new(&config).unwrap();
    let (mut causes, mut clean) = (Vec::new(), 0);
    let on_event = |connection: &Connection, event: Event| match event {
        Event::Text(_) => connection.close(1000, "bye"),
        Event::Closed(closed) => {
            causes.push(closed.cause);
            clean += closed.is_clean as i32;
            Ok(())
        }
        other => echo(connection, other),
    };
    let (ended, ()) = served(&context, on_event, |mut stream| {
        open(&stream);
        thread::sleep(Duration::from_millis(1300)); // longer than may pass after its Close
        stream.write_all(b"\x81\x81\0\0\0\0x").unwrap();
        let mut close = [0; 7];
        stream.read_exact(&mut close).unwrap();
        assert_eq!(&close, b"\x88\x05\x03\xe8bye");
        stream.write_all(b"\x88\x82\0\0\0\0\x03\xe8").unwrap();
    });
    ended.unwrap();
    assert_eq!((clean, causes.len()), (1, 1), "{causes:?}");
}

#[test]
fn peers_may_read_once_all_is_sent() {
    const COUNT: usize = 24;
    const SIZE: usize = 1 << 20;
    let config = Config::new()
        .set(option::HIGH_WATER_BYTES, (COUNT * SIZE * 2) as u64)
        .and_then(|config| config.set(option::MAX_QUEUED_BYTES, (COUNT * SIZE * 2) as u64))
        .unwrap();
    let context = Context::new(&config).unwrap();
    let (ended, (sent, echoed)) = served(&context, echo, |mut stream| {
        open(&stream);
        let mut frame = b"\x82\xff\0\0\0\0\0\x10\0\0\0\0\0\0".to_vec();
        frame.resize(frame.len() + SIZE, b'x');
        let sent = (0..COUNT).take_while(|_| stream.write_all(&frame).is_ok()).count();
        let mut echoes = vec![0; if sent == COUNT { COUNT * (SIZE + 10) } else { 0 }];
        (sent, stream.read_exact(&mut echoes).is_ok())
    });
    assert_eq!((sent, echoed), (COUNT, true));
    ended.unwrap();
}

#[test]
fn answer_to_what_came_before_a_fault_is_no_error() {
    let context = Context::new(&Config::new()).unwrap();
    let mut statuses = Vec::new();
    let on_event = |connection: &Connection, event: Event| {
        let answered = echo(connection, event);
        statuses.extend(answered.err().map(|error| error.number()));
        answered
    };
    let (ended, close) = served(&context, on_event, |mut stream| {
        open(&stream);
        stream.write_all(b"\x81\x81\0\0\0\0x\x83\x81\0\0\0\0x").unwrap(); // opcode 3 is none
        first_bytes(stream)
    });
    ended.unwrap();
    assert_eq!(&close[..1], b"\x88", "{close:?}");
    assert_eq!(&close[2..4], 1002_u16.to_be_bytes());
    assert_eq!(statuses, [sys::WEIR_E_CLOSING]);
}
