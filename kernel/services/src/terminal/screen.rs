//! Draws an input on a terminal, however many rows it takes, by the difference to what is drawn already.
//!
//! A terminal of which nothing is known is sent as little as possible: a character typed at the end is sent as it is,
//! small changes are made with backspaces and blanks, and escape sequences (ECMA-48: CUU, CUB, CUF, ED, EL) come only
//! where nothing else will do, so that a program that reads the line sees plain text.
//!
//! An input that has more rows than the terminal is drawn through a window: as many rows as there are, with the cursor
//! among them. Rows above it have scrolled away.
//!
//! A terminal that has written its last column keeps the cursor there until the next character. What backspace and
//! cursor movements do then differs, so the first movement from there is always a return.

use alloc::format;
use alloc::vec::Vec;

use super::cells::{Cell, Style};
use super::layout::{Content, Layout, Place, Row};
use super::view::View;

/// Up to so many cells are moved over or cleared with plain characters.
const PLAIN_LIMIT_CELLS: usize = 16;
/// The same where the terminal knows sequences, which are shorter than more characters.
const ESCAPES_LIMIT_CELLS: usize = 4;
/// Where the window moves by more than so many screens at once, what lies between is left out.
const SCROLLED_SCREENS: usize = 8;

/// What is drawn, and how to change it.
#[derive(Debug)]
pub(super) struct Screen {
    view: View,
    layout: Layout,
    /// The rows on the terminal; none where nothing is drawn.
    rows: Vec<Row>,
    /// Number of the first one of them.
    top: usize,
    /// Number of the first row that the terminal does not have yet.
    end: usize,
    cursor: Place,
    style: Style,
}

impl Screen {
    /// Nothing drawn yet.
    pub(super) fn new(view: View) -> Self {
        let mut screen = Self {
            view,
            layout: Layout::default(),
            rows: Vec::new(),
            top: 0,
            end: 0,
            cursor: Place::default(),
            style: Style::Plain,
        };
        screen.set_view(view);
        screen
    }

    /// Takes note of what the terminal is. Nothing may be drawn.
    pub(super) fn set_view(&mut self, view: View) {
        self.view = View {
            columns: view.columns.max(1),
            rows: view.rows.max(1),
            ..view
        };
        self.forget_layout();
    }

    /// Something is on the terminal.
    pub(super) fn is_drawn(&self) -> bool {
        !self.rows.is_empty()
    }

    /// What is before the text has changed, or all of it, or whether it has colours.
    pub(super) fn forget_layout(&mut self) {
        self.layout.reset(self.view.columns);
    }

    /// The text has changed from byte `index` on.
    pub(super) fn invalidate(&mut self, index: usize) {
        self.layout.invalidate(index);
    }

    /// What was drawn is not ours any more; the terminal's cursor is at the start of an empty row.
    pub(super) fn forget(&mut self) {
        self.rows = Vec::new();
    }

    /// Removes what is drawn; the cursor ends where that began.
    pub(super) fn erase(&mut self, out: &mut Vec<u8>) {
        if !self.is_drawn() {
            return;
        }
        let above = self.cursor.row - self.top;
        if above > 0 {
            out.extend_from_slice(format!("\x1b[{above}A").as_bytes());
        }
        out.extend_from_slice(b"\r\x1b[J");
        self.forget();
    }

    /// Brings the terminal up to date.
    pub(super) fn draw(&mut self, content: &Content<'_>, out: &mut Vec<u8>) {
        let cursor = self.update(content, out);
        self.go_to(cursor, out);
        self.finish(out);
    }

    /// The same, with the terminal's cursor at the end of the text. Then the drawing is left as it is, with `ending`
    /// behind it, and the cursor in a new row.
    pub(super) fn leave(&mut self, content: &Content<'_>, ending: &[u8], out: &mut Vec<u8>) {
        let end = Content {
            cursor: content.text.len(),
            bracket: None,
            suggestion: "",
            ..*content
        };
        let cursor = self.update(&end, out);
        if self.cursor.row != cursor.row || !ending.is_empty() {
            self.go_to(cursor, out);
        }
        self.finish(out);
        out.extend_from_slice(ending);
        out.extend_from_slice(b"\r\n");
        self.forget();
    }

    /// Draws all rows, and returns where the cursor is to go.
    fn update(&mut self, content: &Content<'_>, out: &mut Vec<u8>) -> Place {
        let cursor = self.layout.cursor(content);
        let height = self.view.rows;
        let lowest_top = (cursor.row + 1).saturating_sub(height);
        if !self.is_drawn() {
            (self.top, self.end) = (lowest_top, lowest_top + 1);
            self.cursor = Place {
                row: lowest_top,
                column: 0,
            };
        }
        let top = lowest_top.max(self.top.min(cursor.row));
        let mut first = self.top;
        if top < self.top {
            // The terminal cannot scroll back: what it shows is taken for other rows.
            self.cursor.row = self.cursor.row + top - self.top;
            self.end = self.end + top - self.top;
            self.top = top;
            first = top;
        } else if self.view.shows_escapes && top > self.end + SCROLLED_SCREENS * height {
            let distance = top - self.end;
            self.cursor.row += distance;
            self.end += distance;
            self.top += distance;
            first = top;
        }
        let rows = self.layout.rows(content, first, top + height);
        let old = core::mem::replace(&mut self.rows, rows);
        let old_top = core::mem::replace(&mut self.top, first);
        for number in first..first + self.rows.len() {
            let old = number.checked_sub(old_top).and_then(|offset| old.get(offset));
            self.draw_row(number, old.map_or(&[], |row| row.cells.as_slice()), out);
        }
        let end = first + self.rows.len();
        if self.end > end {
            let below = Place { row: end, column: 0 };
            self.go_to(below, out);
            self.set_style(Style::Plain, out);
            out.extend_from_slice(b"\x1b[J");
            self.end = end;
        }
        cursor
    }

    /// Plain text from here; rows that have scrolled away are forgotten.
    fn finish(&mut self, out: &mut Vec<u8>) {
        self.set_style(Style::Plain, out);
        let top = self.end.saturating_sub(self.view.rows).max(self.top);
        self.rows.drain(..top - self.top);
        self.top = top;
    }

    fn draw_row(&mut self, number: usize, old: &[Cell], out: &mut Vec<u8>) {
        let is_new = number >= self.end;
        let row = core::mem::take(&mut self.rows[number - self.top]);
        if is_new && row.cells.is_empty() {
            self.go_to(Place { row: number, column: 0 }, out);
        }
        let mut column = 0;
        while let Some(&cell) = row.cells.get(column) {
            if is_new || old.get(column) != Some(&cell) {
                let place = Place { row: number, column };
                if column == 0 && self.wraps_to(number) {
                    self.cursor = place;
                } else {
                    self.go_to_part(place, &row.cells, out);
                }
                self.write(cell, out);
            }
            column += cell.width();
        }
        let left_over = old.get(row.cells.len()..).unwrap_or_default();
        if let Some(last) = left_over.iter().rposition(|cell| !cell.is_blank()) {
            let end = Place {
                row: number,
                column: row.cells.len(),
            };
            self.go_to_part(end, &row.cells, out);
            self.set_style(Style::Plain, out);
            if last < self.plain_limit() {
                out.resize(out.len() + last + 1, b' ');
                self.cursor.column += last + 1;
            } else {
                out.extend_from_slice(b"\x1b[K");
            }
        }
        self.rows[number - self.top] = row;
    }

    fn plain_limit(&self) -> usize {
        if self.view.shows_escapes {
            ESCAPES_LIMIT_CELLS
        } else {
            PLAIN_LIMIT_CELLS
        }
    }

    fn write(&mut self, cell: Cell, out: &mut Vec<u8>) {
        self.set_style(cell.style, out);
        cell.write(out);
        self.cursor.column += cell.width();
        self.end = self.end.max(self.cursor.row + 1);
    }

    fn set_style(&mut self, style: Style, out: &mut Vec<u8>) {
        if self.style != style {
            out.extend_from_slice(style.sequence());
            self.style = style;
        }
    }

    /// Moves the cursor to a place in the rows as they are drawn.
    fn go_to(&mut self, target: Place, out: &mut Vec<u8>) {
        let row = target
            .row
            .checked_sub(self.top)
            .and_then(|offset| self.rows.get_mut(offset));
        let row = row.map(core::mem::take).unwrap_or_default();
        self.go_to_part(target, &row.cells, out);
        if let Some(slot) = target
            .row
            .checked_sub(self.top)
            .and_then(|offset| self.rows.get_mut(offset))
        {
            *slot = row;
        }
    }

    /// Moves the cursor to a place in a row that is drawn up to there; `cells` is what it shows.
    fn go_to_part(&mut self, target: Place, cells: &[Cell], out: &mut Vec<u8>) {
        if self.cursor == target {
            return;
        }
        if target.column >= self.view.columns {
            // Behind the last column of a full row: its last character, written again, leads there.
            let last = cells.iter().rposition(|cell| !cell.is_covered()).unwrap_or(0);
            self.go_to_part(Place { column: last, ..target }, cells, out);
            if let Some(&cell) = cells.get(last) {
                self.write(cell, out);
            }
            return;
        }
        self.go_to_row(target, out);
        let (from, to) = (self.cursor.column, target.column);
        if to == 0 && from > 0 {
            out.push(b'\r');
        } else if from > to && from - to <= self.plain_limit() {
            out.resize(out.len() + from - to, 0x08);
        } else if from > to {
            out.extend_from_slice(format!("\x1b[{}D", from - to).as_bytes());
        } else if from < to {
            self.go_right(to, cells, out);
        }
        self.cursor = target;
    }

    /// The next character goes to the start of that row by itself.
    fn wraps_to(&self, row: usize) -> bool {
        let above = row.checked_sub(self.top + 1).and_then(|offset| self.rows.get(offset));
        self.cursor.row + 1 == row
            && above.is_some_and(|above| above.is_wrapped && above.cells.len() == self.cursor.column)
    }

    fn go_to_row(&mut self, target: Place, out: &mut Vec<u8>) {
        let down = target.row.saturating_sub(self.cursor.row);
        let up = self.cursor.row.saturating_sub(target.row);
        if target.row >= self.end || down > 0 && target.column == 0 {
            out.push(b'\r');
            out.resize(out.len() + down, b'\n');
            self.cursor.column = 0;
            self.end = self.end.max(target.row + 1);
        } else {
            if self.cursor.column >= self.view.columns {
                out.push(b'\r');
                self.cursor.column = 0;
            }
            if up > 0 {
                out.extend_from_slice(format!("\x1b[{up}A").as_bytes());
            } else if down > 0 {
                out.extend_from_slice(format!("\x1b[{down}B").as_bytes());
            }
        }
        self.cursor.row = target.row;
    }

    /// Moves right within a row: by writing what is there, where that is short.
    fn go_right(&mut self, to: usize, cells: &[Cell], out: &mut Vec<u8>) {
        let way = cells.get(self.cursor.column..to).unwrap_or_default();
        let is_writable = way.first().is_some_and(|cell| !cell.is_covered())
            && way.len() <= self.plain_limit()
            && way.iter().all(|cell| cell.is_covered() || cell.style == self.style);
        if is_writable {
            way.iter()
                .filter(|cell| !cell.is_covered())
                .for_each(|cell| cell.write(out));
        } else {
            out.extend_from_slice(format!("\x1b[{}C", to - self.cursor.column).as_bytes());
        }
    }
}
