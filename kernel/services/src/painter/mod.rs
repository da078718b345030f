//! Full-screen programs on a terminal: rows of cells, and as few bytes as it takes to turn what the terminal shows into
//! what it should show (ECMA-48: CUP, CUF, EL, SGR; DECSTBM, SU and SD for scrolling).
//!
//! | module | what it does |
//! |---|---|
//! | [`cells`] | characters and the cells they take |
//! | [`row`] | cells with their looks |

pub mod cells;
pub mod row;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

pub use row::{Row, Style};

/// Cells that are sent again between two that differ: to move the cursor over them would cost about as many bytes.
const BRIDGED_CELLS: usize = 6;

/// What the terminal shows.
#[derive(Debug, Default)]
pub struct Painter {
    shown: Vec<Row>,
    cursor: Option<(usize, usize)>,
    /// Nothing is known about what the terminal shows.
    is_lost: bool,
}

impl Painter {
    /// Knows nothing of the terminal: the next paint clears it and sends everything.
    pub fn forget(&mut self) {
        self.is_lost = true;
    }

    /// Moves the first `rows` rows up by `lines` (down, if negative), as the terminal does it by itself.
    pub fn scroll(&mut self, rows: usize, lines: isize, out: &mut Vec<u8>) {
        let distance = lines.unsigned_abs();
        if self.is_lost || distance == 0 || distance >= rows || self.shown.len() < rows {
            return;
        }
        let (command, region) = if lines > 0 {
            ('S', lines as usize)
        } else {
            ('T', rows - distance)
        };
        out.extend_from_slice(alloc::format!("\x1b[0m\x1b[1;{rows}r\x1b[{distance}{command}\x1b[r").as_bytes());
        self.shown[..rows].rotate_left(region);
        let emptied = if lines > 0 { rows - distance..rows } else { 0..distance };
        self.shown[emptied].fill(Row::default());
        self.cursor = None;
    }

    /// Sends what is needed so that the terminal shows `rows`, and its cursor at `cursor` (row and column, from 0), or
    /// none.
    pub fn paint(&mut self, rows: Vec<Row>, cursor: Option<(usize, usize)>, out: &mut Vec<u8>) {
        let mut sent = String::new();
        if core::mem::take(&mut self.is_lost) || self.shown.len() != rows.len() {
            sent.push_str("\x1b[0m\x1b[2J");
            self.shown.clear();
            self.shown.resize(rows.len(), Row::default());
            self.cursor = None;
        }
        let start = sent.len();
        for (index, (old, new)) in self.shown.iter().zip(&rows).enumerate() {
            if old != new {
                paint_row(index, old, new, &mut sent);
            }
        }
        if sent.len() > start {
            // A cursor that flies over the screen is no sight.
            sent.insert_str(start, "\x1b[?25l");
            self.cursor = None;
        }
        if let Some((row, column)) = cursor.filter(|_| self.cursor != cursor) {
            let is_hidden = sent.len() > start;
            let _ = write!(sent, "\x1b[{};{}H", row + 1, column + 1);
            if is_hidden {
                sent.push_str("\x1b[?25h");
            }
        }
        self.shown = rows;
        self.cursor = cursor;
        out.extend_from_slice(sent.as_bytes());
    }
}

/// Sends the cells of a row that differ, those that lie close together at once.
fn paint_row(index: usize, old: &Row, new: &Row, out: &mut String) {
    let length = old.len().max(new.len());
    let used = new.used();
    let mut style = Style::PLAIN;
    let mut at = None;
    let mut column = 0;
    while let Some(run) = next_run(old, new, column, length) {
        column = run.end;
        let end = run.end.min(used).max(run.start);
        match at {
            Some(at) => {
                let _ = write!(out, "\x1b[{}C", run.start - at);
            }
            None => {
                let _ = write!(out, "\x1b[{};{}H", index + 1, run.start + 1);
            }
        }
        for cell in run.start..end {
            let (text, wanted) = new.cell(cell);
            if wanted != style {
                wanted.write(out);
                style = wanted;
            }
            out.push_str(text);
        }
        at = Some(end);
        if run.end > used {
            if style != Style::PLAIN {
                out.push_str("\x1b[0m");
                style = Style::PLAIN;
            }
            out.push_str("\x1b[K");
            break;
        }
    }
    if style != Style::PLAIN {
        out.push_str("\x1b[0m");
    }
}

/// The next cells from `from` on that must be sent: from one that differs to another one. Half of a wide character cannot
/// be sent, and none must be left.
fn next_run(old: &Row, new: &Row, from: usize, length: usize) -> Option<core::ops::Range<usize>> {
    let differs = |column: usize| old.cell(column) != new.cell(column);
    let is_half = |column: usize| old.is_continuation(column) || new.is_continuation(column);
    let mut start = (from..length).find(|&column| differs(column))?;
    while start > from && is_half(start) {
        start -= 1;
    }
    let mut end = start + 1;
    loop {
        while end < length && is_half(end) {
            end += 1;
        }
        let near = (end..length.min(end + BRIDGED_CELLS + 1)).find(|&column| differs(column));
        match near {
            Some(column) => end = column + 1,
            None => return Some(start..end),
        }
    }
}
