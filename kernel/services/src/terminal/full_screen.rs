//! The terminal in the hands of a full-screen program: it draws on the alternate screen and reads every key, Ctrl-C
//! among them.
//!
//! Only the task whose evaluation runs on the terminal can take it. Whatever becomes of that task, the end of the
//! evaluation gives the terminal back as it was: the supervisor of a session that died ends it too. What other tasks
//! print meanwhile is held back and shown afterwards.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::task::Context;

use super::{Terminal, extend_with_lines};
use crate::task::Control;

/// Text of others that is kept while a full-screen program draws; beyond it, the oldest goes.
const HELD_BACK_LIMIT_BYTES: usize = 64 * 1024;
/// To the alternate screen, with an empty page, a cursor, and marks around what is pasted (xterm: 1049, 25, 2004).
const ENTER: &[u8] = b"\x1b[?1049h\x1b[0m\x1b[2J\x1b[?2004h";
/// Back: all of the terminal's lines scroll again, plain colours, the cursor is seen.
const LEAVE: &[u8] = b"\x1b[r\x1b[?2004l\x1b[0m\x1b[2J\x1b[?25h\x1b[?1049l";

/// Why a task cannot have the terminal for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The terminal shows no escape sequences.
    Dumb,
    /// Another task, or an outer call of this one, has it.
    InUse,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Dumb => "this terminal has no cursor control, which a full-screen program needs",
            Self::InUse => "the terminal is in use: only the prompt's own task can have it, and once",
        })
    }
}

/// What others printed while a full-screen program drew.
#[derive(Debug, Default)]
pub(super) struct HeldBack {
    texts: VecDeque<String>,
    bytes: usize,
    has_dropped: bool,
}

impl HeldBack {
    pub(super) fn add(&mut self, text: String) {
        self.bytes += text.len();
        self.texts.push_back(text);
        while self.bytes > HELD_BACK_LIMIT_BYTES
            && let Some(oldest) = self.texts.pop_front()
        {
            self.bytes -= oldest.len();
            self.has_dropped = true;
        }
    }

    fn show(self, out: &mut Vec<u8>) {
        if self.has_dropped {
            out.extend_from_slice(b"(older lines are lost)\r\n");
        }
        self.texts.iter().for_each(|text| extend_with_lines(out, text));
    }
}

impl Terminal {
    /// Notes that the terminal shows no escape sequences, or that it does.
    pub fn set_dumb(&self, is_dumb: bool) {
        self.editing.lock().is_dumb = is_dumb;
    }

    /// From here the task reads every key itself, Ctrl-C among them.
    ///
    /// # Errors
    ///
    /// [`Refusal`] where the terminal cannot do it, or the task that `control` belongs to has no right to it.
    pub fn take_keys(&self, control: &'static Control) -> Result<(), Refusal> {
        let editing = self.editing.lock();
        let mut queues = self.queues.lock();
        if editing.is_dumb {
            Err(Refusal::Dumb)
        } else if editing.is_active || queues.is_raw() || !queues.is_evaluating(control) {
            Err(Refusal::InUse)
        } else {
            queues.set_raw(true);
            Ok(())
        }
    }

    /// Ctrl-C cancels the evaluation again.
    pub fn give_keys_back(&self) {
        self.queues.lock().set_raw(false);
    }

    /// Forgets what was typed and not read yet.
    pub fn drop_input(&self) {
        self.queues.lock().drop_input();
    }

    /// Shows an empty screen of the program's own; what others print waits. Call it after [`Terminal::take_keys`].
    /// False where that has been done.
    pub async fn enter_full_screen(&'static self) -> bool {
        self.room().await;
        let mut editing = self.editing.lock();
        let is_new = editing.full_screen.is_none();
        if is_new {
            editing.full_screen = Some(HeldBack::default());
            self.queues.lock().send(ENTER);
        }
        is_new
    }

    /// Shows the screen as it was before, and below it what others have printed meanwhile. Does nothing where no
    /// full-screen program draws.
    pub fn leave_full_screen(&self) {
        let mut editing = self.editing.lock();
        if let Some(held_back) = editing.full_screen.take() {
            let mut bytes = Vec::from(LEAVE);
            held_back.show(&mut bytes);
            self.queues.lock().send(&bytes);
        }
    }

    /// Asks the terminal for its size, unless its owner tells it. The answer comes among the keys, and
    /// [`Terminal::read_key`] takes note of it. Who does not answer for some times shows no escape sequences any more.
    pub fn ask_size(&self) {
        let mut bytes = Vec::new();
        let mut editing = self.editing.lock();
        editing.editor.ask_size(&mut bytes);
        self.queues.lock().send(&bytes);
    }

    /// The next byte that was typed; where there is none, the task is woken when there is.
    pub fn next_key_byte(&self, context: &Context<'_>) -> Option<u8> {
        self.queues.lock().next_input(context)
    }
}
