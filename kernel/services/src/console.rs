//! A byte console: a serial line, or a session on the screen with its keyboard.

use core::future::poll_fn;
use core::task::{Context, Poll};

/// A stream of bytes in each direction. One reader and one writer at a time.
pub trait Console: Send + Sync {
    /// Short name, such as `serial`.
    fn name(&self) -> &'static str;

    /// Number of the screen's session that this is, from 0; `None` for what is no screen.
    fn screen_session(&self) -> Option<usize> {
        None
    }

    /// Moves received bytes into `buffer` and returns their count, at least one; else keeps the waker and is pending.
    fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<usize>;

    /// Accepts some of `bytes` for sending and returns their count, at least one; else keeps the waker and is pending.
    fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<usize>;
}

/// Waits for input; returns the count of bytes received.
pub async fn read(console: &dyn Console, buffer: &mut [u8]) -> usize {
    poll_fn(|context| console.poll_read(context, buffer)).await
}

/// Sends all of `bytes`.
pub async fn write_all(console: &dyn Console, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let count = poll_fn(|context| console.poll_write(context, bytes)).await;
        bytes = &bytes[count.min(bytes.len())..];
    }
}
