//! Lines and a cursor: what escape sequences move and erase. There is one page for the prompt and one for programs that
//! take the whole screen.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::super::look::Look;
use super::line::Line;

/// A place on the page. The column may be one behind the last: what is printed there goes to the next line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) column: usize,
    pub(super) row: usize,
}

/// Lines that have left the top.
#[derive(Debug, Default)]
pub(super) struct Scrollback {
    lines: VecDeque<Line>,
    limit: usize,
    /// Lines by which the view is moved back.
    pub(super) view_lines: usize,
}

impl Scrollback {
    /// Keeps the last `limit` lines.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    fn push(&mut self, mut line: Line) {
        if self.lines.len() >= self.limit && self.lines.pop_front().is_none() {
            return;
        }
        line.trim();
        self.lines.push_back(line);
        if self.view_lines > 0 {
            // What is being read stays where it is.
            self.view_lines += 1;
        }
        self.view_lines = self.view_lines.min(self.lines.len());
    }

    /// Moves the view so that it is `lines` back, or as far as there are any.
    pub(super) fn set_view_lines(&mut self, lines: usize) {
        self.view_lines = lines.min(self.lines.len());
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limit);
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Page {
    columns: usize,
    lines: Vec<Line>,
    /// Where the next character goes.
    pub(super) cursor: Place,
    /// What was saved, and whether the origin was the region's then.
    saved: (Place, bool),
    /// First and last row that scroll.
    region: (usize, usize),
    /// Rows are counted from the region's first.
    has_own_origin: bool,
    /// What left the top; keeps nothing where a program has the page.
    pub(super) scrollback: Scrollback,
}

impl Page {
    /// A blank page.
    pub(super) fn new(columns: usize, rows: usize, scrollback: Scrollback) -> Self {
        let mut lines = Vec::new();
        lines.resize_with(rows, Line::default);
        Self {
            columns,
            lines,
            cursor: Place::default(),
            saved: Default::default(),
            region: (0, rows - 1),
            has_own_origin: false,
            scrollback,
        }
    }

    /// Columns and rows.
    pub(super) fn size_cells(&self) -> (usize, usize) {
        (self.columns, self.lines.len())
    }

    /// The cells as seen of a row, up to the last that may not be blank.
    pub(super) fn seen(&self, row: usize) -> &[Look] {
        let Scrollback { lines, view_lines, .. } = &self.scrollback;
        let line = match row.checked_sub(*view_lines) {
            Some(row) => self.lines.get(row),
            None => lines.get(lines.len() - view_lines + row),
        };
        let cells = line.map_or(&[][..], Line::cells);
        &cells[..cells.len().min(self.columns)]
    }

    /// Prints a character of `width` cells, 1 or 2, on the next line where this one has no room.
    pub(super) fn print(&mut self, look: Look, width: usize) {
        if self.cursor.column + width > self.columns {
            self.cursor.column = 0;
            self.feed_line();
        }
        let Place { column, row } = self.cursor;
        match width {
            2 => self.lines[row].put_wide(column, look, self.columns),
            _ => self.lines[row].put(column, look, self.columns),
        }
        self.cursor.column += width;
    }

    /// One row down; where the region ends, it scrolls.
    pub(super) fn feed_line(&mut self) {
        let is_in_region = self.is_in_region();
        let last = self.last_row(is_in_region);
        if self.cursor.row < last {
            self.cursor.row += 1;
        } else if is_in_region {
            self.scroll_up(1);
        }
    }

    /// One row up; where the region begins, it scrolls.
    pub(super) fn feed_back(&mut self) {
        if self.cursor.row == 0 || self.cursor.row == self.region.0 {
            self.scroll_down(1);
        } else {
            self.cursor.row -= 1;
        }
    }

    /// Down by `count` rows, at most to the end of the region or of the page.
    pub(super) fn move_down(&mut self, count: usize) {
        let last = self.last_row(self.is_in_region());
        self.cursor.row = (self.cursor.row + count).min(last);
    }

    /// Up by `count` rows, at most to the beginning of the region or of the page.
    pub(super) fn move_up(&mut self, count: usize) {
        let first = if self.is_in_region() { self.region.0 } else { 0 };
        self.cursor.row = self.cursor.row.saturating_sub(count).max(first);
    }

    /// To the column, or the last one.
    pub(super) fn move_to_column(&mut self, column: usize) {
        self.cursor.column = column.min(self.columns - 1);
    }

    /// To the row, counted from the top of the page, or the last one.
    pub(super) fn move_to_row(&mut self, row: usize) {
        self.cursor.row = row.min(self.lines.len() - 1);
    }

    /// To the place, counted from the origin.
    pub(super) fn move_to(&mut self, place: Place) {
        let (first, last) = match self.has_own_origin {
            true => self.region,
            false => (0, self.lines.len() - 1),
        };
        self.cursor.row = (first + place.row).min(last);
        self.move_to_column(place.column);
    }

    /// To the next column that eight divides.
    pub(super) fn tabulate(&mut self) {
        self.move_to_column(self.cursor.column / 8 * 8 + 8);
    }

    /// Notes the cursor and the origin.
    pub(super) fn save_cursor(&mut self) {
        self.saved = (self.cursor, self.has_own_origin);
    }

    /// Goes back to what was noted.
    pub(super) fn restore_cursor(&mut self) {
        (self.cursor, self.has_own_origin) = self.saved;
    }

    /// Rows are counted from the region's first, or again from the page's.
    pub(super) fn set_origin(&mut self, has_own_origin: bool) {
        self.has_own_origin = has_own_origin;
        self.move_to(Place::default());
    }

    /// Only these rows scroll; all of them where there would be less than two.
    pub(super) fn set_region(&mut self, first: usize, last: usize) {
        let end = self.lines.len() - 1;
        let last = last.min(end);
        self.region = if first < last { (first, last) } else { (0, end) };
        self.cursor = Place {
            column: 0,
            row: self.region.0,
        };
    }

    /// Moves the region's lines up; those from the top of the page are kept.
    pub(super) fn scroll_up(&mut self, count: usize) {
        let (first, last) = self.region;
        let between = &mut self.lines[first..=last];
        let count = count.min(between.len());
        for line in &mut between[..count] {
            let line = core::mem::take(line);
            if first == 0 {
                self.scrollback.push(line);
            }
        }
        between.rotate_left(count);
    }

    /// Moves the region's lines down.
    pub(super) fn scroll_down(&mut self, count: usize) {
        self.push_down(self.region.0, count);
    }

    /// Puts blank lines before the cursor's; lines at the region's end are lost.
    pub(super) fn insert_lines(&mut self, count: usize) {
        if self.is_in_region() {
            self.push_down(self.cursor.row, count);
        }
    }

    /// Takes lines from the cursor's on; blank ones follow at the region's end.
    pub(super) fn delete_lines(&mut self, count: usize) {
        if self.is_in_region() {
            let between = &mut self.lines[self.cursor.row..=self.region.1];
            let count = count.min(between.len());
            between[..count].iter_mut().for_each(Line::reset);
            between.rotate_left(count);
        }
    }

    fn push_down(&mut self, first: usize, count: usize) {
        let between = &mut self.lines[first..=self.region.1];
        let count = count.min(between.len());
        between.rotate_right(count);
        between[..count].iter_mut().for_each(Line::reset);
    }

    /// Puts blank cells before the cursor's.
    pub(super) fn insert_cells(&mut self, count: usize) {
        let Place { column, row } = self.cursor;
        self.lines[row].insert(column, count, self.columns);
    }

    /// Takes cells from the cursor's on.
    pub(super) fn delete_cells(&mut self, count: usize) {
        let Place { column, row } = self.cursor;
        self.lines[row].remove(column..column + count);
    }

    /// Erases cells from the cursor's on.
    pub(super) fn erase_cells(&mut self, count: usize, blank: Look) {
        let Place { column, row } = self.cursor;
        let end = (column + count).min(self.columns);
        self.lines[row].erase(column..end, blank, self.columns);
    }

    /// Erases the cursor's row: from the cursor (0), up to it (1), all of it (2).
    pub(super) fn erase_row(&mut self, part: u16, blank: Look) {
        let Place { column, row } = self.cursor;
        let range = match part {
            0 => column..self.columns,
            1 => 0..(column + 1).min(self.columns),
            2 => 0..self.columns,
            _ => return,
        };
        self.lines[row].erase(range, blank, self.columns);
    }

    /// Erases the page: from the cursor (0), up to it (1), all of it (2).
    pub(super) fn erase_page(&mut self, part: u16, blank: Look) {
        let row = self.cursor.row;
        let whole_rows = match part {
            0 => row + 1..self.lines.len(),
            1 => 0..row,
            2 => 0..self.lines.len(),
            _ => return,
        };
        for line in &mut self.lines[whole_rows] {
            line.reset();
            line.erase(0..self.columns, blank, self.columns);
        }
        if part < 2 {
            self.erase_row(part, blank);
        }
    }

    /// Changes its size. Rows that are lost are those below the cursor first; new ones bring back what left the top.
    pub(super) fn resize(&mut self, columns: usize, rows: usize) {
        let old_rows = self.lines.len();
        self.region = (0, old_rows - 1);
        self.scrollback.view_lines = 0;
        let lost = old_rows.saturating_sub(rows);
        let pushed = lost.saturating_sub(old_rows - 1 - self.cursor.row);
        self.scroll_up(pushed);
        self.lines.truncate(rows);
        let kept = &mut self.scrollback.lines;
        let pulled = rows.saturating_sub(old_rows).min(kept.len());
        let first = kept.len() - pulled;
        self.lines.splice(0..0, kept.drain(first..));
        self.lines.resize_with(rows, Line::default);
        self.columns = columns;
        self.lines.iter_mut().for_each(|line| line.cut(columns));
        self.region = (0, rows - 1);
        for place in [&mut self.cursor, &mut self.saved.0] {
            place.row = (place.row + pulled).saturating_sub(pushed).min(rows - 1);
            place.column = place.column.min(columns - 1);
        }
    }

    fn rows_of_region(&self) -> RangeInclusive<usize> {
        self.region.0..=self.region.1
    }

    fn is_in_region(&self) -> bool {
        self.rows_of_region().contains(&self.cursor.row)
    }

    fn last_row(&self, is_in_region: bool) -> usize {
        if is_in_region {
            self.region.1
        } else {
            self.lines.len() - 1
        }
    }
}
