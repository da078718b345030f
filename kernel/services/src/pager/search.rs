//! Search in a pager: the text is asked for in the last row, and found without regard to case where it has no capitals.

use alloc::format;
use alloc::string::String;

use super::rows::Rows;
use super::{Goal, Pager};
use crate::terminal::keys::Key;

/// Characters that may be searched for.
const NEEDLE_LIMIT: usize = 100;

/// What is searched for.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Being typed.
    asking: Option<String>,
    needle: String,
    /// The row where it was found last.
    pub(super) hit: Option<usize>,
}

impl Search {
    pub(super) fn ask(&mut self) {
        self.asking = Some(String::new());
    }

    pub(super) fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    /// The question with what was typed.
    pub(super) fn question(&self) -> Option<String> {
        self.asking.as_ref().map(|typed| format!("/{typed}"))
    }

    pub(super) fn not_found(&self) -> String {
        if self.needle.is_empty() {
            String::from("/ searches")
        } else {
            format!("not found: {}", self.needle)
        }
    }

    fn is_in(&self, row: &str) -> bool {
        if self.needle.is_empty() {
            return false;
        }
        if self.needle.chars().any(char::is_uppercase) {
            return row.contains(&self.needle);
        }
        let needle = self.needle.as_bytes();
        let Some(first) = needle.first().map(u8::to_ascii_lowercase) else {
            return false;
        };
        // Only ASCII folds: other letters are found as they are typed.
        row.as_bytes()
            .windows(needle.len())
            .any(|window| window[0].to_ascii_lowercase() == first && window.eq_ignore_ascii_case(needle))
    }

    /// The first row from `from` on that has it.
    pub(super) fn find(&self, rows: &Rows, from: usize) -> Option<usize> {
        (from..rows.len()).find(|&row| self.is_in(rows.row(row)))
    }

    fn find_before(&self, rows: &Rows, before: usize) -> Option<usize> {
        (0..before.min(rows.len())).rev().find(|&row| self.is_in(rows.row(row)))
    }
}

impl Pager {
    /// Takes a key that belongs to the question.
    pub(super) fn answer(&mut self, key: Key) {
        let Some(typed) = &mut self.search.asking else { return };
        match key {
            Key::Character(character) if typed.chars().count() < NEEDLE_LIMIT => typed.push(character),
            Key::Backspace if typed.is_empty() => self.search.asking = None,
            Key::Backspace => drop(typed.pop()),
            Key::Enter => {
                let typed = core::mem::take(typed);
                self.search.asking = None;
                if !typed.is_empty() {
                    self.search.needle = typed;
                    self.search.hit = None;
                }
                self.goal = Goal::Found(self.top);
            }
            Key::Escape | Key::Control(_) => self.search.asking = None,
            _ => {}
        }
    }

    pub(super) fn find_next(&mut self) {
        self.goal = Goal::Found(self.search.hit.map_or(self.top, |row| row + 1));
    }

    pub(super) fn find_previous(&mut self) {
        let last = self.rows.len().saturating_sub(self.page_rows());
        match self.search.find_before(&self.rows, self.search.hit.unwrap_or(self.top)) {
            Some(row) => self.show_hit(row, last),
            None => self.message = Some(self.search.not_found()),
        }
    }
}
