//! What each key does.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::history::Direction;
use super::super::keys::Key;
use super::super::kill_ring::Side;
use super::super::line;
use super::super::search::Search;
use super::super::undo::Origin;
use super::pasting::TAB;
use super::{IsComplete, LineEditor, Previous, Question, Step, TYPED_LIMIT_BYTES};

/// Columns between tab stops.
const TAB_CELLS: usize = TAB.len();

/// The highest number that stands for keys held with F3 (xterm: 1 + shift 1, alt 2, control 4).
const F3_MODIFIERS: usize = 8;

impl LineEditor {
    /// Does what a key stands for.
    pub(super) fn press(&mut self, key: Key, is_complete: IsComplete<'_>, out: &mut Vec<u8>) -> Step {
        let key = key.without_shift();
        match key {
            Key::Character(character) if self.search.is_none() => return self.type_character(character),
            Key::CursorAt { row, column } => {
                self.answer(usize::from(row), usize::from(column), out);
                return Step::More;
            }
            _ => self.take_typed(),
        }
        if self.is_pasting {
            return self.paste_key(key, out);
        }
        if self.search.is_some() && self.search_key(key) {
            return Step::More;
        }
        let previous = core::mem::take(&mut self.previous);
        let goal_column = self.goal_column.take();
        match key {
            Key::Enter => return self.enter(is_complete, out),
            Key::Control('c') => return self.interrupt(out),
            Key::Control('d') if self.is_paste_mode => return self.submit(out),
            Key::Control('d') if self.line.is_empty() => {
                self.leave(b"", out);
                self.forget();
                return Step::EndOfInput;
            }
            // On the empty last line of a block there is nothing to delete.
            Key::Control('d') if self.line.is_at_end() && self.line.line_start() == self.line.cursor() => {
                self.leave(b"", out);
                self.forget();
                return Step::Interrupted;
            }
            Key::Control('a') if self.line.is_empty() && !self.is_paste_mode => {
                self.leave(b"", out);
                self.forget();
                return Step::Machine;
            }
            Key::Control('e') if self.line.is_empty() && !self.is_paste_mode => self.begin_paste_mode(out),
            Key::PasteStart => self.begin_pasting(),
            Key::Tab => return self.tab(previous),
            Key::NewLine => {
                self.history.rewind();
                self.insert("\n");
            }
            Key::Control('l') => self.clear_terminal(out),
            Key::Control('x') => self.previous = Previous::Prefix,
            Key::Control('u') if previous == Previous::Prefix => self.take_back(),
            Key::Control('_') => self.take_back(),
            Key::Up | Key::Control('p') => self.up(goal_column),
            Key::Down | Key::Control('n') => self.down(goal_column),
            _ if self.is_paste_mode => self.edit(key, previous),
            Key::Control('r') => {
                self.search = Some(Search::new());
                self.note_new_prompt();
            }
            Key::TextStart => self.walk_to_oldest(),
            Key::TextEnd => self.walk_to_draft(),
            _ => self.edit(key, previous),
        }
        Step::More
    }

    fn type_character(&mut self, character: char) -> Step {
        self.typed.push(character);
        self.previous = Previous::Other;
        self.goal_column = None;
        self.has_begun |= core::mem::take(&mut self.is_fresh);
        if self.typed.len() >= TYPED_LIMIT_BYTES {
            self.take_typed();
        }
        Step::More
    }

    /// Keys that move the cursor or change the text.
    fn edit(&mut self, key: Key, previous: Previous) {
        let (start, cursor, end) = (self.line.line_start(), self.line.cursor(), self.line.line_end());
        match key {
            Key::Left | Key::Control('b') => self.move_to(self.line.before()),
            Key::Right | Key::Control('f') if self.accept_suggestion() => {}
            Key::Right | Key::Control('f') => self.move_to(self.line.after()),
            Key::Home | Key::Control('a') => self.move_to(start),
            Key::End | Key::Control('e') if self.accept_suggestion() => {}
            Key::End | Key::Control('e') => self.move_to(end),
            Key::WordLeft => self.move_to(self.line.word_start()),
            Key::WordRight if self.accept_word() => {}
            Key::WordRight => self.move_to(self.line.word_end()),
            Key::Backspace => self.remove(self.line.before(), cursor),
            Key::Delete | Key::Control('d') => self.remove(cursor, self.line.after()),
            // At a line's end, the next line is joined.
            Key::Control('k') if cursor == end => self.kill(cursor, self.line.after(), Side::Right, previous),
            Key::Control('k') => self.kill(cursor, end, Side::Right, previous),
            Key::Control('u') => self.kill(start, cursor, Side::Left, previous),
            Key::Control('w') => self.kill(self.line.blank_word_start(), cursor, Side::Left, previous),
            Key::BackspaceWord => self.kill(self.line.word_start(), cursor, Side::Left, previous),
            Key::DeleteWord => self.kill(cursor, self.line.word_end(), Side::Right, previous),
            Key::Control('y') => {
                let text = self.killed.newest().map(String::from).unwrap_or_default();
                self.yank(cursor, &text);
            }
            Key::Alt('y') => {
                if let Previous::Yanked(start) = previous {
                    self.killed.rotate();
                    let text = self.killed.newest().map(String::from).unwrap_or_default();
                    self.yank(start, &text);
                }
            }
            Key::Control('t') => {
                if let Some((start, end, text)) = self.line.transposed() {
                    self.change(start, end, &text, Origin::Other);
                    self.history.rewind();
                }
            }
            // What only full-screen programs have a use for.
            _ => {}
        }
    }

    fn remove(&mut self, start: usize, end: usize) {
        if start < end {
            self.change(start, end, "", Origin::Other);
            self.history.rewind();
        }
    }

    fn kill(&mut self, start: usize, end: usize, side: Side, previous: Previous) {
        if start < end {
            let text = String::from(&self.line.text()[start..end]);
            if previous == Previous::Killed {
                self.killed.join(&text, side);
            } else {
                self.killed.add(text);
            }
            self.remove(start, end);
        }
        self.previous = Previous::Killed;
    }

    /// Inserts what was cut, in the place of what was inserted from `start` on.
    fn yank(&mut self, start: usize, text: &str) {
        if self.change(start, self.line.cursor(), text, Origin::Other) {
            self.previous = Previous::Yanked(start);
        }
        self.history.rewind();
    }

    fn take_back(&mut self) {
        let Some(change) = self.undo.take() else {
            self.rings_bell = true;
            return;
        };
        self.line
            .replace(change.start, change.start + change.inserted_bytes, &change.removed);
        self.line.move_to(change.cursor);
        self.note_change(change.start);
        self.history.rewind();
    }

    fn enter(&mut self, is_complete: IsComplete<'_>, out: &mut Vec<u8>) -> Step {
        if self.is_paste_mode {
            self.insert("\n");
            return Step::More;
        }
        if self.checked_bytes.is_none() {
            // What it has seen of the text has changed: it starts over.
            is_complete("");
        }
        if is_complete(self.line.text()) {
            return self.submit(out);
        }
        self.checked_bytes = Some(self.line.text().len());
        self.history.rewind();
        self.insert("\n");
        Step::More
    }

    /// In the blank start of a line Tab indents; behind text it asks the session.
    fn tab(&mut self, previous: Previous) -> Step {
        let left = &self.line.text()[self.line.line_start()..self.line.cursor()];
        if self.is_paste_mode {
            self.insert(TAB);
            return Step::More;
        }
        if left.trim().is_empty() {
            let missing = TAB_CELLS - left.chars().count() % TAB_CELLS;
            self.insert(&TAB[..missing]);
            self.history.rewind();
            return Step::More;
        }
        self.previous = previous;
        Step::Complete(Question {
            text: String::from(self.line.text()),
            cursor: self.line.cursor(),
            is_repeated: previous == Previous::Asked,
        })
    }

    fn clear_terminal(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b[H\x1b[2J");
        self.screen.forget();
        self.show(out);
        self.asking.restart();
        self.ask_size(out);
    }

    /// What looks as the terminal's answer to [`LineEditor::ask_size`] has come.
    pub(in crate::terminal) fn answer(&mut self, rows: usize, columns: usize, out: &mut Vec<u8>) {
        // F3 with Shift, Control or Alt looks as an answer from the first row.
        let is_key = rows == 1 && columns <= F3_MODIFIERS;
        if !is_key && self.asking.answered() {
            let view = super::View {
                columns,
                rows,
                shows_escapes: true,
            };
            self.change_view(view, out);
        }
    }

    fn up(&mut self, goal_column: Option<usize>) {
        let column = goal_column.unwrap_or_else(|| self.line.column());
        match self.line.above(column) {
            Some(place) => {
                self.goal_column = Some(column);
                self.move_to(place);
            }
            None if self.is_paste_mode => {}
            None => {
                let older = self.history.older(self.line.text(), self.line.cursor());
                self.recall(older);
            }
        }
    }

    fn down(&mut self, goal_column: Option<usize>) {
        let column = goal_column.unwrap_or_else(|| self.line.column());
        match self.line.below(column) {
            Some(place) => {
                self.goal_column = Some(column);
                self.move_to(place);
            }
            None => {
                let newer = self.history.newer();
                self.recall(newer);
            }
        }
    }

    fn walk_to_oldest(&mut self) {
        let mut oldest = None;
        while let Some(older) = self.history.older(oldest.as_deref().unwrap_or(self.line.text()), 0) {
            oldest = Some(older);
        }
        self.recall(oldest);
    }

    fn walk_to_draft(&mut self) {
        let mut newest = None;
        while let Some(newer) = self.history.newer() {
            newest = Some(newer);
        }
        self.recall(newest);
    }

    fn recall(&mut self, text: Option<String>) {
        if let Some(text) = text {
            self.replace_all(&text);
        }
    }

    /// Changes what is different from `text`; the cursor goes to its end.
    fn replace_all(&mut self, text: &str) {
        let old = self.line.text();
        let mut same = old
            .bytes()
            .zip(text.bytes())
            .take_while(|(old, new)| old == new)
            .count();
        while !old.is_char_boundary(same) || !text.is_char_boundary(same) {
            same -= 1;
        }
        self.change(same, old.len(), &text[same..], Origin::Other);
    }

    fn accept_suggestion(&mut self) -> bool {
        let suggested = String::from(self.suggestion());
        !suggested.is_empty() && self.insert(&suggested)
    }

    fn accept_word(&mut self) -> bool {
        let suggested = String::from(self.suggestion());
        let behind_word = suggested
            .trim_start_matches(|character| !line::is_word(character))
            .trim_start_matches(line::is_word);
        let word = &suggested[..suggested.len() - behind_word.len()];
        !word.is_empty() && self.insert(word)
    }

    /// A key during a search. False where the search is over and the key is still to be pressed.
    fn search_key(&mut self, key: Key) -> bool {
        let Some(search) = &mut self.search else {
            return false;
        };
        match key {
            Key::Character(character) => search.push(character, &self.history),
            Key::Backspace => search.pop(&self.history),
            Key::Control('r') => search.next(&self.history, Direction::Older),
            Key::Control('s') => search.next(&self.history, Direction::Newer),
            Key::Control('g' | 'c') | Key::Escape => {
                self.cancel_search();
                return true;
            }
            _ => {
                let found = search
                    .shown(&self.history)
                    .map(|(text, place)| (String::from(text), place));
                self.cancel_search();
                if let Some((text, place)) = found {
                    self.replace_all(&text);
                    self.history.rewind();
                    if key != Key::Enter {
                        self.move_to(place);
                    }
                }
                return false;
            }
        }
        self.note_new_prompt();
        true
    }

    /// Back to what was being written.
    pub(super) fn cancel_search(&mut self) {
        self.search = None;
        self.note_new_prompt();
    }

    fn note_new_prompt(&mut self) {
        self.screen.forget_layout();
        self.is_drawn = false;
    }
}
