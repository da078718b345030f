//! What is known of the terminal at the other end: its size, and whether it understands escape sequences.
//!
//! A terminal on a serial line says nothing of itself. When a person types the first character of an input, it is asked
//! where its cursor is after it was sent as far as it goes: only a terminal that has a cursor answers, and with its
//! size. Programs send whole lines and are not asked; a terminal that keeps silent is left alone.

use alloc::vec::Vec;

use super::Terminal;

/// Asks a terminal for its size (ECMA-48: CUP, DSR; the cursor is put aside and back): the cursor goes as far as it
/// can, and the terminal says where that is.
pub const ASK_SIZE: &[u8] = b"\x1b7\x1b[999;999H\x1b[6n\x1b8";
/// Questions without an answer after which no more are asked.
const UNANSWERED_LIMIT: u8 = 3;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Columns of characters.
    pub columns: usize,
    /// Rows of characters.
    pub rows: usize,
    /// A person sits before it, and it shows colours and moves its cursor (ECMA-48). Without, nothing but text is sent.
    pub shows_escapes: bool,
}

impl Default for View {
    /// A terminal that has not said anything yet.
    fn default() -> Self {
        Self {
            columns: 80,
            rows: 24,
            shows_escapes: false,
        }
    }
}

/// Whether the terminal is to be asked.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// Somebody else knows.
    is_told: bool,
    is_waiting: bool,
    unanswered: u8,
}

impl Asking {
    /// The owner of the terminal has said what it is.
    pub(super) fn told(&mut self) {
        self.is_told = true;
    }

    /// Silence until now is forgiven.
    pub(super) fn restart(&mut self) {
        self.unanswered = 0;
    }

    /// Asks, where there may be an answer. False where the terminal has answered before and does not any more.
    pub(super) fn ask(&mut self, out: &mut Vec<u8>) -> bool {
        if self.is_told {
            return true;
        }
        if self.unanswered >= UNANSWERED_LIMIT {
            return false;
        }
        self.unanswered += 1;
        self.is_waiting = true;
        out.extend_from_slice(ASK_SIZE);
        true
    }

    /// What looks as an answer has come. False where nobody asked: then it was a key.
    pub(super) fn answered(&mut self) -> bool {
        self.unanswered = 0;
        core::mem::take(&mut self.is_waiting)
    }
}

impl Terminal {
    /// What is known of the terminal now.
    pub fn view(&self) -> View {
        self.editing.lock().editor.view()
    }

    /// Takes note of what the terminal can show. A line that is being typed is drawn again at once.
    pub fn set_view(&self, view: View) {
        let mut bytes = Vec::new();
        let mut editing = self.editing.lock();
        editing.editor.set_view(view, &mut bytes);
        self.queues.lock().send(&bytes);
    }
}
