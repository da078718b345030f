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

/// Where the next line goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BootLog {
    row: usize,
    /// Something was written, and the current row made blank.
    has_begun: bool,
}

impl BootLog {
    /// The top of the screen.
    pub const fn new() -> Self {
        Self {
            row: 0,
            has_begun: false,
        }
    }

    /// Writes a line; what is too long goes on in the next row.
    pub fn write_line(&mut self, paper: &mut Paper<'_>, line: &str) {
        let (columns, rows) = paper.size_cells();
        if columns == 0 || rows == 0 {
            return;
        }
        if !core::mem::replace(&mut self.has_begun, true) {
            paper.clear_cells(0, self.row, STYLE);
        }
        let mut rest = line;
        loop {
            let (now, later) = split_at_character(rest, columns);
            paper.write(0, self.row, now, STYLE);
            self.row = (self.row + 1) % rows;
            paper.clear_cells(0, self.row, STYLE);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
    }
}

/// The first `count` characters of `text`, and the others.
pub(super) fn split_at_character(text: &str, count: usize) -> (&str, &str) {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}
