//! Standard input and output as a console.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
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
    /// No terminal in raw mode takes the output: lines end with LF alone.
    is_plain: bool,
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
            is_plain: true,
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
        if self.is_plain {
            let plain: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != b'\r').collect();
            let _ = out.write_all(&plain);
        } else {
            let _ = out.write_all(bytes);
        }
        let _ = out.flush();
        Poll::Ready(bytes.len())
    }
}
