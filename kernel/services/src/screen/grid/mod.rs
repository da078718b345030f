//! The character grid: bytes with escape sequences in, cells out.
//!
//! | module | what it does |
//! |---|---|
//! | `perform` | what the sequences do |
//! | `pen` | the attributes of what is printed |
//! | `page` | lines, cursor, scrolling, and what left the top |
//! | `line` | one line's cells |
//!
//! A line has memory for the cells that were printed on, and what a full-screen program printed goes when it leaves: a
//! session that shows a prompt takes few KiB, whatever the screen's size.

mod line;
mod page;
mod pen;
mod perform;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use super::look::{CURSOR_BAR, CURSOR_BLOCK, CURSOR_UNDERLINE, Look};
use page::{Page, Scrollback};
use pen::Pen;

/// Lines that have left the top and are kept.
const SCROLLBACK_LINES: usize = 1000;
/// Memory that they may take, if all of them are full.
const SCROLLBACK_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// Answers that are kept until the reader takes them; later ones are dropped.
const ANSWERS_LIMIT_BYTES: usize = 256;
/// Operating system commands, such as a window's title, are read over.
const COMMAND_BYTES: usize = 16;

/// How the cursor is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// One of `CURSOR_BLOCK`, `CURSOR_UNDERLINE` and `CURSOR_BAR`.
    pub(super) mark: u8,
    /// It does not blink.
    pub(super) is_steady: bool,
}

impl Cursor {
    /// The cursor that DECSCUSR knows by this number.
    fn numbered(number: u16) -> Option<Self> {
        let mark = match number {
            0..=2 => CURSOR_BLOCK,
            3 | 4 => CURSOR_UNDERLINE,
            5 | 6 => CURSOR_BAR,
            _ => return None,
        };
        let is_steady = number > 0 && number.is_multiple_of(2);
        Some(Self { mark, is_steady })
    }
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            mark: CURSOR_BLOCK,
            is_steady: false,
        }
    }
}

/// The grid and its scrollback.
pub(super) struct Grid {
    parser: vte::Parser<COMMAND_BYTES>,
    state: State,
}

/// What the bytes change.
struct State {
    main: Page,
    /// For a program that has the whole screen.
    alternate: Option<Page>,
    pen: Pen,
    saved_pen: Pen,
    cursor: Cursor,
    is_cursor_hidden: bool,
    last_character: Option<char>,
    has_rung: bool,
    answers: Vec<u8>,
}

impl Grid {
    /// A blank grid. Fewer than two columns or rows become two, which the escape sequences' logic needs.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            parser: vte::Parser::new_with_size(),
            state: State::new(columns.max(2), rows.max(2)),
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.state, bytes);
    }

    pub(super) fn resize(&mut self, columns: usize, rows: usize) {
        let (columns, rows) = (columns.max(2), rows.max(2));
        self.state.main.resize(columns, rows);
        if let Some(alternate) = &mut self.state.alternate {
            alternate.resize(columns, rows);
        }
    }

    /// Columns and rows.
    pub(super) fn size_cells(&self) -> (usize, usize) {
        self.state.main.size_cells()
    }

    /// The cells of a row as seen, which is in the scrollback while the view is moved back. What is missing is blank.
    pub(super) fn seen(&self, row: usize) -> &[Look] {
        self.state.page().seen(row)
    }

    /// Column and row of the cursor as seen and how it looks; `None` while it is hidden or out of view.
    pub(super) fn cursor(&self) -> Option<(usize, usize, Cursor)> {
        let (columns, rows) = self.size_cells();
        let place = self.state.page().cursor;
        let row = place.row + self.view_lines();
        let is_seen = !self.state.is_cursor_hidden && row < rows;
        is_seen.then(|| (place.column.min(columns - 1), row, self.state.cursor))
    }

    /// Lines by which the view is moved back.
    pub(super) fn view_lines(&self) -> usize {
        self.state.page().scrollback.view_lines
    }

    /// Moves the view so that it is `lines` back, or as far as there are any.
    pub(super) fn set_view_lines(&mut self, lines: usize) {
        self.state.page_mut().scrollback.set_view_lines(lines);
    }

    pub(super) fn take_bell(&mut self) -> bool {
        core::mem::take(&mut self.state.has_rung)
    }

    pub(super) fn take_answers(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.state.answers)
    }
}

impl State {
    fn new(columns: usize, rows: usize) -> Self {
        let lines = SCROLLBACK_LINES.min(SCROLLBACK_LIMIT_BYTES / (size_of::<Look>() * columns));
        Self {
            main: Page::new(columns, rows, Scrollback::new(lines)),
            alternate: None,
            pen: Pen::default(),
            saved_pen: Pen::default(),
            cursor: Cursor::default(),
            is_cursor_hidden: false,
            last_character: None,
            has_rung: false,
            answers: Vec::new(),
        }
    }

    /// As at the start; the bell and the answers stay.
    fn reset(&mut self) {
        let (columns, rows) = self.main.size_cells();
        *self = Self {
            has_rung: self.has_rung,
            answers: core::mem::take(&mut self.answers),
            ..Self::new(columns, rows)
        };
    }

    /// The page that is shown.
    fn page(&self) -> &Page {
        self.alternate.as_ref().unwrap_or(&self.main)
    }

    fn page_mut(&mut self) -> &mut Page {
        self.alternate.as_mut().unwrap_or(&mut self.main)
    }

    /// A blank page for a program.
    fn enter_alternate(&mut self) {
        let (columns, rows) = self.main.size_cells();
        self.main.scrollback.set_view_lines(0);
        self.alternate = Some(Page::new(columns, rows, Scrollback::new(0)));
    }

    fn save_cursor(&mut self) {
        self.page_mut().save_cursor();
        self.saved_pen = self.pen;
    }

    fn restore_cursor(&mut self) {
        self.page_mut().restore_cursor();
        self.pen = self.saved_pen;
    }

    fn answer(&mut self, bytes: &[u8]) {
        if self.answers.len() + bytes.len() <= ANSWERS_LIMIT_BYTES {
            self.answers.extend_from_slice(bytes);
        }
    }
}
