//! The raw REPL's machine, to the byte.

use super::*;
use hw::fake::Random;
use std::format;
use std::vec;

/// Feeds `bytes`; what was sent back, and what was asked for with where in the output it was.
fn feed(repl: &mut RawRepl, bytes: &[u8]) -> (Vec<u8>, Vec<Request>) {
    let (mut out, mut requests) = (Vec::new(), Vec::new());
    for &byte in bytes {
        requests.extend(repl.feed(byte, &mut out));
    }
    (out, requests)
}

fn run(text: &str) -> Vec<Request> {
    vec![Request::Run(text.into())]
}

#[test]
fn runs_text_without_echo() {
    let mut repl = RawRepl::default();
    assert_eq!(feed(&mut repl, b"print(1)\x04"), (b"OK".to_vec(), run("print(1)")));
    assert_eq!(
        feed(&mut repl, b"a\r\nb\rc\nd\n\re\x04"),
        (b"OK".to_vec(), run("a\nb\nc\nd\n\ne"))
    );
    assert_eq!(feed(&mut repl, "ü\x00\x7f\x1b[A".as_bytes()), (vec![], vec![]));
    assert_eq!(feed(&mut repl, b"\x04"), (b"OK".to_vec(), run("ü\0\x7f\x1b[A")));
}

#[test]
fn answers_between_two_ends_of_file() {
    assert_eq!(answer(""), b"\x04\x04>");
    assert_eq!(answer("{}"), b"\x04{}\x04>");
}

#[test]
fn knows_the_control_bytes() {
    let mut repl = RawRepl::default();
    assert_eq!(feed(&mut repl, b"abc\x01"), (BANNER.to_vec(), vec![]));
    assert_eq!(
        feed(&mut repl, b"\x01"),
        (b"raw REPL; CTRL-B to exit\r\n>".to_vec(), vec![])
    );
    assert_eq!(feed(&mut repl, b"\x04"), (b"OK\r\n".to_vec(), vec![Request::Reset]));
    assert_eq!(feed(&mut repl, b"1 +\x03 2\x04"), (b"OK".to_vec(), run(" 2")));
    assert_eq!(feed(&mut repl, b"1\x02"), (b"\r\n".to_vec(), vec![Request::Leave]));
    assert_eq!(feed(&mut repl, b"2\x04"), (b"OK".to_vec(), run("2")));
}

#[test]
fn refuses_sequences_that_it_does_not_know() {
    let mut repl = RawRepl::default();
    assert_eq!(feed(&mut repl, b"\x05B\x01"), (b"R\x00>".to_vec(), vec![]));
    assert_eq!(feed(&mut repl, b"\x05\xff\x01"), (b"R\x00>".to_vec(), vec![]));
    assert_eq!(feed(&mut repl, b"\x05AA\x01"), (BANNER.to_vec(), vec![]));
    assert_eq!(feed(&mut repl, b"\x05\x01"), (BANNER.to_vec(), vec![]));
    assert_eq!(feed(&mut repl, b"x\x05A\x01"), (BANNER.to_vec(), vec![]));
    assert_eq!(feed(&mut repl, b"3\x04"), (b"OK".to_vec(), run("3")));
}

#[test]
fn pastes_by_windows() {
    let mut repl = RawRepl::default();
    assert_eq!(feed(&mut repl, b"\x05A\x01"), (b"R\x01\x80\x00\x01".to_vec(), vec![]));
    assert_eq!(feed(&mut repl, &[b' '; 127]), (vec![], vec![]));
    assert_eq!(feed(&mut repl, b" "), (vec![1], vec![]));
    assert_eq!(feed(&mut repl, &[b' '; 256]), (vec![1, 1], vec![]));
    let text = " ".repeat(384) + "7";
    assert_eq!(feed(&mut repl, b"7\x04"), (vec![4], run(&text)));
    // Raw mode again, and a window begins anew.
    assert_eq!(feed(&mut repl, b"8\x04"), (b"OK".to_vec(), run("8")));
    assert_eq!(
        feed(&mut repl, b"\x05A\x01\x04"),
        (b"R\x01\x80\x00\x01\x04".to_vec(), run(""))
    );
    let (out, requests) = feed(&mut repl, &[b"\x05A\x01".as_slice(), &[b'\n'; 128], b"\x03"].concat());
    assert_eq!(out, b"R\x01\x80\x00\x01\x01\x04");
    assert_eq!(requests, [Request::Refused(Refusal::Interrupted)]);
    // Ctrl-A, Ctrl-B and Ctrl-E are text in a paste.
    let (_, requests) = feed(&mut repl, b"\x05A\x01\x01\x02\x05\x04");
    assert_eq!(requests, run("\x01\x02\x05"));
}

#[test]
fn pastes_a_long_script_as_pyboard_does() {
    let script: String = (0..20_000).map(|number| format!("x += {number};\n")).collect();
    assert!(script.len() > 200_000);
    let mut repl = RawRepl::default();
    let (out, _) = feed(&mut repl, b"\x05A\x01");
    let window = usize::from(out[2]) | usize::from(out[3]) << 8;
    let mut open = 2 * window;
    let mut rest = script.as_bytes();
    while !rest.is_empty() {
        assert!(open > 0, "the host would wait for ever");
        let (piece, after) = rest.split_at(open.min(rest.len()).min(100));
        let (out, requests) = feed(&mut repl, piece);
        assert!(requests.is_empty() && out.iter().all(|&byte| byte == 1));
        open = open - piece.len() + out.len() * window;
        rest = after;
    }
    assert_eq!(feed(&mut repl, b"\x04"), (vec![4], run(&script)));
}

#[test]
fn refuses_what_is_too_large_and_what_is_no_text() {
    let mut repl = RawRepl::default();
    let largest = vec![b' '; TEXT_LIMIT_BYTES];
    assert_eq!(feed(&mut repl, &largest).0, b"");
    let (_, requests) = feed(&mut repl, b"\x04");
    assert!(matches!(&requests[..], [Request::Run(text)] if text.len() == TEXT_LIMIT_BYTES));
    feed(&mut repl, &largest);
    let too_large = vec![Request::Refused(Refusal::TooLarge)];
    assert_eq!(feed(&mut repl, b"11\x04"), (b"OK".to_vec(), too_large.clone()));
    // In a paste the device ends it, ignores the rest, and answers once the host has agreed.
    feed(&mut repl, b"\x05A\x01");
    feed(&mut repl, &largest);
    assert_eq!(feed(&mut repl, b"1"), (vec![4], vec![]));
    assert_eq!(feed(&mut repl, b"222\x01"), (vec![], vec![]));
    assert_eq!(feed(&mut repl, b"\x04"), (vec![], too_large));
    let not_text = vec![Request::Refused(Refusal::NotText)];
    assert_eq!(feed(&mut repl, b"'\xff'\x04"), (b"OK".to_vec(), not_text));
    assert_eq!(feed(&mut repl, b"1\x04"), (b"OK".to_vec(), run("1")));
    assert!(Refusal::TooLarge.message().contains(&format!("{TEXT_LIMIT_BYTES}")));
}

#[test]
fn survives_garbage_and_comes_back() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut next = || random.bits();
    for _ in 0..200 {
        let mut repl = RawRepl::default();
        let garbage: Vec<u8> = (0..next() % 2000)
            .map(|_| (next() >> 11) as u8 >> (next() % 6))
            .collect();
        feed(&mut repl, &garbage);
        // Out of a paste, if it is in one; then to the banner.
        let (out, _) = feed(&mut repl, b"\x03\x03\r\x01");
        assert!(out.ends_with(BANNER), "{garbage:?}");
        assert_eq!(feed(&mut repl, b"1\x04"), (b"OK".to_vec(), run("1")));
    }
}
