//! Questions in the last row: what to search for, what to replace, where to go, whether to save.

use alloc::format;
use alloc::string::String;

use super::search::{self, Direction};
use super::text::Place;
use super::undo::Kind;
use super::{Editor, Request, cells};
use crate::terminal::keys::Key;
use crate::terminal::line::Line;

/// A question and what was answered so far.
#[derive(Debug)]
pub(super) enum Question {
    /// What to search for.
    Find(Answer),
    /// What to replace.
    ReplaceWhat(Answer),
    /// What to put in its place.
    ReplaceBy(Answer),
    /// Whether to replace the selected match.
    ReplaceThis,
    /// Which line to go to.
    GoTo(Answer),
    /// Whether to save before leaving.
    Leave,
}

/// A line being typed.
#[derive(Debug, Default)]
pub(super) struct Answer {
    line: Line,
    /// Nothing was typed yet: the text is a suggestion, which typing replaces.
    is_suggestion: bool,
}

impl Answer {
    fn suggest(text: &str) -> Self {
        let mut line = Line::default();
        line.set(text);
        Self {
            line,
            is_suggestion: true,
        }
    }

    fn insert(&mut self, text: &str) {
        if core::mem::take(&mut self.is_suggestion) {
            self.line.take();
        }
        self.line.insert(text);
    }
}

impl Question {
    pub(super) fn find(suggested: String) -> Self {
        Self::Find(Answer::suggest(&suggested))
    }

    pub(super) fn replace_what(suggested: String) -> Self {
        Self::ReplaceWhat(Answer::suggest(&suggested))
    }

    pub(super) fn go_to() -> Self {
        Self::GoTo(Answer::default())
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Find(_) => "Find: ",
            Self::ReplaceWhat(_) => "Replace: ",
            Self::ReplaceBy(_) => "with: ",
            Self::ReplaceThis => "Replace this one? (y)es, (n)o, (a)ll, Esc ends ",
            Self::GoTo(_) => "Go to line: ",
            Self::Leave => "Save the changes? (y)es, (n)o, Esc goes back ",
        }
    }

    fn answer(&mut self) -> Option<&mut Answer> {
        match self {
            Self::Find(answer) | Self::ReplaceWhat(answer) | Self::ReplaceBy(answer) | Self::GoTo(answer) => {
                Some(answer)
            }
            Self::ReplaceThis | Self::Leave => None,
        }
    }

    /// What the terminal has pasted: its first line.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(answer) = self.answer() {
            answer.insert(text.lines().next().unwrap_or_default());
        }
    }

    /// The last row, and where the cursor is in it.
    pub(super) fn shown(&self, columns: usize) -> (String, usize) {
        let label = self.label();
        let (text, cursor) = match self {
            Self::Find(answer) | Self::ReplaceWhat(answer) | Self::ReplaceBy(answer) | Self::GoTo(answer) => {
                (answer.line.text(), answer.line.cursor())
            }
            Self::ReplaceThis | Self::Leave => ("", 0),
        };
        // Of an answer that is too long, the part before the cursor.
        let room = columns.saturating_sub(label.len() + 1).max(1);
        let column = cells::column_of(text, cursor);
        let hidden = (column + 1).saturating_sub(room);
        let mut start = cells::byte_at(text, hidden);
        if cells::column_of(text, start) < hidden {
            start = cells::after(text, start);
        }
        let start = start.min(cursor);
        let shown = format!("{label}{}", text.get(start..).unwrap_or_default());
        let column = label.len() + column - cells::column_of(text, start);
        (shown, column.min(columns - 1))
    }
}

/// Edits an answer; true for Return.
fn edit_answer(answer: &mut Answer, key: Key) -> bool {
    match key {
        Key::Enter => return true,
        Key::Character(character) => answer.insert(character.encode_utf8(&mut [0; 4])),
        Key::Tab => answer.insert("\t"),
        _ => edit_line(&mut answer.line, key),
    }
    answer.is_suggestion = false;
    false
}

fn edit_line(line: &mut Line, key: Key) {
    match key {
        Key::Backspace => {
            line.remove(line.before(), line.cursor());
        }
        Key::Delete => {
            line.remove(line.cursor(), line.after());
        }
        Key::Control('u') => {
            line.take();
        }
        Key::Left => line.move_to(line.before()),
        Key::Right => line.move_to(line.after()),
        Key::Home => line.move_to(0),
        Key::End => line.move_to(line.text().len()),
        Key::WordLeft => line.move_to(line.word_start()),
        Key::WordRight => line.move_to(line.word_end()),
        _ => {}
    }
}

impl Editor {
    /// What a key does while a question is asked.
    pub(super) fn answer(&mut self, mut question: Question, key: Key) -> Request {
        if matches!(key, Key::Escape | Key::Control('c' | 'q')) {
            return Request::None;
        }
        if key == Key::Control('v')
            && let Some(answer) = question.answer()
        {
            answer.insert(self.memory.clipboard.lines().next().unwrap_or_default());
        }
        let is_entered = question.answer().is_some_and(|answer| edit_answer(answer, key));
        match question {
            Question::Find(_) | Question::ReplaceWhat(_) | Question::ReplaceBy(_) | Question::GoTo(_)
                if !is_entered =>
            {
                self.question = Some(question);
            }
            Question::Find(mut answer) => {
                self.memory.needle = answer.line.take();
                if !self.memory.needle.is_empty() {
                    self.find_again(Direction::Forward);
                }
            }
            Question::ReplaceWhat(mut answer) => {
                self.memory.needle = answer.line.take();
                if !self.memory.needle.is_empty() {
                    self.question = Some(Question::ReplaceBy(Answer::suggest(&self.memory.replacement)));
                }
            }
            Question::ReplaceBy(mut answer) => {
                self.memory.replacement = answer.line.take();
                // A match that is selected is the first one to be asked for.
                let start = self.selection().map_or(self.cursor, |(start, _)| start);
                self.select(None, start);
                self.ask_for_next();
            }
            Question::ReplaceThis => self.replace_or_not(key),
            Question::GoTo(answer) => self.go_to_text(answer.line.text()),
            Question::Leave => match key {
                Key::Character('y' | 'Y') => return Request::SaveAndQuit,
                Key::Character('n' | 'N') => return Request::Quit,
                _ => self.question = Some(Question::Leave),
            },
        }
        Request::None
    }

    fn ask_for_next(&mut self) {
        if self.find_again(Direction::Forward) {
            self.question = Some(Question::ReplaceThis);
        }
    }

    fn replace_or_not(&mut self, key: Key) {
        match key {
            Key::Character('y' | 'Y') => {
                let replacement = self.memory.replacement.clone();
                if let Some((start, end)) = self.selection() {
                    self.undo.begin_group();
                    self.change(Kind::Other, start, end, &replacement);
                }
                self.ask_for_next();
            }
            Key::Character('n' | 'N') => self.ask_for_next(),
            Key::Character('a' | 'A') => self.replace_all(),
            _ => self.question = Some(Question::ReplaceThis),
        }
    }

    /// Replaces every match in the text, as one step.
    fn replace_all(&mut self) {
        let (needle, replacement) = (self.memory.needle.clone(), self.memory.replacement.clone());
        let cursor = self.cursor;
        let mut count = 0usize;
        let mut has_room = true;
        self.undo.begin_group();
        for index in 0..self.text.line_count() {
            let Some((replaced, matches)) = replace_in_line(self.text.line(index), &needle, &replacement) else {
                continue;
            };
            let end = Place::new(index, self.text.line(index).len());
            has_room = self.change(Kind::Other, Place::new(index, 0), end, &replaced);
            if !has_room {
                break;
            }
            count += matches;
        }
        self.undo.seal();
        self.select(None, self.text.clamp(cursor));
        if has_room {
            self.say(&format!("replaced {count} times"));
        }
    }

    /// `12` or `12:5`.
    fn go_to_text(&mut self, text: &str) {
        let mut numbers = text.trim().split(':').map(|part| part.trim().parse::<u32>());
        match (numbers.next(), numbers.next()) {
            (Some(Ok(line)), None) => self.go_to(line, 1),
            (Some(Ok(line)), Some(Ok(column))) => self.go_to(line, column),
            _ => self.say("a line is a number, or two as in 12:5"),
        }
    }
}

/// The line with every match replaced, and how many there were; `None` where there is none.
fn replace_in_line(line: &str, needle: &str, replacement: &str) -> Option<(String, usize)> {
    let mut replaced = String::new();
    let mut from = 0;
    let mut count = 0;
    while let Some((start, end)) = search::next(line, needle, from) {
        replaced.push_str(&line[from..start]);
        replaced.push_str(replacement);
        from = end;
        count += 1;
    }
    replaced.push_str(&line[from..]);
    (count > 0).then_some((replaced, count))
}
