//! The editor at a terminal: bytes to keys, requests to the owner, drawings to the terminal.

use core::future::poll_fn;
use core::task::Poll;

use alloc::vec::Vec;

use super::{Editor, Request};
use crate::host::{BoxFuture, Clock};
use crate::terminal::Terminal;
use crate::terminal::keys::{Decoder, Key};
use crate::terminal::view::ASK_SIZE;

/// How long a terminal may take to tell its size; longer, and it is taken to have the usual one.
const SIZE_LIMIT_NS: u64 = 500_000_000;
/// How long the rest of a key's sequence may take after its ESC.
const ESCAPE_LIMIT_NS: u64 = 100_000_000;
/// Bytes that are taken before the screen is drawn again, however many wait.
const BATCH_BYTES: usize = 16 * 1024;

/// Lets the person edit until the editor wants something of its owner. The editor lies on the terminal's desk, before
/// and afterwards, also where this future is dropped; the screen stays as it is when it wants something.
pub async fn serve(terminal: &'static Terminal, clock: &'static dyn Clock) -> Request {
    let Some(mut borrowed) = terminal.desk().borrow() else {
        return Request::Quit;
    };
    let Some(editor) = borrowed.editor() else {
        return Request::Quit;
    };
    let mut sitting = Sitting {
        decoder: Decoder::default(),
        size_deadline_ns: None,
    };
    if terminal.enter_full_screen().await {
        editor.redraw();
        terminal.print_bytes(ASK_SIZE).await;
        sitting.size_deadline_ns = Some(clock.uptime_ns() + SIZE_LIMIT_NS);
    }
    loop {
        if sitting.size_deadline_ns.is_none() {
            let mut drawing = Vec::new();
            editor.draw(&mut drawing);
            terminal.print_bytes(&drawing).await;
        }
        match sitting.keys(terminal, clock, editor).await {
            Request::None => {}
            Request::Measure => {
                editor.redraw();
                terminal.print_bytes(ASK_SIZE).await;
            }
            request => return request,
        }
    }
}

/// Waits until a key is pressed.
pub async fn any_key(terminal: &'static Terminal) {
    let mut decoder = Decoder::default();
    poll_fn(|context| {
        while let Some(byte) = terminal.next_key_byte(context) {
            if decoder.feed(byte).is_some() || decoder.is_in_doubt() {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    })
    .await;
}

struct Sitting {
    decoder: Decoder,
    /// The terminal was asked for its size and has not answered.
    size_deadline_ns: Option<u64>,
}

impl Sitting {
    /// Gives the editor the keys that were pressed, at least one, unless time was up for something.
    async fn keys(&mut self, terminal: &'static Terminal, clock: &'static dyn Clock, editor: &mut Editor) -> Request {
        let escape_deadline_ns = self.decoder.is_in_doubt().then(|| clock.uptime_ns() + ESCAPE_LIMIT_NS);
        let deadline_ns = [escape_deadline_ns, self.size_deadline_ns].into_iter().flatten().min();
        let mut time_is_up: Option<BoxFuture<()>> = deadline_ns.map(|deadline_ns| clock.sleep_until(deadline_ns));
        poll_fn(|context| {
            let mut taken = 0;
            while taken < BATCH_BYTES
                && let Some(byte) = terminal.next_key_byte(context)
            {
                taken += 1;
                let request = match self.decoder.feed(byte) {
                    Some(key) => self.press(key, editor),
                    None => Request::None,
                };
                if request != Request::None {
                    return Poll::Ready(request);
                }
            }
            if taken > 0 {
                return Poll::Ready(Request::None);
            }
            let Some(sleep) = &mut time_is_up else {
                return Poll::Pending;
            };
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if self
                .size_deadline_ns
                .is_some_and(|deadline_ns| clock.uptime_ns() >= deadline_ns)
            {
                self.size_deadline_ns = None;
            }
            Poll::Ready(match self.decoder.give_up() {
                Some(key) => self.press(key, editor),
                None => Request::None,
            })
        })
        .await
    }

    fn press(&mut self, key: Key, editor: &mut Editor) -> Request {
        match key {
            // Shift-F3 looks as an answer from the first row, which no terminal would give.
            Key::CursorAt { row: 1, .. } if self.size_deadline_ns.is_none() => editor.press(Key::ShiftFunction(3)),
            Key::CursorAt { row, column } => {
                self.size_deadline_ns = None;
                editor.resize(usize::from(column), usize::from(row));
                Request::None
            }
            key => editor.press(key),
        }
    }
}
