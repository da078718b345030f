//! All matches in a text, one after the other.

use alloc::vec::Vec;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input};

use super::compile::{Caches, Pattern};
use super::groups;
use crate::compute::{Error, Pace, Result};

/// One match.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it starts, in bytes.
    pub(super) start: usize,
    /// And in characters.
    pub(super) start_character: usize,
    /// Where it ends, in bytes.
    pub(super) end: usize,
    /// And in characters.
    pub(super) end_character: usize,
    /// Start and end of each group, if they were asked for.
    places: Vec<Option<usize>>,
}

impl Found {
    /// Start and end of a group in bytes; 0 is the whole match. `None` where it took no part.
    pub(super) fn group(&self, index: usize) -> Option<(usize, usize)> {
        if index == 0 {
            return Some((self.start, self.end));
        }
        let place = |at: usize| self.places.get(at).copied().flatten();
        place(2 * index).zip(place(2 * index + 1))
    }
}

/// Goes through the matches that do not overlap.
pub(super) struct Matches<'a> {
    pattern: &'a Pattern,
    text: &'a str,
    caches: Option<Caches>,
    /// Where to look next.
    at: usize,
    /// Where the last match ended.
    last_end: Option<usize>,
    /// A place in bytes, and how many characters come before it.
    counted: (usize, usize),
}

impl Drop for Matches<'_> {
    fn drop(&mut self) {
        if let Some(caches) = self.caches.take() {
            self.pattern.put_caches(caches);
        }
    }
}

impl<'a> Matches<'a> {
    /// All matches of `pattern` in `text`.
    pub(super) fn new(pattern: &'a Pattern, text: &'a str) -> Self {
        Self {
            pattern,
            text,
            caches: Some(pattern.take_caches()),
            at: 0,
            last_end: None,
            counted: (0, 0),
        }
    }

    /// The next match, without its groups.
    ///
    /// # Errors
    ///
    /// Only where the task must stop.
    pub(super) fn next(&mut self, pace: &mut Pace) -> Result<Option<Found>> {
        while let Some((start, end)) = self.span(pace)? {
            self.at = end;
            if start == end {
                // An empty match right after the last one, or inside of a character, does not count.
                self.at += 1;
                if self.last_end == Some(end) || !self.text.is_char_boundary(end) {
                    continue;
                }
            }
            self.last_end = Some(end);
            let start_character = self.count_to(start, pace)?;
            return Ok(Some(Found {
                start,
                start_character,
                end,
                end_character: self.count_to(end, pace)?,
                places: Vec::new(),
            }));
        }
        Ok(None)
    }

    /// The next match with its groups.
    ///
    /// # Errors
    ///
    /// Only where the task must stop.
    pub(super) fn next_with_groups(&mut self, pace: &mut Pace) -> Result<Option<Found>> {
        let Some(mut found) = self.next(pace)? else {
            return Ok(None);
        };
        if self.pattern.group_names().len() > 1 {
            let text = self.text.as_bytes();
            found.places = groups::find(&self.pattern.nfa, text, found.start, found.end, pace)?;
        }
        Ok(Some(found))
    }

    /// Start and end of the first match that does not start before `at`.
    fn span(&mut self, pace: &mut Pace) -> Result<Option<(usize, usize)>> {
        let (pattern, text, at) = (self.pattern, self.text.as_bytes(), self.at);
        let Some(caches) = &mut self.caches else {
            return Ok(None);
        };
        if at > text.len() {
            return Ok(None);
        }
        let steps = pattern.steps_per_byte();
        let Some(end) = find_end(&pattern.forward, &mut caches.forward, text, at, steps, pace)? else {
            return Ok(None);
        };
        let start = find_start(&pattern.reverse, &mut caches.reverse, text, at..end, steps, pace)?;
        Ok(Some((start.unwrap_or(end), end)))
    }

    /// How many characters come before the byte at `end`, which is not before the last one that was asked for.
    fn count_to(&mut self, end: usize, pace: &mut Pace) -> Result<usize> {
        let (from, characters) = self.counted;
        let piece = self.text.as_bytes().get(from..end).unwrap_or_default();
        // Continuation bytes of UTF-8 start no character.
        let more = piece.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
        self.counted = (end, characters + more);
        pace.spend(piece.len() / 8)?;
        Ok(characters + more)
    }
}

fn give_up(_: impl core::fmt::Debug) -> Error {
    Error::new("too_large", "the pattern needs more memory than it may have")
}

/// Where the leftmost match at or after `at` ends.
fn find_end(
    automaton: &DFA,
    cache: &mut Cache,
    text: &[u8],
    at: usize,
    steps: usize,
    pace: &mut Pace,
) -> Result<Option<usize>> {
    let input = Input::new(text).range(at..);
    let mut state: LazyStateID = automaton.start_state_forward(cache, &input).map_err(give_up)?;
    let mut end = None;
    for (index, &byte) in text.iter().enumerate().skip(at) {
        pace.spend(steps)?;
        state = automaton.next_state(cache, state, byte).map_err(give_up)?;
        // A match is known one byte after its end.
        if state.is_match() {
            end = Some(index);
        } else if state.is_dead() || state.is_quit() {
            return Ok(end);
        }
    }
    state = automaton.next_eoi_state(cache, state).map_err(give_up)?;
    Ok(if state.is_match() { Some(text.len()) } else { end })
}

/// Where the match that ends at `span.end` starts, not before `span.start`.
fn find_start(
    automaton: &DFA,
    cache: &mut Cache,
    text: &[u8],
    span: core::ops::Range<usize>,
    steps: usize,
    pace: &mut Pace,
) -> Result<Option<usize>> {
    let input = Input::new(text).range(span.clone()).anchored(Anchored::Yes);
    let mut state: LazyStateID = automaton.start_state_reverse(cache, &input).map_err(give_up)?;
    let mut start = None;
    for index in span.clone().rev() {
        pace.spend(steps)?;
        state = automaton.next_state(cache, state, text[index]).map_err(give_up)?;
        if state.is_match() {
            start = Some(index + 1);
        } else if state.is_dead() || state.is_quit() {
            return Ok(start);
        }
    }
    // What comes before decides whether a match may start here.
    state = match span.start.checked_sub(1) {
        Some(before) => automaton.next_state(cache, state, text[before]),
        None => automaton.next_eoi_state(cache, state),
    }
    .map_err(give_up)?;
    Ok(if state.is_match() { Some(span.start) } else { start })
}
