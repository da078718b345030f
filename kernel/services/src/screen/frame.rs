//! What was painted last, cell by cell, so that only what differs is painted again.

use alloc::vec::Vec;

use super::grid::Grid;
use super::look::Look;

/// How the grid is to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showing {
    /// A blinking cursor is in its visible phase.
    pub(super) is_cursor_lit: bool,
    /// The visual bell: the colours of the last row are exchanged.
    pub(super) is_flashing: bool,
}

/// The cells as painted last; takes no memory until something is painted.
#[derive(Default)]
pub(super) struct Frame {
    painted: Vec<Look>,
    row: Vec<Look>,
}

impl Frame {
    /// A frame of blank cells on the background's colour.
    pub(super) fn blank((columns, rows): (usize, usize)) -> Self {
        Self {
            painted: alloc::vec![Look::BLANK; columns * rows],
            row: alloc::vec![Look::BLANK; columns],
        }
    }

    /// Takes nothing for painted any more, and gives the memory back.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Calls `paint` with row, first column and looks of each run of neighbouring cells that differ from what was
    /// painted, and takes them for painted.
    pub(super) fn update(&mut self, grid: &Grid, showing: Showing, mut paint: impl FnMut(usize, usize, &[Look])) {
        let cursor = grid.cursor();
        let (columns, rows) = grid.size_cells();
        if self.painted.len() != columns * rows || self.row.len() != columns {
            self.painted = alloc::vec![Look::UNPAINTED; columns * rows];
            self.row = alloc::vec![Look::BLANK; columns];
        }
        for (row, painted) in self.painted.chunks_exact_mut(columns).enumerate() {
            let seen = grid.seen(row);
            let (printed, rest) = self.row.split_at_mut(seen.len());
            printed.copy_from_slice(seen);
            rest.fill(Look::BLANK);
            if let Some((column, _, cursor)) = cursor.filter(|(_, cursor_row, _)| *cursor_row == row)
                && (showing.is_cursor_lit || cursor.is_steady)
            {
                self.row[column].marks |= cursor.mark;
            }
            if showing.is_flashing && row + 1 == rows {
                self.row.iter_mut().for_each(Look::swap_colors);
            }
            let mut column = 0;
            while column < columns {
                let differs = |index: &usize| self.row[*index] != painted[*index];
                let Some(start) = (column..columns).find(differs) else {
                    break;
                };
                column = (start..columns).find(|index| !differs(index)).unwrap_or(columns);
                paint(row, start, &self.row[start..column]);
            }
            painted.copy_from_slice(&self.row);
        }
    }
}
