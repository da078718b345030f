//! Lines that were entered before, and the walk through them with Up and Down.

use alloc::collections::VecDeque;
use alloc::string::String;

/// Lines kept.
const LINE_LIMIT: usize = 500;
/// Bytes kept.
const BYTE_LIMIT: usize = 64 * 1024;

/// Entered lines, oldest first.
#[derive(Debug, Default)]
pub struct History {
    lines: VecDeque<String>,
    bytes: usize,
    /// The line shown now; `None` while the line is a new one.
    shown: Option<usize>,
    /// The new line, kept while older ones are shown.
    draft: String,
}

impl History {
    /// Adds a line, unless it is blank or repeats the newest one; the walk starts over.
    pub fn add(&mut self, line: &str) {
        self.rewind();
        if line.trim().is_empty() || self.lines.back().is_some_and(|newest| newest == line) || line.len() > BYTE_LIMIT {
            return;
        }
        self.bytes += line.len();
        self.lines.push_back(String::from(line));
        while self.lines.len() > LINE_LIMIT || self.bytes > BYTE_LIMIT {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len());
        }
    }

    /// Starts the walk over at the new line.
    pub fn rewind(&mut self) {
        self.shown = None;
        self.draft.clear();
    }

    /// The line before the one shown; `current` is what the person has on the line now.
    pub fn older(&mut self, current: &str) -> Option<&str> {
        let index = match self.shown {
            None => self.lines.len().checked_sub(1)?,
            Some(index) => index.checked_sub(1)?,
        };
        if self.shown.is_none() {
            self.draft = String::from(current);
        }
        self.shown = Some(index);
        self.lines.get(index).map(String::as_str)
    }

    /// The line after the one shown, at last the new line itself.
    pub fn newer(&mut self) -> Option<&str> {
        let index = self.shown? + 1;
        if index < self.lines.len() {
            self.shown = Some(index);
            return self.lines.get(index).map(String::as_str);
        }
        self.shown = None;
        Some(&self.draft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn walks_back_and_forth_and_keeps_the_draft() {
        let mut history = History::default();
        for line in ["one", "two", "two", " ", "three"] {
            history.add(line);
        }
        assert_eq!(history.newer(), None);
        assert_eq!(history.older("draft"), Some("three"));
        assert_eq!(history.older("three"), Some("two"));
        assert_eq!(history.older("two"), Some("one"));
        assert_eq!(history.older("one"), None);
        assert_eq!(history.newer(), Some("two"));
        assert_eq!(history.newer(), Some("three"));
        assert_eq!(history.newer(), Some("draft"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn forgets_the_oldest_lines_when_full() {
        let mut history = History::default();
        for number in 0..2000 {
            history.add(&format!("{number} {}", "x".repeat(400)));
        }
        assert!(history.bytes <= BYTE_LIMIT && history.lines.len() > 100);
        assert_eq!(history.bytes, history.lines.iter().map(String::len).sum::<usize>());
        assert!(history.older("").is_some_and(|line| line.starts_with("1999 ")));
    }
}
