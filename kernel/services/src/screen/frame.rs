//! What was painted last, cell by cell, so that only what differs is painted again.

use alloc::vec::Vec;

use super::grid::Grid;
use super::palette;
use vt100::CursorStyle;

/// The character is underlined.
pub(super) const UNDERLINE: u8 = 1 << 0;
/// The cursor is here, as a block.
pub(super) const CURSOR_BLOCK: u8 = 1 << 1;
/// The cursor is here, as a line below.
pub(super) const CURSOR_UNDERLINE: u8 = 1 << 2;
/// The cursor is here, as a bar on the left.
pub(super) const CURSOR_BAR: u8 = 1 << 3;
/// Left half of a character two cells wide.
pub(super) const WIDE_LEFT: u8 = 1 << 4;
/// Right half of a character two cells wide.
pub(super) const WIDE_RIGHT: u8 = 1 << 5;
/// Of no cell: what has never been painted.
const UNKNOWN: u8 = 1 << 7;

/// Everything that decides about the pixels of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) character: char,
    pub(super) foreground: u32,
    pub(super) background: u32,
    pub(super) marks: u8,
}

impl Look {
    const BLANK: Self = Self {
        character: ' ',
        foreground: palette::FOREGROUND,
        background: palette::BACKGROUND,
        marks: 0,
    };

    fn of(cell: &vt100::Cell) -> Self {
        let character = match cell.has_contents() {
            true => cell.contents().chars().next().unwrap_or(' '),
            false => ' ',
        };
        let mut look = Self {
            character,
            foreground: palette::foreground(cell.fgcolor(), cell.bold(), cell.dim()),
            background: palette::background(cell.bgcolor()),
            marks: if cell.underline() { UNDERLINE } else { 0 },
        };
        if cell.inverse() {
            look.swap_colors();
        }
        // What cannot be seen makes no difference; but a cursor here must be seen.
        if look.character == ' ' && look.marks == 0 {
            look.foreground = match look.background {
                palette::FOREGROUND => palette::BACKGROUND,
                _ => palette::FOREGROUND,
            };
        }
        look
    }

    fn swap_colors(&mut self) {
        core::mem::swap(&mut self.foreground, &mut self.background);
    }
}

/// How the grid is to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showing {
    /// A blinking cursor is in its visible phase.
    pub(super) is_cursor_lit: bool,
    /// The visual bell: the colours of the last row are exchanged.
    pub(super) is_flashing: bool,
}

/// The cells as painted last.
pub(super) struct Frame {
    columns: usize,
    painted: Vec<Look>,
    row: Vec<Look>,
}

impl Frame {
    /// A frame of which nothing is painted.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let unknown = Look {
            marks: UNKNOWN,
            ..Look::BLANK
        };
        Self::painted_with(unknown, columns, rows)
    }

    /// A frame of blank cells on [`palette::BACKGROUND`].
    pub(super) fn blank(columns: usize, rows: usize) -> Self {
        Self::painted_with(Look::BLANK, columns, rows)
    }

    fn painted_with(look: Look, columns: usize, rows: usize) -> Self {
        Self {
            columns,
            painted: alloc::vec![look; columns * rows],
            row: alloc::vec![look; columns],
        }
    }

    /// Calls `paint` with row, first column and looks of each run of neighbouring cells that differ from what was
    /// painted, and takes them for painted.
    pub(super) fn update(&mut self, grid: &Grid, showing: Showing, mut paint: impl FnMut(usize, usize, &[Look])) {
        let cursor = grid.cursor();
        let last_row = (self.painted.len() / self.columns).saturating_sub(1);
        for (row, painted) in self.painted.chunks_exact_mut(self.columns).enumerate() {
            read_row(grid, row, &mut self.row);
            if let Some((column, _, style)) = cursor.filter(|(_, cursor_row, _)| *cursor_row == row) {
                self.row[column].marks |= cursor_mark(style, showing.is_cursor_lit);
            }
            if showing.is_flashing && row == last_row {
                self.row.iter_mut().for_each(Look::swap_colors);
            }
            let mut column = 0;
            while column < self.columns {
                let differs = |index: &usize| self.row[*index] != painted[*index];
                let Some(start) = (column..self.columns).find(differs) else {
                    break;
                };
                column = (start..self.columns)
                    .find(|index| !differs(index))
                    .unwrap_or(self.columns);
                paint(row, start, &self.row[start..column]);
            }
            painted.copy_from_slice(&self.row);
        }
    }
}

fn read_row(grid: &Grid, row: usize, looks: &mut [Look]) {
    let mut wide_left: Option<Look> = None;
    for (column, look) in looks.iter_mut().enumerate() {
        let cell = grid.cell(column, row);
        *look = match (cell, wide_left.take()) {
            // The right half has no attributes of its own.
            (Some(cell), Some(left)) if cell.is_wide_continuation() => Look {
                marks: left.marks & UNDERLINE | WIDE_RIGHT,
                ..left
            },
            (Some(cell), _) => Look::of(cell),
            (None, _) => Look::BLANK,
        };
        if cell.is_some_and(vt100::Cell::is_wide) {
            look.marks |= WIDE_LEFT;
            wide_left = Some(*look);
        }
    }
}

fn cursor_mark(style: CursorStyle, is_lit: bool) -> u8 {
    let is_steady = matches!(
        style,
        CursorStyle::SteadyBlock | CursorStyle::SteadyUnderline | CursorStyle::SteadyVerticalBar
    );
    if !is_lit && !is_steady {
        return 0;
    }
    match style {
        CursorStyle::BlinkUnderline | CursorStyle::SteadyUnderline => CURSOR_UNDERLINE,
        CursorStyle::BlinkVerticalBar | CursorStyle::SteadyVerticalBar => CURSOR_BAR,
        _ => CURSOR_BLOCK,
    }
}
