//! What a pager sends to the terminal: whole pages, or the rows that scroll in (ECMA-48: CUP, EL, ED, SGR).

use alloc::format;
use alloc::string::String;

use super::rows::{TAB_CELLS, pieces};
use super::{Pager, Showing};

/// The keys, for `h`.
const HELP: [&str; 13] = [
    "Space, f, PageDown   next page",
    "b, PageUp            page before",
    "Enter, j, Down       next line",
    "k, Up                line before",
    "d, u                 half a page down, up",
    "g, Home              start",
    "G, End               end",
    "/text Enter          search; capitals count if there are any",
    "n, N                 next place, place before",
    "h, F1                these keys",
    "Ctrl-L               draw again",
    "q, Escape, Ctrl-C    leave",
    "",
];

/// Adds a row as it can be shown: blanks for a tab, `?` for control characters, plain colours at its end.
pub(super) fn push_row(row: &str, out: &mut String) {
    let (mut cells, mut has_colors) = (0, false);
    for piece in pieces(row) {
        let width = piece.width(cells);
        if piece.is_color() {
            has_colors = true;
            out.push_str(piece.text);
        } else if piece.character == '\t' {
            out.push_str(&"        "[..width.min(TAB_CELLS)]);
        } else if piece.character.is_control() {
            out.push('?');
        } else {
            out.push_str(piece.text);
        }
        cells += width;
    }
    if has_colors {
        out.push_str("\x1b[0m");
    }
}

impl Pager {
    /// What brings the terminal up to date.
    pub fn draw(&mut self, out: &mut String) {
        self.settle();
        let page = self.page_rows();
        match self.drawn {
            _ if self.showing == Showing::Help => {
                out.push_str("\x1b[H\x1b[2J");
                for line in HELP.iter().take(page) {
                    out.push_str(cut(line, self.rows.columns()));
                    out.push_str("\r\n");
                }
                self.drawn = None;
            }
            // The rows that are new at the bottom push the others up.
            Some(top) if self.top >= top && self.top - top < page && self.rows.len() >= self.top + page => {
                out.push_str("\r\x1b[K");
                self.push_rows(top + page..self.top + page, out);
                self.drawn = Some(self.top);
            }
            _ => {
                out.push_str("\x1b[H\x1b[2J");
                self.push_rows(self.top..(self.top + page).min(self.rows.len()), out);
                self.drawn = Some(self.top);
            }
        }
        self.push_prompt(out);
    }

    fn push_rows(&self, rows: core::ops::Range<usize>, out: &mut String) {
        for row in rows {
            let is_hit = self.search.hit == Some(row);
            if is_hit {
                out.push_str("\x1b[1m");
            }
            push_row(self.rows.row(row), out);
            if is_hit {
                out.push_str("\x1b[0m");
            }
            out.push_str("\r\n");
        }
    }

    /// The last row: where the page is, a question or a message.
    fn push_prompt(&self, out: &mut String) {
        let bottom = (self.top + self.page_rows()).min(self.rows.len());
        let is_end = self.is_complete && bottom == self.rows.len();
        let text = if let Some(question) = self.search.question() {
            question
        } else if self.showing == Showing::Help {
            String::from("-- any key goes back --")
        } else if let Some(message) = &self.message {
            format!("-- {message} --")
        } else if is_end {
            String::from("-- end (q leaves, h: keys) --")
        } else {
            format!("-- more ({} %) --", self.percent(bottom))
        };
        out.push_str("\x1b[7m");
        // Not into the last column, where some terminals go on in the next row.
        out.push_str(cut(&text, self.rows.columns().saturating_sub(1)));
        out.push_str("\x1b[0m\x1b[K");
    }

    /// How much of all there is lies before row `bottom`.
    fn percent(&self, bottom: usize) -> usize {
        let (done, all) = self.progress;
        let seen = self.rows.bytes_before(bottom) as u64 * done as u64;
        let total = (self.rows.bytes() as u64 * all as u64).max(1);
        (seen * 100 / total).min(99) as usize
    }
}

/// As much of `text` as fits into `columns` columns.
fn cut(text: &str, columns: usize) -> &str {
    let mut cells = 0;
    for piece in pieces(text) {
        cells += piece.width(cells);
        if cells > columns {
            return &text[..piece.start];
        }
    }
    text
}
