//! The terminal on a console of our own.

use super::*;
use crate::task::Requests;
use core::pin::pin;
use std::boxed::Box;
use std::collections::VecDeque;
use std::string::ToString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

/// A console whose other end the test holds.
#[derive(Default)]
struct FakeConsole {
    typed: spin::Mutex<VecDeque<u8>>,
    shown: spin::Mutex<Vec<u8>>,
    /// Bytes that it accepts before it is full.
    room: AtomicUsize,
}

impl Console for FakeConsole {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn poll_read(&self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        let mut typed = self.typed.lock();
        let count = typed.len().min(buffer.len());
        typed.drain(..count).zip(buffer).for_each(|(byte, slot)| *slot = byte);
        if count == 0 { Poll::Pending } else { Poll::Ready(count) }
    }

    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let count = bytes.len().min(self.room.load(Ordering::Relaxed)).min(100);
        self.room.fetch_sub(count, Ordering::Relaxed);
        self.shown.lock().extend(&bytes[..count]);
        if count == 0 { Poll::Pending } else { Poll::Ready(count) }
    }
}

struct CountWakes(AtomicUsize);

impl Wake for CountWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn terminal() -> (&'static Terminal, &'static FakeConsole) {
    let console: &'static FakeConsole = Box::leak(Box::default());
    console.room.store(usize::MAX, Ordering::Relaxed);
    (Box::leak(Box::new(Terminal::new(console))), console)
}

fn control() -> &'static Control {
    Box::leak(Box::default())
}

impl FakeConsole {
    fn type_bytes(&self, bytes: &[u8]) {
        self.typed.lock().extend(bytes);
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&core::mem::take(&mut *self.shown.lock())).to_string()
    }
}

/// Polls `future` and the pump in turn, a limited number of times.
fn run<T>(terminal: &'static Terminal, future: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    let mut pump = pin!(terminal.pump());
    for _ in 0..5000 {
        let _ = pump.as_mut().poll(&mut context);
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            let _ = pump.as_mut().poll(&mut context);
            return Some(output);
        }
    }
    None
}

#[test]
fn reads_a_line_with_a_plain_transcript() {
    let (terminal, console) = terminal();
    console.type_bytes(b"40 + 2\r");
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Line("40 + 2".into()))
    );
    assert_eq!(console.shown(), "rhai> 40 + 2\r\n");
}

#[test]
fn continues_until_the_input_is_complete() {
    let (terminal, console) = terminal();
    console.type_bytes(b"{\r\r1\r}\r2\r");
    let input = run(terminal, terminal.read_line(|text| text.ends_with('}')));
    assert_eq!(input, Some(Input::Line("{\n\n1\n}".into())));
    assert_eq!(console.shown(), "rhai> {\r\n  ... \r\n  ... 1\r\n  ... }\r\n");
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Line("2".into()))
    );
    console.type_bytes(b"{\r\x04{\r1\x03\x04");
    assert_eq!(run(terminal, terminal.read_line(|_| false)), Some(Input::Interrupted));
    assert_eq!(run(terminal, terminal.read_line(|_| false)), Some(Input::Interrupted));
    assert_eq!(run(terminal, terminal.read_line(|_| false)), Some(Input::EndOfInput));
}

#[test]
fn cancels_the_evaluation_on_control_c_and_drops_what_was_typed_ahead() {
    let (terminal, console) = terminal();
    let control = control();
    terminal.begin_evaluation(control);
    console.type_bytes(b"lost\r");
    assert_eq!(run(terminal, terminal.flush()), Some(()));
    assert!(control.requests().is_empty());
    console.type_bytes(b"\x03kept\r");
    run(terminal, terminal.print("1\n2\n".into()));
    console.shown();
    console.room.store(0, Ordering::Relaxed);
    run(terminal, terminal.print("3\n".into()));
    console.room.store(usize::MAX, Ordering::Relaxed);
    console.type_bytes(b"\x03kept\r");
    assert_eq!(run(terminal, terminal.flush()), Some(()));
    assert_eq!(console.shown(), "^C\r\n", "what waited to be shown is withdrawn");
    assert!(control.take(Requests::CANCEL));
    terminal.end_evaluation();
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Line("kept".into()))
    );
    assert!(control.requests().is_empty());
}

#[test]
fn counts_a_control_c_that_came_before_the_evaluation_began() {
    let (terminal, console) = terminal();
    console.type_bytes(b"loop {}\r\x031\r");
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Line("loop {}".into()))
    );
    let control = control();
    terminal.begin_evaluation(control);
    assert!(control.take(Requests::CANCEL));
    terminal.end_evaluation();
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Line("1".into()))
    );
}

#[test]
fn rings_at_a_control_z_that_nothing_can_be_detached_by_but_not_for_a_program() {
    let (terminal, console) = terminal();
    let mut context = Context::from_waker(Waker::noop());
    terminal.begin_evaluation(control());
    console.type_bytes(b"\x1a");
    assert!(terminal.poll_pump(&mut context).is_pending());
    assert_eq!(console.shown(), "\x07");
    terminal.queues.lock().machine = machine::Phase::Running;
    console.type_bytes(b"\x1a");
    assert!(terminal.poll_pump(&mut context).is_pending());
    assert_eq!(console.shown(), "");
    assert_eq!(terminal.queues.lock().next_input(&context), Some(0x1a));
}

#[test]
fn hears_control_c_behind_any_amount_of_input() {
    let (terminal, console) = terminal();
    let control = control();
    terminal.begin_evaluation(control);
    console.type_bytes(&vec_of(b'x', 3 * queues::TYPE_AHEAD_LIMIT_BYTES));
    console.type_bytes(b"\x03");
    for _ in 0..200 {
        run(terminal, terminal.flush());
    }
    assert!(control.take(Requests::CANCEL));
    assert_eq!(
        terminal
            .queues
            .lock()
            .receive_limit(&Context::from_waker(Waker::noop())),
        usize::MAX
    );
}

#[test]
fn holds_the_sender_back_when_nobody_reads_and_loses_nothing() {
    let (terminal, console) = terminal();
    let count = 3 * queues::INPUT_LIMIT_BYTES / 8;
    for _ in 0..count {
        console.type_bytes(b"1234567\r");
    }
    for _ in 0..200 {
        run(terminal, terminal.flush());
    }
    assert_eq!(console.typed.lock().len(), 2 * queues::INPUT_LIMIT_BYTES);
    for _ in 0..count {
        assert_eq!(
            run(terminal, terminal.read_line(|_| true)),
            Some(Input::Line("1234567".into()))
        );
    }
}

#[test]
fn holds_printers_back_while_the_console_is_behind() {
    let (terminal, console) = terminal();
    console.room.store(10_000, Ordering::Relaxed);
    let count = Arc::new(AtomicUsize::new(0));
    let printed = Arc::clone(&count);
    let print_all = async move {
        for _ in 0..100 {
            terminal.print("x".repeat(1000) + "\n").await;
            printed.fetch_add(1, Ordering::Relaxed);
        }
    };
    assert_eq!(run(terminal, print_all), None);
    let limit = (10_000 + queues::OUTPUT_LIMIT_BYTES) / 1002 + 1;
    assert_eq!(count.load(Ordering::Relaxed), limit);
    assert!(console.shown().starts_with(&("x".repeat(1000) + "\r\nxxx")));
}

#[test]
fn prints_above_the_line_that_is_being_edited() {
    let (terminal, console) = terminal();
    console.type_bytes(b"1 + ");
    assert_eq!(run(terminal, terminal.read_line(|_| true)), None);
    console.shown();
    let mut reading = Box::pin(terminal.read_line(|_| true));
    console.type_bytes(b"40 +");
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(reading.as_mut().poll(&mut context).is_pending());
        run(terminal, terminal.flush());
    }
    assert_eq!(console.shown(), "rhai> 40 +");
    run(terminal, terminal.print("from a task".into()));
    assert_eq!(console.shown(), "\r\x1b[Jfrom a task\r\nrhai> 40 +");
    console.type_bytes(b" 2\r");
    assert_eq!(run(terminal, reading), Some(Input::Line("40 + 2".into())));
    run(terminal, terminal.print("later\n".into()));
    assert_eq!(console.shown(), " 2\r\nlater\r\n");
}

#[test]
fn forgets_a_reader_that_was_dropped() {
    let (terminal, console) = terminal();
    let mut reading = Box::pin(terminal.read_line(|_| true));
    let wakes = Arc::new(CountWakes(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&wakes));
    assert!(reading.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(reading);
    run(terminal, terminal.print("plain\n".into()));
    assert_eq!(console.shown(), "rhai> plain\r\n");
    console.type_bytes(b"x\r");
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Line("x".into()))
    );
    drop(waker);
    assert_eq!(Arc::strong_count(&wakes), 1, "no waker is left behind");
}

/// Polls `reading` and the pump a few times; it must not end.
fn go_on(terminal: &'static Terminal, reading: &mut core::pin::Pin<Box<dyn Future<Output = Input>>>) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..5 {
        run(terminal, terminal.flush());
        assert!(reading.as_mut().poll(&mut context).is_pending());
    }
    run(terminal, terminal.flush());
}

#[test]
fn asks_whoever_types_a_character_alone_and_believes_the_answer() {
    let (terminal, console) = terminal();
    let mut reading: core::pin::Pin<Box<dyn Future<Output = Input>>> = Box::pin(terminal.read_line(|_| true));
    go_on(terminal, &mut reading);
    console.shown();
    // A control key is no person yet.
    console.type_bytes(b"\x05\x03");
    assert_eq!(run(terminal, reading), Some(Input::Interrupted));
    console.shown();
    let mut reading: core::pin::Pin<Box<dyn Future<Output = Input>>> = Box::pin(terminal.read_line(|_| true));
    go_on(terminal, &mut reading);
    console.type_bytes(b"l");
    go_on(terminal, &mut reading);
    assert_eq!(console.shown(), "rhai> l\x1b7\x1b[999;999H\x1b[6n\x1b8");
    console.type_bytes(b"\x1b[50;132Ret x = 1");
    go_on(terminal, &mut reading);
    let shown = console.shown();
    assert!(
        shown.contains("\x1b[?2004h") && shown.contains("\x1b[0;95mlet"),
        "{shown:?}"
    );
    let known = View {
        columns: 132,
        rows: 50,
        shows_escapes: true,
    };
    assert_eq!(terminal.view(), known);
    // Wider or not, the line is drawn again at once.
    terminal.set_view(View { columns: 5, ..known });
    run(terminal, terminal.flush());
    assert!(console.shown().starts_with("\r\x1b[Jrhai> "));
    console.type_bytes(b"\r");
    assert_eq!(run(terminal, reading), Some(Input::Line("let x = 1".into())));
    console.shown();
    console.type_bytes(b"2");
    assert_eq!(run(terminal, terminal.read_line(|_| true)), None);
    assert!(!console.shown().contains("\x1b[6n"), "whoever was told does not ask");
}

#[test]
fn does_not_ask_who_sends_whole_lines() {
    let (terminal, console) = terminal();
    console.type_bytes(b"1 +");
    let mut reading: core::pin::Pin<Box<dyn Future<Output = Input>>> = Box::pin(terminal.read_line(|_| true));
    go_on(terminal, &mut reading);
    console.type_bytes(b"1\r");
    assert_eq!(run(terminal, reading), Some(Input::Line("1 +1".into())));
    assert_eq!(console.shown(), "rhai> 1 +1\r\n");
}

#[test]
fn goes_on_with_the_input_after_a_completion() {
    let (terminal, console) = terminal();
    console.type_bytes(b"1 + re\tx\r");
    let question = Question {
        text: "1 + re".into(),
        cursor: 6,
        is_repeated: false,
    };
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Complete(question))
    );
    // What others print meanwhile goes above.
    run(terminal, terminal.print("from a task\n".into()));
    let candidate = completion::Candidate {
        text: "read()".into(),
        ..Default::default()
    };
    let completion = completion::Completion {
        start: 4,
        candidates: [candidate].into(),
        omitted: 0,
    };
    run(terminal, terminal.complete(completion));
    assert_eq!(
        run(terminal, terminal.read_line(|_| true)),
        Some(Input::Line("1 + read()x".into()))
    );
    let expected = "rhai> 1 + re\r\x1b[Jfrom a task\r\nrhai> 1 + read()x\r\n";
    assert_eq!(console.shown(), expected);
    run(terminal, terminal.complete(completion::Completion::default()));
    assert_eq!(console.shown(), "", "no input is open");
    assert_eq!(terminal.history_entries(), ["1 + read()x"]);
}

#[test]
fn prints_above_a_block_and_its_suggestion() {
    let (terminal, console) = terminal();
    terminal.set_view(View {
        shows_escapes: true,
        ..View::default()
    });
    terminal.fill_history(["{\n1\n}", "earlier"]);
    let mut parser = vt100::Parser::new(
        core::num::NonZeroU16::new(24).expect("rows"),
        core::num::NonZeroU16::new(80).expect("columns"),
        0,
    );
    let mut reading: core::pin::Pin<Box<dyn Future<Output = Input>>> = Box::pin(terminal.read_line(|_| false));
    console.type_bytes(b"{\r1");
    go_on(terminal, &mut reading);
    run(terminal, terminal.print("from a task\n".into()));
    console.type_bytes(b"0\x1b[D");
    go_on(terminal, &mut reading);
    run(terminal, terminal.print("again".into()));
    parser.process(console.shown().as_bytes());
    let contents = parser.screen().contents();
    let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
    assert_eq!(lines, ["from a task", "again", "rhai> {", "  ... 10"]);
    assert_eq!(parser.screen().cursor_position(), (3, 7));
}

/// A paste that comes faster than the terminal takes its echo is drawn when there is room, and not lost.
#[test]
fn loses_nothing_of_a_hundred_kilobytes() {
    let lines: Vec<String> = (0..3000)
        .map(|number| std::format!("let value_{number} = {number} + 1;"))
        .collect();
    let text = lines.join("\r");
    for shows_escapes in [false, true] {
        let (terminal, console) = terminal();
        terminal.set_view(View {
            shows_escapes,
            ..View::default()
        });
        console.room.store(5000, Ordering::Relaxed);
        for bytes in [b"{\r", text.as_bytes(), b"\r}\r"] {
            console.type_bytes(bytes);
        }
        let mut reading: core::pin::Pin<Box<dyn Future<Output = Input>>> =
            Box::pin(terminal.read_line(|text| text.ends_with('}')));
        let mut context = Context::from_waker(Waker::noop());
        let mut pump = pin!(terminal.pump());
        let mut input = None;
        for _ in 0..5000 {
            let _ = pump.as_mut().poll(&mut context);
            if let Poll::Ready(line) = reading.as_mut().poll(&mut context) {
                input = Some(line);
                break;
            }
            console.room.store(300, Ordering::Relaxed);
        }
        let expected = std::format!("{{\n{}\n}}", lines.join("\n"));
        assert!(input == Some(Input::Line(expected)), "something is lost");
    }
}

fn vec_of(byte: u8, count: usize) -> Vec<u8> {
    core::iter::repeat_n(byte, count).collect()
}
