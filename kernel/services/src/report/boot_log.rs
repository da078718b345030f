//! The log of the start-up on the screen: lines below one another, and from the top again where the screen is full.
//!
//! Nothing is kept of what was written, and nothing is read from the screen: both would cost more than they are worth
//! here. A blank row stands between the newest line and the oldest.

use super::paper::{Paper, Style};

/// Light grey on black.
const STYLE: Style = Style {
    ink: 0x00c8_cdd3,
    back: 0,
    attribute: 0x07,
};

/// Where the next character goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BootLog {
    column: usize,
    row: usize,
    /// Something was written.
    is_begun: bool,
}

impl BootLog {
    /// The top left corner.
    pub const fn new() -> Self {
        Self {
            column: 0,
            row: 0,
            is_begun: false,
        }
    }

    /// Writes text; lines end with LF, and those that are too long go on in the next row.
    pub fn write(&mut self, paper: &mut Paper<'_>, text: &str) {
        let (columns, rows) = paper.size_cells();
        if columns == 0 || rows == 0 {
            return;
        }
        if !core::mem::replace(&mut self.is_begun, true) {
            paper.clear_rows(0, 1, STYLE);
        }
        for line in text.split_inclusive('\n') {
            let mut rest = line.trim_end_matches('\n');
            while !rest.is_empty() {
                if self.column == columns {
                    self.end_line(paper, rows);
                }
                let (now, later) = split_at_character(rest, columns - self.column);
                paper.write(self.column, self.row, now, STYLE);
                self.column += now.chars().count();
                rest = later;
            }
            if line.ends_with('\n') {
                self.end_line(paper, rows);
            }
        }
    }

    fn end_line(&mut self, paper: &mut Paper<'_>, rows: usize) {
        self.column = 0;
        self.row = (self.row + 1) % rows;
        paper.clear_rows(self.row, 1, STYLE);
    }
}

/// The first `count` characters of `text`, and the others.
pub(super) fn split_at_character(text: &str, count: usize) -> (&str, &str) {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}
