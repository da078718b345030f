//! Draws one edited line on a terminal, however many rows it takes.
//!
//! As little as possible is sent: a character typed at the end of the line is sent as it is, and small changes are
//! made with backspaces and blanks. Escape sequences (ECMA-48: CUU, CUB, ED) come only where nothing else will do, so
//! that a terminal without them, or a program that reads the line, sees plain text.
//!
//! A terminal that has written its last column keeps the cursor there until the next character ("pending wrap").
//! [`Screen`] knows that state as a column equal to the width.

use alloc::format;
use alloc::vec::Vec;
use unicode_width::UnicodeWidthChar;

/// Up to so many cells are moved or cleared with plain characters.
const PLAIN_LIMIT_CELLS: usize = 16;

/// A cell, counted from the prompt's first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    row: usize,
    column: usize,
}

/// Where the terminal's cursor is, and where the drawn text ends.
#[derive(Debug)]
pub struct Screen {
    width_cells: usize,
    prompt: &'static str,
    cursor: Cell,
    end: Cell,
}

impl Screen {
    /// Nothing drawn yet on a terminal of `width_cells` columns.
    pub fn new(width_cells: usize) -> Self {
        Self {
            width_cells: width_cells.max(20),
            prompt: "",
            cursor: Cell::default(),
            end: Cell::default(),
        }
    }

    /// Takes note of the terminal's width.
    pub fn set_width(&mut self, width_cells: usize) {
        self.width_cells = width_cells.max(20);
    }

    /// Draws the prompt and `text` from the start of an empty row, the cursor at byte `cursor` of the text.
    pub fn draw(&mut self, prompt: &'static str, text: &str, cursor: usize, out: &mut Vec<u8>) {
        self.prompt = prompt;
        self.cursor = self.after(Cell::default(), prompt);
        self.end = self.cursor;
        out.extend_from_slice(prompt.as_bytes());
        self.redraw(text, 0, cursor, out);
    }

    /// Brings the drawn line up to date: `text` has changed from byte `changed` on, where the terminal's cursor is; it
    /// goes to byte `cursor`.
    pub fn redraw(&mut self, text: &str, changed: usize, cursor: usize, out: &mut Vec<u8>) {
        let start = if self.cursor == self.end {
            self.cursor
        } else {
            self.writing_start(text, changed)
        };
        self.move_cursor(text, start, out);
        out.extend_from_slice(&text.as_bytes()[changed..]);
        let new_end = self.after(start, &text[changed..]);
        self.cursor = new_end;
        let old_end = core::mem::replace(&mut self.end, new_end);
        if old_end > new_end {
            self.clear(old_end, out);
        }
        if cursor != text.len() {
            let target = self.cell(text, cursor);
            self.move_cursor(text, target, out);
        }
    }

    /// Where the terminal goes on writing behind `text[..changed]`: not the next character's cell, for the terminal
    /// itself decides what wraps.
    fn writing_start(&self, text: &str, changed: usize) -> Cell {
        let start = self.after(self.after(Cell::default(), self.prompt), &text[..changed]);
        if start.column == self.width_cells && self.cursor != start {
            return Cell {
                row: start.row + 1,
                column: 0,
            };
        }
        start
    }

    /// Moves the cursor to byte `cursor` of the text that is drawn.
    pub fn place_cursor(&mut self, text: &str, cursor: usize, out: &mut Vec<u8>) {
        let target = self.cell(text, cursor);
        self.move_cursor(text, target, out);
    }

    /// Removes the drawn line; the cursor ends where the prompt began.
    pub fn erase(&mut self, out: &mut Vec<u8>) {
        if self.cursor.row > 0 {
            out.extend_from_slice(format!("\x1b[{}A", self.cursor.row).as_bytes());
        }
        out.extend_from_slice(b"\r\x1b[J");
        self.cursor = Cell::default();
        self.end = Cell::default();
    }

    /// Leaves the line: the cursor goes to the row below it.
    pub fn leave(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.end.row > self.cursor.row {
            self.move_cursor(text, self.end, out);
        }
        out.extend_from_slice(b"\r\n");
        self.cursor = Cell::default();
        self.end = Cell::default();
    }

    /// Erases from the cursor to `old_end`.
    fn clear(&mut self, old_end: Cell, out: &mut Vec<u8>) {
        self.settle(out);
        let cells = old_end.column.wrapping_sub(self.cursor.column);
        if old_end.row == self.cursor.row && cells <= PLAIN_LIMIT_CELLS && old_end.column < self.width_cells {
            out.resize(out.len() + cells, b' ');
            out.resize(out.len() + cells, 0x08);
        } else {
            out.extend_from_slice(b"\x1b[J");
        }
    }

    /// Ends a pending wrap by going to the next row.
    fn settle(&mut self, out: &mut Vec<u8>) {
        if self.cursor.column == self.width_cells {
            out.extend_from_slice(b"\r\n");
            self.cursor = Cell {
                row: self.cursor.row + 1,
                column: 0,
            };
            self.end = self.end.max(self.cursor);
        }
    }

    fn move_cursor(&mut self, text: &str, target: Cell, out: &mut Vec<u8>) {
        if target == self.cursor {
            return;
        }
        self.settle(out);
        if target.column == self.width_cells {
            // Only the end of the text pends there; the row's last character, drawn again, restores that state.
            let mut visible = text.char_indices().rev().filter(|&(_, character)| width(character) > 0);
            let last = visible.next().map_or(0, |(index, _)| index);
            let before = self.cell(text, last);
            self.move_cursor(text, before, out);
            out.extend_from_slice(&text.as_bytes()[last..]);
            self.cursor = target;
            return;
        }
        if target.row < self.cursor.row {
            out.extend_from_slice(format!("\x1b[{}A", self.cursor.row - target.row).as_bytes());
        } else if target.row > self.cursor.row {
            out.extend_from_slice(format!("\x1b[{}B", target.row - self.cursor.row).as_bytes());
        }
        let (from, to) = (self.cursor.column, target.column);
        if to == 0 && from != 0 {
            out.push(b'\r');
        } else if to < from && from - to <= PLAIN_LIMIT_CELLS {
            out.resize(out.len() + from - to, 0x08);
        } else if to < from {
            out.extend_from_slice(format!("\x1b[{}D", from - to).as_bytes());
        } else if to > from {
            self.move_right(text, target, out);
        }
        self.cursor = target;
    }

    /// Moves right within the target's row: by writing what is there, where that is known and short.
    fn move_right(&self, text: &str, target: Cell, out: &mut Vec<u8>) {
        let from = Cell {
            row: target.row,
            column: self.cursor.column,
        };
        match (self.index_at(text, from), self.index_at(text, target)) {
            (Some(start), Some(end)) if target.column - from.column <= PLAIN_LIMIT_CELLS => {
                out.extend_from_slice(&text.as_bytes()[start..end]);
            }
            _ => out.extend_from_slice(format!("\x1b[{}C", target.column - from.column).as_bytes()),
        }
    }

    /// The byte index of the character drawn at `wanted`, or of the text's end if that is there.
    fn index_at(&self, text: &str, wanted: Cell) -> Option<usize> {
        let mut cell = self.after(Cell::default(), self.prompt);
        for (index, character) in text.char_indices() {
            let width = width(character);
            if cell.column + width > self.width_cells {
                cell = Cell {
                    row: cell.row + 1,
                    column: 0,
                };
            }
            if cell == wanted && width > 0 {
                return Some(index);
            }
            cell.column += width;
        }
        (cell == wanted).then_some(text.len())
    }

    /// The cell of the character at byte `index`: where it is drawn, not where the text before it ends.
    fn cell(&self, text: &str, index: usize) -> Cell {
        let cell = self.after(self.after(Cell::default(), self.prompt), &text[..index]);
        let width = text[index..].chars().next().map_or(0, width);
        if width > 0 && cell.column + width > self.width_cells {
            Cell {
                row: cell.row + 1,
                column: 0,
            }
        } else {
            cell
        }
    }

    fn after(&self, start: Cell, text: &str) -> Cell {
        text.chars().fold(start, |cell, character| {
            let width = width(character);
            if cell.column + width > self.width_cells {
                Cell {
                    row: cell.row + 1,
                    column: width,
                }
            } else {
                Cell {
                    row: cell.row,
                    column: cell.column + width,
                }
            }
        })
    }
}

fn width(character: char) -> usize {
    character.width().unwrap_or(0)
}
