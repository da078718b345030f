//! What was cut from the text: Ctrl-Y puts the last one back, Alt-Y then those before.

use alloc::collections::VecDeque;
use alloc::string::String;

const ENTRY_LIMIT: usize = 16;
const BYTE_LIMIT: usize = 256 * 1024;

/// Cut texts, the newest first.
#[derive(Debug, Default)]
pub(super) struct KillRing {
    entries: VecDeque<String>,
}

/// On which side of what was cut before the text lay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl KillRing {
    /// Keeps a text that was cut.
    pub(super) fn add(&mut self, text: String) {
        self.entries.push_front(text);
        let mut bytes: usize = self.entries.iter().map(String::len).sum();
        while self.entries.len() > ENTRY_LIMIT || bytes > BYTE_LIMIT && self.entries.len() > 1 {
            bytes -= self.entries.pop_back().map_or(0, |entry| entry.len());
        }
    }

    /// Joins a text to the newest one, which was cut right before it.
    pub(super) fn join(&mut self, text: &str, side: Side) {
        match (self.entries.front_mut(), side) {
            (Some(newest), Side::Right) => newest.push_str(text),
            (Some(newest), Side::Left) => newest.insert_str(0, text),
            (None, _) => self.add(String::from(text)),
        }
    }

    /// The newest one.
    pub(super) fn newest(&self) -> Option<&str> {
        self.entries.front().map(String::as_str)
    }

    /// The newest one becomes the oldest.
    pub(super) fn rotate(&mut self) {
        if !self.entries.is_empty() {
            self.entries.rotate_left(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_rotates_and_forgets() {
        let mut ring = KillRing::default();
        ring.rotate();
        assert_eq!(ring.newest(), None);
        ring.join("b", Side::Left);
        ring.join("a", Side::Left);
        ring.join("c", Side::Right);
        ring.add("second".into());
        ring.rotate();
        assert_eq!(ring.newest(), Some("abc"));
        (0..100).for_each(|_| ring.add("x".repeat(BYTE_LIMIT / 2)));
        assert_eq!(ring.entries.len(), 2);
    }
}
