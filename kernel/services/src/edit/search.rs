//! Finding text inside of lines.
//!
//! A search text without capitals is found in any case; with one, only as it is.

use super::text::{Place, Text};

/// A match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it starts.
    pub start: Place,
    /// Where it ends, in the same line.
    pub end: Place,
    /// The search went on from the other end of the text.
    pub has_wrapped: bool,
}

/// Which way to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the text's end.
    Forward,
    /// To its start.
    Backward,
}

/// The first match at or behind `from`, or the last one that starts before it; then from the other end of the text.
pub fn find(text: &Text, needle: &str, from: Place, direction: Direction) -> Option<Found> {
    if needle.is_empty() {
        return None;
    }
    let count = text.line_count();
    // The line of `from` comes first with the part ahead, and last with all of it.
    (0..=count).find_map(|step| {
        let (index, has_wrapped) = match direction {
            Direction::Forward => ((from.line + step) % count, from.line + step >= count),
            Direction::Backward => ((from.line + count - step % count) % count, step > from.line),
        };
        let line = text.line(index);
        let (start, end) = match direction {
            Direction::Forward => next(line, needle, if step == 0 { from.byte } else { 0 })?,
            Direction::Backward => last(line, needle, if step == 0 { from.byte } else { usize::MAX })?,
        };
        Some(Found {
            start: Place::new(index, start),
            end: Place::new(index, end),
            has_wrapped,
        })
    })
}

/// The first match in `line` that starts at byte `from` or later.
pub fn next(line: &str, needle: &str, from: usize) -> Option<(usize, usize)> {
    let rest = line.get(from..)?;
    if needle.chars().any(char::is_uppercase) {
        let start = from + rest.find(needle)?;
        return Some((start, start + needle.len()));
    }
    if needle.is_ascii() {
        let start = rest
            .as_bytes()
            .windows(needle.len())
            .position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))?;
        return Some((from + start, from + start + needle.len()));
    }
    rest.char_indices().find_map(|(index, _)| {
        let length = folded_prefix_bytes(&rest[index..], needle)?;
        Some((from + index, from + index + length))
    })
}

/// The last match that starts before byte `before`.
fn last(line: &str, needle: &str, before: usize) -> Option<(usize, usize)> {
    let mut best = None;
    let mut from = 0;
    while let Some((start, end)) = next(line, needle, from).filter(|(start, _)| *start < before) {
        best = Some((start, end));
        from = start + line[start..].chars().next().map_or(1, char::len_utf8);
    }
    best
}

/// How many bytes of `text` are `needle` in some case.
fn folded_prefix_bytes(text: &str, needle: &str) -> Option<usize> {
    let mut characters = text.chars();
    for wanted in needle.chars() {
        let character = characters.next()?;
        if !character.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(text.len() - characters.as_str().len())
}
