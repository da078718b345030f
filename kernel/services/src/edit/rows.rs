//! Rows of cells, and as few bytes as it takes to turn what the terminal shows into what it should show (ECMA-48: CUP,
//! EL, SGR; DECSTBM, SU and SD for scrolling).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// How a cell looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The foreground's number in SGR; 0 for the terminal's own.
    pub color: u8,
    /// Foreground and background are exchanged.
    pub is_reversed: bool,
}

impl Style {
    /// The terminal's own colours.
    pub const PLAIN: Self = Self::colored(0);

    /// A foreground by its number in SGR.
    pub const fn colored(color: u8) -> Self {
        Self {
            color,
            is_reversed: false,
        }
    }

    /// The same with foreground and background exchanged.
    pub const fn reversed(self) -> Self {
        Self {
            color: self.color,
            is_reversed: true,
        }
    }

    fn write(self, out: &mut String) {
        out.push_str("\x1b[0");
        if self.color != 0 {
            let _ = write!(out, ";{}", self.color);
        }
        if self.is_reversed {
            out.push_str(";7");
        }
        out.push('m');
    }
}

/// One row: the text of its cells, and where each ends. The second cell of a wide character has no text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    text: String,
    cells: Vec<(u32, Style)>,
}

impl Row {
    /// Cells so far.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// No cell yet.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Adds a character with its marks, `width` cells wide.
    pub fn push(&mut self, text: &str, width: usize, style: Style) {
        self.text.push_str(text);
        self.cells
            .extend(core::iter::repeat_n((self.text.len() as u32, style), width));
    }

    /// Adds blanks up to `width` cells.
    pub fn pad(&mut self, width: usize, style: Style) {
        while self.cells.len() < width {
            self.push(" ", 1, style);
        }
    }

    /// Adds some of this row's cells to another; half of a wide character becomes a blank.
    pub fn copy_to(&self, other: &mut Self, cells: core::ops::Range<usize>) {
        let mut index = cells.start;
        while index < cells.end {
            let (text, style) = self.cell(index);
            let continued = (index + 1..self.len())
                .take_while(|&next| self.is_continuation(next))
                .count();
            let width = 1 + continued;
            if text.is_empty() || index + width > cells.end {
                other.push(" ", 1, style);
                index += 1;
            } else {
                other.push(text, width, style);
                index += width;
            }
        }
    }

    /// Text and style of a cell; a plain blank where there is none.
    fn cell(&self, index: usize) -> (&str, Style) {
        let Some(&(end, style)) = self.cells.get(index) else {
            return (" ", Style::PLAIN);
        };
        let start = match index.checked_sub(1).and_then(|before| self.cells.get(before)) {
            Some(&(before, _)) => before,
            None => 0,
        };
        (self.text.get(start as usize..end as usize).unwrap_or_default(), style)
    }

    /// Cells without the plain blanks at the end.
    fn used(&self) -> usize {
        let is_blank = |index: &usize| self.cell(*index) == (" ", Style::PLAIN);
        let blanks = (0..self.cells.len()).rev().take_while(is_blank).count();
        self.cells.len() - blanks
    }

    /// The cell is the second one of a wide character.
    fn is_continuation(&self, index: usize) -> bool {
        self.cell(index).0.is_empty()
    }
}

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

    /// Sends what is needed so that the terminal shows `rows`, and its cursor at `cursor` (row and column, from 0).
    pub fn paint(&mut self, rows: Vec<Row>, cursor: (usize, usize), out: &mut Vec<u8>) {
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
        if self.cursor != Some(cursor) {
            let is_hidden = sent.len() > start;
            let _ = write!(sent, "\x1b[{};{}H", cursor.0 + 1, cursor.1 + 1);
            if is_hidden {
                sent.push_str("\x1b[?25h");
            }
        }
        self.shown = rows;
        self.cursor = Some(cursor);
        out.extend_from_slice(sent.as_bytes());
    }
}

fn paint_row(index: usize, old: &Row, new: &Row, out: &mut String) {
    let length = old.len().max(new.len());
    let differs = |column: &usize| old.cell(*column) != new.cell(*column);
    let Some(mut first) = (0..length).find(differs) else {
        return;
    };
    let mut last = (0..length).rev().find(differs).unwrap_or(first);
    // Half of a wide character cannot be sent, and none must be left.
    while first > 0 && (old.is_continuation(first) || new.is_continuation(first)) {
        first -= 1;
    }
    while last + 1 < length && (old.is_continuation(last + 1) || new.is_continuation(last + 1)) {
        last += 1;
    }
    let used = new.used();
    let is_cut = last >= used;
    let end = if is_cut { used.max(first) } else { last + 1 };
    let _ = write!(out, "\x1b[{};{}H", index + 1, first + 1);
    let mut style = Style::PLAIN;
    for column in first..end {
        let (text, wanted) = new.cell(column);
        if wanted != style {
            wanted.write(out);
            style = wanted;
        }
        out.push_str(text);
    }
    if style != Style::PLAIN {
        out.push_str("\x1b[0m");
    }
    if is_cut {
        out.push_str("\x1b[K");
    }
}
