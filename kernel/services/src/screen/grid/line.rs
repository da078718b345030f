//! One line of the grid: its cells up to the last that was printed on. What lies behind them is blank.

use alloc::vec::Vec;
use core::ops::Range;

use super::super::look::{Look, WIDE_LEFT, WIDE_RIGHT};

/// Cells that a line has room for at least, once it has any.
const FEWEST_CELLS: usize = 16;

/// See the module. No function is told of columns behind the screen's edge.
#[derive(Debug, Default)]
pub(super) struct Line {
    cells: Vec<Look>,
}

impl Line {
    /// The cells that may not be blank.
    pub(super) fn cells(&self) -> &[Look] {
        &self.cells
    }

    /// Makes all of it blank and gives its memory back.
    pub(super) fn reset(&mut self) {
        self.cells = Vec::new();
    }

    /// Prints one cell of a line of `columns`.
    pub(super) fn put(&mut self, column: usize, look: Look, columns: usize) {
        self.split_at(column);
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = look;
        } else if look != Look::BLANK {
            self.extend_to(column, Look::BLANK, columns);
            self.extend_to(column + 1, look, columns);
        }
    }

    /// Prints a character two cells wide.
    pub(super) fn put_wide(&mut self, column: usize, look: Look, columns: usize) {
        self.put(column, look, columns);
        self.put(column + 1, look.half(WIDE_RIGHT), columns);
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = look.half(WIDE_LEFT);
        }
    }

    /// Gives all cells of `range` the look `blank`.
    pub(super) fn erase(&mut self, range: Range<usize>, blank: Look, columns: usize) {
        let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else {
            return;
        };
        self.split_at(range.start);
        self.split_at(last);
        if blank == Look::BLANK && range.end >= self.cells.len() {
            self.cells.truncate(range.start);
            return;
        }
        self.extend_to(range.start, Look::BLANK, columns);
        self.extend_to(range.end, blank, columns);
        self.cells[range].fill(blank);
    }

    /// Moves the cells from `column` on to the right; what passes the edge is lost.
    pub(super) fn insert(&mut self, column: usize, count: usize, columns: usize) {
        if self.cells.get(column).is_none() || count == 0 {
            return;
        }
        if self.cells[column].marks & WIDE_RIGHT != 0 {
            self.split_at(column);
            self.cells[column] = self.cells[column].emptied();
        }
        let count = count.min(columns - column);
        self.cells.truncate(columns - count);
        let length = self.cells.len() + count;
        self.extend_to(length, Look::BLANK, columns);
        self.cells[column..].rotate_right(count);
        self.close_edge(columns);
    }

    /// Takes the cells of `range` out; those behind them move up.
    pub(super) fn remove(&mut self, range: Range<usize>) {
        let end = range.end.min(self.cells.len());
        if range.start >= end {
            return;
        }
        self.split_at(range.start);
        self.split_at(end - 1);
        self.cells.drain(range.start..end);
    }

    /// Cuts it to `columns`.
    pub(super) fn cut(&mut self, columns: usize) {
        self.cells.truncate(columns);
        self.close_edge(columns);
    }

    /// Forgets blank cells at its end and gives back the memory that it does not need.
    pub(super) fn trim(&mut self) {
        let length = self.cells.iter().rposition(|cell| *cell != Look::BLANK);
        self.cells.truncate(length.map_or(0, |last| last + 1));
        self.cells.shrink_to_fit();
    }

    /// Half a character cannot be: where the one in `column` has two cells, the other one is emptied.
    fn split_at(&mut self, column: usize) {
        let marks = self.cells.get(column).map_or(0, |cell| cell.marks);
        let other = match marks & (WIDE_LEFT | WIDE_RIGHT) {
            WIDE_LEFT => self.cells.get_mut(column + 1),
            WIDE_RIGHT => self.cells.get_mut(column.wrapping_sub(1)),
            _ => None,
        };
        if let Some(other) = other {
            *other = other.emptied();
        }
    }

    /// The last column of `columns` cannot hold the left half of a character.
    fn close_edge(&mut self, columns: usize) {
        if let Some(last) = self.cells.get_mut(columns - 1)
            && last.marks & WIDE_LEFT != 0
        {
            *last = last.emptied();
        }
    }

    /// Makes it at least `length` cells long.
    fn extend_to(&mut self, length: usize, look: Look, columns: usize) {
        if length <= self.cells.len() {
            return;
        }
        if length > self.cells.capacity() {
            // Doubling stops at the edge.
            let room = (2 * self.cells.capacity()).max(FEWEST_CELLS).min(columns).max(length);
            self.cells.reserve_exact(room - self.cells.len());
        }
        self.cells.resize(length, look);
    }
}
