//! What was changed, so that it can be taken back and made again; bounded in bytes.
//!
//! Changes belong to groups, which are undone as one: all replacements of one command, or the characters of one word.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::text::{Place, Text};

/// What one change costs besides its text.
const CHANGE_BYTES: usize = 128;

/// What kind of command makes a change; changes of the same kind at the same place may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A typed character.
    Typing,
    /// Backspace or Delete.
    Deleting,
    /// Anything else.
    Other,
}

#[derive(Debug)]
struct Change {
    start: Place,
    removed: String,
    inserted: String,
    kind: Kind,
    group: u64,
    /// Names the text as it is after this change.
    state: u64,
    cursor_before: Place,
}

impl Change {
    fn cost_bytes(&self) -> usize {
        CHANGE_BYTES + self.removed.len() + self.inserted.len()
    }
}

/// One replacement that undoing or redoing has made: the lines it began and ended in before, and ends in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// First line.
    pub first: usize,
    /// How many lines were replaced.
    pub old_lines: usize,
    /// How many there are in their place.
    pub new_lines: usize,
}

/// What can be undone and redone.
#[derive(Debug)]
pub struct Undo {
    done: VecDeque<Change>,
    undone: Vec<Change>,
    bytes: usize,
    limit_bytes: usize,
    last_group: u64,
    last_state: u64,
    /// The state before the oldest change that is known.
    oldest_state: u64,
    /// The next change begins a group of its own.
    is_sealed: bool,
}

impl Undo {
    /// Nothing done yet. Keeps changes of `limit_bytes` in all.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            done: VecDeque::new(),
            undone: Vec::new(),
            bytes: 0,
            limit_bytes,
            last_group: 0,
            last_state: 0,
            oldest_state: 0,
            is_sealed: true,
        }
    }

    /// Names the text as it is now: equal names, equal texts.
    pub fn state(&self) -> u64 {
        self.done.back().map_or(self.oldest_state, |change| change.state)
    }

    /// What comes next is undone apart from what was before.
    pub fn seal(&mut self) {
        self.is_sealed = true;
    }

    /// Starts a group; changes that are [added](Undo::add) as [`Kind::Other`] belong to it until the next one.
    pub fn begin_group(&mut self) {
        self.last_group += 1;
        self.is_sealed = true;
    }

    /// Notes a change that was made: at `start`, `removed` gave way to `inserted`.
    pub fn add(&mut self, kind: Kind, start: Place, removed: String, inserted: &str, cursor_before: Place) {
        for change in self.undone.drain(..) {
            self.bytes -= change.cost_bytes();
        }
        self.last_state += 1;
        let is_merged = !self.is_sealed
            && self
                .done
                .back_mut()
                .is_some_and(|last| last.kind == kind && merge(last, start, &removed, inserted));
        if is_merged {
            self.bytes += removed.len() + inserted.len();
            if let Some(last) = self.done.back_mut() {
                last.state = self.last_state;
            }
        } else {
            if kind != Kind::Other {
                self.last_group += 1;
            }
            let change = Change {
                start,
                removed,
                inserted: String::from(inserted),
                kind,
                group: self.last_group,
                state: self.last_state,
                cursor_before,
            };
            self.bytes += change.cost_bytes();
            self.done.push_back(change);
            self.is_sealed = kind == Kind::Other;
        }
        while self.bytes > self.limit_bytes {
            self.forget_oldest_group();
        }
    }

    fn forget_oldest_group(&mut self) {
        let Some(group) = self.done.front().map(|change| change.group) else {
            self.bytes = 0;
            return;
        };
        while let Some(change) = self.done.pop_front_if(|change| change.group == group) {
            self.bytes -= change.cost_bytes();
            self.oldest_state = change.state;
        }
    }

    /// Takes the last group back; the place of the cursor then, or `None` where there is nothing left to undo.
    pub fn undo(&mut self, text: &mut Text, mut touched: impl FnMut(&Text, Touched)) -> Option<Place> {
        let group = self.done.back()?.group;
        let mut cursor = None;
        while let Some(change) = self.done.pop_back_if(|change| change.group == group) {
            let end = change.start.after(&change.inserted);
            let lines = replace(text, change.start, end, &change.removed);
            touched(text, lines);
            cursor = Some(change.cursor_before);
            self.undone.push(change);
        }
        self.is_sealed = true;
        cursor
    }

    /// Makes the last group that was undone again; the place of the cursor then.
    pub fn redo(&mut self, text: &mut Text, mut touched: impl FnMut(&Text, Touched)) -> Option<Place> {
        let group = self.undone.last()?.group;
        let mut cursor = None;
        while let Some(change) = self.undone.pop_if(|change| change.group == group) {
            let end = change.start.after(&change.removed);
            let lines = replace(text, change.start, end, &change.inserted);
            touched(text, lines);
            cursor = Some(change.start.after(&change.inserted));
            self.done.push_back(change);
        }
        self.is_sealed = true;
        cursor
    }
}

fn replace(text: &mut Text, start: Place, end: Place, inserted: &str) -> Touched {
    let (_, after) = text.replace(start, end, inserted);
    Touched {
        first: start.line,
        old_lines: end.line - start.line + 1,
        new_lines: after.line - start.line + 1,
    }
}

/// Makes a change part of the last one, where they are one word typed or one run of deleting.
fn merge(last: &mut Change, start: Place, removed: &str, inserted: &str) -> bool {
    match last.kind {
        Kind::Typing => {
            let is_next = last.start.after(&last.inserted) == start && removed.is_empty();
            let begins_word = last.inserted.ends_with(' ') && !inserted.starts_with(' ');
            if !is_next || begins_word || inserted.contains('\n') || last.inserted.ends_with('\n') {
                return false;
            }
            last.inserted.push_str(inserted);
        }
        Kind::Deleting if start.after(removed) == last.start => {
            last.start = start;
            last.removed.insert_str(0, removed);
        }
        Kind::Deleting if start == last.start => last.removed.push_str(removed),
        Kind::Deleting | Kind::Other => return false,
    }
    true
}
