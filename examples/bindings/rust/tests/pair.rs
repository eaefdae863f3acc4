// SPDX-License-Identifier: MIT
//! Two connections of one context talk in memory.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use weir::{
    option, sys, Compression, Config, Connection, Context, Event, Kind, Request, Result, Sent,
    State, TextId,
};

fn context(config: Config) -> Context {
    Context::new(&config.seed([7; 32])).unwrap()
}

fn request() -> Request<'static> {
    Request { url: "ws://localhost/a?b", ..Request::default() }
}

fn pair(context: &Context) -> (Connection<'_>, Connection<'_>) {
    (context.client(&request()).unwrap(), context.server().unwrap())
}

const ROUNDS: usize = 8; // more than any exchange here takes

/// Move all output of one to the other, step bytes at a time.
fn carry<'ctx>(
    from: &mut Connection<'ctx>,
    to: &mut Connection<'ctx>,
    step: usize,
    seen: &mut Vec<String>,
    answer: &mut dyn FnMut(&Connection) -> Result<()>,
) {
    let mut bytes = Vec::new();
    for _ in 0..ROUNDS {
        from.write_to(&mut bytes).unwrap();
    }
    assert!(!from.wants().output());
    for piece in bytes.chunks_mut(step) {
        to.feed(piece, |connection, event| {
            seen.push(format!("{event:?}"));
            if event == Event::Request {
                answer(connection)
            } else {
                Ok(())
            }
        })
        .unwrap();
    }
    for connection in [from, to] {
        connection
            .feed(&mut [], |_, event| {
                seen.push(format!("{event:?}"));
                Ok::<(), weir::Error>(())
            })
            .unwrap();
    }
}

/// Until neither has more to say; gives all events.
fn exchange<'ctx>(
    client: &mut Connection<'ctx>,
    server: &mut Connection<'ctx>,
    step: usize,
) -> Vec<String> {
    let (mut seen, mut accept) = (Vec::new(), |server: &Connection| server.accept(None, &[]));
    for _ in 0..ROUNDS {
        carry(client, server, step, &mut seen, &mut accept);
        carry(server, client, step, &mut seen, &mut accept);
    }
    seen
}

#[test]
fn messages_arrive_as_they_were_sent() {
    let context = context(Config::new());
    for step in [1, 7, 65536] {
        let (mut client, mut server) = pair(&context);
        assert_eq!(exchange(&mut client, &mut server, step), ["Request", "Open", "Open"]);
        assert_eq!((client.state(), server.state()), (State::Open, State::Open));
        assert_eq!(client.send_text("wörld"), Ok(Sent::Taken));
        assert_eq!(client.send_binary(&[0, 255]), Ok(Sent::Taken));
        assert_eq!(server.send_text(""), Ok(Sent::Taken));
        client.ping(b"p").unwrap();
        let mut seen = exchange(&mut client, &mut server, step);
        seen.sort();
        assert_eq!(
            seen,
            [
                "Binary([0, 255])",
                "Ping([112])",
                "Pong { data: [112], rtt_ms: Some(0) }",
                "Text(\"\")",
                "Text(\"wörld\")"
            ]
        );
    }
    assert_eq!(context.stats().rx_messages, 9);
}

#[test]
fn streamed_messages_arrive_whole() {
    let context = context(Config::new());
    let (mut client, mut server) = pair(&context);
    exchange(&mut client, &mut server, 65536);
    client.send_begin(Kind::Text, Compression::Default).unwrap();
    assert_eq!(client.send_chunk(b"w\xc3"), Ok(Sent::Taken));
    assert_eq!(client.send_end(b"\xb6"), Ok(Sent::Taken));
    assert_eq!(exchange(&mut client, &mut server, 3), ["Text(\"wö\")"]);
}

#[test]
fn close_is_reported_on_both_sides() {
    let context = context(Config::new());
    let (mut client, mut server) = pair(&context);
    exchange(&mut client, &mut server, 65536);
    client.close(4000, "größer").unwrap();
    let seen = exchange(&mut client, &mut server, 65536);
    // Of the server, then of the client: the answering Close has the code alone.
    for (reason, close) in ["größer", ""].iter().zip(&seen) {
        assert_eq!(*close, format!("Close {{ code: 4000, reason: {reason:?} }}"));
        let closed = format!(
            "Closed(Closed {{ code: 4000, reason: {reason:?}, is_clean: true, cause: WEIR_OK"
        );
        assert_eq!(seen.iter().filter(|e| e.starts_with(&closed)).count(), 1, "{seen:?}");
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(server.wants().close() || server.wants().shutdown_write());
}

#[test]
fn handshake_can_be_read_and_refused() {
    let context = context(Config::new());
    let fields = [("X-One", "1")];
    let wish = Request { subprotocols: "x y", origin: "http://o", fields: &fields, ..request() };
    let (mut client, mut server) = (context.client(&wish).unwrap(), context.server().unwrap());
    let mut seen = Vec::new();
    let mut refuse = |server: &Connection| {
        assert_eq!(server.text(TextId::Path).as_deref(), Some("/a"));
        assert_eq!(server.text(TextId::Query).as_deref(), Some("b"));
        assert_eq!(server.text(TextId::Origin).as_deref(), Some("http://o"));
        assert_eq!(server.text(TextId::Subprotocol), None);
        assert_eq!(server.header("x-one", 0).as_deref(), Some("1"));
        assert_eq!(server.header("x-one", 1), None);
        assert!(server.headers().contains(&("X-One".to_string(), "1".to_string())));
        assert_eq!(server.offered_subprotocol(1).as_deref(), Some("y"));
        server.respond(403, &[("X-Why", "no")], b"no")
    };
    for _ in 0..ROUNDS {
        carry(&mut client, &mut server, 9, &mut seen, &mut refuse);
        carry(&mut server, &mut client, 9, &mut seen, &mut refuse);
    }
    assert!(seen.contains(&"Rejected { status: 403, body: [110, 111] }".to_string()), "{seen:?}");
}

#[test]
fn prepared_messages_reach_all() {
    let context = context(Config::new());
    let message = context.message(Kind::Text, Compression::Default, b"news").unwrap();
    let again = message.clone();
    drop(message);
    for _ in 0..2 {
        let (mut client, mut server) = pair(&context);
        exchange(&mut client, &mut server, 65536);
        assert_eq!(server.send_message(&again), Ok(Sent::Taken));
        assert_eq!(exchange(&mut client, &mut server, 65536), ["Text(\"news\")"]);
    }
    let elsewhere = self::context(Config::new());
    let (mut client, mut server) = pair(&elsewhere);
    exchange(&mut client, &mut server, 65536);
    assert_eq!(server.send_message(&again).unwrap_err().name(), "WEIR_E_CONTEXT");
}

#[test]
fn shared_memory_is_held_until_it_was_sent() {
    let context = context(Config::new());
    let data: Arc<[u8]> = vec![5; 300_000].into();
    let (mut client, mut server) = pair(&context);
    exchange(&mut client, &mut server, 65536);
    for sender in [&client, &server] {
        let sent = sender.send_shared(Kind::Binary, Compression::Default, data.clone());
        assert!(matches!(sent, Ok(Sent::Taken | Sent::OverHigh)), "{sent:?}");
    }
    assert_eq!(Arc::strong_count(&data), 3);
    let seen = exchange(&mut client, &mut server, 65536);
    assert_eq!(seen.iter().filter(|event| event.starts_with("Binary([5, 5")).count(), 2);
    assert_eq!(Arc::strong_count(&data), 1);

    let _ = server.send_shared(Kind::Binary, Compression::Default, data.clone()).unwrap();
    drop(server);
    assert_eq!(Arc::strong_count(&data), 1);
}

#[test]
fn mistakes_are_told_and_change_nothing() {
    let short = Config::new().set_text(option::SEED, "short").err().unwrap();
    assert_eq!(short.name(), "WEIR_E_OPTION");
    let bad = Config::new().set(option::LOW_WATER_BYTES, 1 << 40).unwrap();
    assert_eq!(Context::new(&bad).err().unwrap().number(), sys::WEIR_E_CONFIG);
    let context = context(Config::new());
    let url = Request { url: "http://h/", ..Request::default() };
    let error = context.client(&url).err().unwrap();
    assert_eq!(error.to_string(), "not a ws: or wss: URL");
    let server = context.server().unwrap();
    assert_eq!(server.send_text("x").unwrap_err().name(), "WEIR_E_NOT_OPEN");
    assert_eq!(server.accept(None, &[]).unwrap_err().name(), "WEIR_E_STATE");
    assert_eq!(server.close(1005, "").unwrap_err().name(), "WEIR_E_CLOSE_CODE");
    assert_eq!(server.state(), State::Connecting);
}

#[test]
fn time_lets_deadlines_pass() {
    let context = context(Config::new().set(option::HANDSHAKE_TIMEOUT_MS, 5000).unwrap());
    context.set_time(Duration::from_millis(100));
    let mut server = context.server().unwrap();
    let due = context.next_due().unwrap();
    assert!(Duration::from_millis(100) < due && due <= Duration::from_millis(5100), "{due:?}");
    assert_eq!(context.next_ready(), None);
    context.set_time(Duration::from_millis(6200));
    assert_eq!(context.next_ready(), Some(server.id()));
    let received = server.events();
    let closed = match received.iter().next() {
        Some(Event::Closed(closed)) => closed,
        other => panic!("{other:?}"),
    };
    assert_eq!((closed.cause.name(), closed.cause.wire()), ("WEIR_E_HANDSHAKE_TIMEOUT", 408));
    let mut answer = Vec::new();
    server.write_to(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn output_stays_until_it_was_sent() {
    let context = context(Config::new());
    let mut client = context.client(&request()).unwrap();
    let whole: usize = client.output().unwrap().slices().iter().map(|slice| slice.len()).sum();
    let output = client.output().unwrap();
    let mut first = [0; 3];
    assert_eq!((&mut first[..]).write_vectored(output.slices()).unwrap(), 3);
    output.sent(3);
    assert_eq!(&first, b"GET");
    let mut rest = Vec::new();
    client.write_to(&mut rest).unwrap();
    assert_eq!(rest.len(), whole - 3);
    assert!(!client.wants().output());
}

#[test]
fn chunks_tell_where_they_stand() {
    let context = context(Config::new().set(option::DELIVER_CHUNKS, 1).unwrap());
    let mut bytes = [0x82, 0x03, 1, 2, 3];
    let mut client = context.established(false).unwrap();
    let received = client.receive(&mut bytes[..4]);
    let chunk = match received.iter().next() {
        Some(Event::Chunk(chunk)) => chunk,
        other => panic!("{other:?}"),
    };
    assert_eq!((chunk.data, chunk.frame_left, chunk.offset), (&[1, 2][..], 1, 0));
    assert!(chunk.is_first && !chunk.is_last && !chunk.is_text);
}

/// What a context of its own sends first.
fn first_output(config: &Config) -> Vec<u8> {
    let context = Context::new(config).unwrap();
    let mut bytes = Vec::new();
    context.client(&request()).unwrap().write_to(&mut bytes).unwrap();
    bytes
}

#[cfg(unix)]
#[test]
fn contexts_of_one_config_share_no_entropy() {
    let config = Config::new().seed_from_system().unwrap();
    let first = first_output(&config);
    assert_ne!(first, first_output(&config));
    assert_ne!(first, first_output(&config.clone()));
}
