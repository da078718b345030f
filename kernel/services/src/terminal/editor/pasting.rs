//! What is pasted: marked as such by the terminal, or in paste mode.

use alloc::vec::Vec;

use super::super::keys::Key;
use super::{LineEditor, Step};

/// What a Tab is in a pasted text.
pub(super) const TAB: &str = "    ";
const PASTE_MODE: &[u8] = b"paste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n";

impl LineEditor {
    /// Paste mode: lines are taken as they are, whatever is in them, until Ctrl-D.
    pub(super) fn begin_paste_mode(&mut self, out: &mut Vec<u8>) {
        self.leave(b"", out);
        self.forget();
        out.extend_from_slice(PASTE_MODE);
        self.is_paste_mode = true;
        self.show(out);
    }

    /// The terminal is about to send what is pasted.
    pub(super) fn begin_pasting(&mut self) {
        self.is_pasting = true;
        self.undo.close();
        self.history.rewind();
        self.is_drawn = false;
    }

    /// A key within what is pasted, other than a character. Nothing is run before the end; Ctrl-C leaves a paste whose
    /// end got lost.
    pub(super) fn paste_key(&mut self, key: Key, out: &mut Vec<u8>) -> Step {
        match key {
            Key::Enter | Key::NewLine => self.typed.push('\n'),
            Key::Tab => self.typed.push_str(TAB),
            Key::PasteEnd => {
                self.is_pasting = false;
                self.undo.close();
                self.is_drawn = false;
            }
            Key::Control('c') => return self.interrupt(out),
            _ => {}
        }
        Step::More
    }
}
