//! The full-screen editor for scripts, the same on every terminal.
//!
//! | module | what it does |
//! |---|---|
//! | [`text`] | the text, line by line |
//! | [`undo`] | what was changed |
//! | [`search`] | finding text |
//! | [`highlight`] | what the characters of a script are |
//! | [`view`] | the visible part, as rows |
//! | `motion` | where cursor keys lead |
//! | `command` | keys that edit |
//! | `question` | questions in the last row: search, replace, go to, leave |
//! | [`desk`] | what stays on a terminal between two calls |
//! | [`session`] | the editor at a terminal |
//!
//! An [`Editor`] takes keys and draws; it does no I/O. Saving and running are asked of whoever owns it, as a
//! [`Request`].

mod command;
pub mod desk;
pub mod highlight;
#[cfg(test)]
mod model_tests;
mod motion;
mod question;
#[cfg(test)]
mod screen_tests;
pub mod search;
pub mod session;
#[cfg(test)]
mod tests;
pub mod text;
pub mod undo;
pub mod view;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::painter::{Painter, Row, Style, cells};
use crate::terminal::keys::Key;
use highlight::Highlighter;
use question::Question;
use text::{Place, Text};
use undo::{Kind, Touched, Undo};
use view::View;

pub use desk::Desk;

/// Bytes that an edited text may have.
pub const TEXT_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// Bytes that all changes kept for undoing may have.
const UNDO_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// A terminal that does not tell its size is taken to be this large: columns and rows.
pub const DEFAULT_SIZE_CELLS: (usize, usize) = (80, 24);

const HINTS: &str = "^S save  ^Q quit  ^F find  ^R replace  ^L line  ^Z undo  F5 run  F1 help";
const HELP: &[&str] = &[
    "Ctrl-S, F2        save                     Ctrl-Q, F10       quit",
    "F5                save and run             Ctrl-L            go to line (or line:column)",
    "Ctrl-F            find                     F3, Ctrl-G        find next (Shift-F3: previous)",
    "Ctrl-R            replace                  Ctrl-Z, Ctrl-Y    undo, redo",
    "",
    "Shift-cursor key  select                   Ctrl-Space        mark: cursor keys select until Esc",
    "Ctrl-A            select all               Ctrl-C, Ctrl-X    copy, cut (without selection: the line)",
    "Ctrl-V            paste                    Tab, Shift-Tab    indent, indent less",
    "",
    "Ctrl-Left/Right   by word                  Home, End         start and end of the line",
    "PgUp, PgDn        by screen                Ctrl-Home/End     start and end of the text",
    "",
    "Esc ends a question or a mark, and measures the terminal again.",
    "A search text without capitals finds both cases.",
];

/// What the editor wants of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Nothing: more keys.
    None,
    /// Save the text, then call [`Editor::saved`].
    Save,
    /// The same, and end if that went well.
    SaveAndQuit,
    /// Save the text if it has changed, and run it.
    Run,
    /// End.
    Quit,
    /// Ask the terminal for its size again.
    Measure,
}

/// What the person wants to have again: in the next file, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What was cut or copied last.
    pub clipboard: String,
    /// What was looked for last.
    pub needle: String,
    /// What it was replaced with.
    pub replacement: String,
}

/// One text being edited.
#[derive(Debug)]
pub struct Editor {
    path: String,
    is_read_only: bool,
    text: Text,
    undo: Undo,
    saved_state: u64,
    /// Only for scripts.
    highlighter: Option<Highlighter>,
    view: View,
    painter: Painter,
    /// The first line at the time of the last paint.
    painted_top: usize,
    cursor: Place,
    /// The column that Up and Down keep to.
    goal_column: Option<usize>,
    /// The other end of the selection.
    anchor: Option<Place>,
    /// Cursor keys select without Shift.
    is_marking: bool,
    question: Option<Question>,
    message: String,
    shows_help: bool,
    /// What the terminal has pasted so far.
    pasted: Option<String>,
    memory: Memory,
}

impl Editor {
    /// An editor for the text of the file at `path`.
    pub fn new(path: &str, text: String, memory: Memory) -> Self {
        let is_script = path.ends_with(".rhai");
        Self {
            path: String::from(path),
            is_read_only: false,
            text: Text::new(text),
            undo: Undo::new(UNDO_LIMIT_BYTES),
            saved_state: 0,
            highlighter: is_script.then(Highlighter::default),
            view: View::new(DEFAULT_SIZE_CELLS.0, DEFAULT_SIZE_CELLS.1),
            painter: Painter::default(),
            painted_top: 0,
            cursor: Place::default(),
            goal_column: None,
            anchor: None,
            is_marking: false,
            question: None,
            message: String::new(),
            shows_help: false,
            pasted: None,
            memory,
        }
    }

    /// The file's path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text is a Rhai script.
    pub fn is_script(&self) -> bool {
        self.highlighter.is_some()
    }

    /// Nothing can be saved there: said in the status line.
    pub fn set_read_only(&mut self) {
        self.is_read_only = true;
    }

    /// The text as the file should have it; `None` where there is no memory for it.
    pub fn to_file(&self) -> Option<String> {
        self.text.to_file()
    }

    /// Something was changed since the text was loaded or saved.
    pub fn is_changed(&self) -> bool {
        self.undo.state() != self.saved_state
    }

    /// The text is in the file now.
    pub fn saved(&mut self) {
        self.undo.seal();
        self.saved_state = self.undo.state();
    }

    /// Shows a message until the next key.
    pub fn say(&mut self, message: &str) {
        self.message.clear();
        self.message.push_str(message);
    }

    /// Moves the cursor to a line and a character of it, both from 1, or to the nearest there is.
    pub fn go_to(&mut self, line: u32, column: u32) {
        let line = (line as usize).clamp(1, self.text.line_count()) - 1;
        let text = self.text.line(line);
        let skipped = (column as usize).max(1) - 1;
        let byte = text.char_indices().nth(skipped).map_or(text.len(), |(index, _)| index);
        self.select(None, Place::new(line, byte));
    }

    /// Gives up the text; what the person wants to have again stays.
    pub fn into_memory(self) -> Memory {
        self.memory
    }

    /// The terminal has this size.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        self.view.resize(columns, rows);
        self.painter.forget();
    }

    /// The terminal shows something else: the next drawing sends everything.
    pub fn redraw(&mut self) {
        self.painter.forget();
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Request {
        if let Some(pasted) = &mut self.pasted {
            match key {
                Key::PasteEnd => self.finish_paste(),
                _ if pasted.len() > TEXT_LIMIT_BYTES => {}
                Key::Character(character) => pasted.push(character),
                Key::Enter => pasted.push('\n'),
                Key::Tab => pasted.push('\t'),
                _ => {}
            }
            return Request::None;
        }
        self.message.clear();
        if core::mem::take(&mut self.shows_help) {
            return Request::None;
        }
        match (key, self.question.take()) {
            (Key::PasteStart, question) => {
                self.question = question;
                self.pasted = Some(String::new());
                Request::None
            }
            (Key::CursorAt { .. }, question) => {
                self.question = question;
                Request::None
            }
            (key, Some(question)) => self.answer(question, key),
            (key, None) => self.command(key),
        }
    }

    /// Sends what brings the terminal up to date.
    pub fn draw(&mut self, out: &mut Vec<u8>) {
        let (columns, height) = self.view.size_cells();
        let (mut rows, mut cursor);
        if self.shows_help {
            rows = HELP
                .iter()
                .take(self.view.text_rows())
                .map(|line| view::footer(columns, line, "", Style::PLAIN))
                .collect();
            cursor = (height - 1, 0);
        } else {
            self.view.show(&self.text, self.cursor);
            let moved = self.view.top() as isize - self.painted_top as isize;
            self.painter.scroll(self.view.text_rows(), moved, out);
            self.painted_top = self.view.top();
            let selected = self.selection();
            rows = self.view.rows(&self.text, self.highlighter.as_mut(), selected);
            cursor = self.view.cell(&self.text, self.cursor);
        }
        rows.resize(self.view.text_rows(), Row::default());
        rows.push(self.status(columns));
        let (last, column) = self.last_row(columns);
        rows.push(last);
        if let Some(column) = column {
            cursor = (height - 1, column);
        }
        self.painter.paint(rows, Some(cursor), out);
    }

    /// Name, whether it is changed, and where the cursor is.
    fn status(&self, columns: usize) -> Row {
        let mark = match (self.is_changed(), self.is_read_only) {
            (true, false) => "  [changed]",
            (true, true) => "  [changed, read-only]",
            (false, true) => "  [read-only]",
            (false, false) => "",
        };
        let line = self.text.line(self.cursor.line);
        let column = line.get(..self.cursor.byte).unwrap_or(line).chars().count() + 1;
        let mode = if self.is_marking { "mark  " } else { "" };
        let ending = match self.text.ending() {
            text::Ending::Lf => "",
            text::Ending::CrLf => "CRLF  ",
        };
        let place = format!("{mode}{ending}{}:{column} ", self.cursor.line + 1);
        // The end of a long path says more than its start.
        let room = columns.saturating_sub(mark.len() + place.len() + 3);
        let mut path = self.path.as_str();
        while cells::column_of(path, path.len()) > room {
            path = &path[cells::after(path, 0)..];
        }
        view::footer(columns, &format!(" {path}{mark}"), &place, Style::PLAIN.reversed())
    }

    /// Question, message or hints; and where the cursor is in it, if it is there.
    fn last_row(&self, columns: usize) -> (Row, Option<usize>) {
        if let Some(question) = &self.question {
            let (shown, column) = question.shown(columns);
            return (view::footer(columns, &shown, "", Style::PLAIN), Some(column));
        }
        let (shown, style) = match (self.shows_help, self.message.as_str()) {
            (true, _) => ("Press any key", Style::PLAIN),
            (false, "") => (HINTS, Style::colored(90)),
            (false, message) => (message, Style::PLAIN),
        };
        (view::footer(columns, shown, "", style), None)
    }

    /// The selected part, if there is one: start and end.
    fn selection(&self) -> Option<(Place, Place)> {
        let anchor = self.anchor.filter(|anchor| *anchor != self.cursor)?;
        Some((anchor.min(self.cursor), anchor.max(self.cursor)))
    }

    /// Moves the cursor, and selects from `anchor` where there is one.
    fn select(&mut self, anchor: Option<Place>, cursor: Place) {
        self.anchor = anchor;
        self.is_marking &= anchor.is_some();
        self.cursor = cursor;
        self.goal_column = None;
        self.undo.seal();
    }

    /// Replaces a part of the text; the cursor goes behind what is inserted. False where there would be too much text.
    fn change(&mut self, kind: Kind, start: Place, end: Place, inserted: &str) -> bool {
        if self.text.size_bytes() + inserted.len() > TEXT_LIMIT_BYTES && !inserted.is_empty() {
            self.say("there is no room for more text");
            return false;
        }
        let before = self.cursor;
        let (removed, after) = self.text.replace(start, end, inserted);
        self.touch(Touched {
            first: start.line,
            old_lines: end.line - start.line + 1,
            new_lines: after.line - start.line + 1,
        });
        self.undo.add(kind, start, removed, inserted, before);
        self.cursor = after;
        self.anchor = None;
        self.is_marking = false;
        self.goal_column = None;
        true
    }

    fn touch(&mut self, touched: Touched) {
        if let Some(highlighter) = &mut self.highlighter {
            highlighter.touch(&self.text, touched);
        }
    }
}
