//! The program on a terminal of ours: keys go in as a person presses them, the screen is read as a person sees it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};

/// xterm: 2004.
const MARK_PASTES: &[u8] = b"\x1b[?2004h";
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) const UP: &str = "\x1b[A";
pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const RIGHT: &str = "\x1b[C";
pub(crate) const LEFT: &str = "\x1b[D";
pub(crate) const CONTROL_A: &str = "\x01";
pub(crate) const CONTROL_B: &str = "\x02";
pub(crate) const CONTROL_C: &str = "\x03";
pub(crate) const CONTROL_D: &str = "\x04";
pub(crate) const CONTROL_E: &str = "\x05";

struct Seen {
    screen: vt100::Parser,
    /// All bytes that nobody took.
    bytes: Vec<u8>,
    has_ended: bool,
}

/// The program, and the terminal it runs on.
pub(crate) struct Prompt {
    pty: Arc<Pty>,
    child: Child,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

/// Starts the program on an xterm of this size, and waits for the prompt.
pub(crate) fn start(columns: u16, rows: u16) -> Prompt {
    let prompt = start_with(columns, rows, "xterm", &[]);
    prompt.wait_for("rhai> ");
    prompt
}

/// Starts the program with arguments on a terminal of any kind.
pub(crate) fn start_with(columns: u16, rows: u16, kind: &str, arguments: &[&str]) -> Prompt {
    let (pty, inner) = pty_process::blocking::open().expect("a pseudo terminal");
    pty.resize(Size::new(rows, columns)).expect("a size");
    let child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(arguments)
        .env("TERM", kind)
        .spawn(inner)
        .expect("the program");
    let pty = Arc::new(pty);
    let seen = Arc::new((
        Mutex::new(Seen {
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            bytes: Vec::new(),
            has_ended: false,
        }),
        Condvar::new(),
    ));
    let (reading, noted) = (Arc::clone(&pty), Arc::clone(&seen));
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let count = (&*reading).read(&mut buffer).unwrap_or(0);
            let mut seen = noted.0.lock().expect("no panic under the lock");
            seen.screen.process(&buffer[..count]);
            seen.bytes.extend(&buffer[..count]);
            seen.has_ended = count == 0;
            noted.1.notify_all();
            if count == 0 {
                return;
            }
        }
    });
    Prompt { pty, child, seen }
}

impl Prompt {
    /// Presses keys: text, and the constants of this module.
    pub(crate) fn press(&self, keys: &str) {
        self.send(keys.as_bytes());
    }

    /// Sends any bytes.
    pub(crate) fn send(&self, bytes: &[u8]) {
        (&*self.pty).write_all(bytes).expect("the program reads");
    }

    /// Types a line and waits for the next prompt; the text between the two.
    pub(crate) fn enter(&self, line: &str) -> String {
        self.take_bytes();
        self.press(line);
        self.press("\r");
        let bytes = self.take_until(b"rhai> ");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (_, text) = text.split_once("\r\n").expect("the line's end");
        text.strip_suffix("rhai> ").expect("a prompt").replace("\r\n", "\n")
    }

    /// The text on the screen, rows without spaces at their ends.
    pub(crate) fn screen(&self) -> String {
        self.seen().screen.screen().contents()
    }

    /// Row and column of the cursor, from 0.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        self.seen().screen.screen().cursor_position()
    }

    /// Waits until `text` is on the screen.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the cursor is at a prompt that nothing was typed at.
    pub(crate) fn wait_for_prompt(&self) {
        self.wait_until("an empty prompt", |screen| {
            let (row, column) = screen.cursor_position();
            let width = screen.size().1;
            let text = screen.rows(0, width.get()).nth(usize::from(row));
            column == 6 && text.is_some_and(|text| text.trim_end() == "rhai>")
        });
    }

    /// Waits until the screen is as `is_right` wants; `what` tells what that is.
    pub(crate) fn wait_until(&self, what: &str, is_right: impl Fn(&vt100::Screen) -> bool) {
        self.wait(what, |seen| is_right(seen.screen.screen()).then_some(()));
    }

    /// Takes all bytes that came.
    pub(crate) fn take_bytes(&self) -> Vec<u8> {
        std::mem::take(&mut self.seen().bytes)
    }

    /// Waits until the bytes that came end with `end`, and takes them.
    pub(crate) fn take_until(&self, end: &[u8]) -> Vec<u8> {
        self.wait(&String::from_utf8_lossy(end), |seen| {
            // The marks around pastes are switched on behind the prompt.
            let shown = seen.bytes.strip_suffix(MARK_PASTES).unwrap_or(&seen.bytes);
            let taken = shown.ends_with(end).then(|| shown.to_vec());
            if taken.is_some() {
                seen.bytes.clear();
            }
            taken
        })
    }

    /// Waits for exactly `count` bytes, and takes them.
    pub(crate) fn take_count(&self, count: usize) -> Vec<u8> {
        self.wait(&format!("{count} bytes"), |seen| {
            (seen.bytes.len() >= count).then(|| seen.bytes.drain(..count).collect())
        })
    }

    /// Whether all bytes that came were taken.
    pub(crate) fn is_silent(&self) -> bool {
        self.seen().bytes.is_empty()
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.seen().screen.screen_mut().set_size(cells(rows), cells(columns));
        self.pty.resize(Size::new(rows, columns)).expect("a size");
    }

    /// Waits for the program's end; its exit code.
    pub(crate) fn wait_end(mut self) -> Option<i32> {
        let limit = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status.code();
            }
            assert!(Instant::now() < limit, "no end; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The program's number on the host.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The terminal, for its settings.
    pub(crate) fn terminal(&self) -> &Pty {
        &self.pty
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().expect("no panic under the lock")
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut(&mut Seen) -> Option<T>) -> T {
        let limit = Instant::now() + LIMIT;
        let mut seen = self.seen();
        loop {
            if let Some(found) = look(&mut seen) {
                return found;
            }
            let screen = seen.screen.screen().contents();
            let bytes = String::from_utf8_lossy(&seen.bytes).into_owned();
            assert!(
                !seen.has_ended && Instant::now() < limit,
                "no {what:?} in {bytes:?}; the screen:\n{screen}"
            );
            seen = self
                .seen
                .1
                .wait_timeout(seen, Duration::from_millis(100))
                .expect("no panic under the lock")
                .0;
        }
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a size")
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
