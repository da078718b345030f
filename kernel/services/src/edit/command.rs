//! Keys that edit.

use alloc::format;
use alloc::string::String;

use super::question::Question;
use super::search::{self, Direction};
use super::text::Place;
use super::undo::{Kind, Touched};
use super::{Editor, Request, cells};
use crate::terminal::keys::Key;

/// Cells of one step of indentation, as blanks.
const INDENT: &str = "    ";

impl Editor {
    /// What a key does while no question is asked.
    pub(super) fn command(&mut self, key: Key) -> Request {
        if let Some(motion) = key.motion() {
            self.go(motion, false);
            return Request::None;
        }
        match key {
            Key::Select(motion) => self.go(motion, true),
            Key::Character(character) => self.type_character(character),
            Key::Enter => self.break_line(),
            Key::Tab => self.tab(),
            Key::BackTab => self.shift_lines(unindent),
            Key::Backspace => self.remove_to(|editor| editor.backspace_target()),
            Key::Delete | Key::Control('d') => self.remove_to(|editor| editor.delete_target()),
            Key::BackspaceWord | Key::Control('w') => self.remove_to(Self::word_left),
            Key::DeleteWord => self.remove_to(Self::word_right),
            Key::Control('a') => self.select(Some(Place::default()), self.text.end()),
            Key::Control('c') => self.copy(),
            Key::Control('x') => self.cut(),
            Key::Control('v') => {
                let text = self.memory.clipboard.clone();
                self.insert(&text);
            }
            Key::Mark => {
                self.is_marking = !self.is_marking;
                self.anchor = self.is_marking.then_some(self.cursor);
            }
            Key::Escape => {
                self.is_marking = false;
                self.anchor = None;
                return Request::Measure;
            }
            Key::Control('z') => self.take_back(Step::Undo),
            Key::Control('y') => self.take_back(Step::Redo),
            Key::Control('f') => self.question = Some(Question::find(self.suggested_needle())),
            Key::Control('r') => self.question = Some(Question::replace_what(self.suggested_needle())),
            Key::Control('g') | Key::Function(3) => {
                self.find_again(Direction::Forward);
            }
            Key::ShiftFunction(3) => {
                self.find_again(Direction::Backward);
            }
            Key::Control('l') => self.question = Some(Question::go_to()),
            Key::Control('s') | Key::Function(2) => return Request::Save,
            Key::Control('q') | Key::Function(10) if self.is_changed() => self.question = Some(Question::Leave),
            Key::Control('q') | Key::Function(10) => return Request::Quit,
            Key::Function(5) => return Request::Run,
            Key::Function(1) => self.shows_help = true,
            _ => {}
        }
        Request::None
    }

    /// Puts text in the place of the selection or at the cursor, as a step of its own.
    pub(super) fn insert(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let (start, end) = self.selection().unwrap_or((self.cursor, self.cursor));
        self.undo.begin_group();
        self.change(Kind::Other, start, end, text);
    }

    pub(super) fn finish_paste(&mut self) {
        let pasted = self.pasted.take().unwrap_or_default();
        match &mut self.question {
            Some(question) => question.paste(&pasted),
            None => self.insert(&pasted),
        }
    }

    fn type_character(&mut self, character: char) {
        let mut buffer = [0; 4];
        let text: &str = character.encode_utf8(&mut buffer);
        if self.selection().is_some() {
            self.insert(text);
            return;
        }
        let Place { line, byte } = self.cursor;
        let left = self.text.line(line).get(..byte).unwrap_or_default();
        if matches!(character, '}' | ')' | ']') && !left.is_empty() && left.chars().all(char::is_whitespace) {
            // What closes a block stands one step less deep than what is in it.
            let start = unindent(left).map_or(byte, |(from, _)| from);
            self.undo.begin_group();
            self.change(Kind::Other, Place::new(line, start), self.cursor, text);
            return;
        }
        self.change(Kind::Typing, self.cursor, self.cursor, text);
    }

    /// Return: the new line is indented as this one, and one step more behind an opening bracket.
    fn break_line(&mut self) {
        let (start, end) = self.selection().unwrap_or((self.cursor, self.cursor));
        let line = self.text.line(start.line);
        let left = line.get(..start.byte).unwrap_or_default();
        let right = self.text.line(end.line).get(end.byte..).unwrap_or_default();
        let indent_bytes = left.len() - left.trim_start().len();
        let mut inserted = format!("\n{}", &left[..indent_bytes]);
        if left.trim_end().ends_with(['{', '(', '[']) && !right.trim_start().starts_with(['}', ')', ']']) {
            inserted.push_str(INDENT);
        }
        self.undo.begin_group();
        self.change(Kind::Other, start, end, &inserted);
    }

    fn tab(&mut self) {
        if self.selection().is_some_and(|(start, end)| start.line != end.line) {
            self.shift_lines(|line| (!line.is_empty()).then_some((0, INDENT)));
            return;
        }
        let (start, _) = self.selection().unwrap_or((self.cursor, self.cursor));
        let column = cells::column_of(self.text.line(start.line), start.byte);
        self.insert(&INDENT[column % cells::TAB_CELLS..]);
    }

    /// Indents all lines of the selection, or the cursor's, or takes indentation away: `change` gives for each line how
    /// many bytes of its start go (counted from where indentation is kept), and what comes there.
    fn shift_lines(&mut self, change: impl Fn(&str) -> Option<(usize, &'static str)>) {
        let (start, end) = self.selection().unwrap_or((self.cursor, self.cursor));
        let (anchor, cursor) = (self.anchor, self.cursor);
        let last = if end.byte == 0 && end.line > start.line {
            end.line - 1
        } else {
            end.line
        };
        let mut shifts = (0, 0);
        self.undo.begin_group();
        for line in start.line..=last {
            let Some((kept, inserted)) = change(self.text.line(line)) else {
                continue;
            };
            let from = Place::new(line, kept);
            let indent = self.text.line(line).len() - self.text.line(line).trim_start().len();
            let to = if inserted.is_empty() { indent.max(kept) } else { kept };
            if !self.change(Kind::Other, from, Place::new(line, to), inserted) {
                break;
            }
            let shift = inserted.len() as isize - (to - kept) as isize;
            if anchor.is_some_and(|anchor| anchor.line == line) {
                shifts.0 = shift;
            }
            if cursor.line == line {
                shifts.1 = shift;
            }
        }
        let moved = |place: Place, shift| Place::new(place.line, place.byte.saturating_add_signed(shift));
        self.anchor = anchor.map(|anchor| self.text.clamp(moved(anchor, shifts.0)));
        self.cursor = self.text.clamp(moved(cursor, shifts.1));
    }

    /// Removes the selection, or what lies between the cursor and a target.
    fn remove_to(&mut self, target: impl Fn(&Self) -> Place) {
        if let Some((start, end)) = self.selection() {
            self.undo.begin_group();
            self.change(Kind::Other, start, end, "");
            return;
        }
        let target = target(self);
        let (start, end) = (target.min(self.cursor), target.max(self.cursor));
        if start != end {
            self.change(Kind::Deleting, start, end, "");
        }
    }

    /// One character to the left; in the indentation, one step.
    fn backspace_target(&self) -> Place {
        let Place { line, byte } = self.cursor;
        let left = self.text.line(line).get(..byte).unwrap_or_default();
        if byte == 0 {
            return line
                .checked_sub(1)
                .map_or(self.cursor, |before| Place::new(before, self.text.line(before).len()));
        }
        if left.bytes().all(|byte| byte == b' ') {
            return Place::new(line, (byte - 1) / cells::TAB_CELLS * cells::TAB_CELLS);
        }
        Place::new(line, cells::before(left, byte))
    }

    fn delete_target(&self) -> Place {
        let Place { line, byte } = self.cursor;
        let text = self.text.line(line);
        if byte < text.len() {
            Place::new(line, cells::after(text, byte))
        } else if line + 1 < self.text.line_count() {
            Place::new(line + 1, 0)
        } else {
            self.cursor
        }
    }

    /// The selection, or the cursor's whole line.
    fn selection_or_line(&self) -> (Place, Place) {
        let line = self.cursor.line;
        self.selection().unwrap_or_else(|| {
            let end = if line + 1 < self.text.line_count() {
                Place::new(line + 1, 0)
            } else {
                self.text.end()
            };
            (Place::new(line, 0), end)
        })
    }

    fn copy(&mut self) {
        let (start, end) = self.selection_or_line();
        self.memory.clipboard = self.text.slice(start, end);
        self.is_marking = false;
        self.say("copied");
    }

    fn cut(&mut self) {
        let (start, end) = self.selection_or_line();
        if start == end {
            return;
        }
        self.memory.clipboard = self.text.slice(start, end);
        self.undo.begin_group();
        self.change(Kind::Other, start, end, "");
    }

    fn take_back(&mut self, step: Step) {
        let Self {
            undo,
            text,
            highlighter,
            ..
        } = self;
        let touch = |text: &super::Text, touched: Touched| {
            if let Some(highlighter) = highlighter.as_mut() {
                highlighter.touch(text, touched);
            }
        };
        let place = match step {
            Step::Undo => undo.undo(text, touch),
            Step::Redo => undo.redo(text, touch),
        };
        match (place, step) {
            (Some(place), _) => self.select(None, self.text.clamp(place)),
            (None, Step::Undo) => self.say("nothing to undo"),
            (None, Step::Redo) => self.say("nothing to redo"),
        }
    }

    /// What is selected in one line, or what was looked for last.
    fn suggested_needle(&self) -> String {
        match self.selection() {
            Some((start, end)) if start.line == end.line => self.text.slice(start, end),
            _ => self.memory.needle.clone(),
        }
    }

    /// Selects the next match of what was looked for last.
    pub(super) fn find_again(&mut self, direction: Direction) -> bool {
        let from = match (direction, self.selection()) {
            (Direction::Backward, Some((start, _))) => start,
            _ => self.cursor,
        };
        if self.memory.needle.is_empty() {
            self.question = Some(Question::find(String::new()));
            return false;
        }
        let Some(found) = search::find(&self.text, &self.memory.needle, from, direction) else {
            let message = format!("\"{}\" was not found", self.memory.needle);
            self.say(&message);
            return false;
        };
        self.select(Some(found.start), found.end);
        if found.has_wrapped {
            self.say("found from the other end of the text");
        }
        true
    }
}

/// Which way along the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Undo,
    Redo,
}

/// How much indentation stays when a line loses one step of it.
fn unindent(line: &str) -> Option<(usize, &'static str)> {
    let indent = line.len() - line.trim_start().len();
    if indent == 0 {
        return None;
    }
    let column = cells::column_of(line, indent);
    let kept = cells::byte_at(line, (column - 1) / cells::TAB_CELLS * cells::TAB_CELLS);
    Some((kept, ""))
}
