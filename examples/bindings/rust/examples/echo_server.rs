// SPDX-License-Identifier: MIT
//! An echo server on std::net, one thread and one context for each connection.
//!
//!     echo_server [--port N] [--max-message BYTES] [--no-deflate]

use std::net::{TcpListener, TcpStream};
use std::{env, io, thread};

use weir::{option, Config, Connection, Context, Event, Sent};

fn echo(connection: &Connection, event: Event) -> weir::Result<()> {
    let sent = match event {
        Event::Request => return connection.accept(None, &[]),
        Event::Text(text) => connection.send_text(text),
        Event::Binary(data) => connection.send_binary(data),
        _ => return Ok(()),
    };
    match sent {
        // Replies to one read are more than MAX_QUEUED_BYTES.
        Ok(Sent::WouldBlock) => connection.close(1008, "too much at once"),
        other => other.map(drop),
    }
}

fn serve(stream: &TcpStream, config: &Config) -> io::Result<()> {
    let context = Context::new(config)?;
    let server = context.server()?;
    weir::run(&context, server, stream, echo)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut port, mut max_message, mut deflate): (u16, u64, u64) = (8080, 64 << 20, 2);
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        match (name.as_str(), &mut arguments) {
            ("--no-deflate", _) => deflate = 0,
            ("--port", rest) => port = rest.next().unwrap_or_default().parse()?,
            ("--max-message", rest) => max_message = rest.next().unwrap_or_default().parse()?,
            _ => return Err(format!("{name} is no option").into()),
        }
    }
    let config = Config::new()
        .set(option::MAX_MESSAGE_BYTES, max_message)?
        .set(option::MAX_FRAGMENTS, weir::sys::WEIR_NONE)?
        .set(option::MAX_QUEUED_BYTES, 128 << 20)?
        .set(option::DEFLATE, deflate)?;

    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, config) = (stream?, config.clone());
        thread::spawn(move || {
            if let Err(error) = serve(&stream, &config) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}
