//! The part of the text that the screen shows, as rows.

use alloc::vec::Vec;
use core::ops::Range;

use super::highlight::{self, Class, Highlighter, Span};
use super::text::{Place, Text};
use crate::painter::{Row, Style, cells};

/// Cells that stay visible beside the cursor when the view scrolls sideways.
const SIDE_CELLS: usize = 8;
/// Fewer cannot hold the status line and one line of text.
const LEAST: (usize, usize) = (20, 4);
/// Rows below the text: status and messages.
pub const FOOTER_ROWS: usize = 2;

const HINT: Style = Style::colored(90);
const UNPRINTABLE: Style = Style::colored(31).reversed();

/// Which part of the text is shown.
#[derive(Clone, Copy, Debug)]
pub struct View {
    columns: usize,
    rows: usize,
    /// The first line shown.
    top: usize,
    /// The first cell shown of each line.
    left: usize,
}

impl View {
    /// The start of the text on a screen of this size.
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns: columns.max(LEAST.0),
            rows: rows.max(LEAST.1),
            top: 0,
            left: 0,
        }
    }

    /// Columns and rows of the screen.
    pub fn size_cells(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// The screen has another size now.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        let fresh = Self::new(columns, rows);
        (self.columns, self.rows) = (fresh.columns, fresh.rows);
    }

    /// Rows that show text.
    pub fn text_rows(&self) -> usize {
        self.rows - FOOTER_ROWS
    }

    /// The first line shown.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Moves by `lines`; down if positive.
    pub fn scroll(&mut self, lines: isize, line_count: usize) {
        self.top = self.top.saturating_add_signed(lines).min(line_count - 1);
    }

    /// Scrolls so that the place is seen: by as little as that takes, or to the middle where it is far away.
    pub fn show(&mut self, text: &Text, place: Place) {
        let height = self.text_rows();
        if place.line < self.top || place.line >= self.top + height {
            let is_near = place.line + height >= self.top && place.line < self.top + 2 * height;
            self.top = match place.line < self.top {
                _ if !is_near => place.line.saturating_sub(height / 2),
                true => place.line,
                false => place.line + 1 - height,
            };
        }
        let column = cells::column_of(text.line(place.line), place.byte);
        if column < self.left || column + 2 > self.left + self.columns {
            self.left = (column + SIDE_CELLS + 1).saturating_sub(self.columns);
        } else if self.left > 0 && column < self.left + SIDE_CELLS {
            self.left = self.left.min(column.saturating_sub(SIDE_CELLS));
        }
    }

    /// Where the place is on the screen: row and column, from 0.
    pub fn cell(&self, text: &Text, place: Place) -> (usize, usize) {
        let column = cells::column_of(text.line(place.line), place.byte);
        let row = place.line.saturating_sub(self.top).min(self.text_rows() - 1);
        (row, column.saturating_sub(self.left).min(self.columns - 1))
    }

    /// The rows of text. `colors` is `None` for a text that is no script.
    pub fn rows(&self, text: &Text, colors: Option<&mut Highlighter>, selected: Option<(Place, Place)>) -> Vec<Row> {
        let mut state = None;
        let mut is_script = false;
        if let Some(highlighter) = colors {
            is_script = true;
            state = Some(highlighter.state(text, self.top.min(text.line_count() - 1)));
        }
        let mut rows = Vec::with_capacity(self.rows);
        for index in self.top..self.top + self.text_rows() {
            if index >= text.line_count() {
                let mut row = Row::default();
                row.push("~", 1, HINT);
                rows.push(row);
                continue;
            }
            let line = text.line(index);
            let spans = match state {
                Some(start) if is_script => {
                    let (spans, next) = highlight::spans(line, start);
                    state = Some(next);
                    spans
                }
                _ => Vec::new(),
            };
            let marked = selected.map(|(start, end)| marked_part(index, line, start, end));
            rows.push(self.row(line, &spans, marked.unwrap_or(0..0)));
        }
        rows
    }

    fn row(&self, line: &str, spans: &[Span], marked: Range<usize>) -> Row {
        let mut row = Row::default();
        let right = self.left + self.columns;
        let mut spans = spans.iter().peekable();
        let mut is_cut = false;
        for cluster in cells::clusters(line) {
            if cluster.column >= right {
                is_cut = true;
                break;
            }
            while spans.next_if(|span| span.end <= cluster.start).is_some() {}
            let mut style = style_of(spans.peek().map_or(Class::Plain, |span| span.class));
            if cluster.is_unprintable() {
                style = UNPRINTABLE;
            }
            if marked.contains(&cluster.start) {
                style = style.reversed();
            }
            let end = cluster.column + cluster.width;
            if end <= self.left {
                continue;
            }
            let fits = cluster.column >= self.left && end <= right;
            if cluster.character == '\t' || !fits {
                row.pad((end.min(right)).saturating_sub(self.left), style);
            } else if cluster.is_unprintable() {
                row.push("?", 1, style);
            } else {
                row.push(&line[cluster.start..cluster.end], cluster.width, style);
            }
        }
        if marked.end > line.len() && row.len() < self.columns && !is_cut {
            // The line's end is selected too.
            row.push(" ", 1, Style::PLAIN.reversed());
        }
        if is_cut || self.left > 0 && !line.is_empty() {
            row = with_marks(row, self.columns, self.left > 0, is_cut);
        }
        row
    }
}

/// Puts `<` and `>` where the line goes on beyond the screen's edges.
fn with_marks(row: Row, columns: usize, at_left: bool, at_right: bool) -> Row {
    let mut marked = Row::default();
    let first = usize::from(at_left);
    if at_left {
        marked.push("<", 1, HINT);
    }
    let last = if at_right { columns - 1 } else { row.len() };
    row.copy_to(&mut marked, first..last);
    if at_right {
        marked.push(">", 1, HINT);
    }
    marked
}

/// The bytes of line `index` that lie in the selection; one more than the line has if its end does too.
fn marked_part(index: usize, line: &str, start: Place, end: Place) -> Range<usize> {
    if index < start.line || index > end.line {
        return 0..0;
    }
    let from = if index == start.line { start.byte } else { 0 };
    let to = if index == end.line { end.byte } else { line.len() + 1 };
    from..to
}

fn style_of(class: Class) -> Style {
    Style::colored(match class {
        Class::Plain => 0,
        Class::Comment => 90,
        Class::Text => 32,
        Class::Number => 36,
        Class::Keyword => 95,
        Class::Function => 33,
    })
}

/// One line of the footer: `left`, and `right` at the other edge if there is room for both.
pub fn footer(columns: usize, left: &str, right: &str, style: Style) -> Row {
    let mut row = Row::default();
    row.push_text(left, columns, style);
    let width: usize = cells::clusters(right).map(|cluster| cluster.width).sum();
    if row.len() + width < columns {
        row.pad(columns - width, style);
        row.push_text(right, columns, style);
    }
    if style != Style::PLAIN {
        row.pad(columns, style);
    }
    row
}
