//! A row of cells, each with its look.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::cells;

/// How a cell looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The foreground's number in SGR; 0 for the terminal's own.
    pub color: u8,
    /// Brighter or thicker.
    pub is_bold: bool,
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
            is_bold: false,
            is_reversed: false,
        }
    }

    /// The same, brighter or thicker.
    pub const fn bold(self) -> Self {
        Self { is_bold: true, ..self }
    }

    /// The same with foreground and background exchanged.
    pub const fn reversed(self) -> Self {
        Self {
            is_reversed: true,
            ..self
        }
    }

    pub(super) fn write(self, out: &mut String) {
        out.push_str("\x1b[0");
        if self.is_bold {
            out.push_str(";1");
        }
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

    /// Adds as much of a text as ends within `limit` cells from the row's start; blanks for what cannot be shown. What is
    /// left out begins with the first character that does not fit.
    pub fn push_text(&mut self, text: &str, limit: usize, style: Style) {
        let start = self.len();
        for cluster in cells::clusters(text) {
            if start + cluster.column + cluster.width > limit {
                break;
            }
            if cluster.is_unprintable() || cluster.character == '\t' {
                self.pad(self.len() + cluster.width, style);
            } else {
                self.push(&text[cluster.start..cluster.end], cluster.width, style);
            }
        }
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
    pub(super) fn cell(&self, index: usize) -> (&str, Style) {
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
    pub(super) fn used(&self) -> usize {
        let is_blank = |index: &usize| self.cell(*index) == (" ", Style::PLAIN);
        let blanks = (0..self.cells.len()).rev().take_while(is_blank).count();
        self.cells.len() - blanks
    }

    /// The cell is the second one of a wide character.
    pub(super) fn is_continuation(&self, index: usize) -> bool {
        self.cell(index).0.is_empty()
    }
}
