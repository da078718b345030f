//! Inputs that were entered before, the walk through them with Up and Down, and the search with Ctrl-R.

use alloc::collections::VecDeque;
use alloc::string::String;

/// Entries kept.
const ENTRY_LIMIT: usize = 500;
/// Bytes kept, and bytes that one entry may have.
const BYTE_LIMIT: usize = 256 * 1024;
const ENTRY_BYTE_LIMIT: usize = 128 * 1024;

/// Entered inputs, each with all its lines, oldest first; none is there twice.
#[derive(Debug, Default)]
pub struct History {
    entries: VecDeque<String>,
    bytes: usize,
    walk: Option<Walk>,
}

/// The person leafs through the entries.
#[derive(Debug)]
struct Walk {
    /// The entry shown now.
    shown: usize,
    /// What was being written before, and what all entries on the walk begin with.
    draft: String,
    prefix_bytes: usize,
}

/// Where a search goes on from an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Older,
    Newer,
}

impl History {
    /// Adds an input; an older entry that is the same gives way to it. One that is blank, begins with a space or is
    /// very long is not kept. The walk starts over.
    pub fn add(&mut self, text: &str) {
        self.rewind();
        if text.trim().is_empty() || text.starts_with(' ') || text.len() > ENTRY_BYTE_LIMIT {
            return;
        }
        if let Some(older) = self.entries.iter().rposition(|entry| entry == text) {
            self.entries.remove(older);
            self.bytes -= text.len();
        }
        self.bytes += text.len();
        self.entries.push_back(String::from(text));
        while self.entries.len() > ENTRY_LIMIT || self.bytes > BYTE_LIMIT {
            self.bytes -= self.entries.pop_front().map_or(0, |entry| entry.len());
        }
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(String::as_str)
    }

    /// Takes what was kept elsewhere, oldest first, as entered before all that is here.
    pub fn fill<'a>(&mut self, entries: impl IntoIterator<Item = &'a str>) {
        let newer = core::mem::take(self);
        entries.into_iter().for_each(|entry| self.add(entry));
        newer.entries.iter().for_each(|entry| self.add(entry));
    }

    /// Starts the walk over.
    pub(super) fn rewind(&mut self) {
        self.walk = None;
    }

    /// The person has gone through entries, and changed nothing since.
    pub(super) fn is_walking(&self) -> bool {
        self.walk.is_some()
    }

    /// The entry before the one shown. A walk that begins here is through the entries that start with `text` up to
    /// `prefix_bytes`, and ends at `text`.
    pub(super) fn older(&mut self, text: &str, prefix_bytes: usize) -> Option<String> {
        let (end, prefix) = match &self.walk {
            None => (self.entries.len(), &text[..prefix_bytes]),
            Some(walk) => (walk.shown, &walk.draft[..walk.prefix_bytes]),
        };
        let is_wanted = |entry: &&String| entry.starts_with(prefix) && *entry != text;
        let at = self.entries.range(..end).rev().position(|entry| is_wanted(&entry))?;
        let index = end - 1 - at;
        match &mut self.walk {
            Some(walk) => walk.shown = index,
            None => {
                self.walk = Some(Walk {
                    shown: index,
                    draft: String::from(text),
                    prefix_bytes,
                });
            }
        }
        self.entries.get(index).cloned()
    }

    /// The entry after the one shown, at last the draft itself.
    pub(super) fn newer(&mut self) -> Option<String> {
        let walk = self.walk.as_mut()?;
        let start = walk.shown + 1;
        let prefix = &walk.draft[..walk.prefix_bytes];
        let at = self.entries.range(start..).position(|entry| entry.starts_with(prefix));
        match at {
            Some(at) => {
                walk.shown = start + at;
                self.entries.get(walk.shown).cloned()
            }
            None => self.walk.take().map(|walk| walk.draft),
        }
    }

    /// What the newest entry that begins with `text` adds to it.
    pub(super) fn rest_of_newest(&self, text: &str) -> Option<&str> {
        let mut entries = self.entries.iter().rev();
        entries.find_map(|entry| entry.strip_prefix(text).filter(|rest| !rest.is_empty()))
    }

    /// The next entry that contains `query`, from the entry `from` on or, without one, from the newest; and where.
    pub(super) fn find(&self, query: &str, from: Option<usize>, direction: Direction) -> Option<(usize, usize)> {
        let hit = |index: usize| Some((index, self.entries.get(index)?.rfind(query)?));
        match direction {
            Direction::Older => (0..from.map_or(self.entries.len(), |from| from + 1))
                .rev()
                .find_map(hit),
            Direction::Newer => (from.unwrap_or(0)..self.entries.len()).find_map(hit),
        }
    }

    /// An entry by its number, from the oldest.
    pub(super) fn entry(&self, index: usize) -> Option<&str> {
        self.entries.get(index).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::vec::Vec;

    fn history(entries: &[&str]) -> History {
        let mut history = History::default();
        entries.iter().for_each(|entry| history.add(entry));
        history
    }

    fn leaf(history: &mut History, text: &str) -> Option<String> {
        history.older(text, text.len())
    }

    #[test]
    fn walks_back_and_forth_and_keeps_the_draft() {
        let mut history = history(&["one", "two", "two", " ", " secret", "three"]);
        assert_eq!(history.newer(), None);
        assert_eq!(history.older("draft", 0).as_deref(), Some("three"));
        assert_eq!(history.older("three", 0).as_deref(), Some("two"));
        assert_eq!(history.older("two", 0).as_deref(), Some("one"));
        assert_eq!(history.older("one", 0), None);
        assert_eq!(history.newer().as_deref(), Some("two"));
        assert_eq!(history.newer().as_deref(), Some("three"));
        assert_eq!(history.newer().as_deref(), Some("draft"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn walks_by_prefix() {
        let mut history = history(&["fs::list(1)", "let x", "fs::read(2)", "fs::read(1)"]);
        assert_eq!(leaf(&mut history, "fs::").as_deref(), Some("fs::read(1)"));
        assert_eq!(leaf(&mut history, "x").as_deref(), Some("fs::read(2)"));
        assert_eq!(leaf(&mut history, "x").as_deref(), Some("fs::list(1)"));
        assert_eq!(leaf(&mut history, "x"), None);
        assert_eq!(history.newer().as_deref(), Some("fs::read(2)"));
        history.rewind();
        assert_eq!(leaf(&mut history, "none"), None);
        assert!(!history.is_walking());
        assert_eq!(history.rest_of_newest("fs::l"), Some("ist(1)"));
        assert_eq!(history.rest_of_newest("let x"), None);
    }

    #[test]
    fn moves_what_is_entered_again_to_the_newest_place() {
        let mut history = history(&["one", "two\nlines", "one"]);
        assert_eq!(history.entries().collect::<Vec<_>>(), ["two\nlines", "one"]);
        history.fill(["saved", "one"]);
        assert_eq!(history.entries().collect::<Vec<_>>(), ["saved", "two\nlines", "one"]);
    }

    #[test]
    fn finds_what_contains_a_text() {
        let history = history(&["alpha", "beta beta", "gamma"]);
        assert_eq!(history.find("et", None, Direction::Older), Some((1, 6)));
        assert_eq!(history.find("a", Some(1), Direction::Older), Some((1, 8)));
        assert_eq!(history.find("alp", Some(1), Direction::Newer), None);
        assert_eq!(history.find("m", Some(1), Direction::Newer), Some((2, 3)));
    }

    #[test]
    fn forgets_the_oldest_entries_when_full() {
        let mut history = History::default();
        for number in 0..2000 {
            history.add(&format!("{number} {}", "x".repeat(800)));
        }
        assert!(history.bytes <= BYTE_LIMIT && history.entries.len() > 100);
        assert_eq!(history.bytes, history.entries.iter().map(String::len).sum::<usize>());
        assert!(history.older("", 0).is_some_and(|entry| entry.starts_with("1999 ")));
    }
}
