//! Standard input and output as a console.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::thread;

use services::console::Console;

/// Bytes that wait between the reading thread and the terminal.
const INPUT_LIMIT_BYTES: usize = 4096;

#[derive(Default)]
struct Received {
    bytes: VecDeque<u8>,
    reader: Option<Waker>,
}

/// See the module.
#[derive(Default)]
pub struct Standard {
    received: Mutex<Received>,
    room: Condvar,
    /// Where no terminal in raw mode takes the output, lines end with LF alone.
    line_ends: Option<LineEnds>,
}

/// Makes LF of CR LF, also where a piece of text ends between the two.
#[derive(Default)]
struct LineEnds {
    is_after_return: AtomicBool,
}

impl LineEnds {
    fn shorten(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        // Relaxed: one terminal writes at a time.
        let mut is_after_return = self.is_after_return.load(Ordering::Relaxed);
        for &byte in bytes {
            if is_after_return && byte != b'\n' {
                out.push(b'\r');
            }
            is_after_return = byte == b'\r';
            if !is_after_return {
                out.push(byte);
            }
        }
        self.is_after_return.store(is_after_return, Ordering::Relaxed);
        out
    }
}

impl Standard {
    /// For a terminal in raw mode. Reads standard input from now on; calls `at_end` when that ends.
    pub fn raw(at_end: impl FnOnce() + Send + 'static) -> &'static Self {
        let console: &'static Self = Box::leak(Box::default());
        thread::spawn(move || {
            console.receive();
            at_end();
        });
        console
    }

    /// For output alone.
    pub fn plain() -> &'static Self {
        Box::leak(Box::new(Self {
            line_ends: Some(LineEnds::default()),
            ..Self::default()
        }))
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().expect("no panic under the lock")
    }

    fn receive(&self) {
        let mut buffer = [0; 1024];
        loop {
            let count = match io::stdin().read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let mut received = self.received();
            while received.bytes.len() > INPUT_LIMIT_BYTES {
                received = self.room.wait(received).expect("no panic under the lock");
            }
            received.bytes.extend(&buffer[..count]);
            if let Some(reader) = received.reader.take() {
                drop(received);
                reader.wake();
            }
        }
    }
}

impl Console for Standard {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize> {
        let mut received = self.received();
        let count = received.bytes.len().min(buffer.len());
        if count == 0 {
            received.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        received
            .bytes
            .drain(..count)
            .zip(buffer)
            .for_each(|(byte, slot)| *slot = byte);
        self.room.notify_one();
        Poll::Ready(count)
    }

    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let mut out = io::stdout().lock();
        // Where nobody reads any more there is nobody to tell either: the bytes count as sent.
        let _ = match &self.line_ends {
            Some(line_ends) => out.write_all(&line_ends.shorten(bytes)),
            None => out.write_all(bytes),
        };
        let _ = out.flush();
        Poll::Ready(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::LineEnds;

    #[test]
    fn only_line_ends_are_shortened() {
        let ends = LineEnds::default();
        assert_eq!(ends.shorten(b"a\r\nb\rc\r"), b"a\nb\rc");
        assert_eq!(ends.shorten(b"\nd\r\r"), b"\nd\r");
        assert_eq!(ends.shorten(b"e"), b"\re");
    }
}
