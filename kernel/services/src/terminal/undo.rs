//! Takes changes of the text back, the last one first.

use alloc::collections::VecDeque;
use alloc::string::String;

const CHANGE_LIMIT: usize = 1000;
const BYTE_LIMIT: usize = 512 * 1024;

/// Some bytes were replaced by others.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) start: usize,
    pub(super) removed: String,
    pub(super) inserted_bytes: usize,
    /// Where the cursor was before.
    pub(super) cursor: usize,
    /// It was typed, and what is typed next belongs to it.
    is_open: bool,
}

/// How a change came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Characters typed one after the other are taken back together, word by word.
    Typed,
    /// What is pasted is taken back at once.
    Pasted,
    Other,
}

/// The changes of one input.
#[derive(Debug, Default)]
pub(super) struct Undo {
    changes: VecDeque<Change>,
    bytes: usize,
    /// The last thing typed was a blank: the next word is a change of its own.
    after_blank: bool,
}

impl Undo {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next change is not part of the last one.
    pub(super) fn close(&mut self) {
        if let Some(last) = self.changes.back_mut() {
            last.is_open = false;
        }
    }

    pub(super) fn record(&mut self, start: usize, removed: String, inserted: &str, cursor: usize, origin: Origin) {
        let is_typed = origin != Origin::Other && removed.is_empty();
        let is_after_blank = self.after_blank && !inserted.starts_with(char::is_whitespace);
        let begins_word = is_after_blank && origin == Origin::Typed;
        self.after_blank = inserted.ends_with(char::is_whitespace);
        if let Some(last) = self.changes.back_mut()
            && last.is_open
            && is_typed
            && !begins_word
            && last.start + last.inserted_bytes == start
        {
            last.inserted_bytes += inserted.len();
            return;
        }
        self.bytes += removed.len();
        self.changes.push_back(Change {
            start,
            removed,
            inserted_bytes: inserted.len(),
            cursor,
            is_open: is_typed,
        });
        while self.changes.len() > CHANGE_LIMIT || self.bytes > BYTE_LIMIT {
            self.bytes -= self.changes.pop_front().map_or(0, |change| change.removed.len());
        }
    }

    /// The last change, which the caller takes back.
    pub(super) fn take(&mut self) -> Option<Change> {
        let change = self.changes.pop_back()?;
        self.bytes -= change.removed.len();
        self.close();
        Some(change)
    }
}
