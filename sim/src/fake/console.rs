//! A console that a test types at and reads from.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use services::console::Console;
use services::terminal::view;

/// What a terminal that a person types at is asked; here nobody answers.
const ASK_SIZE: &str = match std::str::from_utf8(view::ASK_SIZE) {
    Ok(text) => text,
    Err(_) => panic!("text"),
};

/// The console's two ends.
#[derive(Default)]
struct Wires {
    typed: VecDeque<u8>,
    shown: Vec<u8>,
    reader: Option<Waker>,
}

/// See the module.
#[derive(Default)]
pub struct FakeConsole {
    wires: Mutex<Wires>,
    changed: Condvar,
}

impl Console for FakeConsole {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        let mut wires = self.wires.lock().expect("no panic under the lock");
        let count = wires.typed.len().min(buffer.len());
        if count == 0 {
            wires.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        wires
            .typed
            .drain(..count)
            .zip(buffer)
            .for_each(|(byte, slot)| *slot = byte);
        Poll::Ready(count)
    }

    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        self.wires.lock().expect("no panic under the lock").shown.extend(bytes);
        self.changed.notify_all();
        Poll::Ready(bytes.len())
    }
}

impl FakeConsole {
    /// Types `text`.
    pub fn type_text(&self, text: &str) {
        self.type_bytes(text.as_bytes());
    }

    /// Sends `bytes` as they are.
    pub fn type_bytes(&self, bytes: &[u8]) {
        let waker = {
            let mut wires = self.wires.lock().expect("no panic under the lock");
            wires.typed.extend(bytes);
            wires.reader.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes what was shown since the last call.
    pub fn take_shown(&self) -> Vec<u8> {
        std::mem::take(&mut self.wires.lock().expect("no panic under the lock").shown)
    }

    /// Waits until the screen's text ends with `end`, and takes it.
    pub fn take_until(&self, end: &str) -> String {
        let limit = Instant::now() + Duration::from_secs(20);
        let mut wires = self.wires.lock().expect("no panic under the lock");
        loop {
            // A line that the test types may arrive in pieces, as a person's would.
            let text = String::from_utf8_lossy(&wires.shown).replace(ASK_SIZE, "");
            if text.ends_with(end) {
                wires.shown.clear();
                return text;
            }
            assert!(Instant::now() < limit, "no {end:?} at the end of {text:?}");
            wires = self
                .changed
                .wait_timeout(wires, Duration::from_millis(100))
                .expect("no panic under the lock")
                .0;
        }
    }
}
