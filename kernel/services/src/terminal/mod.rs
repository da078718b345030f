//! The terminal: a console with a line editor, history and Ctrl-C.
//!
//! | module | what it does |
//! |---|---|
//! | [`keys`] | bytes to keys |
//! | `line` | the text being edited |
//! | [`history`] | inputs entered before |
//! | `undo`, `kill_ring`, `search` | what the editor remembers |
//! | `lexer`, `cells`, `layout` | how the text looks, and where on the terminal |
//! | `screen` | draws it |
//! | [`editor`] | keys to edits |
//! | `reading` | one input after the other |
//! | [`view`] | what the terminal can show |
//! | [`completion`], `list` | what Tab asks and is answered |
//! | [`full_screen`] | the terminal in the hands of a full-screen program |
//! | [`raw_repl`], [`machine`] | the terminal in the hands of a program: MicroPython's raw REPL |
//! | [`jobs`] | lines that run in the background |
//! | `read_key` | one key for a script |
//! | `queues` | what waits between the console, the editor and the printers |
//!
//! One service, [`Terminal::pump`], owns the console in both directions. Sessions come and go on the terminal; history
//! stays. Everything here runs on the executor, never on a fiber, except the short calls around an evaluation.

mod cells;
pub mod completion;
pub mod editor;
pub mod full_screen;
pub mod history;
pub mod jobs;
pub mod keys;
mod kill_ring;
mod layout;
mod lexer;
pub mod line;
mod list;
pub mod machine;
mod queues;
pub mod raw_repl;
mod read_key;
mod reading;
mod screen;
mod search;
#[cfg(test)]
mod tests;
mod undo;
pub mod view;

use alloc::string::String;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context, Poll};

use crate::console::Console;
use crate::edit::Desk;
use crate::host::Clock;
use crate::lock::Lock;
use crate::task::Control;
use completion::Question;
use editor::LineEditor;
use full_screen::HeldBack;
use queues::Queues;
use view::View;

pub use editor::{CONTINUATION, INPUT_LIMIT_BYTES, PROMPT};

/// What the person at the terminal gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Complete input; lines joined by LF.
    Line(String),
    /// Ctrl-C: the input was abandoned.
    Interrupted,
    /// Ctrl-D on an empty line.
    EndOfInput,
    /// Ctrl-A on an empty line: machine mode (raw REPL) is wanted.
    Machine,
    /// Tab: [`Terminal::complete`] is to be given the answer; then the input goes on with the next call.
    Complete(Question),
}

/// A console with a line editor. Lives for ever; sessions come and go on it.
pub struct Terminal {
    console: &'static dyn Console,
    /// Never locked across an await. Where both locks are needed, `editing` comes first.
    queues: Lock<Queues>,
    editing: Lock<Editing>,
    desk: Desk,
    jobs: jobs::Jobs,
}

struct Editing {
    editor: LineEditor,
    /// A line is on the screen: what others print goes above it.
    is_active: bool,
    /// A full-screen program draws: what others print waits until it has left.
    full_screen: Option<HeldBack>,
    /// It shows no escape sequences.
    is_dumb: bool,
    clock: Option<&'static dyn Clock>,
}

impl Terminal {
    /// A terminal on `console`. The kernel keeps it for ever and runs [`Terminal::pump`] as a service.
    pub fn new(console: &'static dyn Console) -> Self {
        Self {
            console,
            queues: Lock::new(Queues::default()),
            editing: Lock::new(Editing {
                editor: LineEditor::new(View::default()),
                is_active: false,
                full_screen: None,
                is_dumb: false,
                clock: None,
            }),
            desk: Desk::default(),
            jobs: jobs::Jobs::default(),
        }
    }

    /// What the full-screen editor keeps on this terminal.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Moves bytes between the console and the queues, for ever. A supervised service; may be restarted.
    pub async fn pump(&'static self) {
        poll_fn(|context| self.poll_pump(context)).await
    }

    /// From here Ctrl-C asks `control` to cancel, and other input is kept for later. A Ctrl-C that was typed since the
    /// line was entered counts.
    pub fn begin_evaluation(&self, control: &'static Control) {
        self.queues.lock().begin_evaluation(control);
    }

    /// The evaluation has ended: Ctrl-C belongs to the line editor again. Call it with allocations on the kernel heap.
    pub fn end_evaluation(&self) {
        self.leave_full_screen();
        self.desk.clear();
        self.queues.lock().end_evaluation();
    }

    /// For the supervisor, after a session died: whatever it was doing on the terminal is over.
    pub fn forget_evaluation(&self) {
        let mut editing = self.editing.lock();
        editing.is_active = false;
        editing.editor.forget();
        drop(editing);
        self.forget_running_line();
        self.end_evaluation();
    }

    /// What was entered at the prompt, oldest first, to keep it elsewhere.
    pub fn history_entries(&self) -> Vec<String> {
        let mut editing = self.editing.lock();
        editing.editor.history().entries().map(String::from).collect()
    }

    /// Adds what was kept elsewhere, oldest first, as entered before everything else.
    pub fn fill_history<'a>(&self, entries: impl IntoIterator<Item = &'a str>) {
        self.editing.lock().editor.history().fill(entries);
    }

    /// Shows `text`; LF becomes CR LF. Waits while the console is behind. While a line is edited, the text goes above
    /// it.
    pub async fn print(&'static self, text: String) {
        self.room().await;
        let mut bytes = Vec::with_capacity(text.len() + 16);
        let mut editing = self.editing.lock();
        if let Some(held_back) = &mut editing.full_screen {
            held_back.add(text);
            return;
        }
        if editing.is_active {
            editing.editor.hide(&mut bytes);
        }
        extend_with_lines(&mut bytes, &text);
        if editing.is_active {
            if !bytes.ends_with(b"\n") {
                bytes.extend_from_slice(b"\r\n");
            }
            editing.editor.show(&mut bytes);
        }
        // Still under the editor's lock, so that two printers cannot swap what they drew.
        self.queues.lock().send(&bytes);
    }

    /// Sends `bytes` to the console as they are. Waits while it is behind.
    pub async fn print_bytes(&'static self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.room().await;
        self.queues.lock().send(bytes);
    }

    /// Waits until everything printed has left for the console.
    pub async fn flush(&'static self) {
        poll_fn(|context| self.queues.lock().poll_sent(context)).await;
    }

    /// Number of the screen's session that the terminal is, from 0; `None` for others.
    pub fn screen_session(&self) -> Option<usize> {
        self.console.screen_session()
    }

    async fn room(&self) {
        poll_fn(|context| self.queues.lock().poll_room(context)).await;
    }

    fn poll_pump(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut buffer = [0; 256];
        // A few rounds at most, so that a fast console cannot keep the executor to itself.
        for _ in 0..64 {
            let mut moved = false;
            let read_limit = self.queues.lock().receive_limit(context).min(buffer.len());
            if read_limit > 0
                && let Poll::Ready(count) = self.console.poll_read(context, &mut buffer[..read_limit])
            {
                let wakers = self.queues.lock().receive(&buffer[..count]);
                let detaches = wakers.detaches;
                wakers.wake();
                if detaches {
                    self.detach_as_typed();
                }
                moved = true;
            }
            let count = self.queues.lock().peek_output(context, &mut buffer);
            if count > 0
                && let Poll::Ready(sent) = self.console.poll_write(context, &buffer[..count])
            {
                let wakers = self.queues.lock().drop_output(sent.min(count));
                wakers.wake();
                moved = true;
            }
            if !moved {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Appends `text` with CR LF for each LF.
fn extend_with_lines(bytes: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        bytes.extend_from_slice(line.strip_suffix('\r').unwrap_or(line).as_bytes());
        bytes.extend_from_slice(b"\r\n");
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
}
