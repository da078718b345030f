//! The terminal: a console with a line editor, history and Ctrl-C.

use alloc::string::String;

use crate::console::Console;
use crate::task::Control;

/// What the person at the terminal gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Complete input; lines joined by LF.
    Line(String),
    /// Ctrl-C: the input was abandoned.
    Interrupted,
    /// Ctrl-D on an empty line.
    EndOfInput,
}

/// A console with a line editor. Lives for ever; sessions come and go on it.
pub struct Terminal {
    console: &'static dyn Console,
}

impl Terminal {
    /// A terminal on `console`. The kernel keeps it for ever and runs [`Terminal::pump`] as a service.
    pub fn new(console: &'static dyn Console) -> Self {
        Self { console }
    }

    /// Moves bytes between the console and the queues, for ever. A supervised service; may be restarted.
    pub async fn pump(&'static self) {
        core::future::pending::<()>().await;
    }

    /// From here Ctrl-C asks `control` to cancel, and other input is kept for later.
    pub fn begin_evaluation(&self, _control: &'static Control) {}

    /// The evaluation has ended: Ctrl-C belongs to the line editor again.
    pub fn end_evaluation(&self) {}

    /// For the supervisor, after a session died: whatever it was doing on the terminal is over.
    pub fn forget_evaluation(&self) {}

    /// Reads until `is_complete` accepts the text.
    pub async fn read_line(&'static self, _is_complete: impl Fn(&str) -> bool) -> Input {
        core::future::pending().await
    }

    /// Shows `text`; LF becomes CR LF. Waits while the console is behind.
    pub async fn print(&'static self, text: String) {
        crate::console::write_all(self.console, text.as_bytes()).await;
    }

    /// Waits until everything printed has left for the console.
    pub async fn flush(&'static self) {}
}
