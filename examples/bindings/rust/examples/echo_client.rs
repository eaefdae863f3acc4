// SPDX-License-Identifier: MIT
//! Send each argument as a text message, print what comes back, close.
//!
//!     echo_client ws://localhost:8080/ MESSAGE...

use std::net::TcpStream;
use std::{env, process};

use weir::{Config, Context, Event, Request};

/// Host and port of a ws: URL, as far as an example needs it.
fn address(url: &str) -> Option<(&str, u16)> {
    let authority = url.strip_prefix("ws://")?.split(&['/', '?'][..]).next()?;
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((authority, 80)),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (url, messages) = arguments.split_first().ok_or("a URL is missing")?;
    let stream = TcpStream::connect(address(url).ok_or("not a ws: URL")?)?;
    let context = Context::new(&Config::new().seed_from_system()?)?;
    let client = context.client(&Request { url, ..Request::default() })?;

    let mut left = messages.iter();
    let mut is_clean = false;
    weir::run(&context, client, &stream, |client, event| {
        match event {
            Event::Text(text) => println!("{text}"),
            Event::Closed(closed) => {
                is_clean = closed.is_clean;
                eprintln!("{} {}: {}", closed.code, closed.reason, closed.cause);
            }
            Event::Open => {}
            _ => return Ok(()),
        }
        match (event, left.next()) {
            (Event::Closed(_), _) => Ok(()),
            (_, Some(message)) => client.send_text(message).map(drop),
            (_, None) => client.close(1000, "done"),
        }
    })?;
    process::exit(if is_clean { 0 } else { 1 })
}
